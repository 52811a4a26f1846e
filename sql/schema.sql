-- edgepool's database: schema and functions, in one idempotent file. Paste it into Supabase's SQL editor, or run
-- `supabase db push`. Made from sql/parts by tools/build_schema.mjs; edit the parts. docs/DATABASE.md explains it.
-- It keeps whatever an older deployment left in tables of the same names.

-- ==== 10_private.sql ====
-- The private schema: which providers exist, which usage batches were counted, and nothing else.
-- PostgREST does not expose it. The row of a provider in edgepool.providers is also its lock: whoever
-- changes that provider's tables holds it first, so writers queue instead of deadlocking, and the
-- stamps they give (changed_at) rise in the order in which they commit.

do $$ begin
  if current_setting('server_encoding') <> 'UTF8' then
    raise exception 'edgepool needs a database whose encoding is UTF8';
  end if;
end $$;

-- Trigram search, where it is to be had (Supabase has it); everything works without.
do $$ begin
  if exists (select from pg_available_extensions where name = 'pg_trgm') and not exists (select from pg_extension where extname = 'pg_trgm') then
    if exists (select from pg_namespace where nspname = 'extensions') then
      create extension pg_trgm with schema extensions;
    else
      create extension pg_trgm;
    end if;
  end if;
exception when insufficient_privilege then
  raise notice 'pg_trgm could not be created: searching user names will scan';
end $$;

create schema if not exists edgepool;
revoke all on schema edgepool from public;

create table if not exists edgepool.providers (
  name          text primary key,
  prefix        text not null unique,
  version       integer not null,
  created_at    timestamptz not null default now(),
  changed_at    timestamptz not null default 'epoch',  -- newest stamp given to a change, whole milliseconds
  reset_at      timestamptz not null default 'epoch',  -- changes before this moment cannot be told one by one
  counted_at    timestamptz not null default 'epoch',  -- the moment at which the counts below were true
  keys_total    bigint not null default 0,
  keys_active   bigint not null default 0,
  keys_failed   bigint not null default 0,
  keys_disabled bigint not null default 0,
  keys_expired  bigint not null default 0
) with (fillfactor = 50);

create table if not exists edgepool.batches (
  batch      uuid not null,
  provider   text not null,
  applied_at timestamptz not null,
  hint_ms    integer not null,  -- the flush window that it was counted in
  primary key (batch, provider)
);
create index if not exists batches_applied_at on edgepool.batches (applied_at);

-- What ran when, and how it went: one row a name ('housekeeping').
create table if not exists edgepool.notes (
  name    text primary key,
  at      timestamptz not null,
  content jsonb
);

-- Requests refused before a key was tried, by the error's name.
create table if not exists edgepool.refusals (
  provider text not null,
  kind     text not null,
  count    bigint not null default 0,
  primary key (provider, kind)
);

alter table edgepool.refusals enable row level security;
alter table edgepool.notes enable row level security;
-- What administrators did (67_audit.sql).
create table if not exists edgepool.audit (
  id       bigint generated always as identity primary key,
  provider text not null,
  at       timestamptz not null default now(),
  action   text not null,
  target   text,
  affected bigint not null,
  detail   text,
  address  text,
  request  text,
  unique (provider, action, request)
);
create index if not exists audit_newest on edgepool.audit (provider, id desc);
create index if not exists audit_at on edgepool.audit (at);

alter table edgepool.providers enable row level security;
alter table edgepool.audit enable row level security;
alter table edgepool.batches enable row level security;

create or replace function edgepool.version() returns integer
  language sql immutable parallel safe
  return 3;

-- ==== 20_values.sql ====
-- Small values: errors, times, figures, states and the names of tables.
-- Bodies written with RETURN are bound to their operators when they are created, so no search_path
-- reaches them, and the planner can fold them into the queries that use them.

