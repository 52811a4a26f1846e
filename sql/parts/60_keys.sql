-- Administration of keys: figures, lists, import, removal, switching on and off, export.

create or replace function public.pool_admin_stats(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  counts   record;
  tokens   bigint;
  figures  jsonb;
begin
  select * into counts from edgepool.key_counts(provider);
  execute edgepool.named($q$
    select (select count(*) from {client_tokens}),
           jsonb_build_object('total_requests', edgepool.figure(sum(total_requests)::bigint), 'success', edgepool.figure(sum(success_count)::bigint),
             'failure', edgepool.figure(sum(failure_count)::bigint), 'prompt', edgepool.figure(sum(prompt_tokens)::bigint),
             'completion', edgepool.figure(sum(completion_tokens)::bigint), 'cached', edgepool.figure(sum(cached_tokens)::bigint),
             'reasoning', edgepool.figure(sum(reasoning_tokens)::bigint), 'estimated', edgepool.figure(sum(estimated_tokens)::bigint),
             'cost_nano', edgepool.figure(sum(cost_nano)::bigint))
      from {global_stats} where id = 'global' $q$, provider.prefix) into tokens, figures;
  return jsonb_build_object('total_keys', provider.keys_total, 'active_keys', counts.active, 'failed_keys', counts.failed,
    'disabled_keys', counts.disabled, 'expired_keys', counts.expired, 'total_tokens', tokens) || figures;
end $$;

-- The rows of these ids, in their order, never with the key itself.
create or replace function edgepool.key_rows(prefix text, ids text[]) returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  rows jsonb;
begin
  execute edgepool.named($q$
    select coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'masked', edgepool.masked(k.api_key), 'username', k.username,
             'status', edgepool.effective_status(k.status, k.usable_from, k.expires_at, now()), 'reason', k.reason,
             'until_ms', edgepool.to_ms(case k.status when 'failed' then k.failed_until when 'disabled' then k.disabled_until end),
             'created_ms', edgepool.to_ms(k.created_at), 'expires_ms', edgepool.to_ms(k.expires_at), 'fails', coalesce(k.consecutive_failures, 0),
             'refusals', k.refusals, 'evidence', k.evidence, 'quota', k.quota, 'ceiling', k.ceiling, 'state_ms', edgepool.to_ms(k.state_at),
             'by_hand', k.by_hand)
           || jsonb_build_object('requests', edgepool.figure(s.total_requests), 'success', edgepool.figure(s.success_count),
             'failure', edgepool.figure(s.failure_count), 'prompt', edgepool.figure(s.prompt_tokens), 'completion', edgepool.figure(s.completion_tokens),
             'cached', edgepool.figure(s.cached_tokens), 'reasoning', edgepool.figure(s.reasoning_tokens), 'estimated', edgepool.figure(s.estimated_tokens),
             'cost_nano', edgepool.figure(s.cost_nano), 'last_used_ms', edgepool.to_ms(s.last_used), 'last_success_ms', edgepool.to_ms(s.last_success),
             'last_failure_ms', edgepool.to_ms(s.last_failure),
             'models', coalesce((select jsonb_agg(jsonb_build_object('model', b.model, 'reason', b.reason, 'until_ms', edgepool.to_ms(b.until)) order by b.model)
                                   from {key_benches} as b where b.key_id = k.id and b.until > now()), '[]')) order by asked.place), '[]')
      from unnest($1) with ordinality as asked(id, place) join {keys} as k on k.id = asked.id left join {key_stats} as s on s.api_key = k.api_key $q$,
    prefix) into rows using ids;
  return rows;
end $$;

