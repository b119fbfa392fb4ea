-- What nobody can block, the names that must go on resolving, and who changed either.

-- `key` is the name with its labels backwards (`si.gov.www`), so that all names below one are
-- neighbours: one index finds what protects a name and what a wildcard would cover.
create table neverblock (
  name text not null,                            -- the name and all below it are protected
  key text collate "C" not null,
  list text not null,
  reason text not null,
  version text not null,
  primary key (name, list)
);
create index neverblock_backwards on neverblock (key);
create index neverblock_list_rows on neverblock (list);

create table neverblock_prefix (
  prefix cidr not null,
  list text not null,
  reason text not null,
  version text not null,
  primary key (prefix, list)
);
create index neverblock_prefix_overlap on neverblock_prefix using gist (prefix inet_ops);

-- The operator's popularity list: up to ten million keys, nothing else.
create table popular_name (key text collate "C" primary key);

-- A list that is not here is not loaded: publishing stops. It stops too when nobody confirmed the
-- list until `stale_at`.
create table neverblock_list (
  list text primary key,
  version text not null,
  sha256 bytea not null,
  size integer not null,
  loaded_at timestamptz not null,
  confirmed_at timestamptz not null,
  stale_at timestamptz not null,
  required boolean not null default true
);

-- A change of the never-block lists by people: two of them, for a day, and written down.
create table neverblock_change (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null,
  op text not null check (op in ('add','remove')),
  reason text not null check (length(reason) >= 3),
  proposer_id bigint not null references person,
  proposed_at timestamptz not null,
  approver_id bigint references person,
  approved_at timestamptz,
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_by text,
  check (approver_id is distinct from proposer_id),
  check (expires_at <= proposed_at + interval '24 hours'
         or expires_at <= approved_at + interval '24 hours')
);
create index neverblock_change_live on neverblock_change (name) where ended_at is null;

-- Names that a subscriber said are its own.
create table subscriber_name (
  subscriber_id bigint not null references subscriber,
  name text not null,
  key text collate "C" not null,
  primary key (subscriber_id, name)
);
create index subscriber_name_backwards on subscriber_name (key);

-- Names that must go on resolving everywhere; one that stops turns the last change back.
create table control_name (
  name text primary key,
  country text not null,
  reason text not null
);

-- Who said that a frozen feed may go on; two people have to.
create table feed_thaw (
  feed_id bigint not null references feed,
  person_id bigint not null references person,
  approver boolean not null,
  reason text not null check (length(reason) >= 3),
  at timestamptz not null,
  primary key (feed_id, person_id)
);
