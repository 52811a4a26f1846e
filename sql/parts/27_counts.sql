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
