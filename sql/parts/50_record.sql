-- What the worker writes: a flush of usage and verdicts, applied once however often it is sent, whole or not at all.

-- The flush window to ask isolates for. Each batch of the last ten seconds stands for an isolate that flushes once per the window
-- that it was counted in, each mark that pool_take has left (10,000 ms) for one that has begun; the window is set so that all of them
-- together flush 30 times a second.
create or replace function edgepool.flush_hint_ms() returns integer
  language sql volatile set search_path = pg_catalog, pg_temp as $$
  select least(20000, greatest(1000, coalesce(sum(hint_ms) / 300, 0)))::integer
    from edgepool.batches where applied_at > clock_timestamp() - interval '10 seconds'
$$;

-- Every list of p checked, before a lock is taken.
create or replace function edgepool.check_record(p jsonb) returns void
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  figures constant text[] := '{requests:count,success:count,failure:count,prompt:count?,completion:count?,cached:count?,reasoning:count?,estimated:count?,cost_nano:count?}';
  rows  integer;
  bad   text;
begin
  rows := edgepool.check_rows(p, 'models', figures || '{model:text,hour_ms:ms,latency_ms:count?,latency_count:count?}'::text[])
        + edgepool.check_rows(p, 'keys', figures || '{id:hex16,last_used_ms:ms,last_success_ms:ms?,last_failure_ms:ms?,fails:int?,fails_reset:bool?}'::text[])
        + edgepool.check_rows(p, 'tokens', figures || '{hash:hex64,last_used_ms:ms}'::text[])
        + edgepool.check_rows(p, 'refusals', '{kind:name,count:count}')
        + edgepool.check_rows(p, 'verdicts', '{id:hex16,model:text?,state:text,reason:text?,until_ms:ms?,at_ms:ms,evidence:any?,refusals:int?,ceiling:int?,quota:object?}');
  if rows > 10000 then
    perform edgepool.fail(413, 'pool_too_large', 'at most 10000 rows in one call');
  end if;

  select format('%s[%s].requests: is not success + failure', list, place - 1) into bad
    from unnest(array['models', 'keys', 'tokens']) as list
   cross join lateral jsonb_array_elements(case jsonb_typeof(p -> list) when 'array' then p -> list else '[]' end) with ordinality as r(item, place)
   where (item ->> 'requests')::bigint <> (item ->> 'success')::bigint + (item ->> 'failure')::bigint limit 1;
  if bad is null then
    select format('models[%s].hour_ms: lies in the future', place - 1) into bad
      from jsonb_array_elements(case jsonb_typeof(p -> 'models') when 'array' then p -> 'models' else '[]' end) with ordinality as r(item, place)
     where edgepool.from_ms((item ->> 'hour_ms')::bigint) > now() + interval '2 hours' limit 1;
  end if;
  if bad is null then
    select format('verdicts[%s].%s', place - 1,
                  case when item ->> 'state' not in ('active', 'benched', 'disabled', 'expired') then 'state'
                       when item ->> 'state' = 'benched' and item ->> 'until_ms' is null then 'until_ms: a bench must end'
                       when item ->> 'model' is not null and item ->> 'state' not in ('active', 'benched') then 'state: a model is active or benched' end) into bad
      from jsonb_array_elements(case jsonb_typeof(p -> 'verdicts') when 'array' then p -> 'verdicts' else '[]' end) with ordinality as r(item, place)
     where item ->> 'state' not in ('active', 'benched', 'disabled', 'expired')
        or (item ->> 'state' = 'benched' and item ->> 'until_ms' is null)
        or (item ->> 'model' is not null and item ->> 'state' not in ('active', 'benched')) limit 1;
  end if;
  if bad is not null then
    perform edgepool.fail(400, 'pool_bad_argument', bad);
  end if;
end $$;

