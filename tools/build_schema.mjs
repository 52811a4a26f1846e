// Builds sql/schema.sql (the one file to paste into an SQL editor) from sql/parts/*.sql, and the same text as
// supabase/migrations/<stamp>_edgepool.sql. `--check` writes nothing and fails when either differs.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
export const kTargets = ['sql/schema.sql', 'supabase/migrations/20261123000000_edgepool.sql'];

const kHeader = `-- edgepool's database: schema and functions, in one idempotent file. Paste it into Supabase's SQL editor, or run
-- \`supabase db push\`. Made from sql/parts by tools/build_schema.mjs; edit the parts. docs/DATABASE.md explains it.
-- It keeps whatever an older deployment left in tables of the same names.

`;

export function buildSchema() {
  const folder = new URL('sql/parts/', root);
  const parts = readdirSync(folder).filter((name) => name.endsWith('.sql')).sort();
  const bodies = parts.map((name) => `-- ==== ${name} ====\n${readFileSync(new URL(name, folder), 'utf8').trim()}\n`);
  return `${kHeader}${bodies.join('\n')}`;
}

export function staleTargets() {
  const text = buildSchema();
  return kTargets.filter((name) => {
    try {
      return readFileSync(new URL(name, root), 'utf8') !== text;
    } catch (error) {
      if (error.code === 'ENOENT') return true;
      throw error;
    }
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const stale = staleTargets();
  if (process.argv.includes('--check')) {
    for (const name of stale) console.error(`${name} is not what sql/parts makes: run node tools/build_schema.mjs`);
    process.exitCode = stale.length ? 1 : 0;
  } else {
    for (const name of stale) writeFileSync(new URL(name, root), buildSchema());
    console.log(stale.length ? `written: ${stale.join(', ')}` : 'nothing to write');
  }
}
