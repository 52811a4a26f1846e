-- The audit log: what administrators did. A function that does the deed writes it down in the same transaction, from the member
-- p.audit {action, target?, detail?, address?, request?}; without that member nothing is written. No secret is ever in it: keys are
-- named by id, tokens by name or hash. An operation that takes several calls (an import) gives each the same request and is one entry.

-- `affected`: how many rows were touched; `target`: what, when p.audit does not say.
create or replace function edgepool.note_action(p jsonb, provider_name text, affected bigint, target text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  note jsonb := edgepool.arg(p, 'audit', 'object?')::jsonb;
begin
  if note is null then
    return;
  end if;
  insert into edgepool.audit as a (provider, action, target, affected, detail, address, request)
  values (provider_name, left(edgepool.arg(note, 'action', 'text'), 64), left(coalesce(edgepool.arg(note, 'target', 'text?'), target), 300), affected,
          left(edgepool.arg(note, 'detail', 'text?'), 300), left(edgepool.arg(note, 'address', 'text?'), 64), edgepool.arg(note, 'request', 'hex16?'))
      on conflict (provider, action, request) do update set affected = a.affected + excluded.affected;
end $$;

-- The first ids of a list, for the eye.
create or replace function edgepool.some_ids(ids text[]) returns text
  language sql immutable parallel safe
  return array_to_string(ids[1:3], ', ') || case when cardinality(ids) > 3 then ', ...' else '' end;

-- What is done elsewhere, and told here.
create or replace function public.pool_audit(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  affected bigint := edgepool.arg_between(p, 'affected', 0, 9007199254740992, 0);
begin
  if jsonb_typeof(p -> 'audit') is distinct from 'object' then
    perform edgepool.fail(400, 'pool_bad_argument', 'audit');
  end if;
  perform edgepool.note_action(p, provider.name, affected, null);
  return jsonb_build_object('noted', true);
end $$;

create or replace function public.pool_audit_list(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  page     bigint := edgepool.arg_between(p, 'page', 1, 1000000, 1);
  size     bigint := edgepool.arg_between(p, 'page_size', 1, 1000, 50);
begin
  return jsonb_build_object('total', (select count(*) from edgepool.audit as a where a.provider = provider.name),
    'entries', (select coalesce(jsonb_agg(jsonb_build_object('at_ms', edgepool.to_ms(e.at), 'action', e.action, 'target', e.target, 'affected', e.affected,
                         'detail', e.detail, 'address', e.address) order by e.id desc), '[]')
                  from (select * from edgepool.audit as a where a.provider = provider.name order by a.id desc limit size offset (page - 1) * size) as e));
end $$;
