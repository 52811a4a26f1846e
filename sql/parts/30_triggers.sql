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
