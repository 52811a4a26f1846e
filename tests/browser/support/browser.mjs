// One Chromium for the tests of a file, and pages in it: each in a context of its own, with language, theme, width and clock zone chosen.
// What a page logs as an error, throws, or is refused by the Content-Security-Policy is kept and judged by quiet().
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { Pool } from '../../e2e/support/pool.mjs';
import { servePages } from './served_pages.mjs';

const kAxe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kPatience_ms = 15_000;

export const kLanguages = ['en', 'zh'];
export const kPhone = { width: 390, height: 844 };
export const kDesktop = { width: 1280, height: 860 };
export const kNarrowest = { width: 320, height: 640 };

export async function launchBrowser() {
  return await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none'] });
}

/** Opens a page; `expected`: patterns of console errors that belong to the test (a 401 is logged by the browser itself). */
export async function openPage(browser, url, { language = 'en', theme = 'light', viewport = kDesktop, zone = 'Europe/Berlin', expected = [], permissions = ['clipboard-read', 'clipboard-write'], before: prepare } = {}) {
  const context = await browser.newContext({ viewport, locale: language === 'zh' ? 'zh-CN' : 'en-GB', colorScheme: theme, timezoneId: zone, permissions, reducedMotion: 'reduce' });
  context.setDefaultTimeout(kPatience_ms);
  const page = await context.newPage();
  page.faults = [];
  const keep = (text) => { if (!expected.some((pattern) => pattern.test(text))) page.faults.push(text); };
  page.on('console', (message) => { if (message.type() === 'error') keep(message.text()); });
  page.on('pageerror', (error) => keep(String(error.stack ?? error)));
  await page.addInitScript(() => { document.addEventListener('securitypolicyviolation', (event) => console.error(`refused by the policy: ${event.violatedDirective} ${event.blockedURI}`)); });
  await prepare?.(page);
  await page.goto(url);
  return page;
}

/** No error was logged or thrown, and nothing was refused by the policy. */
export function quiet(page) {
  assert.deepEqual(page.faults, []);
}

/** The axe violations of the page as it stands: "rule: element". The policy forbids eval, so axe is brought in through the debugger. */
export async function axeViolations(page) {
  const session = await page.context().newCDPSession(page);
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', { expression: `${kAxe}; axe.run(document, { resultTypes: ['violations'] }).then((found) => JSON.stringify(found.violations.flatMap((rule) => rule.nodes.map((node) => rule.id + ': ' + node.target.join(' ') + ' ' + node.failureSummary))))`, awaitPromise: true });
  await session.detach();
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return JSON.parse(result.value);
}

/** Nothing sticks out at the side: the document is as wide as its window. */
export async function overflow(page) {
  return await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/**
 * A pool with pages for the tests of this file. Answers {pool, filled, open(path, options)}; `fill(pool)` puts into it what the tests want
 * there and answers `filled`. The options of open() are those of openPage and, with them, `signedIn`: the admin token is already in the session.
 */
export function wholeSite({ fill, ...options } = {}) {
  const pool = new Pool();
  const site = { pool, browser: null, filled: null, open: async (path, { signedIn = false, ...rest } = {}) => {
    const prepare = async (page) => {
      if (signedIn) await page.addInitScript((token) => { if (location.protocol !== 'about:') sessionStorage.setItem('edgepool.admin', token); }, pool.adminToken);
      page.on('response', (response) => pool.overheard(response));
      page.on('console', (message) => pool.shown.push(message.text()));
      await rest.before?.(page);
    };
    return await openPage(site.browser, new URL(path, pool.worker.url).href, { ...rest, before: prepare });
  } };
  // Hooks of a file's root run side by side: what must happen in order is one hook.
  before(async () => {
    await pool.start({ serve: servePages, ...options });
    site.filled = await fill?.(pool);
    site.browser = await launchBrowser();
  });
  after(async () => {
    await site.browser?.close();
    await pool.stop();
  });
  return site;
}
