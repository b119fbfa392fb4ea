-- What the node reads besides reports: configured sources, what they deliver, and what became of it.

-- A source that somebody set up. One that the node makes by itself (citizens, a partner) has only
-- its row in `source`.
create table source_setup (
  source_id bigint primary key references source,
  about text not null default '',
  format text not null default '',               -- a decoder by name; empty: by content
  mapping_id bigint,                             -- how its tables are read, once a person confirmed it
  settings jsonb not null default '{}',          -- of its kind: address, folder, subject, ...; no secrets
  secret bytea,                                  -- sealed with the node's key
  keep text not null default 'auto' check (keep in ('auto','values','whole')),
  tlp smallint not null default 2 check (tlp between 0 and 4),
  pap smallint not null default 1 check (pap between 0 and 3),
  lang text not null default '',
  zone text not null default 'UTC',              -- of times that say no zone (IANA name)
  region text not null default 'SI',             -- of telephone numbers without a prefix
  every_s integer check (every_s between 5 and 2678400),  -- of what is fetched
  cursor jsonb not null default '{}',            -- how far it was read, in the words of its reader
  paused boolean not null default false,
  collector_id bigint,                           -- the collector that it is read at
  tried_at timestamptz,
  read_at timestamptz,                           -- last time that it answered as it should
  delivered_at timestamptz,                      -- last time that something came
  next_at timestamptz,
  failed_at timestamptz,
  failures integer not null default 0,           -- in a row
  problem text not null default '',
  lag_s double precision,                        -- age of the newest entry when it came
  removed_at timestamptz,
  made_at timestamptz not null,
  changed_at timestamptz,                        -- of its setting up, not its state
  by_person bigint references person
);
create index source_setup_due on source_setup (next_at)
  where next_at is not null and not paused and removed_at is null;

-- How a table is read: proposed by the product, confirmed by a person; versions are kept.
create table mapping (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  source_id bigint references source,
  name text not null,
  body jsonb not null,                           -- `model.mapping.Mapping`
  state text not null check (state in ('proposed','confirmed','replaced')),
  made_at timestamptz not null,
  confirmed_at timestamptz,
  by_person bigint references person
);

-- One thing that came from a source: a file, a page of an answer, a batch of a collector, a message.
create table delivery (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  source_id bigint not null references source,
  external text,                                 -- what the source calls it; taken once
  name text not null default '',
  media_type text not null default '',
  sha256 bytea not null,
  size bigint not null,
  chunks integer not null,                       -- rows of `delivery_chunk`
  state text not null check (state in ('waiting','reading','done','failed')),
  format text not null default '',               -- the decoder that reads it, and why that one
  why jsonb not null default '{}',
  mapping_id bigint references mapping,
  cursor jsonb not null default '{}',            -- how far it is read, for going on after a crash
  items bigint not null default 0,
  records bigint not null default 0,
  observables bigint not null default 0,         -- values stored with records, each once a record
  quarantined bigint not null default 0,
  warnings jsonb not null default '[]',
  problem text not null default '',
  received_at timestamptz not null,
  done_at timestamptz,
  again integer not null default 0,              -- how often the same bytes came after it
  again_at timestamptz,
  unique (source_id, external)
);
create index delivery_source on delivery (source_id, id desc);
create index delivery_same on delivery (source_id, sha256);
create index delivery_open on delivery (id) where state in ('waiting','reading');

-- Its bytes, in pieces that fit in memory (zstd, sealed with the data key).
create table delivery_chunk (
  delivery_id bigint not null references delivery,
  n integer not null,
  body bytea not null,
  size integer not null,
  key_id bigint not null references data_key,
  primary key (delivery_id, n)
);
create index delivery_chunk_key on delivery_chunk (key_id);

-- What a source did, by day; where its quality is computed from.
create table source_day (
  source_id bigint not null references source,
  day date not null,
  deliveries bigint not null default 0,
  bytes bigint not null default 0,
  records bigint not null default 0,
  observables bigint not null default 0,
  fresh bigint not null default 0,               -- values that this node did not know before
  quarantined bigint not null default 0,
  failures bigint not null default 0,
  delay_s double precision not null default 0,   -- sum over records of receipt minus the source's own time
  delayed bigint not null default 0,             -- how many records that is
  primary key (source_id, day)
);
-- A week of it, beside the other sources.
create table source_quality (
  source_id bigint not null references source,
  week date not null,
  volume bigint not null,
  exclusive double precision,                    -- share of its values that no other source had
  first double precision,                        -- share that it had before every other source
  delay_s double precision,                      -- median
  good double precision not null default 0,      -- outcomes for and against its values, weighted
  bad double precision not null default 0,
  overlap jsonb not null default '{}',           -- source uuid -> share of this source's values
  sample double precision not null default 1,    -- share of the node's values that was looked at
  made_at timestamptz not null,
  primary key (source_id, week)
);

-- An aggregation point: a machine of a SOC that reads sources there and sends signed batches.
create table collector (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null unique,
  party_id bigint not null references party,
  token_sha256 bytea unique,
  token_until timestamptz,
  public_key bytea unique check (length(public_key) = 32),
  policy text not null default '',               -- sharing policy that it applies before sending; empty: none
  status jsonb not null default '{}',            -- what it last said of itself: backlog, disk, version, losses
  made_at timestamptz not null,
  enrolled_at timestamptz,
  seen_at timestamptz,
  removed_at timestamptz,
  by_person bigint references person,
  check ((public_key is null) = (enrolled_at is null))
);
alter table source_setup add foreign key (collector_id) references collector;
alter table source_setup add foreign key (mapping_id) references mapping;
alter table quarantine add foreign key (delivery_id) references delivery;
-- The last batch taken of each spool: what makes a batch count once.
create table collector_spool (
  collector_id bigint not null references collector,
  spool uuid not null,
  source_id bigint references source,            -- each spool is of one source
  n bigint not null,
  items bigint not null default 0,               -- in all batches up to it, those that never came too
  lost bigint not null default 0,                -- that never came: the collector had no room
  primary key (collector_id, spool)
);

-- A text that was read for what it says; near-duplicates point to the first of them.
create table document (
  record_id bigint primary key references record,
  lang text not null default '',
  exact bytea not null,                          -- hash of the normalised text
  template bytea not null,                       -- the same with numbers, names and addresses as types
  signature bytea not null,                      -- MinHash; `scheme` says algorithm, seed and version
  scheme text not null,
  bands bigint[] not null,
  first_id bigint references record,             -- null: it is the first
  jaccard real,
  card jsonb not null                            -- what it says, each mark with its place
);
create index document_bands on document using gin (bands) where first_id is null;
create index document_exact on document (exact);
create index document_template on document (template);
create index document_first on document (first_id) where first_id is not null;

-- What an enricher that asks somebody said of a value; offline ones are asked anew each time.
create table enrichment (
  observable_id bigint not null references observable,
  enricher text not null,
  at timestamptz not null,
  until timestamptz not null,
  facts jsonb not null,
  primary key (observable_id, enricher)
);
create index enrichment_until on enrichment (until);

-- Reference data in use: which set, which version, what it was made from.
create table reference_set (
  name text primary key,                         -- warning-lists, tags, names, templates, techniques, networks
  version text not null,
  sha256 bytea not null,
  entries bigint not null,
  made_at timestamptz not null
);

-- A search that somebody kept.
create table search_view (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  person_id bigint not null references person,
  name text not null,
  query text not null,
  shared boolean not null default false,
  made_at timestamptz not null,
  unique (person_id, name)
);