-- A list's page: total and the ids on it. The text of the condition is built of the constants below; values go in as parameters.
create or replace function public.pool_keys_list(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  page     bigint := edgepool.arg_between(p, 'page', 1, 1000000, 1);
  size     bigint := edgepool.arg_between(p, 'page_size', 1, 1000, 50);
  wanted   text := edgepool.arg(p, 'status', 'text?');
  search   text := nullif(btrim(edgepool.arg(p, 'search', 'name?')), '');
  sort     text := coalesce(edgepool.arg(p, 'sort', 'text?'), '-created');
  counts   record;
  total    bigint;
  ids      text[];
  filter   text := 'true';
  found_by text[] := '{}';
  ordering text := case sort when '-created' then 'created_at desc, id' when 'created' then 'created_at, id desc'
                             when 'username' then 'username, id' when '-username' then 'username desc nulls last, id'
                             when 'requests' then 'total_requests nulls first, id' when '-requests' then 'total_requests desc nulls last, id'
                             when 'failure' then 'failure_count nulls first, id' when '-failure' then 'failure_count desc nulls last, id'
                             when 'last_used' then 'last_used nulls first, id' when '-last_used' then 'last_used desc nulls last, id' end;
  stats    text := case when sort ~ 'requests|failure|last_used' then ' left join {key_stats} using (api_key)' else '' end;
begin
  if ordering is null then
    perform edgepool.fail(400, 'pool_bad_argument', 'sort: created, username, requests, failure or last_used, with - for the greatest first');
  end if;
  if wanted is not null then
    filter := case wanted
      when 'active' then 'k.usable_from <= now() and (k.expires_at is null or k.expires_at > now())'
      when 'failed' then 'k.status = ''failed'' and k.usable_from > now() and (k.expires_at is null or k.expires_at > now())'
      when 'disabled' then 'k.status = ''disabled'' and k.usable_from > now() and (k.expires_at is null or k.expires_at > now())'
      when 'expired' then '(k.status = ''expired'' or k.expires_at <= now())' end;
    if filter is null then
      perform edgepool.fail(400, 'pool_bad_argument', 'status: active, failed, disabled or expired');
    end if;
  end if;

  if search is not null then
    found_by := array['lower(k.username) like $2'];
    if search ~ '^[0-9a-f]{1,16}$' then
      found_by := found_by || 'k.id like $3'::text;
    end if;
    if search collate "C" ~ '^[!-~]+$' then
      found_by := found_by || '((left(k.api_key, 24) collate "C") like $4 and starts_with(k.api_key, $1))'::text;
    end if;
    filter := filter || ' and (' || array_to_string(found_by, ' or ') || ')';
    -- All matches first: walking the list in order to find them would be quick or slow by luck.
    execute edgepool.named(format($q$
      with matched as materialized (select id, created_at, username%s from {keys} as k%s where %s)
      select (select count(*) from matched), array(select id from matched order by %s limit $5 offset $6) $q$,
      case when stats = '' then '' else ', total_requests, failure_count, last_used' end, stats, filter, ordering), provider.prefix) into total, ids
      using search, '%' || edgepool.like_literal(lower(search)) || '%', edgepool.like_literal(search) || '%', edgepool.like_literal(left(search, 24)) || '%',
            size, (page - 1) * size;
  else
    select * into counts from edgepool.key_counts(provider);
    total := case wanted when 'active' then counts.active when 'failed' then counts.failed when 'disabled' then counts.disabled
                         when 'expired' then counts.expired else provider.keys_total end;
    execute edgepool.named(format('select array(select id from {keys} as k%s where %s order by %s limit $1 offset $2)', stats, filter, ordering),
                           provider.prefix) into ids using size, (page - 1) * size;
  end if;
  return jsonb_build_object('total', total, 'keys', edgepool.key_rows(provider.prefix, ids));
end $$;

create or replace function public.pool_keys_get(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  start_id text := lower(edgepool.arg(p, 'id', 'text?'));
  secret   text := edgepool.arg(p, 'key', 'text?');
  ids      text[];
begin
  if (start_id is null) = (secret is null) then
    perform edgepool.fail(400, 'pool_bad_argument', 'id or key, one of them');
  elsif start_id !~ '^[0-9a-f]{8,16}$' then
    perform edgepool.fail(400, 'pool_bad_argument', 'id: 8 to 16 hexadecimal digits');
  elsif secret is not null then
    execute edgepool.named('select array(select id from {keys} where api_key = $1)', provider.prefix) into ids using secret;
  else
    execute edgepool.named('select array(select id from {keys} where id like $1 limit 2)', provider.prefix) into ids using start_id || '%';
  end if;
  return case when cardinality(ids) = 1 then edgepool.key_rows(provider.prefix, ids) -> 0 end;
end $$;

create or replace function public.pool_keys_add(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider   edgepool.providers := edgepool.provider_of(p);
  sent       bigint := edgepool.check_rows(p, 'keys', '{key:key,username:name?,expires_ms:ms?}');
  held       text := left(edgepool.arg(p, 'hold', 'text?'), 200);
  different  bigint;
  added      bigint;
  ids        jsonb;
begin
  if sent = 0 then
    return jsonb_build_object('added', 0, 'existing', 0, 'duplicates', 0, 'ids', '[]'::jsonb);
  end if;
  provider := edgepool.lock_provider(provider);
  begin
    execute edgepool.named($q$
      insert into {keys} (api_key, username, expires_at, created_at, updated_at, status, reason, by_hand)
      select distinct on (key) key, nullif(username, ''), edgepool.from_ms(expires_ms), now(), $2,
             case when $3 is null then 'active' else 'disabled' end, $3, $3 is not null
        from rows from (jsonb_to_recordset($1) as (key text, username text, expires_ms bigint)) with ordinality as r(key, username, expires_ms, place)
       order by key, place on conflict (api_key) do nothing $q$, provider.prefix) using p -> 'keys', provider.changed_at, held;
    get diagnostics added = row_count;
  exception when unique_violation then
    perform edgepool.fail(409, 'pool_conflict', 'two different keys have the same id');
  end;
  select count(distinct item ->> 'key'), jsonb_agg(left(edgepool.sha256_hex(item ->> 'key'), 16) order by place) into different, ids
    from jsonb_array_elements(p -> 'keys') with ordinality as r(item, place);
  perform edgepool.note_action(p, provider.name, added, edgepool.some_ids(array(select jsonb_array_elements_text(ids) limit 4)));
  return jsonb_build_object('added', added, 'existing', different - added, 'duplicates', sent - different, 'ids', ids);
end $$;

-- The ids that a call addresses, by id or by whole key.
create or replace function edgepool.addressed_ids(p jsonb) returns text[]
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  ids     text[] := edgepool.arg_list(p, 'ids', 'hex16');
  secrets text[] := edgepool.arg_list(p, 'keys', 'text');
begin
  if cardinality(ids) + cardinality(secrets) > 10000 then
    perform edgepool.fail(413, 'pool_too_large', 'at most 10000 rows in one call');
  end if;
  return ids || array(select left(edgepool.sha256_hex(secret), 16) from unnest(secrets) as secret);
end $$;

create or replace function public.pool_keys_remove(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  ids      text[] := edgepool.addressed_ids(p);
  removed  bigint;
begin
  provider := edgepool.lock_provider(provider);
  execute edgepool.named('delete from {key_stats} where api_key in (select api_key from {keys} where id = any ($1))', provider.prefix) using ids;
  execute edgepool.named('delete from {keys} where id = any ($1)', provider.prefix) using ids;
  get diagnostics removed = row_count;
  perform edgepool.note_action(p, provider.name, removed, edgepool.some_ids(ids));
  return jsonb_build_object('removed', removed);
end $$;

create or replace function public.pool_keys_set(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  wanted   text := edgepool.arg(p, 'status', 'text');
  until    timestamptz := edgepool.from_ms(edgepool.arg(p, 'until_ms', 'ms?')::bigint);
  reason   text := left(edgepool.arg(p, 'reason', 'text?'), 200);
  ids      text[] := edgepool.addressed_ids(p);
  changed  bigint;
begin
  if wanted not in ('active', 'disabled') then
    perform edgepool.fail(400, 'pool_bad_argument', 'status: active or disabled');
  end if;
  provider := edgepool.lock_provider(provider);
  if wanted = 'disabled' then
    execute edgepool.named($q$
      update {keys} set status = 'disabled', failed_until = null, disabled_until = $2, reason = coalesce($3, 'by_hand'), evidence = null,
             by_hand = true, state_at = $4, updated_at = $4 where id = any ($1) $q$, provider.prefix) using ids, until, reason, provider.changed_at;
    get diagnostics changed = row_count;
  else
    execute edgepool.named($q$
      update {keys} set status = 'active', failed_until = null, disabled_until = null, reason = null, evidence = null, refusals = 0,
             consecutive_failures = 0, by_hand = false, state_at = $2, updated_at = $2 where id = any ($1) $q$, provider.prefix)
      using ids, provider.changed_at;
    get diagnostics changed = row_count;
    execute edgepool.named('update {key_benches} set until = $2, state_at = $2, updated_at = $2, reason = null where key_id = any ($1) and until > $2',
                           provider.prefix) using ids, provider.changed_at;
  end if;
  perform edgepool.note_action(p, provider.name, changed, edgepool.some_ids(ids));
  return jsonb_build_object('changed', changed);
end $$;

create or replace function public.pool_keys_export(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  after    text := coalesce(edgepool.arg(p, 'after', 'hex16?'), '');
  most     bigint := edgepool.arg_between(p, 'limit', 1, 10000, 1000);
  ids      text[] := edgepool.arg_list(p, 'ids', 'hex16');
  held     text := edgepool.arg(p, 'reason', 'text?');
  filter   text := case when cardinality(ids) > 0 then ' and id = any ($3)' else '' end || case when held is not null then ' and reason = $4' else '' end;
  rows     jsonb;
begin
  execute edgepool.named(format($q$
    select coalesce(jsonb_agg(jsonb_build_object('id', id, 'key', api_key, 'username', username,
             'status', edgepool.effective_status(status, usable_from, expires_at, now()), 'reason', reason, 'refusals', refusals,
             'created_ms', edgepool.to_ms(created_at), 'expires_ms', edgepool.to_ms(expires_at)) order by id), '[]')
      from (select * from {keys} where id > $1%s order by id limit $2) as k $q$, filter), provider.prefix) into rows using after, most, ids, held;
  return jsonb_build_object('keys', rows, 'next', case when jsonb_array_length(rows) = most then rows -> -1 -> 'id' end);
end $$;
