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
  wanted_at timestamptz,                         -- last hint that made a pull
  pulling_at timestamptz,                        -- when the last pull began
  synced_at timestamptz,                         -- when we last held all that it offered
  error text,                                    -- why the last pull failed
  created_at timestamptz not null
);

-- Requests that were answered; the same signed request is not answered twice.
create table peer_nonce (
  node_uuid uuid not null,
  nonce bytea not null,
  at timestamptz not null,
  primary key (node_uuid, nonce)
);
create index peer_nonce_at on peer_nonce (at);

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

-- Every version of the membership, so that a partner who slept can follow the chain.
create table share_membership (
  group_uuid uuid not null references share_group,
  version integer not null,
  note bytea not null,
  at timestamptz not null,
  primary key (group_uuid, version)
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
  approver_needed boolean not null default false, -- the residual risk is above what the group lets one person release
  policy jsonb not null,
  before jsonb not null,
  after jsonb,
  decisions jsonb not null,
  overrides jsonb not null default '{}',         -- `part:start:end` of a span -> keep or hide
  residue jsonb not null default '{}',
  risk double precision not null default 0,
  prepared_by bigint references person,
  prepared_at timestamptz not null,
  released_by bigint references person,
  released_at timestamptz,
  revoked_at timestamptz,
  revoke_reason text
);

-- One append-only feed per (origin, group): where it ends, and what is needed to append.
create table share_feed (
  group_uuid uuid not null references share_group,
  origin uuid not null,
  size bigint not null default 0,
  peaks bytea not null default '\x',
  last_leaf bytea not null,
  checkpoint_at timestamptz,                     -- time of the newest checkpoint
  stale boolean not null default false,          -- it is older than a day
  frozen_at timestamptz,
  frozen_reason text,
  primary key (group_uuid, origin)
);

-- Two signed notes of one origin that cannot both be true.
create table equivocation (
  id bigint generated always as identity primary key,
  group_uuid uuid not null,
  origin uuid not null,
  first_note bytea not null,
  second_note bytea not null,
  reason text not null,
  at timestamptz not null
);

-- `body` is the entry exactly as it was sent and hashed.
create table feed_entry (
  group_uuid uuid not null references share_group,
  origin uuid not null,
  n bigint not null,
  leaf bytea not null,
  kind text not null check (kind in ('add','supersede','narrow','revoke','sighting','opinion','verdict')),
  object uuid not null,
  body bytea,                                    -- null after erasure; the leaf stays
  share_id bigint references share,              -- of our own feed: the release
  record_id bigint references record,            -- of a partner's feed: what it became here
  incident_id bigint references incident,
  state text not null default 'stored'
    check (state in ('own','stored','applied','held','refused','erased')),
  problem text not null default '',              -- why it is held or refused
  at timestamptz not null,
  applied_at timestamptz,
  primary key (group_uuid, origin, n)
);
create index feed_entry_object on feed_entry (object);
create index feed_entry_record on feed_entry (record_id) where record_id is not null;
create index feed_entry_held on feed_entry (origin) where state = 'held';

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
  body bytea not null,                           -- the signed note
  at timestamptz not null,
  sent_at timestamptz,                           -- our own: when the origin took it
  primary key (group_uuid, origin, n, peer)
);
create index ack_unsent on ack (origin) where sent_at is null;

create table pseudonym_key (
  group_uuid uuid not null,
  epoch text not null,                           -- 2026-11
  key_sealed bytea,                              -- null after destruction
  created_at timestamptz not null,
  destroy_at timestamptz,                        -- when the schedule destroys it
  destroyed_at timestamptz,
  destroyed_by text not null default '',         -- `schedule`, or the login of a person
  rewritten_at timestamptz,                      -- when its dead rows left the disk
  primary key (group_uuid, epoch)
);
create index pseudonym_key_due on pseudonym_key (destroy_at) where key_sealed is not null;

create table pseudonym (                         -- the originator's vault
  group_uuid uuid not null,
  epoch text not null,
  token text not null,
  sealed bytea not null,
  primary key (group_uuid, epoch, token)
);

-- Where a group wants two people before an original is shown: who asks, and who agreed.
create table pseudonym_reversal (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  group_uuid uuid not null,
  epoch text not null,
  token text not null,
  reason text not null,
  asked_by bigint not null references person,
  at timestamptz not null,
  agreed_by bigint references person,
  agreed_at timestamptz,
  shown_at timestamptz,                          -- once, to the one who asked
  check (agreed_by is distinct from asked_by)
);
create index pseudonym_reversal_open on pseudonym_reversal (asked_by, token) where shown_at is null;
