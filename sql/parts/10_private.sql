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
