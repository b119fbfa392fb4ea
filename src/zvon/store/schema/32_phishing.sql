-- Phishing intelligence: pages that were looked at, names that are watched, what people taught.

-- What a look at a page left behind, sealed with the data key (`purpose` evidence_file:SHA256) and
-- compressed before. `sha256` and `size` are of the bytes as they came.
create table evidence_file (
  sha256 bytea primary key,
  kind text not null check (kind in ('html','screenshot','favicon','logo','download','har')),
  media_type text not null,
  size bigint not null,
  sealed bytea not null,
  at timestamptz not null,                               -- the last time that these bytes came
  key_id bigint not null references data_key
);
create index evidence_file_key on evidence_file (key_id);

-- One look at one address from one vantage. `facts` is `model.page.PageFacts` without its text.
create table capture (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  observable_id bigint not null references observable,   -- the address that was asked for
  record_id bigint references record,                    -- the report that made us look
  stage smallint not null check (stage in (3, 4)),
  vantage text not null check (vantage in ('plain','desktop','phone')),
  outcome text not null
    check (outcome in ('seen','refused','unreachable','limited','unavailable')),
  reason text not null default '',                       -- why it was refused, limited, …
  final_url text,
  facts jsonb not null default '{}',
  text text not null default '',
  read text not null default '',                         -- what OCR read on the screenshot
  phash bigint,                                          -- its 64 bits, as a signed number
  html_sha256 bytea references evidence_file,
  screenshot_sha256 bytea references evidence_file,
  took_ms integer not null,
  at timestamptz not null
);
create index capture_observable on capture (observable_id, at desc);
create index capture_record on capture (record_id);

-- What brand desks changed in the registry that ships; the newest version of a brand counts.
create table brand_edit (
  id bigint generated always as identity primary key,
  brand text not null,
  body jsonb not null,                                   -- `model.brand.Brand` whole
  by_person bigint references person,
  reason text not null,
  at timestamptz not null
);
create index brand_edit_brand on brand_edit (brand, id desc);
-- What a brand's desk said of a name: theirs (never proposed again) or not.
create table brand_word (
  brand text not null,
  name text not null,                                    -- canonical host
  ours boolean not null,
  by_person bigint references person,
  at timestamptz not null,
  primary key (brand, name)
);

-- Names that look alike and do nothing yet. A watch item is never a block by itself.
create table watch (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null unique,                             -- canonical host
  registered text not null,
  brand text not null,
  technique text not null,
  score double precision not null,
  source text not null,                                  -- ct:LOG, list:NAME, feed:NAME, rule:ID, person:LOGIN
  state text not null default 'watching'
    check (state in ('watching','escalated','dismissed','expired')),
  reasons jsonb not null default '[]',
  seen jsonb not null default '{}',                      -- what the last check found
  checks integer not null default 0,
  first_at timestamptz not null,
  next_at timestamptz,
  ended_at timestamptz,
  record_id bigint references record                     -- the report that an escalation made
);
create index watch_due on watch (next_at) where state = 'watching';
create index watch_brand on watch (brand, first_at desc);
create table watch_rule (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  brand text not null,
  pattern text not null,                                 -- tokens and holes, see `ml.predict`
  tlds text[] not null default '{}',
  campaign_id bigint references campaign,
  reason text not null,
  made_at timestamptz not null,
  expires_at timestamptz not null,
  by_person bigint references person
);
-- Where names come from, and how far we have read.
create table name_source (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null unique,
  kind text not null check (kind in ('static-ct','rfc6962','list','feed')),
  url text not null,
  format text not null default '',
  operator text not null default '',                     -- who runs the log; a rest holds for all of theirs
  key bytea,                                             -- of a log (DER), checks its heads
  every_s integer not null default 3600 check (every_s between 10 and 2678400),
  cursor jsonb not null default '{}',
  enabled boolean not null default true,
  read_at timestamptz,                                   -- last time that it answered as it should
  next_at timestamptz not null,
  failed_at timestamptz,
  failures integer not null default 0,                   -- in a row
  problem text not null default '',
  names bigint not null default 0,                       -- names read so far
  bad bigint not null default 0,                         -- lines or entries that could not be read
  bad_last jsonb not null default '[]',                  -- the newest of them: position, reason, text
  lag bigint,                                            -- entries behind, for logs
  made_at timestamptz not null
);
create index name_source_due on name_source (next_at) where enabled;

