-- What Prometheus scrapes: all-time figures that only rise, and the keys by state.

create or replace function public.pool_metrics(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  its_name text := provider.name;
  models   jsonb;
begin
  execute edgepool.named($q$
    select coalesce(jsonb_agg(edgepool.trend_figures(r, s, f, p, c, ca, re, e, n, l, lc) || jsonb_build_object('model', model) order by r desc, model), '[]')
      from (select model, sum(total_requests)::bigint as r, sum(success_count)::bigint as s, sum(failure_count)::bigint as f, sum(prompt_tokens)::bigint as p,
                   sum(completion_tokens)::bigint as c, sum(cached_tokens)::bigint as ca, sum(reasoning_tokens)::bigint as re,
                   sum(estimated_tokens)::bigint as e, sum(cost_nano)::bigint as n, sum(latency_ms)::bigint as l, sum(latency_count)::bigint as lc
              from {model_stats} group by model order by 2 desc, 1 limit 20) as m $q$, provider.prefix) into models;
  return public.pool_admin_stats(jsonb_build_object('provider', provider.name)) || jsonb_build_object('now_ms', edgepool.to_ms(now()), 'models', models,
    'refusals', coalesce((select jsonb_agg(jsonb_build_object('kind', kind, 'count', edgepool.figure(count)) order by kind)
                            from edgepool.refusals as r where r.provider = its_name), '[]'));
end $$;
