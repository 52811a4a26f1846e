// Who may do what, read from PostgreSQL's own privilege functions, as the Markdown table that docs/DATABASE.md shows.

const kRoles = ['public', 'anon', 'authenticated', 'service_role'];

const kObjects = `
  select 'function ' || p.proname as object, p.oid, 'function' as kind from pg_proc as p
   where p.pronamespace = 'public'::regnamespace and p.proname like 'pool\\_%'
  union all
  select 'table ' || replace(c.relname, 'ollama_api', '{prefix}'), c.oid, 'table' from pg_class as c
   where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname like 'ollama\\_api\\_%'
  union all
  select 'table edgepool.' || c.relname, c.oid, 'table' from pg_class as c where c.relnamespace = 'edgepool'::regnamespace and c.relkind = 'r'`;

// "public" is no role that one can be; what it may do is what a new role without memberships may do.
const tablePrivileges = ['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'];

export async function roleMatrix(sql) {
  const stranger = `edgepool_stranger_${Math.random().toString(36).slice(2)}`;
  await sql.unsafe(`create role ${stranger} nologin`);
  try {
    const objects = await sql.unsafe(`${kObjects} order by 3, 1`);
    const lines = [`| | ${kRoles.join(' | ')} |`, `|---|${kRoles.map(() => '---').join('|')}|`];
    for (const { object, oid, kind } of objects) {
      const cells = [];
      for (const role of kRoles) {
        const name = role === 'public' ? stranger : role;
        if (kind === 'function') {
          const [row] = await sql`select has_function_privilege(${name}, ${oid}::oid, 'execute') as may`;
          cells.push(row.may ? 'execute' : '–');
        } else {
          const held = [];
          for (const privilege of tablePrivileges) {
            const [row] = await sql`select has_table_privilege(${name}, ${oid}::oid, ${privilege}) as may`;
            if (row.may) held.push(privilege);
          }
          cells.push(held.length ? held.join(', ') : '–');
        }
      }
      lines.push(`| ${object} | ${cells.join(' | ')} |`);
    }
    return lines.join('\n');
  } finally {
    await sql.unsafe(`drop role ${stranger}`);
  }
}
