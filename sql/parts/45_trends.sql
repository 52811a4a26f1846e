-- What an operator's dashboard draws: the hourly figures gathered into a day of hours or a month of days. And notes of what ran when.

create or replace function edgepool.trend_figures(requests bigint, success bigint, failure bigint, prompt bigint, completion bigint, cached bigint,
    reasoning bigint, estimated bigint, cost_nano bigint, latency_ms bigint, latency_count bigint) returns jsonb
  language sql immutable parallel safe
  return jsonb_build_object('requests', edgepool.figure(requests), 'success', edgepool.figure(success), 'failure', edgepool.figure(failure),
    'prompt', edgepool.figure(prompt), 'completion', edgepool.figure(completion), 'cached', edgepool.figure(cached),
    'reasoning', edgepool.figure(reasoning), 'estimated', edgepool.figure(estimated), 'cost_nano', edgepool.figure(cost_nano),
    'latency_ms', edgepool.figure(latency_ms), 'latency_count', edgepool.figure(latency_count));

-- Rows are zero-filled, the oldest first, the last one the current hour or day. A day begins at the first whole hour at or after
-- midnight of the zone that offset_minutes names: hours are UTC hours, so a zone at +05:30 has its days from 00:30 on.
create or replace function public.pool_trends(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  span     text := edgepool.arg(p, 'window', 'text');
  slots    integer;
  step     interval;
  zone     interval := interval '0';
  first_at timestamptz;
  told     record;
begin
  if span not in ('24h', '30d') then
    perform edgepool.fail(400, 'pool_bad_argument', 'window: 24h or 30d');
  elsif coalesce(p ->> 'offset_minutes', '0') !~ '^-?[0-9]{1,3}$' then
    perform edgepool.fail(400, 'pool_bad_argument', 'offset_minutes');
  end if;
  if span = '24h' then
    slots := 24;
    step := interval '1 hour';
    first_at := date_trunc('hour', now(), 'UTC') - interval '23 hours';
  else
    slots := 30;
    step := interval '24 hours';
    zone := make_interval(hours => floor(coalesce(p ->> 'offset_minutes', '0')::integer / 60.0)::integer);
    first_at := date_trunc('day', now() + zone, 'UTC') - zone - interval '29 days';
  end if;
  execute edgepool.named($q$
    with used as materialized (
      select model, floor(extract(epoch from hour - $1) / extract(epoch from $2))::integer as slot, sum(requests)::bigint as r, sum(success)::bigint as s,
             sum(failure)::bigint as f, sum(prompt_tokens)::bigint as p, sum(completion_tokens)::bigint as c, sum(cached_tokens)::bigint as ca,
             sum(reasoning_tokens)::bigint as re, sum(estimated_tokens)::bigint as e, sum(cost_nano)::bigint as n, sum(latency_ms)::bigint as l,
             sum(latency_count)::bigint as lc
        from {model_hourly} where hour >= $1 and hour < $1 + $3 * $2 group by 1, 2)
    select (select jsonb_agg(edgepool.trend_figures(r, s, f, p, c, ca, re, e, n, l, lc) || jsonb_build_object('start_ms', edgepool.to_ms($1 + place * $2)) order by place)
              from (select place, sum(r)::bigint as r, sum(s)::bigint as s, sum(f)::bigint as f, sum(p)::bigint as p, sum(c)::bigint as c, sum(ca)::bigint as ca,
                           sum(re)::bigint as re, sum(e)::bigint as e, sum(n)::bigint as n, sum(l)::bigint as l, sum(lc)::bigint as lc
                      from generate_series(0, $3 - 1) as place left join used on slot = place group by place) as t) as rows,
           (select edgepool.trend_figures(sum(r)::bigint, sum(s)::bigint, sum(f)::bigint, sum(p)::bigint, sum(c)::bigint, sum(ca)::bigint, sum(re)::bigint,
                                          sum(e)::bigint, sum(n)::bigint, sum(l)::bigint, sum(lc)::bigint) from used) as totals,
           coalesce((select jsonb_agg(edgepool.trend_figures(r, s, f, p, c, ca, re, e, n, l, lc) || jsonb_build_object('model', model) order by r desc, model)
              from (select model, sum(r)::bigint as r, sum(s)::bigint as s, sum(f)::bigint as f, sum(p)::bigint as p, sum(c)::bigint as c, sum(ca)::bigint as ca,
                           sum(re)::bigint as re, sum(e)::bigint as e, sum(n)::bigint as n, sum(l)::bigint as l, sum(lc)::bigint as lc
                      from used group by model order by 2 desc, 1 limit 10) as t), '[]') as models $q$,
    provider.prefix) into told using first_at, step, slots;
  return jsonb_build_object('now_ms', edgepool.to_ms(now()), 'rows', told.rows, 'totals', told.totals, 'models', told.models);
end $$;

-- Remembers when something ran and how it went; pool_version tells of 'housekeeping'.
create or replace function public.pool_note(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  title text := edgepool.arg(p, 'name', 'name');
begin
  perform edgepool.arg(p, 'content', 'object?');
  insert into edgepool.notes as n (name, at, content) values (title, clock_timestamp(), p -> 'content')
      on conflict (name) do update set at = excluded.at, content = excluded.content;
  return jsonb_build_object('at_ms', edgepool.to_ms(clock_timestamp()));
end $$;