-- Models, hours and the total. A model's name is cut at 200 characters: it is the client's text, and a count is never refused for it.
create or replace function edgepool.record_models(provider edgepool.providers, models jsonb, at timestamptz) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    with sent as (
      select left(model, 200) as model, date_trunc('hour', edgepool.from_ms(hour_ms), 'UTC') as hour, sum(requests)::bigint as requests,
             sum(success)::bigint as success, sum(failure)::bigint as failure, coalesce(sum(prompt), 0)::bigint as prompt,
             coalesce(sum(completion), 0)::bigint as completion, coalesce(sum(cached), 0)::bigint as cached,
             coalesce(sum(reasoning), 0)::bigint as reasoning, coalesce(sum(estimated), 0)::bigint as estimated, coalesce(sum(cost_nano), 0)::bigint as cost_nano,
             coalesce(sum(latency_ms), 0)::bigint as latency_ms, coalesce(sum(latency_count), 0)::bigint as latency_count
        from jsonb_to_recordset($1) as r(model text, hour_ms bigint, requests bigint, success bigint, failure bigint, prompt bigint, completion bigint,
                                         cached bigint, reasoning bigint, estimated bigint, cost_nano bigint, latency_ms bigint, latency_count bigint)
       group by 1, 2),
    hourly as (
      insert into {model_hourly} as m (provider, model, hour, requests, success, failure, prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens,
                                       estimated_tokens, cost_nano, latency_ms, latency_count)
      select $2, model, hour, requests, success, failure, prompt, completion, cached, reasoning, estimated, cost_nano, latency_ms, latency_count
        from sent order by model, hour
          on conflict (provider, model, hour) do update set requests = coalesce(m.requests, 0) + excluded.requests,
             success = coalesce(m.success, 0) + excluded.success, failure = coalesce(m.failure, 0) + excluded.failure,
             prompt_tokens = m.prompt_tokens + excluded.prompt_tokens, completion_tokens = m.completion_tokens + excluded.completion_tokens,
             cached_tokens = m.cached_tokens + excluded.cached_tokens, reasoning_tokens = m.reasoning_tokens + excluded.reasoning_tokens,
             estimated_tokens = m.estimated_tokens + excluded.estimated_tokens, cost_nano = m.cost_nano + excluded.cost_nano,
             latency_ms = m.latency_ms + excluded.latency_ms, latency_count = m.latency_count + excluded.latency_count),
    by_model as (
      insert into {model_stats} as m (provider, model, total_requests, success_count, failure_count, last_used, prompt_tokens, completion_tokens,
                                      cached_tokens, reasoning_tokens, estimated_tokens, cost_nano, latency_ms, latency_count)
      select $2, model, sum(requests), sum(success), sum(failure), $3, sum(prompt), sum(completion), sum(cached), sum(reasoning), sum(estimated), sum(cost_nano),
             sum(latency_ms), sum(latency_count)
        from sent group by model order by model
          on conflict (provider, model) do update set total_requests = coalesce(m.total_requests, 0) + excluded.total_requests,
             success_count = coalesce(m.success_count, 0) + excluded.success_count, failure_count = coalesce(m.failure_count, 0) + excluded.failure_count,
             last_used = greatest(m.last_used, excluded.last_used), prompt_tokens = m.prompt_tokens + excluded.prompt_tokens,
             completion_tokens = m.completion_tokens + excluded.completion_tokens, cached_tokens = m.cached_tokens + excluded.cached_tokens,
             reasoning_tokens = m.reasoning_tokens + excluded.reasoning_tokens, estimated_tokens = m.estimated_tokens + excluded.estimated_tokens,
             cost_nano = m.cost_nano + excluded.cost_nano, latency_ms = m.latency_ms + excluded.latency_ms,
             latency_count = m.latency_count + excluded.latency_count)
    insert into {global_stats} as g (id, total_requests, success_count, failure_count, updated_at, prompt_tokens, completion_tokens, cached_tokens,
                                     reasoning_tokens, estimated_tokens, cost_nano)
    select 'global', sum(requests), sum(success), sum(failure), $3, sum(prompt), sum(completion), sum(cached), sum(reasoning), sum(estimated), sum(cost_nano)
      from sent having count(*) > 0
        on conflict (id) do update set total_requests = coalesce(g.total_requests, 0) + excluded.total_requests,
           success_count = coalesce(g.success_count, 0) + excluded.success_count, failure_count = coalesce(g.failure_count, 0) + excluded.failure_count,
           updated_at = greatest(g.updated_at, excluded.updated_at), prompt_tokens = g.prompt_tokens + excluded.prompt_tokens,
           completion_tokens = g.completion_tokens + excluded.completion_tokens, cached_tokens = g.cached_tokens + excluded.cached_tokens,
           reasoning_tokens = g.reasoning_tokens + excluded.reasoning_tokens, estimated_tokens = g.estimated_tokens + excluded.estimated_tokens,
           cost_nano = g.cost_nano + excluded.cost_nano $q$, provider.prefix) using models, provider.name, at;
