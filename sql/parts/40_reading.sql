-- What the worker reads: the working set, what changed since, a client token, the public figures.

create or replace function public.pool_version(p jsonb default '{}') returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object('version', edgepool.version(), 'providers',
    coalesce((select jsonb_object_agg(v.name, jsonb_build_object('tables', edgepool.tables_state(v))) from edgepool.providers as v), '{}'),
    'housekeeping', (select jsonb_build_object('at_ms', edgepool.to_ms(at), 'content', content) from edgepool.notes where name = 'housekeeping'))
$$;

-- What a token has used of its budgets in the UTC day and month that are now; null without limits.
create or replace function edgepool.used_of(limits jsonb, used_day date, day_requests bigint, day_tokens bigint, day_cost_nano bigint,
    used_month date, month_requests bigint, month_tokens bigint, month_cost_nano bigint) returns jsonb
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select case when limits is null then null else jsonb_build_object(
           'day_ms', edgepool.to_ms(date_trunc('day', now(), 'UTC')),
           'day_requests', edgepool.figure(case when used_day = today then day_requests end),
           'day_tokens', edgepool.figure(case when used_day = today then day_tokens end),
           'day_cost_nano', edgepool.figure(case when used_day = today then day_cost_nano end),
           'month_ms', edgepool.to_ms(date_trunc('month', now(), 'UTC')),
           'month_requests', edgepool.figure(case when used_month = month then month_requests end),
           'month_tokens', edgepool.figure(case when used_month = month then month_tokens end),
           'month_cost_nano', edgepool.figure(case when used_month = month then month_cost_nano end)) end
    from (select (now() at time zone 'UTC')::date as today, date_trunc('month', now() at time zone 'UTC')::date as month) as c
$$;

-- The same of every token of a batch that has limits, [{hash, used}]: an isolate that has flushed knows what all have used.
create or replace function edgepool.used_of_batch(prefix text, tokens jsonb) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  answer jsonb;
begin
  execute edgepool.named($q$
    select coalesce(jsonb_agg(jsonb_build_object('hash', token_hash, 'used', edgepool.used_of(limits, used_day, day_requests, day_tokens, day_cost_nano,
                                                                                          used_month, month_requests, month_tokens, month_cost_nano))), '[]')
      from {client_tokens} where limits is not null and token_hash in (select item ->> 'hash' from jsonb_array_elements($1) as item) $q$, prefix)
    into answer using case jsonb_typeof(tokens) when 'array' then tokens else '[]' end;
  return answer;
end $$;

-- What a request must know of a client token: identity, validity, limits, and what it has used of its budgets. The secret that is asked
-- about may be the one it was made with, the one of its last rotation, or, in its time of grace, the one before that; `hash` is always
-- the token's own, under which it is counted.
create or replace function edgepool.token_state(prefix text, hash text) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  state jsonb;
begin
  execute edgepool.named($q$
    select jsonb_build_object('hash', token_hash, 'name', name, 'disabled', disabled,
      'expires_ms', edgepool.to_ms(case when coalesce(secret_hash, token_hash) = $1 then expires_at else least(expires_at, old_until) end),
      'limits', limits, 'used', edgepool.used_of(limits, used_day, day_requests, day_tokens, day_cost_nano,
                                                 used_month, month_requests, month_tokens, month_cost_nano))
      from {client_tokens}
     where (token_hash = $1 and secret_hash is null) or secret_hash = $1 or (old_hash = $1 and old_until > now()) $q$, prefix) into state using hash;
  return state;
end $$;

-- Two runs over the ids, from start to the end and, only if that was not enough, from the beginning; each merges the keys that
-- were never benched with those that are back. Built as json, not jsonb: half the time, at 512 keys. Whoever takes is taken for an
-- isolate that has begun, and told the flush window that suits all of them.
create or replace function public.pool_take(p jsonb default '{}') returns json
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  slots    bigint := edgepool.arg_between(p, 'limit', 1, 2000, 512);
  start_id text := coalesce(edgepool.arg(p, 'start', 'hex16?'), '0000000000000000');
  hash     text := edgepool.arg(p, 'token_hash', 'hex64?');
  counts   record;
  slice    record;
