// What the module and the shim promise each other: names, numbers, sizes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { Word } from '../../js-shim/abi.mjs';
import { generateAbi } from '../../tools/generate_abi.mjs';
import { Instance, kBytes, kModule } from './module.mjs';

const kRoot = new URL('../../', import.meta.url);
const read = (path) => readFileSync(new URL(path, kRoot), 'utf8');

test('js-shim/abi.mjs is what worker/abi.def says', () => {
  assert.equal(read('js-shim/abi.mjs'), generateAbi(read('worker/abi.def')));
  execFileSync(process.execPath, [fileURLToPath(new URL('tools/generate_abi.mjs', kRoot)), '--check']);
});

test('the record holds its words one after the other: numbers, five texts and the spawned tasks', () => {
  assert.deepEqual([Word.kind, Word.task, Word.a, Word.b, Word.c, Word.d, Word.texts], [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(Word.spawned, Word.texts + 2 * 5);
  assert.equal(Word.words, Word.spawned + 2);
});

test('the module imports its log and nothing else', () => {
  assert.deepEqual(WebAssembly.Module.imports(kModule), [{ module: 'env', name: 'log', kind: 'function' }]);
});

test('the module exports what the shim calls, its memory and its stack pointer', () => {
  const names = WebAssembly.Module.exports(kModule).map(({ name }) => name).sort();
  assert.deepEqual(names, ['__stack_pointer', '_initialize', 'ep_adopt', 'ep_begin', 'ep_cancel', 'ep_create', 'ep_reserve', 'ep_resume', 'ep_salvage', 'ep_scheduled',
    'ep_start', 'memory']);
});

// The foundation fitted into 300 KB and 120 KB gzipped; limits, Redis, the cache and the rest of administration came on top of it.
// Cloudflare's free plan takes 3 MB gzipped; what matters is the start, which the next test tells.
test('the module is at most 448 KB, 192 KB gzipped', (t) => {
  const gzipped = gzipSync(kBytes, { level: 9 }).length;
  t.diagnostic(`${kBytes.length} bytes, ${gzipped} gzipped`);
  assert.ok(kBytes.length <= 448 * 1024, `${kBytes.length} bytes`);
  assert.ok(gzipped <= 192 * 1024, `${gzipped} bytes gzipped`);
});

test('an instance is made and configured; the time it takes is told', (t) => {
  const times_ms = Array.from({ length: 20 }, () => {
    const began_ms = performance.now();
    const instance = new Instance();
    const took_ms = performance.now() - began_ms;
    assert.deepEqual(instance.lines, []);
    return took_ms;
  }).sort((a, b) => a - b);
  t.diagnostic(`instantiation: median ${times_ms[10].toFixed(2)} ms, slowest ${times_ms[19].toFixed(2)} ms`);
});

test('the lines of the shim are counted, and it names no path, header or model', (t) => {
  const files = readdirSync(new URL('js-shim/', kRoot)).filter((name) => name.endsWith('.mjs') && name !== 'abi.mjs');
  const texts = files.map((name) => read(`js-shim/${name}`));
  t.diagnostic(`js-shim: ${texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0)} lines`);
  for (const text of texts) assert.doesNotMatch(text, /\/v1|\/admin|authorization|bearer|ollama|openrouter|retry-after|x-pool/i);
});
