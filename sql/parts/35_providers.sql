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