end $$;

-- Attempts by key. Failures in a row live in the guide's two columns: the one in {keys} is written only when it moves.
create or replace function edgepool.record_keys(provider edgepool.providers, keys jsonb) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    with r as (
      select *, max(place) filter (where fails_reset) over (partition by id) as reset_place
        from rows from (jsonb_to_recordset($1) as (id text, requests bigint, success bigint, failure bigint, prompt bigint, completion bigint,
             cached bigint, reasoning bigint, estimated bigint, cost_nano bigint, last_used_ms bigint, last_success_ms bigint, last_failure_ms bigint,
             fails bigint, fails_reset boolean)) with ordinality
             as t(id, requests, success, failure, prompt, completion, cached, reasoning, estimated, cost_nano, last_used_ms, last_success_ms,
                  last_failure_ms, fails, fails_reset, place)),
    sent as materialized (
      select id, sum(requests)::bigint as requests, sum(success)::bigint as success, sum(failure)::bigint as failure,
             coalesce(sum(prompt), 0)::bigint as prompt, coalesce(sum(completion), 0)::bigint as completion, coalesce(sum(cached), 0)::bigint as cached,
             coalesce(sum(reasoning), 0)::bigint as reasoning, coalesce(sum(estimated), 0)::bigint as estimated,
             coalesce(sum(cost_nano), 0)::bigint as cost_nano, edgepool.from_ms(max(last_used_ms)) as last_used,
             edgepool.from_ms(max(last_success_ms)) as last_success, edgepool.from_ms(max(last_failure_ms)) as last_failure,
             coalesce(sum(fails) filter (where place >= coalesce(reset_place, 0)), 0)::bigint as fails, bool_or(fails_reset) is true as fails_reset
        from r group by id),
    known as materialized (
      select k.api_key, sent.*, coalesce(k.consecutive_failures, 0) as fails_before,
             least(2147483647, case when fails_reset then fails else coalesce(k.consecutive_failures, 0) + fails end)::integer as fails_after
        from sent join {keys} as k on k.id = sent.id order by sent.id),
    counted as (
      insert into {key_stats} as s (api_key, total_requests, success_count, failure_count, success_rate, last_used, last_success, last_failure,
             consecutive_failures, prompt_tokens, completion_tokens, cached_tokens, reasoning_tokens, estimated_tokens, cost_nano)
      select api_key, requests, success, failure, case when requests > 0 then round(100.0 * success / requests, 2) else 0 end, last_used, last_success,
             last_failure, fails_after, prompt, completion, cached, reasoning, estimated, cost_nano from known
          on conflict (api_key) do update set total_requests = coalesce(s.total_requests, 0) + excluded.total_requests,
             success_count = coalesce(s.success_count, 0) + excluded.success_count, failure_count = coalesce(s.failure_count, 0) + excluded.failure_count,
             success_rate = case when coalesce(s.total_requests, 0) + excluded.total_requests > 0
               then round(100.0 * (coalesce(s.success_count, 0) + excluded.success_count) / (coalesce(s.total_requests, 0) + excluded.total_requests), 2) else 0 end,
             last_used = greatest(s.last_used, excluded.last_used), last_success = greatest(s.last_success, excluded.last_success),
             last_failure = greatest(s.last_failure, excluded.last_failure), consecutive_failures = excluded.consecutive_failures,
             prompt_tokens = s.prompt_tokens + excluded.prompt_tokens, completion_tokens = s.completion_tokens + excluded.completion_tokens,
             cached_tokens = s.cached_tokens + excluded.cached_tokens, reasoning_tokens = s.reasoning_tokens + excluded.reasoning_tokens,
             estimated_tokens = s.estimated_tokens + excluded.estimated_tokens, cost_nano = s.cost_nano + excluded.cost_nano)
    update {keys} as k set consecutive_failures = known.fails_after from known
     where k.api_key = known.api_key and known.fails_before <> known.fails_after $q$, provider.prefix) using keys;
