// The figures of every page's first view: what is transferred, how soon it can be used on this machine, axe violations. Printed by every
// run; EDGEPOOL_UPDATE_DOCS=1 writes them into docs/PAGES.md. Sizes and violations have limits, times have none: machines differ.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { kRoot } from '../../tools/setup.mjs';
import { axeViolations, wholeSite } from './support/browser.mjs';
import { fillDemonstration } from './support/demonstration.mjs';

const site = wholeSite({ fill: fillDemonstration });
const kFirstView_bytes = 150_000;
const kDocument = join(kRoot, 'docs/PAGES.md');
const kMarks = ['<!-- figures: begin -->', '<!-- figures: end -->'];
const kViews = [
  ['/', false], ['/stats', false], ['/api-docs', false], ['/dashboard (sign-in)', false], ['/dashboard#/overview', true], ['/dashboard#/keys', true], ['/dashboard#/import', true],
  ['/dashboard#/tokens', true], ['/dashboard#/explain', true], ['/dashboard#/playground', true], ['/dashboard#/audit', true], ['/dashboard#/reconcile', true], ['/dashboard#/settings', true],
];
const rows = [];

/** Opens the view with an empty cache; answers {bytes, files, paint_ms, interactive_ms, violations}. Interactive: the heading is there and the main thread has been idle. */
async function measure(path, signedIn) {
  const page = await site.open('about:blank', { signedIn, expected: [/status of 404/] });
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const sum = { bytes: 0, files: 0 };
  session.on('Network.loadingFinished', (event) => {
    sum.bytes += event.encodedDataLength;
    sum.files++;
  });
  await page.goto(new URL(path.replace(/ .*/, ''), site.pool.worker.url).href, { waitUntil: 'commit' });
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  const interactive_ms = await page.evaluate(() => new Promise((done) => requestIdleCallback(() => done(performance.now()))));
  await page.waitForLoadState('networkidle');
  const paint_ms = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0);
  const violations = await axeViolations(page);
  await page.context().close();
  return { ...sum, paint_ms, interactive_ms, violations };
}

for (const [path, signedIn] of kViews) {
  test(`${path}: the first view is under 150 KB and has no axe violation`, async (t) => {
    const found = await measure(path, signedIn);
    const row = [path, `${(found.bytes / 1000).toFixed(1)} KB`, String(found.files), `${found.paint_ms.toFixed(0)} ms`, `${found.interactive_ms.toFixed(0)} ms`, String(found.violations.length)];
    rows.push(row);
    t.diagnostic(row.join(' · '));
    assert.ok(found.bytes > 5_000 && found.bytes < kFirstView_bytes, `${path}: ${found.bytes} bytes`);
    assert.deepEqual(found.violations, []);
  });
}

after(() => {
  if (!process.env.EDGEPOOL_UPDATE_DOCS || rows.length !== kViews.length) return;
  const table = ['| view | transferred | files | first paint | interactive | axe violations |', '|---|---|---|---|---|---|', ...rows.map((row) => `| \`${row[0]}\` | ${row.slice(1).join(' | ')} |`)].join('\n');
  const text = readFileSync(kDocument, 'utf8');
  const [begin, end] = kMarks.map((mark) => text.indexOf(mark));
  writeFileSync(kDocument, `${text.slice(0, begin + kMarks[0].length)}\n${table}\n${text.slice(end)}`);
});