begin
  select * into counts from edgepool.key_counts(provider);
  execute edgepool.named($q$
    with first_run as materialized (
      select * from (
        (select id, api_key, usable_from, refusals, consecutive_failures, quota, ceiling, reason, expires_at, 1 as run from {keys}
          where usable_from = '-infinity' and (expires_at is null or expires_at > now()) and id >= $1 order by id limit $2)
        union all
        (select id, api_key, usable_from, refusals, consecutive_failures, quota, ceiling, reason, expires_at, 1 as run from {keys}
          where usable_from > '-infinity' and usable_from < 'infinity' and usable_from <= now()
            and (expires_at is null or expires_at > now()) and id >= $1 order by id limit $2)) as k
       order by id limit $2),
    second_run as materialized (
      select * from (
        (select id, api_key, usable_from, refusals, consecutive_failures, quota, ceiling, reason, expires_at, 2 as run from {keys}
          where usable_from = '-infinity' and (expires_at is null or expires_at > now()) and id < $1 order by id limit $2)
        union all
        (select id, api_key, usable_from, refusals, consecutive_failures, quota, ceiling, reason, expires_at, 2 as run from {keys}
          where usable_from > '-infinity' and usable_from < 'infinity' and usable_from <= now()
            and (expires_at is null or expires_at > now()) and id < $1 order by id limit $2)) as k
       order by id limit $2 - (select count(*) from first_run)),
    slice as (select * from first_run union all select * from second_run)
    select (select json_agg(k)
              from (select id, api_key as key, case when usable_from = '-infinity' then 'active' else 'probation' end as state, refusals,
                           coalesce(consecutive_failures, 0) as fails, quota, ceiling, reason, edgepool.to_ms(expires_at) as expires_ms
                      from slice order by run, id) as k) as keys,
           (select json_agg(b) from (select key_id as id, model, b.reason, edgepool.to_ms(until) as until_ms
                                       from slice join {key_benches} as b on b.key_id = slice.id where b.until > now()) as b) as models $q$,
    provider.prefix) into slice using start_id, slots;
  insert into edgepool.batches (batch, provider, applied_at, hint_ms) values (gen_random_uuid(), provider.name, clock_timestamp(), 10000);
  return json_build_object('now_ms', edgepool.to_ms(now()), 'next_since_ms', edgepool.to_ms(provider.changed_at), 'hint_ms', edgepool.flush_hint_ms(),
    'total', provider.keys_total, 'usable', counts.active, 'next_ms', edgepool.to_ms(counts.next_at),
    'keys', coalesce(slice.keys, '[]'), 'models', coalesce(slice.models, '[]'),
    'token', case when hash is not null then edgepool.token_state(provider.prefix, hash) end);
end $$;