end $$;

-- Client tokens, with what they used this day and this month (UTC, by the time of the batch).
create or replace function edgepool.record_tokens(provider edgepool.providers, tokens jsonb, at timestamptz) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    with sent as (
      select hash, sum(requests)::bigint as requests, sum(success)::bigint as success, sum(failure)::bigint as failure,
             coalesce(sum(prompt), 0)::bigint as prompt, coalesce(sum(completion), 0)::bigint as completion, coalesce(sum(cached), 0)::bigint as cached,
             coalesce(sum(reasoning), 0)::bigint as reasoning, coalesce(sum(estimated), 0)::bigint as estimated,
             coalesce(sum(cost_nano), 0)::bigint as cost_nano, edgepool.from_ms(max(last_used_ms)) as last_used,
             ($2 at time zone 'UTC')::date as day, date_trunc('month', $2 at time zone 'UTC')::date as month
        from jsonb_to_recordset($1) as r(hash text, requests bigint, success bigint, failure bigint, prompt bigint, completion bigint, cached bigint,
                                         reasoning bigint, estimated bigint, cost_nano bigint, last_used_ms bigint) group by hash)
    update {client_tokens} as t set request_count = coalesce(t.request_count, 0) + s.requests,
           success_count = t.success_count + s.success, failure_count = t.failure_count + s.failure,
           prompt_tokens = t.prompt_tokens + s.prompt, completion_tokens = t.completion_tokens + s.completion, cached_tokens = t.cached_tokens + s.cached,
           reasoning_tokens = t.reasoning_tokens + s.reasoning, estimated_tokens = t.estimated_tokens + s.estimated,
           cost_nano = t.cost_nano + s.cost_nano, last_used = greatest(t.last_used, s.last_used),
           used_day = greatest(t.used_day, s.day),
           day_requests = case when t.used_day > s.day then t.day_requests when t.used_day = s.day then t.day_requests + s.requests else s.requests end,
           day_tokens = case when t.used_day > s.day then t.day_tokens when t.used_day = s.day then t.day_tokens else 0 end
                      + case when t.used_day > s.day then 0 else s.prompt + s.completion end,
           day_cost_nano = case when t.used_day > s.day then t.day_cost_nano when t.used_day = s.day then t.day_cost_nano + s.cost_nano else s.cost_nano end,
           used_month = greatest(t.used_month, s.month),
           month_requests = case when t.used_month > s.month then t.month_requests when t.used_month = s.month then t.month_requests + s.requests else s.requests end,
           month_tokens = case when t.used_month > s.month then t.month_tokens when t.used_month = s.month then t.month_tokens else 0 end
                        + case when t.used_month > s.month then 0 else s.prompt + s.completion end,
           month_cost_nano = case when t.used_month > s.month then t.month_cost_nano when t.used_month = s.month then t.month_cost_nano + s.cost_nano else s.cost_nano end
      from sent as s where t.token_hash = s.hash $q$, provider.prefix) using tokens, at;
