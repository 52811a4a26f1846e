// Breaks edgepool on purpose, one fault after the other, under load, and writes what came of each into docs/RELIABILITY.md.
//
//   npm run chaos                 every fault (tools/chaos/faults.mjs): about eight minutes
//   npm run chaos -- database     those with this word in their name; writes nothing
// Fails when a request failed that need not have, a count is lost or doubled, or a key stays out of service.
import { join } from 'node:path';
import { kRoot, runSetUp } from './setup.mjs';

const kDocument = join(kRoot, 'docs', 'RELIABILITY.md');
const words = process.argv.slice(2);

const pair = ({ requests, success, failure }) => `${requests} = ${success} + ${failure}`;
const money = ({ tokens, cost_nano }) => `${tokens}, ${(cost_nano / 1e9).toFixed(4)}`;
const same = (one, other) => (one === other ? one : `${other} of ${one}`);
const cells = (row) => [row.note ? `${row.name} (${row.note})` : row.name, row.requests, row.failed, row.needless, pair(row.expected), pair(row.counted), same(money(row.expected), money(row.counted)),
  row.wrongFigures === 0 ? `${row.compared}, all right` : `${row.compared}, **${row.wrongFigures} wrong**`, row.atRisk > 0 ? `${row.lost} (of ${row.atRisk} at risk)` : row.lost, row.doubled,
  `${row.inService} of ${row.keys}`, row.isSound ? 'sound' : '**not sound**'];
const kHead = ['what was done', 'requests', 'failed', 'needlessly', 'the load program counted', 'the database counted', 'tokens, dollars', 'figures compared', 'lost', 'doubled', 'keys in service', ''];

await runSetUp(import.meta.url, 'bench', async () => {
  const [{ buildWasm }, { Stage }, { kFaults }, { breakAndJudge, warmUp }, report] = await Promise.all(['./build_wasm.mjs', './chaos/stage.mjs', './chaos/faults.mjs',
    './chaos/judge.mjs', './bench/report.mjs'].map((part) => import(part)));
  await buildWasm();
  const faults = kFaults.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
  if (faults.length === 0) throw new Error(`no fault has one of these words in its name: ${words.join(', ')}`);
  const stage = await new Stage().open();
  const rows = [];
  try {
    await warmUp(stage);
    for (const fault of faults) {
      const row = await breakAndJudge(stage, fault);
      rows.push(row);
      console.log(`${row.isSound ? '✓' : '✗'} ${row.name}: ${row.note ? `${row.note}; ` : ''}${row.requests} requests, ${row.failed} failed (${row.needless} needlessly), ${row.counted.requests} of ` +
        `${row.expected.requests} counted, ${row.compared} figures compared, ${row.wrongFigures} wrong, ${row.lost} lost, ${row.inService} of ${row.keys} keys in service`);
      if (!row.isSound) console.log(JSON.stringify(row));
    }
  } finally {
    await stage.close();
  }
  const text = `Run on ${new Date().toISOString().slice(0, 10)}; ${report.machine()}.\n\n${report.table(kHead, rows.map(cells))}`;
  if (words.length === 0) report.writeMeasured(kDocument, 'chaos', text);
  return rows.every((row) => row.isSound) ? 0 : 1;
});
