-- Administration of client tokens. A token is known by the hash of the secret that it was made with, however often it was rotated since;
-- rows of the older deployment hold the token itself, which leaves through no function: its hint is its masked form.

-- The rows that a hash means: the token's own, or that of a secret which is valid for it.
create or replace function edgepool.token_filter(parameter text) returns text
  language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select format('(token_hash = %1$s or secret_hash = %1$s or (old_hash = %1$s and old_until > now()))', parameter)
$$;

create or replace function public.pool_tokens_list(p jsonb default '{}') returns jsonb
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  page     bigint := edgepool.arg_between(p, 'page', 1, 1000000, 1);
  size     bigint := edgepool.arg_between(p, 'page_size', 1, 1000, 50);
  search   text := nullif(btrim(edgepool.arg(p, 'search', 'name?')), '');
  filter   text := case when search is null then 'true' else '(lower(name) like $1 or token_hash like $2 or hint = $3)' end;
  total    bigint;
  rows     jsonb;
begin
  execute edgepool.named('select count(*) from {client_tokens} where ' || filter, provider.prefix) into total
    using '%' || edgepool.like_literal(lower(search)) || '%', edgepool.like_literal(search) || '%', search;
  execute edgepool.named(format($q$
    select coalesce(jsonb_agg(jsonb_build_object('hash', token_hash, 'name', name, 'hint', coalesce(hint, case when token !~ '^sha256:[0-9a-f]{64}$' then edgepool.masked(token) end),
             'created_ms', edgepool.to_ms(created_at), 'expires_ms', edgepool.to_ms(expires_at), 'disabled', disabled, 'limits', limits,
             'used', edgepool.used_of(limits, used_day, day_requests, day_tokens, day_cost_nano, used_month, month_requests, month_tokens, month_cost_nano),
             'old_until_ms', edgepool.to_ms(case when old_until > now() then old_until end),
             'requests', edgepool.figure(request_count), 'success', edgepool.figure(success_count), 'failure', edgepool.figure(failure_count),
             'prompt', edgepool.figure(prompt_tokens), 'completion', edgepool.figure(completion_tokens), 'cached', edgepool.figure(cached_tokens),
             'reasoning', edgepool.figure(reasoning_tokens), 'estimated', edgepool.figure(estimated_tokens), 'cost_nano', edgepool.figure(cost_nano),
             'last_used_ms', edgepool.to_ms(last_used)) order by created_at desc, token_hash), '[]')
      from (select * from {client_tokens} where %s order by created_at desc, token_hash limit $4 offset $5) as t $q$, filter), provider.prefix) into rows
    using '%' || edgepool.like_literal(lower(search)) || '%', edgepool.like_literal(search) || '%', search, size, (page - 1) * size;
  return jsonb_build_object('total', total, 'tokens', rows);
end $$;

create or replace function public.pool_tokens_create(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  hash     text := edgepool.arg(p, 'hash', 'hex64');
  hint     text := left(edgepool.arg(p, 'hint', 'name?'), 32);
  label    text := edgepool.arg(p, 'name', 'name?');
  expires  timestamptz := edgepool.from_ms(edgepool.arg(p, 'expires_ms', 'ms?')::bigint);
  limits   jsonb := edgepool.arg(p, 'limits', 'object?')::jsonb;
  created  bigint;
begin
  provider := edgepool.lock_provider(provider);
  execute edgepool.named($q$
    insert into {client_tokens} (token, name, hint, expires_at, limits, created_at, updated_at)
    values ('sha256:' || $1, $2, $3, $4, $5, now(), $6) on conflict (token_hash) do nothing $q$, provider.prefix)
    using hash, label, hint, expires, limits, provider.changed_at;
  get diagnostics created = row_count;
  perform edgepool.note_action(p, provider.name, created, hash);
  return jsonb_build_object('created', created = 1);
end $$;

create or replace function public.pool_tokens_remove(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  hash     text := edgepool.arg(p, 'hash', 'hex64?');
  label    text := edgepool.arg(p, 'name', 'name?');
  removed  bigint;
begin
  if (hash is null) = (label is null) then
    perform edgepool.fail(400, 'pool_bad_argument', 'hash or name, one of them');
  end if;
  provider := edgepool.lock_provider(provider);
  execute edgepool.named(format('delete from {client_tokens} where %s or name = $2', edgepool.token_filter('$1')), provider.prefix) using hash, label;
  get diagnostics removed = row_count;
  perform edgepool.note_action(p, provider.name, removed, coalesce(hash, label));
  return jsonb_build_object('removed', removed);
end $$;

create or replace function public.pool_tokens_set(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  hash     text := edgepool.arg(p, 'hash', 'hex64');
  off      boolean := edgepool.arg(p, 'disabled', 'bool?')::boolean;
  ends_ms  bigint := edgepool.arg(p, 'expires_ms', 'ms?')::bigint;
  limits   jsonb := edgepool.arg(p, 'limits', 'object?')::jsonb;
  label    text := edgepool.arg(p, 'name', 'name?');
  changed  bigint;
begin
  provider := edgepool.lock_provider(provider);
  execute edgepool.named(format($q$
    update {client_tokens} set disabled = coalesce($2, disabled), name = coalesce($5, name),
           expires_at = case when $3 is null then expires_at when $3 = 0 then null else edgepool.from_ms($3) end,
           limits = case when $4 is null then limits when $4 = '{}' then null else $4 end, updated_at = $6
     where %s $q$, edgepool.token_filter('$1')), provider.prefix) using hash, off, ends_ms, limits, label, provider.changed_at;
  get diagnostics changed = row_count;
  perform edgepool.note_action(p, provider.name, changed, hash);
  return jsonb_build_object('changed', changed);
end $$;

-- A new secret for a token that stays what it is. The secret that was in force is valid for grace_ms more; the one before it, if its own
-- grace still ran, is not.
create or replace function public.pool_tokens_rotate(p jsonb default '{}') returns jsonb
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers := edgepool.provider_of(p);
  hash     text := edgepool.arg(p, 'hash', 'hex64');
  fresh    text := edgepool.arg(p, 'secret_hash', 'hex64');
  hint     text := left(edgepool.arg(p, 'hint', 'name?'), 32);
  grace_ms bigint := edgepool.arg_between(p, 'grace_ms', 0, 2592000000, null);
  until    timestamptz := date_trunc('milliseconds', now()) + grace_ms * interval '1 millisecond';
  own      text;
  label    text;
  taken    boolean;
begin
  provider := edgepool.lock_provider(provider);
  execute edgepool.named(format('select exists (select from {client_tokens} where %s)', edgepool.token_filter('$1')), provider.prefix) into taken using fresh;
  if taken then
    perform edgepool.fail(409, 'pool_conflict', 'secret_hash: this secret is in use');
  end if;
  execute edgepool.named(format($q$
    update {client_tokens} set old_hash = coalesce(secret_hash, token_hash), old_until = $4, secret_hash = $2, hint = coalesce($3, hint), updated_at = $5
     where %s returning token_hash, name $q$, edgepool.token_filter('$1')), provider.prefix) into own, label
    using hash, fresh, hint, until, provider.changed_at;
  perform edgepool.note_action(p, provider.name, (own is not null)::int, coalesce(own, hash));
  return jsonb_build_object('rotated', own is not null, 'hash', own, 'name', label,
                            'old_until_ms', case when own is not null then edgepool.to_ms(until) end);
end $$;
