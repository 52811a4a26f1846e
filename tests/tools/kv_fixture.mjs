// A local KV namespace as the older deployment leaves it, written by Wrangler itself.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { sha256 } from '../../tools/migrate/kv_layout.mjs';

const kWrangler = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin', 'wrangler.js');

/** Runs a Node program; answers {code, output} of both streams together. */
export function runToEnd(args, variables) {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, WRANGLER_SEND_METRICS: 'false', ...variables } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
    child.once('close', (code) => done({ code, output }));
  });
}

/** Four keys of one provider and a bad line, one of the other, three tokens, and what is left behind. Answers what a test must know. */
export async function writeOlderNamespace(folder) {
  const random = (prefix) => `${prefix}${randomBytes(18).toString('hex')}`;
  const [ann, ben, cat, plain, dora] = ['ann', 'ben', 'cat', 'plain', 'dora'].map(() => random('key-'));
  const [laptop, phone, desk] = ['laptop', 'phone', 'desk'].map(() => random('sk-'));
  const now = Date.now();
  const found = { id: 'older', secrets: [ann, ben, cat, plain, dora, laptop, phone, desk], laptopToken: laptop, annEnds_ms: now + 864e5, phoneEnds_ms: now + 9e5, benRests_ms: Math.floor(now / 1000 + 3600) * 1000 };
  const metadata = (key, username, more = {}) => [`key_metadata:${sha256(key)}`, JSON.stringify({ username, createdAt: new Date(now - 1e6).toISOString(), status: 'active', ...more })];
  const token = (text, name, expiresAt) => [`client_token:${text}`, JSON.stringify({ token: text, name, createdAt: now - 1e6, expiresAt, requestCount: 12 })];
  const entries = [
    ['api_keys_list', JSON.stringify([ann, ben, cat, plain, 'two words', ann])],
    metadata(ann, 'ann', { ttl: 86400, expiresAt: new Date(found.annEnds_ms).toISOString() }), metadata(ben, 'ben'),
    metadata(cat, 'cat', { expiresAt: new Date(now - 1000).toISOString() }), metadata(plain, 'N/A'), metadata(random('gone-'), 'gone'),
    [`disabled:${sha256(ben)}`, 'manual', found.benRests_ms / 1000], [`disabled:${sha256(plain)}`, 'manual'], [`failed:${sha256(ann)}`, '1', found.benRests_ms / 1000],
    [`key_stats:${sha256(ann)}`, JSON.stringify({ totalRequests: 9 })],
    ['openrouter:api_keys_list', JSON.stringify([dora])], metadata(dora, 'dora').map((text, n) => (n === 0 ? `openrouter:${text}` : text)),
    token(laptop, 'laptop', null), token(phone, 'phone', found.phoneEnds_ms), token(desk, 'desk', null).map((text, n) => (n === 0 ? `openrouter:${text}` : text)),
    ['cache:models:list', '{}', found.benRests_ms / 1000], ['global_stats', '{}'],
  ];
  const file = join(folder, 'entries.json');
  writeFileSync(file, JSON.stringify(entries.map(([key, value, expiration]) => ({ key, value, ...(expiration ? { expiration } : {}) }))));
  const { code, output } = await runToEnd([kWrangler, 'kv', 'bulk', 'put', file, '--namespace-id', found.id, '--local', '--persist-to', folder], {});
  if (code !== 0) throw new Error(output);
  return found;
}
