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