end $$;

-- Verdicts: the newest wins, whatever the order of arrival; what a person disabled, only a person enables.
create or replace function edgepool.record_verdicts(provider edgepool.providers, verdicts jsonb) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    with sent as (
      select distinct on (id) id, state, left(reason, 200) as reason, edgepool.from_ms(until_ms) as until, least(edgepool.from_ms(at_ms), now()) as at,
             evidence, coalesce(refusals, 0) as refusals, ceiling, quota
        from rows from (jsonb_to_recordset($1) as (id text, model text, state text, reason text, until_ms bigint, at_ms bigint, evidence jsonb,
             refusals integer, ceiling integer, quota jsonb)) with ordinality
             as t(id, model, state, reason, until_ms, at_ms, evidence, refusals, ceiling, quota, place)
       where model is null order by id, at_ms desc, place desc)
    update {keys} as k set status = case s.state when 'benched' then 'failed' else s.state end,
           failed_until = case s.state when 'benched' then s.until end, disabled_until = case s.state when 'disabled' then s.until end,
           reason = s.reason, evidence = s.evidence, refusals = s.refusals, ceiling = case when s.ceiling = 0 then null else coalesce(s.ceiling, k.ceiling) end,
           quota = coalesce(s.quota, k.quota), state_at = s.at, by_hand = false, updated_at = $2
      from sent as s
     where k.id = s.id and (k.state_at is null or s.at > k.state_at)
       and not (k.by_hand and k.status = 'disabled' and k.usable_from > now()) $q$, provider.prefix) using verdicts, provider.changed_at;
  execute edgepool.named($q$
    insert into {key_benches} as b (key_id, model, reason, until, state_at, evidence, updated_at)
    select s.* from (
      select distinct on (id, left(model, 200)) id, left(model, 200), left(reason, 200),
             case state when 'benched' then edgepool.from_ms(until_ms) else least(edgepool.from_ms(at_ms), now()) end,
             least(edgepool.from_ms(at_ms), now()), evidence, $2
        from rows from (jsonb_to_recordset($1) as (id text, model text, state text, reason text, until_ms bigint, at_ms bigint, evidence jsonb)) with ordinality
             as t(id, model, state, reason, until_ms, at_ms, evidence, place)
       where model is not null order by id, left(model, 200), at_ms desc, place desc) as s(id)
      join {keys} as k on k.id = s.id
        on conflict (key_id, model) do update set reason = excluded.reason, until = excluded.until, state_at = excluded.state_at,
           evidence = excluded.evidence, updated_at = excluded.updated_at where excluded.state_at > b.state_at $q$, provider.prefix)
    using verdicts, provider.changed_at;
end $$;

