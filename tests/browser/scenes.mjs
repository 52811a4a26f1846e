// What `npm run screenshots` shows: a name, an address, and what is done there first. One row a scene; {pool, keys} is the demonstration.
import { idOf } from '../sql/support.mjs';

const press = (key) => (page) => page.keyboard.press(key);

export const kScenes = [
  { name: 'home', path: '/' },
  { name: 'stats', path: '/stats' },
  { name: 'api-docs', path: '/api-docs' },
  { name: 'sign-in', path: '/dashboard' },
  { name: 'overview', path: '/dashboard#/overview', signedIn: true },
  { name: 'overview-month', path: '/dashboard#/overview', signedIn: true, before: (page) => page.locator('.page-head .segmented button').nth(1).click() },
  { name: 'keys', path: '/dashboard#/keys', signedIn: true },
  { name: 'keys-chosen', path: '/dashboard#/keys', signedIn: true, before: async (page) => {
    for (const i of [1, 2, 3]) await page.locator('.key-row input').nth(i).check();
  } },
  { name: 'key', path: ({ keys }) => `/dashboard#/keys/${idOf(keys.ollama[2])}`, signedIn: true },
  { name: 'import', path: '/dashboard#/import', signedIn: true, before: (page) => page.locator('textarea').fill('key,username,expires_at\nsk-one,team-alpha,2030-01-01T00:00:00Z\nsk-two,,') },
  { name: 'tokens', path: '/dashboard#/tokens', signedIn: true },
  { name: 'token-form', path: '/dashboard#/tokens', signedIn: true, before: (page) => page.locator('.page-head .button.primary').click() },
  { name: 'explain', path: '/dashboard#/explain?model=gpt-oss%3A20b', signedIn: true },
  { name: 'playground', path: '/dashboard#/playground', signedIn: true, before: async (page, { pool }) => {
    await page.locator('input[type=password]').fill(pool.tokens.ollama);
    await page.locator('.button.primary').click();
    await page.locator('.badge').nth(2).waitFor();
  } },
  { name: 'audit', path: '/dashboard#/audit', signedIn: true },
  { name: 'reconcile', path: '/dashboard#/reconcile', signedIn: true },
  { name: 'settings', path: '/dashboard#/settings', signedIn: true },
  { name: 'menu', path: '/dashboard#/overview', signedIn: true, widths: ['phone'], before: (page) => page.locator('.top-bar button').first().click() },
  { name: 'shortcuts', path: '/dashboard#/overview', signedIn: true, widths: ['desktop'], before: press('?') },
];
