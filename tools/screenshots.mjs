// npm run screenshots [-- part-of-a-name ...]: every scene of tests/browser/scenes.mjs in both languages, light and dark, phone and desktop,
// into screenshots/ (not in the repository), to be looked at. Real parts: Chromium, wrangler dev, the database on a throw-away PostgreSQL.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { kRoot, runSetUp } from './setup.mjs';

const kSettle_ms = 450;
const kOut = join(kRoot, 'screenshots');

async function shoot(browser, site, scene, { language, theme, width }) {
  const { openPage, kPhone, kDesktop } = site.support;
  const path = typeof scene.path === 'function' ? scene.path(site) : scene.path;
  const page = await openPage(browser, new URL(path, site.pool.worker.url).href, { language, theme, viewport: width === 'phone' ? kPhone : kDesktop, before: async (opened) => {
    if (scene.signedIn) await opened.addInitScript((token) => sessionStorage.setItem('edgepool.admin', token), site.pool.adminToken);
  } });
  await page.waitForLoadState('networkidle', { timeout: 5000 }).catch(() => {});
  await scene.before?.(page, site);
  await page.waitForTimeout(kSettle_ms);
  await page.screenshot({ path: join(kOut, `${scene.name}-${width}-${theme}-${language}.png`), fullPage: true });
  for (const fault of page.faults) console.log(`  ${scene.name} (${language}, ${theme}, ${width}): ${fault}`);
  await page.context().close();
}

async function shootAll(wanted) {
  const { buildWasm } = await import('./build_wasm.mjs');
  const { buildWeb } = await import('./build_web.mjs');
  const { startTestPostgres } = await import('./test_postgres.mjs');
  await buildWasm();
  await buildWeb();
  const cluster = await startTestPostgres();
  process.env.EDGEPOOL_TEST_POSTGRES = cluster.url;
  const { Pool } = await import('../tests/e2e/support/pool.mjs');
  const support = await import('../tests/browser/support/browser.mjs');
  const { servePages } = await import('../tests/browser/support/served_pages.mjs');
  const { fillDemonstration } = await import('../tests/browser/support/demonstration.mjs');
  const { kScenes } = await import('../tests/browser/scenes.mjs');
  const pool = new Pool();
  let browser;
  try {
    await pool.start({ serve: servePages, keys: 3, upstream: { word_delay_ms: 15 } });
    const site = { pool, support, keys: await fillDemonstration(pool) };
    browser = await support.launchBrowser();
    mkdirSync(kOut, { recursive: true });
    const parts = wanted.filter((part) => !part.includes('='));
    const only = Object.fromEntries(wanted.filter((part) => part.includes('=')).map((part) => part.split('=')));
    const scenes = kScenes.filter((scene) => parts.length === 0 || parts.some((part) => scene.name.includes(part)));
    const choices = (name, all) => all.filter((value) => !only[name] || only[name] === value);
    let count = 0;
    for (const scene of scenes) {
      for (const width of choices('width', scene.widths ?? ['desktop', 'phone'])) {
        for (const theme of choices('theme', ['light', 'dark'])) {
          for (const language of choices('language', ['en', 'zh'])) {
            await shoot(browser, site, scene, { language, theme, width });
            count++;
          }
        }
      }
    }
    console.log(`${count} screenshots in ${kOut}`);
    return 0;
  } finally {
    await browser?.close();
    await pool.stop();
    await cluster.stop();
  }
}

await runSetUp(import.meta.url, 'test', () => shootAll(process.argv.slice(2)));