create or replace function public.pool_record(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  batch_id uuid := edgepool.arg(p, 'batch', 'hex32')::uuid;
  made_at  timestamptz := edgepool.from_ms(edgepool.arg(p, 'at_ms', 'ms')::bigint);
  had_ms   bigint := edgepool.arg_between(p, 'window_ms', 0, 20000, 1000);
  hint     integer;
begin
  perform edgepool.check_record(p);
  provider := edgepool.lock_provider(provider);
  hint := edgepool.flush_hint_ms();
  if exists (select from edgepool.batches as b where b.batch = batch_id and b.provider = provider.name) then
    return jsonb_build_object('applied', false, 'hint_ms', hint, 'now_ms', edgepool.to_ms(clock_timestamp()),
                              'tokens', edgepool.used_of_batch(provider.prefix, p -> 'tokens'));
  end if;
  if made_at < now() - interval '20 hours' then
    perform edgepool.fail(409, 'pool_batch_expired', 'at_ms: made more than 20 hours ago');
  elsif made_at > now() + interval '1 hour' then
    perform edgepool.fail(400, 'pool_bad_argument', 'at_ms: lies in the future');
  end if;
  insert into edgepool.batches (batch, provider, applied_at, hint_ms) values (batch_id, provider.name, clock_timestamp(), had_ms);

  made_at := least(made_at, now());
  if jsonb_typeof(p -> 'models') = 'array' and p -> 'models' <> '[]' then
    perform edgepool.record_models(provider, p -> 'models', made_at);
  end if;
  if jsonb_typeof(p -> 'keys') = 'array' and p -> 'keys' <> '[]' then
    perform edgepool.record_keys(provider, p -> 'keys');
  end if;
  if jsonb_typeof(p -> 'tokens') = 'array' and p -> 'tokens' <> '[]' then
    perform edgepool.record_tokens(provider, p -> 'tokens', made_at);
  end if;
  if jsonb_typeof(p -> 'verdicts') = 'array' and p -> 'verdicts' <> '[]' then
    perform edgepool.record_verdicts(provider, p -> 'verdicts');
  end if;
  if jsonb_typeof(p -> 'refusals') = 'array' and p -> 'refusals' <> '[]' then
    insert into edgepool.refusals as r (provider, kind, count)
    select provider.name, left(kind, 64), sum(sent.count)::bigint from jsonb_to_recordset(p -> 'refusals') as sent(kind text, count bigint) group by 2 order by 2
        on conflict on constraint refusals_pkey do update set count = r.count + excluded.count;
  end if;
  -- Marks of batches that nobody may send again; pool_prune takes the rest.
  delete from edgepool.batches as b
   where (b.batch, b.provider) in (select o.batch, o.provider from edgepool.batches as o where o.applied_at < now() - interval '1 day'
                                    order by o.applied_at limit 20 for update skip locked);
  return jsonb_build_object('applied', true, 'hint_ms', hint, 'now_ms', edgepool.to_ms(clock_timestamp()),
                            'tokens', edgepool.used_of_batch(provider.prefix, p -> 'tokens'));
end $$;

create or replace function public.pool_prune(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  days       bigint := edgepool.arg_between(p, 'days', 1, 36500, null);
  one        text := edgepool.arg(p, 'provider', 'text?');
  hourly     bigint := 0;
  tombstones bigint := 0;
  batches    bigint := 0;
  audit      bigint := 0;
  n          bigint;
  v          edgepool.providers;
begin
  if one is not null then
    perform edgepool.provider_of(p);
  end if;
  for v in select * from edgepool.providers where name = coalesce(one, name) order by name loop
    continue when edgepool.tables_state(v) <> 'ok';
    v := edgepool.lock_provider(v);
    execute edgepool.named('delete from {model_hourly} where hour < now() - $1 * interval ''1 day''', v.prefix) using days;
    get diagnostics n = row_count;
    hourly := hourly + n;
    -- Whoever asks for changes since before the newest forgotten tombstone is told to read anew.
    execute edgepool.named($q$
      with forgotten as (delete from {tombstones} where removed_at < now() - interval '1 hour' returning removed_at),
      moved as (update edgepool.providers set reset_at = greatest(reset_at, (select max(removed_at) from forgotten)) where name = $1)
      select count(*) from forgotten $q$, v.prefix) into n using v.name;
    tombstones := tombstones + n;
    execute edgepool.named('delete from {key_benches} where until < now() - interval ''1 day''', v.prefix);
    execute edgepool.named('update {keys} set status = ''expired'', updated_at = $1 where expires_at <= now() and status <> ''expired''', v.prefix) using v.changed_at;
    perform edgepool.recount(v.name);
  end loop;
  delete from edgepool.batches where applied_at < now() - interval '1 day' and provider = coalesce(one, provider);
  get diagnostics batches = row_count;
  -- Who did what is asked long after the figures have gone.
  delete from edgepool.audit where at < now() - greatest(days, 90) * interval '1 day' and provider = coalesce(one, provider);
  get diagnostics audit = row_count;
  return jsonb_build_object('hourly', hourly, 'batches', batches, 'tombstones', tombstones, 'audit', audit);
end $$;