-- What people taught: one row per judgement of an address, with what was known at that time.
create table label (
  id bigint generated always as identity primary key,
  observable_id bigint references observable,
  record_id bigint references record,
  url text not null,                                     -- `ml.url.score_form`
  registered text not null,
  stratum text not null,
  word text not null check (word in ('malicious','suspicious','benign','undetermined')),
  category text not null,
  sure boolean not null default true,
  source text not null check (source in ('verdict','desk','queue','appeal','import')),
  picked text not null default '' check (picked in ('','uncertain','random','double')),
  features jsonb not null default '{}',                  -- evidence codes and scores as known then
  score double precision,
  model text not null default '',
  by_person bigint references person,
  at timestamptz not null,
  undone_at timestamptz
);
create index label_at on label (at);
create index label_observable on label (observable_id);
create table label_task (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  observable_id bigint not null references observable,
  record_id bigint references record,
  cluster text not null,
  picked text not null check (picked in ('uncertain','random','double')),
  score double precision not null,
  made_at timestamptz not null,
  asked_of bigint references person,
  done_at timestamptz,
  label_id bigint references label
);
create unique index label_task_open on label_task (observable_id, picked) where done_at is null;

-- Models of this node beside the one that ships. At most one of a name is champion.
create table model_version (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null,
  version text not null,
  state text not null default 'candidate'
    check (state in ('candidate','shadow','champion','retired','refused')),
  sha256 bytea not null,
  weights bytea not null,
  meta jsonb not null,
  card text not null,
  refusals jsonb not null default '[]',
  made_at timestamptz not null,
  changed_at timestamptz not null,
  by_person bigint references person,
  unique (name, version)
);
create unique index model_champion on model_version (name) where state = 'champion';
-- Scores by day and stratum, for the drift monitor: counts in 20 bins of the probability.
create table model_day (
  model text not null,
  day date not null,
  stratum text not null,
  bins integer[] not null,
  top jsonb not null default '{}',
  primary key (model, day, stratum)
);

-- A person's cut: these two do not belong together, whatever keys say.
create table campaign_apart (
  record_id bigint not null references record,
  campaign_id bigint not null references campaign,
  by_person bigint references person,
  reason text not null,
  at timestamptz not null,
  undone_at timestamptz,
  step_id bigint,                                        -- `campaign_step` that it came with
  primary key (record_id, campaign_id, at)
);
create index campaign_apart_campaign on campaign_apart (campaign_id) where undone_at is null;

-- Letters to those who can take a page down; drafts until a person sends them.
create table takedown (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  incident_id bigint references incident,
  record_id bigint references record,
  url text not null,
  contacts jsonb not null,
  package bytea not null,                                -- ZIP, sealed
  sha256 bytea not null,
  made_by bigint references person,
  made_at timestamptz not null
);

-- The share of malicious reports that `verdict.probability` stands for, and the same sum of facts
-- at the share that the weights were made for.
alter table verdict add column prior double precision;
alter table verdict add column unshifted double precision;

-- How far a mailbox of ours was read: messages of `validity` up to `uid` are taken in (RFC 3501).
create table mailbox (
  name text primary key,                                 -- USER@HOST/FOLDER
  validity bigint not null default 0,
  uid bigint not null default 0,
  taken bigint not null default 0,
  read_at timestamptz,
  failed_at timestamptz,
  problem text not null default ''
);
-- Whom a report by mail is answered to. `told` is the answer that they have, `updated_at` when
-- they got the one update there is. Forgotten when nothing more can come.
create table mail_reply (
  record_id bigint primary key references record,
  sealed bytea not null,                                 -- `model.mailbox.Asker`
  sender_hash bytea not null,                            -- keyed: at most one mail an hour each
  asked_at timestamptz not null,
  told text,
  told_at timestamptz,
  updated_at timestamptz
);
create index mail_reply_sender on mail_reply (sender_hash, told_at);
