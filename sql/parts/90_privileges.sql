-- Who may do what: the service role runs the pool_* functions; anon, authenticated and everybody else run nothing.
-- pool_create_provider stays with the owner of the database.

do $$
declare
  f        record;
  outsider text;
begin
  for f in select p.oid::regprocedure as signature, p.proname, n.nspname from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
            where n.nspname = 'edgepool' or (n.nspname = 'public' and p.proname like 'pool\_%') loop
    execute format('revoke all on function %s from public', f.signature);
    foreach outsider in array array['anon', 'authenticated', 'service_role'] loop
      if exists (select from pg_roles where rolname = outsider) then
        execute format('revoke all on function %s from %I', f.signature, outsider);
      end if;
    end loop;
    if f.proname <> 'pool_create_provider' and exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant execute on function %s to service_role', f.signature);
    end if;
  end loop;
  foreach outsider in array array['anon', 'authenticated', 'service_role'] loop
    if exists (select from pg_roles where rolname = outsider) then
      execute format('revoke all on schema edgepool from %I', outsider);
      execute format('revoke all on all tables in schema edgepool from %I', outsider);
    end if;
  end loop;
  revoke all on all tables in schema edgepool from public;
  if exists (select from pg_roles where rolname = 'service_role') then
    grant usage on schema edgepool to service_role;
    grant select, update on edgepool.providers to service_role;
    grant select, insert, delete, update on edgepool.batches to service_role;
    grant select, insert, delete, update on edgepool.audit to service_role;
    grant select, insert, update on edgepool.notes, edgepool.refusals to service_role;
  end if;
end $$;
