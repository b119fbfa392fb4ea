-- Records, observables, edges and the one change log.

create table head (
  id integer primary key default 1 check (id = 1),
  seq bigint not null default 0,
  at timestamptz not null default '2000-01-01 00:00:00+00',
  audit_seq bigint not null default 0,
  audit_hash bytea not null default '\x'
);
insert into head default values;

create table source (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null unique,
  kind text not null,
  party_id bigint references party,
  created_at timestamptz not null
);

-- The key of one day of one raw class in one country, sealed with the node key; destroyed, nothing
-- of that day can be read, wherever a copy of it lies.
create table data_key (
  id bigint generated always as identity primary key,
  country text not null,
  class text not null,
  day date not null,
  key_sealed bytea,                              -- null after destruction
  created_at timestamptz not null,
  destroyed_at timestamptz,
  unique (country, class, day)
);

-- What arrived, byte for byte. `body` is zstd, sealed with the data key; `size` is the length before.
create table raw_input (
  sha256 bytea primary key,
  body bytea not null,
  size bigint not null,
  media_type text not null,
  received_at timestamptz not null,              -- the last time that these bytes came
  key_id bigint not null references data_key
);
create index raw_input_key on raw_input (key_id);
create index raw_input_received on raw_input (received_at);

create table record (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  kind text not null,
  container_id bigint,
  org_id bigint not null,                        -- who holds it here
  orgc_id bigint not null,                       -- who made it
  source_id bigint,
  created_at timestamptz not null,
  modified_at timestamptz not null,
  received_at timestamptz not null default now(), -- our clock; the two above are the maker's
  published_at timestamptz,
  tlp smallint not null check (tlp between 0 and 4),
  pap smallint not null check (pap between 0 and 3),
  group_uuid uuid,
  confidence smallint,
  deleted boolean not null default false,
  raw_sha256 bytea,
  payload jsonb not null
);
create index record_kind_at on record (kind, created_at desc, id desc);
create index record_container on record (container_id) where container_id is not null;
create index record_raw on record (raw_sha256) where raw_sha256 is not null;

-- Organisations and sources are never deleted, and a batch has few of them: asked once a statement
-- this costs nothing, where three foreign keys were a quarter of the time of storing records.
create function record_parents() returns trigger language plpgsql as $$
begin
  if exists (select from (select org_id as id from fresh union select orgc_id from fresh) x
             where not exists (select from party p where p.id = x.id))
     or exists (select from (select distinct source_id as id from fresh) x
                where x.id is not null and not exists (select from source s where s.id = x.id)) then
    raise foreign_key_violation using
      message = 'a record names an organisation or a source that is not there';
  end if;
  return null;
end $$;
create trigger record_parents after insert on record
  referencing new table as fresh for each statement execute function record_parents();
create function record_kept() returns trigger language plpgsql as $$
begin
  raise foreign_key_violation using message =
    'organisations and sources are never deleted, and records stay with theirs';
end $$;
create trigger record_kept before update of org_id, orgc_id, source_id on record
  for each row execute function record_kept();
create trigger party_kept before delete on party for each row execute function record_kept();
create trigger source_kept before delete on source for each row execute function record_kept();

-- Named people who may see a TLP:RED record.
create table record_audience (
  record_id bigint not null references record,
  person_id bigint not null references person,
  primary key (record_id, person_id)
);
create index record_audience_person on record_audience (person_id);

create table record_version (
  record_id bigint not null references record,
  modified_at timestamptz not null,
  payload jsonb not null,
  primary key (record_id, modified_at)
);

create table observable (
  id bigint generated always as identity primary key,
  type smallint not null,
  -- BLAKE2b-128 of type and value: an index over the value itself refuses long addresses, and
  -- is three times as large.
  digest bytea not null unique,
  value text not null
);

create table occurrence (
  observable_id bigint not null,
  record_id bigint not null,
  role smallint not null default 1,              -- 1 said, 2 shown only, 3 near match, 4 reporter's side, 5 named, not accused
  seen_at timestamptz not null,
  primary key (observable_id, record_id, role)
);
create index occurrence_record on occurrence (record_id);

create table edge (
  id bigint generated always as identity primary key,
  src uuid not null,
  type text not null,
  dst uuid not null,
  reason jsonb not null,
  record_id bigint references record,
  at timestamptz not null,
  unique (src, type, dst)
);
create index edge_dst on edge (dst);

create table tag (
  id bigint generated always as identity primary key,
  name text not null unique
);
create table tag_use (
  tag_id bigint not null references tag,
  record_id bigint not null references record,
  local boolean not null default false,
  primary key (tag_id, record_id)
);

create table change (
  seq bigint primary key,
  at timestamptz not null unique,
  record_id bigint,                              -- null where the subject is no record (block, peer, …)
  subject uuid not null,
  kind text not null,                            -- report, incident, block, event, share, …
  op text not null check (op in ('add','edit','widen','narrow','revoke','delete','publish')),
  tlp smallint not null default 2
);
create index change_subject on change (subject, seq);

create table audit (
  seq bigint primary key,
  at timestamptz not null,
  actor text not null,                           -- login, `system`, `peer:NAME`
  action text not null,                          -- the permission or verb
  object text not null,
  outcome text not null check (outcome in ('done','refused')),
  rule text not null default '',
  detail jsonb not null default '{}',
  prev bytea not null,
  hash bytea not null
);

create table quarantine (
  id bigint generated always as identity primary key,
  raw_sha256 bytea references raw_input,         -- of what came alone; else the delivery that it stands in
  record_id bigint references record,
  source_id bigint references source,
  delivery_id bigint,
  position text not null,
  reason text not null,
  piece bytea,                                   -- the line or element itself, its beginning when it is long
  at timestamptz not null,
  replayed_at timestamptz,
  run integer not null default 0,                -- the last reading of its delivery that failed here too
  check (raw_sha256 is not null or delivery_id is not null)
);
create index quarantine_waiting on quarantine (source_id, id) where replayed_at is null;
create unique index quarantine_place on quarantine (delivery_id, position) where delivery_id is not null;
-- Refused sign-ins of a login are counted from here.
create index audit_refused on audit (action, object, at) where outcome = 'refused';