create or replace function edgepool.fail(http integer, code text, explanation text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise exception using errcode = 'PT' || http, message = code, detail = explanation;
end $$;

-- Milliseconds since the epoch; infinity (and beyond 2^53) is "never", and so null.
create or replace function edgepool.to_ms(t timestamptz) returns bigint
  language sql stable parallel safe
  return case when t is null or t > timestamptz '9999-12-31 23:59:59.999Z' then null
              when t < timestamptz 'epoch' then 0
              else floor(extract(epoch from t) * 1000)::bigint end;

create or replace function edgepool.from_ms(ms bigint) returns timestamptz
  language sql stable parallel safe
  return timestamptz 'epoch' + ms * interval '1 millisecond';

-- Figures that may pass 2^53 leave as decimal text.
create or replace function edgepool.figure(n bigint) returns text
  language sql immutable parallel safe
  return coalesce(n, 0)::text;

create or replace function edgepool.masked(secret text) returns text
  language sql immutable parallel safe
  return case when length(secret) >= 16 then left(secret, 6) || '...' || right(secret, 4)
              else left(secret, 2) || '...' end;

create or replace function edgepool.sha256_hex(secret text) returns text
  language sql immutable parallel safe
  return encode(sha256(decode(replace(secret, '\', '\\'), 'escape')), 'hex');

-- What a key's row means at a moment: a bench whose time has passed is active again.
create or replace function edgepool.effective_status(status text, usable_from timestamptz, expires_at timestamptz, at timestamptz)
  returns text language sql immutable parallel safe
  return case when status = 'expired' or expires_at <= at then 'expired'
              when usable_from <= at then 'active'
              else status end;

-- A statement about one provider's tables: {keys}, {key_stats} ... become quoted, qualified names.
-- The prefix comes from edgepool.providers and nowhere else.
create or replace function edgepool.named(statement text, prefix text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  suffix text;
begin
  foreach suffix in array array['keys', 'key_stats', 'client_tokens', 'global_stats', 'model_stats', 'model_hourly',
                                'key_benches', 'tombstones'] loop
    statement := replace(statement, '{' || suffix || '}', format('public.%I', prefix || '_' || suffix));
  end loop;
  return statement;
end $$;

-- A text as a LIKE pattern that matches itself.
create or replace function edgepool.like_literal(t text) returns text
  language sql immutable parallel safe
  return regexp_replace(t, '([\\%_])', '\\\1', 'g');

-- ==== 25_arguments.sql ====
-- Checking of arguments. Everything a caller sends is checked here before anything is written, and an
-- error names the member at fault (keys[3].until_ms), never its value.

-- Kinds: count (0 .. 10^16-1, number or text), ms (a moment up to the year 9999), int (up to 2^31-1), text, name
-- (up to 256 printable characters), key (an API key as a header can carry it), bool, hex16, hex32, hex64, object,
-- any. A '?' at the end: may be absent or null.
create or replace function edgepool.is_valid(kind text, v jsonb) returns boolean
  language sql immutable parallel safe
  return case
    when v is null or jsonb_typeof(v) = 'null' then right(kind, 1) = '?'
    else case rtrim(kind, '?')
      when 'count' then jsonb_typeof(v) in ('number', 'string') and v #>> '{}' ~ '^[0-9]{1,16}$'
      when 'ms' then case when jsonb_typeof(v) in ('number', 'string') and v #>> '{}' ~ '^[0-9]{1,15}$'
                          then (v #>> '{}')::bigint <= 253402300799999 else false end
      when 'int' then case when jsonb_typeof(v) in ('number', 'string') and v #>> '{}' ~ '^[0-9]{1,10}$'
                           then (v #>> '{}')::bigint <= 2147483647 else false end
      when 'text' then jsonb_typeof(v) = 'string' and v #>> '{}' <> ''
      when 'name' then jsonb_typeof(v) = 'string' and length(v #>> '{}') <= 256 and v #>> '{}' !~ '[[:cntrl:]]'
      when 'key' then jsonb_typeof(v) = 'string' and length(v #>> '{}') <= 512 and (v #>> '{}') collate "C" ~ '^[!-~]+$'
      when 'bool' then jsonb_typeof(v) = 'boolean'
      when 'hex16' then jsonb_typeof(v) = 'string' and v #>> '{}' ~ '^[0-9a-f]{16}$'
      when 'hex32' then jsonb_typeof(v) = 'string' and v #>> '{}' ~ '^[0-9a-f]{32}$'
      when 'hex64' then jsonb_typeof(v) = 'string' and v #>> '{}' ~ '^[0-9a-f]{64}$'
      when 'object' then jsonb_typeof(v) = 'object' and length(v::text) <= 65536
      when 'any' then length(v::text) <= 65536
      else false end
    end;

-- One member of p as text, or null.
create or replace function edgepool.arg(p jsonb, member text, kind text) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
begin
  if not edgepool.is_valid(kind, p -> member) then
    perform edgepool.fail(400, 'pool_bad_argument', member);
  end if;
  return p ->> member;
end $$;

create or replace function edgepool.arg_between(p jsonb, member text, low bigint, high bigint, fallback bigint) returns bigint
  language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  v text := edgepool.arg(p, member, 'count?');
begin
  if v is null then
    if fallback is null then
      perform edgepool.fail(400, 'pool_bad_argument', member);
    end if;
    return fallback;
  end if;
  if v::bigint < low or v::bigint > high then
    perform edgepool.fail(400, 'pool_bad_argument', format('%s: from %s to %s', member, low, high));
  end if;
  return v::bigint;
end $$;

-- Checks a list of records against 'member:kind' and answers how many there are (0 when absent).
create or replace function edgepool.check_rows(p jsonb, list text, fields text[]) returns integer
  language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  v   jsonb := p -> list;
  bad text;
begin
  if v is null or jsonb_typeof(v) = 'null' then
    return 0;
  end if;
  if jsonb_typeof(v) <> 'array' then
    perform edgepool.fail(400, 'pool_bad_argument', list);
  end if;
  if jsonb_array_length(v) > 10000 then
    perform edgepool.fail(413, 'pool_too_large', list || ': at most 10000 rows in one call');
  end if;
  select format('%s[%s].%s', list, r.place - 1, split_part(f, ':', 1)) into bad
    from jsonb_array_elements(v) with ordinality as r(item, place) cross join unnest(fields) as f
   where jsonb_typeof(r.item) <> 'object' or not edgepool.is_valid(split_part(f, ':', 2), r.item -> split_part(f, ':', 1))
   order by r.place limit 1;
  if bad is not null then
    perform edgepool.fail(400, 'pool_bad_argument', bad);
  end if;
  return jsonb_array_length(v);
end $$;

-- Checks a list of plain texts of one kind and answers it as an array (empty when absent).
create or replace function edgepool.arg_list(p jsonb, list text, kind text) returns text[]
  language plpgsql immutable set search_path = pg_catalog, pg_temp as $$
declare
  v   jsonb := p -> list;
  bad bigint;
begin
  if v is null or jsonb_typeof(v) = 'null' then
    return '{}';
  end if;
  if jsonb_typeof(v) <> 'array' then
    perform edgepool.fail(400, 'pool_bad_argument', list);
  end if;
  if jsonb_array_length(v) > 10000 then
    perform edgepool.fail(413, 'pool_too_large', list || ': at most 10000 rows in one call');
  end if;
  select r.place - 1 into bad from jsonb_array_elements(v) with ordinality as r(item, place)
   where not edgepool.is_valid(kind, r.item) order by r.place limit 1;
  if bad is not null then
    perform edgepool.fail(400, 'pool_bad_argument', format('%s[%s]', list, bad));
  end if;
  return array(select jsonb_array_elements_text(v));
end $$;

-- ok, missing (one of the guide's six tables is not there), or outdated (made by an older schema.sql).
create or replace function edgepool.tables_state(provider edgepool.providers) returns text
  language sql stable set search_path = pg_catalog, pg_temp as $$
  select case
    when exists (select from unnest(array['keys', 'key_stats', 'client_tokens', 'global_stats', 'model_stats', 'model_hourly']) as suffix
                  where to_regclass(format('public.%I', provider.prefix || '_' || suffix)) is null) then 'missing'
    when provider.version < edgepool.version()
      or to_regclass(format('public.%I', provider.prefix || '_key_benches')) is null
      or to_regclass(format('public.%I', provider.prefix || '_tombstones')) is null then 'outdated'
    else 'ok' end
$$;

-- The provider a call is about; the row is not locked.
create or replace function edgepool.provider_of(p jsonb) returns edgepool.providers
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  provider edgepool.providers;
  state    text;
begin
  if jsonb_typeof(p) is distinct from 'object' then
    perform edgepool.fail(400, 'pool_bad_argument', 'p');
  end if;
  select * into provider from edgepool.providers where name = edgepool.arg(p, 'provider', 'text');
  if not found then
    perform edgepool.fail(400, 'pool_unknown_provider', 'registered are: '
      || coalesce((select string_agg(name, ', ' order by name) from edgepool.providers), 'none'));
  end if;
  state := edgepool.tables_state(provider);
  if state <> 'ok' then
    perform edgepool.fail(404, 'pool_tables_missing', format('tables of %s are %s: run sql/schema.sql', provider.name, state));
  end if;
  return provider;
end $$;

-- ==== 27_counts.sql ====
-- How many keys there are of each effective status, without counting them.
-- The counters in edgepool.providers are true at counted_at. The triggers move them when rows change; the clock moves them
-- when a bench or a key ends, and those rows are found by index: the few whose moment lies between counted_at and now.

-- What the clock changed between two moments.
create or replace function edgepool.turns(prefix text, since timestamptz, till timestamptz,
    out active bigint, out failed bigint, out disabled bigint, out expired bigint)
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    with turned as (
      select status, usable_from, expires_at from {keys}
       where usable_from > $1 and usable_from <= $2 and usable_from > '-infinity' and usable_from < 'infinity'
      union all
      select status, usable_from, expires_at from {keys}
       where expires_at > $1 and expires_at <= $2 and expires_at is not null and not (usable_from > $1 and usable_from <= $2)),
    moved as (
      select -1 as n, edgepool.effective_status(status, usable_from, expires_at, $1) as s from turned
      union all select 1, edgepool.effective_status(status, usable_from, expires_at, $2) from turned)
    select coalesce(sum(n) filter (where s = 'active'), 0), coalesce(sum(n) filter (where s = 'failed'), 0),
           coalesce(sum(n) filter (where s = 'disabled'), 0), coalesce(sum(n) filter (where s = 'expired'), 0) from moved $q$,
    prefix) into active, failed, disabled, expired using since, till;
end $$;

-- The counts now, and when the next benched key comes back.
create or replace function edgepool.key_counts(provider edgepool.providers,
    out active bigint, out failed bigint, out disabled bigint, out expired bigint, out next_at timestamptz)
  language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  moved record;
begin
  select * into moved from edgepool.turns(provider.prefix, provider.counted_at, greatest(now(), provider.counted_at));
  active := provider.keys_active + moved.active;
  failed := provider.keys_failed + moved.failed;
  disabled := provider.keys_disabled + moved.disabled;
  expired := provider.keys_expired + moved.expired;
  execute edgepool.named($q$
    select usable_from from {keys} where usable_from > now() and usable_from > '-infinity' and usable_from < 'infinity'
     order by usable_from limit 1 $q$, provider.prefix) into next_at;
end $$;

-- The provider a call is going to change: its row locked until the end of the transaction, changed_at a new stamp, later
-- than every stamp already committed, and the counters brought forward when they have fallen half a minute behind.
create or replace function edgepool.lock_provider(provider edgepool.providers) returns edgepool.providers
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
declare
  locked edgepool.providers;
  moved  record;
  moment timestamptz;
begin
  update edgepool.providers as v
     set changed_at = greatest(date_trunc('milliseconds', clock_timestamp()), v.changed_at + interval '1 millisecond')
   where v.name = (lock_provider.provider).name returning * into locked;
  moment := clock_timestamp();
  if locked.version > 0 and locked.counted_at < moment - interval '30 seconds' then
    select * into moved from edgepool.turns(locked.prefix, locked.counted_at, moment);
    update edgepool.providers as v
       set counted_at = moment, keys_active = v.keys_active + moved.active, keys_failed = v.keys_failed + moved.failed,
           keys_disabled = v.keys_disabled + moved.disabled, keys_expired = v.keys_expired + moved.expired
     where v.name = locked.name returning * into locked;
  end if;
  return locked;
end $$;

-- The counters from the rows themselves.
create or replace function edgepool.recount(provider_name text) returns void
  language plpgsql volatile set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    update edgepool.providers as v
       set counted_at = c.moment, keys_total = c.total, keys_active = c.active, keys_failed = c.failed, keys_disabled = c.disabled, keys_expired = c.expired
      from (select moment, count(s) as total, count(*) filter (where s = 'active') as active, count(*) filter (where s = 'failed') as failed,
                   count(*) filter (where s = 'disabled') as disabled, count(*) filter (where s = 'expired') as expired
              from (select clock_timestamp() as moment offset 0) as clock
              left join (select status, usable_from, expires_at from {keys}) as k on true
              cross join lateral (select edgepool.effective_status(k.status, k.usable_from, k.expires_at, clock.moment)) as e(s) group by moment) as c
     where v.name = $1 $q$,
    (select prefix from edgepool.providers where name = provider_name)) using provider_name;
end $$;

-- ==== 30_triggers.sql ====
-- Triggers of the keys and client token tables. They keep the counters in edgepool.providers, the tombstones and the
-- stamps right whoever changes a row: the functions below, the older deployment, or a person in the SQL editor.

-- Before a statement: take the provider's lock first, as the functions do, so that no order of locks can deadlock.
create or replace function edgepool.before_statement() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update edgepool.providers
     set changed_at = greatest(date_trunc('milliseconds', clock_timestamp()), changed_at + interval '1 millisecond')
   where name = tg_argv[0];
  return null;
end $$;

-- Before a row whose state was changed without a stamp: give it one.
create or replace function edgepool.stamp_row() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  select changed_at into new.updated_at from edgepool.providers where name = tg_argv[0];
  return new;
end $$;

-- Counters move by the rows' effective status at counted_at, the moment at which they are true (27_counts.sql).
create or replace function edgepool.count_keys(provider_name text, total bigint, active bigint, failed bigint, disabled bigint, expired bigint)
  returns void language sql volatile set search_path = pg_catalog, pg_temp as $$
  update edgepool.providers
     set keys_total = keys_total + total, keys_active = keys_active + active, keys_failed = keys_failed + failed,
         keys_disabled = keys_disabled + disabled, keys_expired = keys_expired + expired
   where name = provider_name and not (total = 0 and active = 0 and failed = 0 and disabled = 0 and expired = 0)
$$;

create or replace function edgepool.after_keys_insert() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform edgepool.count_keys(tg_argv[0], count(*), count(*) filter (where s = 'active'), count(*) filter (where s = 'failed'),
                              count(*) filter (where s = 'disabled'), count(*) filter (where s = 'expired'))
     from (select edgepool.effective_status(n.status, n.usable_from, n.expires_at, v.counted_at) as s
             from new_rows as n, edgepool.providers as v where v.name = tg_argv[0]) as r;
  execute edgepool.named('delete from {tombstones} where kind = ''key'' and ref in (select id from new_rows)', tg_argv[1]);
  return null;
end $$;

create or replace function edgepool.after_keys_update() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform edgepool.count_keys(tg_argv[0], coalesce(sum(n), 0)::bigint,
      coalesce(sum(n) filter (where s = 'active'), 0)::bigint, coalesce(sum(n) filter (where s = 'failed'), 0)::bigint,
      coalesce(sum(n) filter (where s = 'disabled'), 0)::bigint, coalesce(sum(n) filter (where s = 'expired'), 0)::bigint)
     from (select r.n, edgepool.effective_status(r.status, r.usable_from, r.expires_at, v.counted_at) as s
             from (select 1 as n, status, usable_from, expires_at from new_rows
                   union all select -1, status, usable_from, expires_at from old_rows) as r, edgepool.providers as v
            where v.name = tg_argv[0]) as moved;
  return null;
end $$;

create or replace function edgepool.after_keys_delete() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  perform edgepool.count_keys(tg_argv[0], -count(*), -count(*) filter (where s = 'active'), -count(*) filter (where s = 'failed'),
                              -count(*) filter (where s = 'disabled'), -count(*) filter (where s = 'expired'))
     from (select edgepool.effective_status(o.status, o.usable_from, o.expires_at, v.counted_at) as s
             from old_rows as o, edgepool.providers as v where v.name = tg_argv[0]) as r;
  execute edgepool.named($q$
    insert into {tombstones} (kind, ref, removed_at)
    select 'key', o.id, v.changed_at from old_rows as o, edgepool.providers as v where v.name = $1
        on conflict (kind, ref) do update set removed_at = excluded.removed_at $q$, tg_argv[1]) using tg_argv[0];
  return null;
end $$;

create or replace function edgepool.after_tokens_delete() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    insert into {tombstones} (kind, ref, removed_at)
    select 'token', o.token_hash, v.changed_at from old_rows as o, edgepool.providers as v where v.name = $1
        on conflict (kind, ref) do update set removed_at = excluded.removed_at $q$, tg_argv[1]) using tg_argv[0];
  return null;
end $$;

-- A truncated table cannot be told row by row: everybody reads anew.
create or replace function edgepool.after_truncate() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  update edgepool.providers set reset_at = changed_at where name = tg_argv[0];
  perform edgepool.recount(tg_argv[0]);
  return null;
end $$;

-- ==== 35_providers.sql ====
-- A provider's set of tables. pool_create_provider('name') makes it, adopts the older deployment's tables of the same
-- names, or brings its own older tables up to date; run again it changes nothing. It is for the owner of the database.

-- 1. The guide's six tables, with the guide's columns and types.
create or replace function edgepool.create_tables(prefix text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    create table if not exists {keys} (
      api_key text primary key, username text, status text default 'active', created_at timestamptz default now(),
      expires_at timestamptz, failed_until timestamptz, disabled_until timestamptz, consecutive_failures integer default 0);
    create table if not exists {key_stats} (
      api_key text primary key references {keys} (api_key) on delete cascade on update cascade,
      total_requests bigint default 0, success_count bigint default 0, failure_count bigint default 0, success_rate numeric default 0,
      last_used timestamptz, last_success timestamptz, last_failure timestamptz, consecutive_failures integer default 0)
      with (fillfactor = 80);
    create table if not exists {client_tokens} (
      token text primary key, name text, created_at timestamptz default now(), expires_at timestamptz, request_count bigint default 0)
      with (fillfactor = 80);
    create table if not exists {global_stats} (
      id text primary key, total_requests bigint default 0, success_count bigint default 0, failure_count bigint default 0,
      updated_at timestamptz default now()) with (fillfactor = 50);
    create table if not exists {model_stats} (
      id serial primary key, provider text, model text, total_requests bigint default 0, success_count bigint default 0,
      failure_count bigint default 0, last_used timestamptz) with (fillfactor = 70);
    create table if not exists {model_hourly} (
      id serial primary key, provider text, model text, hour timestamptz, requests bigint default 0, success bigint default 0,
      failure bigint default 0, created_at timestamptz default now()) with (fillfactor = 90);
  $q$, prefix);
end $$;

-- 2. What the older deployment left: statuses and figures that are null, hours not on the hour, models counted in two rows.
create or replace function edgepool.adopt_rows(provider_name text, prefix text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    alter table {keys} alter username drop not null, alter status set default 'active', alter created_at set default now(),
      alter consecutive_failures set default 0, alter expires_at drop not null, alter failed_until drop not null,
      alter disabled_until drop not null, add column if not exists reason text;
    alter table {client_tokens} alter name drop not null, alter created_at set default now(), alter expires_at drop not null,
      alter request_count set default 0;
    alter table {model_hourly} add column if not exists created_at timestamptz;
    update {model_hourly} set created_at = coalesce(hour, now()) where created_at is null;
    alter table {model_hourly} alter created_at set default now();

    update {keys} set status = coalesce(nullif(lower(btrim(status)), ''), 'active')
     where status is distinct from coalesce(nullif(lower(btrim(status)), ''), 'active');
    update {keys} set reason = 'unknown_status:' || left(status, 100), status = 'disabled', disabled_until = null
     where status not in ('active', 'failed', 'disabled', 'expired');
    insert into {global_stats} (id) values ('global') on conflict (id) do nothing;
  $q$, prefix);

  execute edgepool.named($q$
    update {model_stats} set provider = coalesce(nullif(provider, ''), $1), model = coalesce(model, 'unknown')
     where coalesce(provider, '') = '' or model is null $q$, prefix) using provider_name;
  execute edgepool.named($q$
    update {model_hourly} set provider = coalesce(nullif(provider, ''), $1), model = coalesce(model, 'unknown'),
           hour = date_trunc('hour', hour, 'UTC')
     where coalesce(provider, '') = '' or model is null or hour <> date_trunc('hour', hour, 'UTC') $q$, prefix) using provider_name;

  execute edgepool.named($q$
    with twice as (
      select min(id) as id, provider, model, sum(total_requests) as requests, sum(success_count) as success,
             sum(failure_count) as failure, max(last_used) as last_used
        from {model_stats} group by provider, model having count(*) > 1),
    kept as (
      update {model_stats} as m set total_requests = t.requests, success_count = t.success, failure_count = t.failure, last_used = t.last_used
        from twice as t where m.id = t.id)
    delete from {model_stats} as m using twice as t where m.provider = t.provider and m.model = t.model and m.id <> t.id;

    with twice as (
      select min(id) as id, provider, model, hour, sum(requests) as requests, sum(success) as success, sum(failure) as failure
        from {model_hourly} where hour is not null group by provider, model, hour having count(*) > 1),
    kept as (
      update {model_hourly} as m set requests = t.requests, success = t.success, failure = t.failure from twice as t where m.id = t.id)
    delete from {model_hourly} as m using twice as t
     where m.provider = t.provider and m.model = t.model and m.hour = t.hour and m.id <> t.id;
  $q$, prefix);
end $$;

-- 3. What we add: generated ids and hashes, state with reason and evidence, limits, figures, and two tables.
create or replace function edgepool.add_columns(prefix text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named($q$
    alter table {keys}
      add column if not exists id text collate "C" generated always as
        (left(encode(sha256(decode(replace(api_key, '\', '\\'), 'escape')), 'hex'), 16)) stored,
      add column if not exists usable_from timestamptz generated always as
        (case status when 'active' then timestamptz '-infinity'
                     when 'failed' then least(greatest(failed_until, timestamptz 'epoch'), timestamptz '9999-12-31 00:00:00Z')
                     when 'disabled' then greatest(coalesce(disabled_until, timestamptz 'infinity'), timestamptz 'epoch')
                     else timestamptz 'infinity' end) stored,
      add column if not exists state_at timestamptz,
      add column if not exists evidence jsonb,
      add column if not exists refusals integer not null default 0,
      add column if not exists ceiling integer,
      add column if not exists quota jsonb,
      add column if not exists by_hand boolean,
      add column if not exists updated_at timestamptz not null default date_trunc('milliseconds', now());
    update {keys} set by_hand = (status = 'disabled') where by_hand is null;
    alter table {keys} alter by_hand set default false, alter by_hand set not null;

    alter table {key_stats}
      add column if not exists theirs_nano bigint,
      add column if not exists theirs_base_nano bigint,
      add column if not exists ours_then_nano bigint,
      add column if not exists ours_base_nano bigint,
      add column if not exists compared_since timestamptz,
      add column if not exists compared_at timestamptz,
      add column if not exists prompt_tokens bigint not null default 0,
      add column if not exists completion_tokens bigint not null default 0,
      add column if not exists cached_tokens bigint not null default 0,
      add column if not exists reasoning_tokens bigint not null default 0,
      add column if not exists estimated_tokens bigint not null default 0,
      add column if not exists cost_nano bigint not null default 0;
    alter table {client_tokens}
      add column if not exists token_hash text collate "C" generated always as
        (case when token ~ '^sha256:[0-9a-f]{64}$' then substr(token, 8)
              else encode(sha256(decode(replace(token, '\', '\\'), 'escape')), 'hex') end) stored,
      add column if not exists hint text,
      add column if not exists disabled boolean not null default false,
      add column if not exists limits jsonb,
      add column if not exists success_count bigint not null default 0,
      add column if not exists failure_count bigint not null default 0,
      add column if not exists prompt_tokens bigint not null default 0,
      add column if not exists completion_tokens bigint not null default 0,
      add column if not exists cached_tokens bigint not null default 0,
      add column if not exists reasoning_tokens bigint not null default 0,
      add column if not exists estimated_tokens bigint not null default 0,
      add column if not exists cost_nano bigint not null default 0,
      add column if not exists last_used timestamptz,
      add column if not exists used_day date,
      add column if not exists day_requests bigint not null default 0,
      add column if not exists day_tokens bigint not null default 0,
      add column if not exists day_cost_nano bigint not null default 0,
      add column if not exists used_month date,
      add column if not exists month_requests bigint not null default 0,
      add column if not exists month_tokens bigint not null default 0,
      add column if not exists month_cost_nano bigint not null default 0,
      add column if not exists secret_hash text collate "C",  -- of the secret in force, once the token was rotated
      add column if not exists old_hash text collate "C",     -- of the one before, valid until old_until
      add column if not exists old_until timestamptz,
      add column if not exists updated_at timestamptz not null default date_trunc('milliseconds', now());
    alter table {global_stats}
      add column if not exists prompt_tokens bigint not null default 0,
      add column if not exists completion_tokens bigint not null default 0,
      add column if not exists cached_tokens bigint not null default 0,
      add column if not exists reasoning_tokens bigint not null default 0,
      add column if not exists estimated_tokens bigint not null default 0,
      add column if not exists cost_nano bigint not null default 0;
    alter table {model_stats}
      add column if not exists prompt_tokens bigint not null default 0,
      add column if not exists completion_tokens bigint not null default 0,
      add column if not exists cached_tokens bigint not null default 0,
      add column if not exists reasoning_tokens bigint not null default 0,
      add column if not exists estimated_tokens bigint not null default 0,
      add column if not exists cost_nano bigint not null default 0,
      add column if not exists latency_ms bigint not null default 0,
      add column if not exists latency_count bigint not null default 0;
    alter table {model_hourly}
      add column if not exists prompt_tokens bigint not null default 0,
      add column if not exists completion_tokens bigint not null default 0,
      add column if not exists cached_tokens bigint not null default 0,
      add column if not exists reasoning_tokens bigint not null default 0,
      add column if not exists estimated_tokens bigint not null default 0,
      add column if not exists cost_nano bigint not null default 0,
      add column if not exists latency_ms bigint not null default 0,
      add column if not exists latency_count bigint not null default 0;
  $q$, prefix);
end $$;

-- 4. The indexes, each for a query that is named in docs/DATABASE.md.
create or replace function edgepool.create_indexes(prefix text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  trigram_schema text := (select n.nspname from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm');
begin
  execute edgepool.named(format($q$
    create unique index if not exists %1$I on {keys} (id);
    create index if not exists %2$I on {keys} (id) where usable_from = '-infinity';
    create index if not exists %3$I on {keys} (usable_from) where usable_from > '-infinity' and usable_from < 'infinity';
    create index if not exists %16$I on {keys} (id) include (usable_from) where usable_from > '-infinity' and usable_from < 'infinity';
    create index if not exists %4$I on {keys} (expires_at) where expires_at is not null;
    create index if not exists %5$I on {keys} (created_at desc, id);
    create index if not exists %17$I on {keys} (status, created_at desc, id) where status <> 'active';
    create index if not exists %6$I on {keys} (updated_at);
    create index if not exists %7$I on {keys} ((left(api_key, 24) collate "C"));
    create unique index if not exists %8$I on {client_tokens} (token_hash);
    create index if not exists %9$I on {client_tokens} (updated_at);
    create unique index if not exists %18$I on {client_tokens} (secret_hash) where secret_hash is not null;
    create index if not exists %19$I on {client_tokens} (old_hash) where old_hash is not null;
    create index if not exists %10$I on {client_tokens} (created_at desc, token_hash);
    create unique index if not exists %11$I on {model_stats} (provider, model);
    create unique index if not exists %12$I on {model_hourly} (provider, model, hour);
    create index if not exists %13$I on {model_hourly} (hour);
    create table if not exists {key_benches} (
      key_id text collate "C" not null references {keys} (id) on delete cascade on update cascade, model text not null,
      reason text, until timestamptz not null, state_at timestamptz not null, evidence jsonb, updated_at timestamptz not null,
      primary key (key_id, model));
    create index if not exists %14$I on {key_benches} (updated_at);
    create table if not exists {tombstones} (
      kind text not null check (kind in ('key', 'token')), ref text collate "C" not null, removed_at timestamptz not null,
      primary key (kind, ref));
    create index if not exists %15$I on {tombstones} (removed_at);
  $q$, prefix || '_keys_id', prefix || '_keys_ready', prefix || '_keys_waiting', prefix || '_keys_expiring', prefix || '_keys_created',
       prefix || '_keys_updated', prefix || '_keys_start', prefix || '_client_tokens_hash', prefix || '_client_tokens_updated',
       prefix || '_client_tokens_created', prefix || '_model_stats_model', prefix || '_model_hourly_model', prefix || '_model_hourly_hour',
       prefix || '_key_benches_updated', prefix || '_tombstones_removed',
       prefix || '_keys_benched', prefix || '_keys_resting', prefix || '_client_tokens_secret', prefix || '_client_tokens_old'), prefix);
  -- Searching a name for a part of it is quick with pg_trgm (which Supabase has), and merely slower without. A short pending list:
  -- every search reads it, and by default it may grow to 4 MB.
  if trigram_schema is not null then
    execute edgepool.named(format('create index if not exists %I on {keys} using gin (lower(username) %I.gin_trgm_ops) with (gin_pending_list_limit = 256)',
                                  prefix || '_keys_username', trigram_schema), prefix);
  end if;
end $$;

-- 5. The triggers of 30_triggers.sql.
create or replace function edgepool.create_triggers(provider_name text, prefix text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  execute edgepool.named(format($q$
    create or replace trigger edgepool_before before insert or update or delete or truncate on {keys}
      for each statement execute function edgepool.before_statement(%1$L);
    create or replace trigger edgepool_stamp before update on {keys} for each row
      when ((old.status, old.failed_until, old.disabled_until, old.expires_at) is distinct from (new.status, new.failed_until, new.disabled_until, new.expires_at)
            and old.updated_at = new.updated_at) execute function edgepool.stamp_row(%1$L);
    create or replace trigger edgepool_stamp_new before insert on {keys} for each row execute function edgepool.stamp_row(%1$L);
    create or replace trigger edgepool_inserted after insert on {keys} referencing new table as new_rows
      for each statement execute function edgepool.after_keys_insert(%1$L, %2$L);
    create or replace trigger edgepool_updated after update on {keys} referencing old table as old_rows new table as new_rows
      for each statement execute function edgepool.after_keys_update(%1$L, %2$L);
    create or replace trigger edgepool_deleted after delete on {keys} referencing old table as old_rows
      for each statement execute function edgepool.after_keys_delete(%1$L, %2$L);
    create or replace trigger edgepool_truncated after truncate on {keys}
      for each statement execute function edgepool.after_truncate(%1$L);
    create or replace trigger edgepool_before before insert or update or delete or truncate on {client_tokens}
      for each statement execute function edgepool.before_statement(%1$L);
    create or replace trigger edgepool_stamp before update on {client_tokens} for each row
      when ((old.token, old.name, old.expires_at, old.disabled, old.limits, old.secret_hash, old.old_hash, old.old_until)
              is distinct from (new.token, new.name, new.expires_at, new.disabled, new.limits, new.secret_hash, new.old_hash, new.old_until)
            and old.updated_at = new.updated_at) execute function edgepool.stamp_row(%1$L);
    create or replace trigger edgepool_stamp_new before insert on {client_tokens} for each row execute function edgepool.stamp_row(%1$L);
    create or replace trigger edgepool_deleted after delete on {client_tokens} referencing old table as old_rows
      for each statement execute function edgepool.after_tokens_delete(%1$L, %2$L);
    create or replace trigger edgepool_truncated after truncate on {client_tokens}
      for each statement execute function edgepool.after_truncate(%1$L);
  $q$, provider_name, prefix), prefix);
end $$;

-- 6. Nobody but the service role, whatever Supabase's defaults or an older schema have granted.
create or replace function edgepool.close_tables(prefix text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  suffix text;
  r      record;
begin
  foreach suffix in array array['keys', 'key_stats', 'client_tokens', 'global_stats', 'model_stats', 'model_hourly', 'key_benches', 'tombstones'] loop
    execute format('alter table public.%I enable row level security', prefix || '_' || suffix);
    for r in select policyname from pg_policies where schemaname = 'public' and tablename = prefix || '_' || suffix loop
      execute format('drop policy %I on public.%I', r.policyname, prefix || '_' || suffix);
    end loop;
    execute format('revoke all on table public.%I from public', prefix || '_' || suffix);
    for r in select rolname from pg_roles where rolname in ('anon', 'authenticated', 'service_role') loop
      execute format('revoke all on table public.%I from %I', prefix || '_' || suffix, r.rolname);
    end loop;
    if exists (select from pg_roles where rolname = 'service_role') then
      execute format('grant select, insert, update, delete on table public.%I to service_role', prefix || '_' || suffix);
    end if;
  end loop;
  for r in select s.relname, o.rolname from pg_class as s
             join pg_depend as d on d.objid = s.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
             join pg_class as t on t.oid = d.refobjid and t.relnamespace = 'public'::regnamespace
            cross join pg_roles as o
            where s.relkind = 'S' and t.relname in (prefix || '_model_stats', prefix || '_model_hourly')
              and o.rolname in ('anon', 'authenticated', 'service_role') loop
    execute format('revoke all on sequence public.%I from public, %I', r.relname, r.rolname);
    if r.rolname = 'service_role' then
      execute format('grant usage on sequence public.%I to service_role', r.relname);
    end if;
  end loop;
end $$;

create or replace function public.pool_create_provider(name text) returns jsonb
  language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  provider_name text := name;
  table_prefix  text := name || '_api';
begin
  if provider_name is null or provider_name collate "C" !~ '^[a-z][a-z0-9_]{0,29}$' then
    perform edgepool.fail(400, 'pool_bad_argument', 'name: a small letter, then at most 29 small letters, digits or _');
  end if;
  insert into edgepool.providers as v (name, prefix, version) values (provider_name, table_prefix, 0) on conflict do nothing;
  perform edgepool.lock_provider(v) from edgepool.providers as v where v.name = provider_name;
  perform edgepool.create_tables(table_prefix);
  perform edgepool.adopt_rows(provider_name, table_prefix);
  perform edgepool.add_columns(table_prefix);
  perform edgepool.create_indexes(table_prefix);
  perform edgepool.create_triggers(provider_name, table_prefix);
  perform edgepool.close_tables(table_prefix);
  update edgepool.providers as v set version = edgepool.version() where v.name = provider_name and v.version is distinct from edgepool.version();
  perform edgepool.recount(provider_name);
  return jsonb_build_object('provider', provider_name, 'version', edgepool.version());
end $$;

-- ==== 40_reading.sql ====
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

-- ==== 45_trends.sql ====
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

-- ==== 47_metrics.sql ====
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

-- ==== 50_record.sql ====
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

-- ==== 55_reconcile.sql ====
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

-- ==== 60_keys.sql ====
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

-- ==== 65_tokens.sql ====
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

-- ==== 67_audit.sql ====
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

-- ==== 90_privileges.sql ====
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

-- ==== 95_create.sql ====
-- The providers. Use one alone? Leave the other's line out.
select public.pool_create_provider('ollama');
select public.pool_create_provider('openrouter');

notify pgrst, 'reload schema';
