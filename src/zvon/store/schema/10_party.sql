-- Who is known to this node, what they may do, and how they prove it.

create table party (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null,
  kind text not null check (kind in ('csirt','soc','isp','bank','post','authority','company','peer','public')),
  country text not null check (country ~ '^[A-Z]{2}$'),
  own boolean not null default false,
  -- The organisation above it; the tree has no loops, a trigger sees to that.
  parent_id bigint references party check (parent_id <> id),
  -- Brands of `model.brand` for which a trusted partner may block alone for an hour.
  brands text[] not null default '{}' check (brands = '{}' or kind in ('bank','post'))
);
create unique index party_own on party (own) where own;

create table role (
  name text primary key,
  permissions text[] not null,
  shipped boolean not null default false
);

create table person (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  party_id bigint not null references party,
  login text not null unique,
  name text not null,
  lang text not null default 'en' check (lang in ('sl','hr','en')),
  theme text not null default 'system' check (theme in ('system','light','dark')),
  password_hash text,
  machine boolean not null default false,
  disabled boolean not null default false,
  keys_on boolean not null default true,
  tlp_ceiling smallint not null default 3 check (tlp_ceiling between 0 and 4),
  created_at timestamptz not null
);

create table person_role (
  person_id bigint not null references person,
  role text not null references role,
  primary key (person_id, role)
);

create table session (
  hash bytea primary key,
  uuid uuid not null unique,
  person_id bigint not null references person,
  csrf text not null,
  method text not null check (method in ('password','link','oidc','passkey')),
  address text not null check (length(address) <= 64),
  agent text not null check (length(agent) <= 200),
  created_at timestamptz not null,
  seen_at timestamptz not null,
  strong_at timestamptz,                   -- when a passkey last proved who sits there
  expires_at timestamptz not null
);
create index session_person on session (person_id);

create table api_key (
  id text primary key,
  person_id bigint not null references person,
  secret_hash bytea not null,
  name text not null,
  permissions text[],                      -- null: all that the person may
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  revoked_at timestamptz
);
create index api_key_person on api_key (person_id);

create table login_link (
  hash bytea primary key,
  person_id bigint not null references person,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index login_link_person on login_link (person_id);

-- One row: this installation. The private keys are sealed with the key file beside the data folder.
create table node (
  id integer primary key default 1 check (id = 1),
  uuid uuid not null,
  name text not null,
  country text not null,
  signing_public bytea not null,
  signing_sealed bytea not null,
  tls_certificate text not null,
  tls_key_sealed bytea not null,
  created_at timestamptz not null
);

-- Thresholds and policies as data: a new version is a new row.
create table policy (
  name text not null,
  version integer not null,
  body jsonb not null,
  at timestamptz not null,
  by_person bigint references person,
  primary key (name, version)
);