create or replace function public.pool_token(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
begin
  return jsonb_build_object('now_ms', edgepool.to_ms(now()),
                            'token', edgepool.token_state(provider.prefix, edgepool.arg(p, 'token_hash', 'hex64')));
end $$;

-- Keys and tokens are told apart: a removal of thousands of keys cuts no token's change, and a worker knows which of the two it must take anew.
-- Stamps rise in the order of commits (10_private.sql), so next_since_ms = the newest committed stamp misses nothing.
create or replace function public.pool_changes(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  since    timestamptz := edgepool.from_ms(edgepool.arg(p, 'since_ms', 'ms')::bigint);
  most     bigint := edgepool.arg_between(p, 'limit', 1, 10000, 1000);
  counts   record;
  told     record;
begin
  select * into counts from edgepool.key_counts(provider);
  execute edgepool.named($q$
    with changed as materialized (
      select id, api_key, status, usable_from, expires_at, failed_until, disabled_until, reason, state_at, refusals, consecutive_failures, quota, ceiling,
             updated_at, edgepool.effective_status(status, usable_from, expires_at, now()) as effective
        from {keys} where updated_at > $1 order by updated_at limit $2 + 1),
    gone as materialized (select ref from {tombstones} where kind = 'key' and removed_at > $1 order by removed_at limit $2 + 1),
    gone_tokens as materialized (select ref from {tombstones} where kind = 'token' and removed_at > $1 order by removed_at limit $2 + 1),
    benches as materialized (
      select key_id, model, reason, until, state_at, updated_at from {key_benches} where updated_at > $1 order by updated_at limit $2 + 1),
    tokens as materialized (select token_hash from {client_tokens} where updated_at > $1 order by updated_at limit $2 + 1)
    select (select count(*) from changed) > $2 or (select count(*) from gone) > $2 or (select count(*) from benches) > $2 as more_keys,
           (select count(*) from tokens) > $2 or (select count(*) from gone_tokens) > $2 as more_tokens,
           coalesce((select jsonb_agg(jsonb_build_object('id', id, 'status', effective, 'usable', effective = 'active', 'reason', reason,
                'until_ms', edgepool.to_ms(case status when 'failed' then failed_until when 'disabled' then disabled_until end),
                'at_ms', edgepool.to_ms(coalesce(state_at, updated_at)), 'expires_ms', edgepool.to_ms(expires_at), 'refusals', refusals, 'fails', coalesce(consecutive_failures, 0),
                'quota', quota, 'ceiling', ceiling,
                'state', case when effective <> 'active' then null when usable_from = '-infinity' then 'active' else 'probation' end,
                'key', case when effective = 'active' then api_key end) order by updated_at)
              from (select * from changed limit $2) as c), '[]') as keys,
           coalesce((select jsonb_agg(ref) from (select * from gone limit $2) as g), '[]') as gone,
           coalesce((select jsonb_agg(jsonb_build_object('id', key_id, 'model', model, 'reason', reason, 'until_ms', edgepool.to_ms(until),
                'at_ms', edgepool.to_ms(state_at)) order by updated_at) from (select * from benches limit $2) as b), '[]') as models,
           coalesce((select jsonb_agg(jsonb_build_object('hash', hash))
              from (select token_hash as hash from (select * from tokens limit $2) as t
                    union all select ref from (select * from gone_tokens limit $2) as g) as h), '[]') as tokens $q$,
    provider.prefix) into told using since, most;
  return jsonb_build_object('now_ms', edgepool.to_ms(now()), 'next_since_ms', edgepool.to_ms(provider.changed_at),
    'total', provider.keys_total, 'usable', counts.active, 'next_ms', edgepool.to_ms(counts.next_at),
    'more', told.more_keys or told.more_tokens or since < provider.reset_at,
    'more_tokens', told.more_tokens or since < provider.reset_at,
    'keys', told.keys, 'gone', told.gone, 'models', told.models, 'tokens', told.tokens);
end $$;

create or replace function public.pool_public_stats(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  counts   record;
  figures  record;
begin
  if coalesce(p ->> 'offset_minutes', '0') !~ '^-?[0-9]{1,4}$' then
    perform edgepool.fail(400, 'pool_bad_argument', 'offset_minutes');
  end if;
  select * into counts from edgepool.key_counts(provider);
  execute edgepool.named($q$
    with clock as (select date_trunc('hour', now(), 'UTC') as this_hour),
    day as materialized (
      select hour, model, sum(requests) as requests, sum(success) as success, sum(failure) as failure
        from {model_hourly}, clock where hour > clock.this_hour - interval '24 hours' and hour <= clock.this_hour group by hour, model)
    select g.total_requests, g.success_count, g.failure_count, g.updated_at,
      coalesce((select jsonb_agg(jsonb_build_object('model', model, 'requests', edgepool.figure(r), 'success', edgepool.figure(s), 'failure', edgepool.figure(f))
                                 order by r desc, model)
         from (select model, sum(total_requests)::bigint as r, sum(success_count)::bigint as s, sum(failure_count)::bigint as f
                 from {model_stats} group by model order by 2 desc nulls last, 1 limit 10) as m), '[]') as top_models,
      coalesce((select jsonb_agg(jsonb_build_object('model', model, 'requests', edgepool.figure(r), 'success', edgepool.figure(s), 'failure', edgepool.figure(f))
                                 order by r desc, model)
         from (select model, sum(requests)::bigint as r, sum(success)::bigint as s, sum(failure)::bigint as f
                 from day group by model order by 2 desc nulls last, 1 limit 3) as m), '[]') as recent_models,
      (select jsonb_agg(jsonb_build_object('start_ms', edgepool.to_ms(slot), 'requests', edgepool.figure(r), 'success', edgepool.figure(s),
                                           'failure', edgepool.figure(f)) order by slot)
         from (select slot, sum(day.requests)::bigint as r, sum(day.success)::bigint as s, sum(day.failure)::bigint as f
                 from clock, generate_series(clock.this_hour - interval '23 hours', clock.this_hour, interval '1 hour') as slot
                 left join day on day.hour = slot group by slot) as h) as hours
      from (select sum(total_requests)::bigint as total_requests, sum(success_count)::bigint as success_count,
                   sum(failure_count)::bigint as failure_count, max(updated_at) as updated_at from {global_stats} where id = 'global') as g $q$,
    provider.prefix) into figures;
  return jsonb_build_object('now_ms', edgepool.to_ms(now()), 'total_requests', edgepool.figure(figures.total_requests),
    'success', edgepool.figure(figures.success_count), 'failure', edgepool.figure(figures.failure_count),
    'updated_ms', edgepool.to_ms(figures.updated_at), 'total_keys', provider.keys_total, 'active_keys', counts.active,
    'failed_keys', counts.failed, 'top_models', figures.top_models, 'recent_models', figures.recent_models, 'hours', figures.hours);
end $$;
