-- Our cost of a key beside the provider's own figure for it. The provider counts from the key's first day, we from its first day here,
-- so the first figure seen is the base and only what both have counted since is compared. A figure that falls is a new base.

create or replace function public.pool_reconcile(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  recorded bigint;
begin
  perform edgepool.check_rows(p, 'rows', '{id:hex16,used_nano:count}');
  provider := edgepool.lock_provider(provider);
  execute edgepool.named($q$
    with read as (
      select distinct on (r.id) k.api_key, r.used_nano from jsonb_to_recordset($1) as r(id text, used_nano bigint) join {keys} as k on k.id = r.id
       order by r.id, r.used_nano desc)
    insert into {key_stats} as s (api_key, theirs_nano, theirs_base_nano, ours_then_nano, ours_base_nano, compared_since, compared_at)
    select api_key, used_nano, used_nano, 0, 0, now(), now() from read
        on conflict (api_key) do update set theirs_nano = excluded.theirs_nano, ours_then_nano = s.cost_nano, compared_at = excluded.compared_at,
           theirs_base_nano = case when excluded.theirs_nano >= s.theirs_nano then s.theirs_base_nano else excluded.theirs_nano end,
           ours_base_nano = case when excluded.theirs_nano >= s.theirs_nano then s.ours_base_nano else s.cost_nano end,
           compared_since = case when excluded.theirs_nano >= s.theirs_nano then s.compared_since else excluded.compared_at end $q$,
    provider.prefix) using coalesce(p -> 'rows', '[]');
  get diagnostics recorded = row_count;
  return jsonb_build_object('recorded', recorded);
end $$;

-- The keys that were compared, the widest drift first.
create or replace function public.pool_reconciled(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  most     bigint := edgepool.arg_between(p, 'limit', 1, 1000, 100);
  told     jsonb;
begin
  execute edgepool.named($q$
    with compared as (
      select k.id, k.username, s.ours_then_nano - s.ours_base_nano as ours, s.theirs_nano - s.theirs_base_nano as theirs, s.compared_since, s.compared_at
        from {key_stats} as s join {keys} as k on k.api_key = s.api_key where s.compared_at is not null)
    select jsonb_build_object('at_ms', edgepool.to_ms((select max(compared_at) from compared)), 'total', (select count(*) from compared),
      'rows', coalesce((select jsonb_agg(jsonb_build_object('id', id, 'username', username, 'ours_nano', edgepool.figure(ours), 'theirs_nano', edgepool.figure(theirs),
                'drift_nano', edgepool.figure(theirs - ours), 'since_ms', edgepool.to_ms(compared_since), 'at_ms', edgepool.to_ms(compared_at)) order by abs(theirs - ours) desc, id)
           from (select * from compared order by abs(theirs - ours) desc, id limit $1) as c), '[]')) $q$, provider.prefix) into told using most;
  return told;
end $$;
