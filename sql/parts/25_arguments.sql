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
