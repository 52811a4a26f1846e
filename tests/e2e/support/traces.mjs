// What all files of a run have made and produced, kept in a folder while the run lasts, and the search for secrets through all of it. A
// secret is in order where it is handed out on purpose: in an export, and as the "token" of the one answer that a new token is shown in.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const kVariable = 'EDGEPOOL_TEST_TRACES';
const kExport = '/admin/api-keys/export';
const kHandedOut = /^\/admin\/(tokens|client-tokens)(\/|$)/;
const kNewToken = /"token":"([^"]{16,})"/g;

/** For a run: from now on, in this process and those that it starts, traces are kept; they are gone when it ends. */
export function keepTraces() {
  const folder = mkdtempSync(join(tmpdir(), 'edgepool-traces-'));
  process.env[kVariable] = folder;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
}

/** trace: {secrets, printed: [text], answers: [{path, headers, text}]} */
export function leaveTrace(trace) {
  const folder = process.env[kVariable];
  if (folder) writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify(trace), { mode: 0o600 });
}

export function readTraces() {
  const folder = process.env[kVariable];
  return folder ? readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))) : [];
}

/** What got out: [{secret (its beginning), where}]; and over how much was searched. */
export function searchTraces(traces) {
  const secrets = new Set(traces.flatMap((trace) => trace.secrets));
  const texts = [];
  for (const trace of traces) {
    for (const text of trace.printed) texts.push({ where: 'printed', text });
    for (const { path, headers, text } of trace.answers) {
      texts.push({ where: `${path} (headers)`, text: headers });
      if (path === kExport) continue;
      if (!kHandedOut.test(path)) {
        texts.push({ where: path, text });
        continue;
      }
      for (const [, token] of text.matchAll(kNewToken)) secrets.add(token);
      texts.push({ where: path, text: text.replace(kNewToken, '"token":""') });
    }
  }
  const all = texts.map(({ text }) => text).join('\n\n');
  const found = [...secrets].filter((secret) => all.includes(secret));
  const leaks = found.flatMap((secret) => texts.filter(({ text }) => text.includes(secret)).map(({ where }) => ({ secret: secret.slice(0, 9), where })));
  return { leaks, secrets: secrets.size, texts: texts.length, bytes: all.length };
}
