// The client libraries that people use, against the pool: every feature of each with both providers. What they saw is
// docs/COMPATIBILITY.md.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { kFeatures } from './support/client_features.mjs';
import { compatibilityText, kCompatibilityFile } from './support/compatibility.mjs';
import { kProviders, secretsStayIn, wholePool } from './support/pool.mjs';

const pool = wholePool();
const seen = [];

const breaksStreams = (feature) => feature.startsWith('a broken stream');

for (const row of kFeatures) {
  for (const provider of kProviders.filter((id) => !row.only || row.only === id)) {
    test(`${row.client}, ${provider}: ${row.feature}`, async () => {
      if (breaksStreams(row.feature)) pool.upstream.faults.add({ fault: 'truncated_after', after_events: 6, count: 1 });
      const url = pool.worker.url + (provider === 'ollama' ? '' : `/${provider}`);
      await row.run({ url, token: pool.tokens[provider], provider, fetch: pool.fetch });
      seen.push({ client: row.client, feature: row.feature, provider, works: true });
    });
  }
}

test('docs/COMPATIBILITY.md says what was seen', () => {
  const text = compatibilityText(kFeatures, seen, kProviders);
  if (process.env.EDGEPOOL_UPDATE_DOCS === '1') writeFileSync(kCompatibilityFile, text);
  assert.equal(readFileSync(kCompatibilityFile, 'utf8'), text);
});

secretsStayIn(pool);
