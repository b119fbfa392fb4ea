-- Partners, what we send them, and what came back.

create table peer (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,                     -- the other node's id
  party_id bigint not null references party,
  person_id bigint not null references person,   -- the machine account its decisions are written under
  name text not null,
  country text not null,
  url text not null,
  tls_pin bytea not null,                        -- SHA-256 of the certificate's public key
  signing_key bytea not null,
  state text not null default 'active' check (state in ('invited','active','frozen','revoked')),
  state_reason text not null default '',
  synced_at timestamptz,
  error text,
  created_at timestamptz not null
);

create table invitation (
  hash bytea primary key,
  group_uuid uuid not null,
  created_by bigint not null references person,
  expires_at timestamptz not null,
  used_at timestamptz,
  used_by uuid
);

create table share_group (
  uuid uuid primary key,
  name text not null,
  max_tlp smallint not null,
  witnesses integer not null default 0,
  policy jsonb not null,
  membership bytea not null,                     -- the signed document, as sent
  version integer not null
);

create table share_member (
  group_uuid uuid not null references share_group,
  node_uuid uuid not null,
  own boolean not null,
  primary key (group_uuid, node_uuid)
);

-- One release to a group under a policy version; nothing leaves without such a row.
create table share (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  incident_id bigint references incident,
  record_id bigint references record,            -- the event that leaves
  group_uuid uuid not null references share_group,
  state text not null check (state in ('held','waiting','released','revoked','refused')),
  policy jsonb not null,
  before jsonb not null,
  after jsonb,
  decisions jsonb not null,
  residue jsonb not null default '{}',
  risk double precision not null default 0,
  prepared_at timestamptz not null,
  released_by bigint references person,
  released_at timestamptz,
  revoked_at timestamptz,
  revoke_reason text
);

-- The Merkle feed per (origin, group); `body` is the entry exactly as signed and hashed.
create table feed_entry (
  group_uuid uuid not null references share_group,
  origin uuid not null,
  n bigint not null,
  leaf bytea not null,
  kind text not null check (kind in ('add','supersede','narrow','revoke','sighting','opinion','verdict')),
  object uuid not null,
  body bytea,                                    -- null after erasure; the leaf stays
  share_id bigint references share,
  at timestamptz not null,
  applied_at timestamptz,
  primary key (group_uuid, origin, n)
);
create index feed_entry_object on feed_entry (object);

create table checkpoint (
  group_uuid uuid not null references share_group,
  origin uuid not null,
  size bigint not null,
  root bytea not null,
  note bytea not null,
  at timestamptz not null,
  primary key (group_uuid, origin, size)
);

create table ack (
  group_uuid uuid not null,
  origin uuid not null,
  n bigint not null,
  peer uuid not null,
  state text not null check (state in ('applied','erased','partial')),
  body bytea not null,
  at timestamptz not null,
  primary key (group_uuid, origin, n, peer)
);

create table pseudonym_key (
  group_uuid uuid not null,
  epoch text not null,                           -- 2026-11
  key_sealed bytea,                              -- null after destruction
  created_at timestamptz not null,
  destroyed_at timestamptz,
  primary key (group_uuid, epoch)
);

create table pseudonym (                         -- the originator's vault
  group_uuid uuid not null,
  epoch text not null,
  token text not null,
  sealed bytea not null,
  primary key (group_uuid, epoch, token)
);

create table constituency (                      -- what is ours; never shared itself
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('domain','prefix','organisation','person','mail')),
  value text not null,
  party_id bigint references party,
  unique (kind, value)
);
