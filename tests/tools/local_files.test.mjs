// The files that a local run keeps: readable by their owner alone, and read back as they were written.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { rememberedSecrets } from '../../tools/local/remembered_secrets.mjs';
import { envLine, writeWorkerVariables } from '../../tools/local/worker_variables.mjs';

const folder = mkdtempSync(join(tmpdir(), 'edgepool-tools-'));
after(() => rmSync(folder, { recursive: true }));
const modeOf = (file) => statSync(file).mode & 0o777;

test('secrets are made once and stay', () => {
  const first = rememberedSecrets(folder);
  assert.deepEqual(rememberedSecrets(folder), first);
  assert.equal(modeOf(join(folder, 'secrets.json')), 0o600);
  assert.equal(new Set(Object.values(first)).size, 3);
});

test("the worker's variables are for the owner's eyes, and empty ones are left out", () => {
  const file = join(folder, 'worker.env');
  writeWorkerVariables(file, { ADMIN_TOKEN: 'a', REDIS_URL: '', KEY_STRATEGY: undefined });
  assert.equal(readFileSync(file, 'utf8'), "ADMIN_TOKEN='a'\n");
  assert.equal(modeOf(file), 0o600);
});

test('a value is quoted so that it is read back exactly, or refused', () => {
  assert.equal(envLine('A', 'p@$$ word#1'), "A='p@\\$\\$ word#1'\n");
  assert.equal(envLine('A', "it's"), 'A="it\'s"\n');
  assert.throws(() => envLine('A', 'two\nlines'), /line break/);
  assert.throws(() => envLine('A', '\'"`'), /quotation/);
});
