// The roles that every Supabase project has. They belong to a whole PostgreSQL server, not to one database: several that are being made ready
// at once may want to create them in the same moment, so one that is there already is no error.
const create = (name, attributes) => `begin
    create role ${name} nologin noinherit ${attributes};
  exception when duplicate_object or unique_violation then null;
  end;`;

export const kProjectRolesSql = `do $$ begin
  ${create('anon', '')}
  ${create('authenticated', '')}
  ${create('service_role', 'bypassrls')}
end $$;`;
