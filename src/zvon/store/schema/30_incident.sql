-- Reports in work: evidence, verdicts, campaigns, incidents.

create sequence report_number;
create sequence incident_number;
create sequence block_number;
create sequence campaign_number;

create table report (
  record_id bigint primary key references record,
  number text not null unique,
  channel text not null,
  door text not null,
  lang text not null,                            -- of the reporter, for the answer
  token_hash bytea not null unique,              -- opens the receipt
  key_hash bytea unique,                         -- a repeated request finds its report by this
  status text not null default 'received'
    check (status in ('received','decoded','answered','quarantined')),
  received_at timestamptz not null,
  decoded_at timestamptz,
  answered_at timestamptz,
  changed_at timestamptz,                        -- when the answer last became another one
  answer text check (answer in ('dangerous','official','no_sign','looking')),
  answer_addons text[] not null default '{}',
  campaign_id bigint,
  incident_id bigint
);
-- Tokens of receipts that were given out for repeated requests.
create table receipt_again (
  token_hash bytea primary key,
  record_id bigint not null references record
);
create index report_status on report (status, received_at);
create index report_campaign on report (campaign_id);
create index report_incident on report (incident_id);

-- Append-only; kept after the site is gone.
create table evidence (
  id bigint generated always as identity primary key,
  record_id bigint references record,
  observable_id bigint,
  stage smallint not null check (stage between 0 and 6),
  code text not null,                            -- rdap.registered, dns.a, mail.from, …
  value text not null,
  params jsonb not null default '{}',
  source text not null,
  seen_at timestamptz not null,
  expires_at timestamptz
);
create index evidence_observable on evidence (observable_id, code, seen_at desc);
create index evidence_record on evidence (record_id);

-- Every judgement, newest last; `by_person` null means a model or a rule.
create table verdict (
  id bigint generated always as identity primary key,
  record_id bigint references record,
  incident_id bigint,
  word text not null check (word in ('malicious','suspicious','benign','undetermined')),
  category text not null,
  brand text,
  probability double precision check (probability between 0 and 1),
  reasons jsonb not null,
  models text[] not null default '{}',
  advice jsonb not null default '[]',            -- names: [{name, scope, reason, url}]
  by_person bigint references person,
  at timestamptz not null
);
create index verdict_record on verdict (record_id, at desc);
create index verdict_incident on verdict (incident_id, at desc);

create table campaign (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,
  brand text,
  first_at timestamptz not null,
  last_at timestamptz not null,
  merged_into bigint references campaign
);
-- Why a report belongs: [{key type, value, reports with it, weight}], shown as is.
create table campaign_member (
  campaign_id bigint not null references campaign,
  record_id bigint not null references record,
  reasons jsonb not null,
  at timestamptz not null,
  primary key (campaign_id, record_id)
);
create index campaign_member_record on campaign_member (record_id);

create table incident (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,
  record_id bigint not null references record,   -- kind `incident`: marking and visibility live there
  title text not null,
  title_params jsonb not null default '{}',
  state text not null default 'new',
  verdict text check (verdict in ('malicious','suspicious','benign','undetermined')),
  category text,
  brand text,
  probability double precision,
  campaign_id bigint references campaign,
  rank double precision not null default 0,
  rank_reasons jsonb not null default '[]',
  report_count integer not null default 0,
  first_at timestamptz not null,
  last_at timestamptz not null,
  owner_id bigint references person,
  lead_id bigint references person,
  verdict_by bigint references person,
  verdict_at timestamptz,
  duplicate_of bigint references incident,
  successor_of bigint references incident,       -- what came after that one was resolved
  -- What the incident itself was, apart from what its reports say and from its state.
  alert_verdict text check (alert_verdict in
    ('true_positive','benign_positive','false_positive','duplicate','undetermined')),
  severity smallint not null default 0 check (severity between 0 and 4), -- unknown, low, medium, high, critical
  severity_by bigint references person,          -- null: what made the incident said so
  hold_until timestamptz,                        -- set exactly while it is on hold
  hold_from text,
  check ((state = 'on_hold') = (hold_until is not null)),
  alert_count bigint not null default 0,
  group_count integer not null default 0,
  origin text not null default 'own' check (origin in ('own','peer')),
  version integer not null default 1,
  -- The marking of `record_id`, kept equal by triggers: the queue reads it a million times.
  tlp smallint not null,
  org_id bigint not null,
  orgc_id bigint not null,
  group_uuid uuid,
  -- The names of most reports, at most three, and how many there are, for the queue.
  names text[] not null default '{}',
  name_count integer not null default 0
);
create index incident_campaign on incident (campaign_id);
create index incident_record on incident (record_id);
create index incident_duplicate on incident (duplicate_of) where duplicate_of is not null;
create index incident_successor on incident (successor_of) where successor_of is not null;

create table incident_name (                     -- names of the incident and the scope that we advise
  incident_id bigint not null references incident,
  name text not null,
  scope text not null,
  reason text not null,
  url text,
  action text not null default 'propose_block' check (action in ('propose_block','warn','none')),
  reports integer not null default 1,
  primary key (incident_id, name)
);

-- What a person decided, with what stood before: undo puts it back.
create table incident_decision (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incident,
  person_id bigint not null references person,
  word text not null,                            -- a verdict, or `duplicate`
  reason text not null,
  before jsonb not null,
  state_after text not null,
  at timestamptz not null,
  undone_at timestamptz
);
create index incident_decision_incident on incident_decision (incident_id, id desc);

-- Two lanes: what the attacker did, by the attacker's time, and what was done about it.
create table timeline (
  id bigint generated always as identity primary key,
  uuid uuid unique,                              -- of what a person entered
  incident_id bigint not null references incident,
  lane text not null default 'response' check (lane in ('attack','response')),
  at timestamptz not null,
  precision text not null default 'exact' check (precision in ('exact','about','before')),
  kind text not null,                            -- report, verdict, note, block, approval, share, …
  actor text not null,
  code text not null,                            -- message id in the catalogue
  params jsonb not null default '{}',
  source_kind text,                              -- the row that says so: alert, report, exhibit, message, …
  source_uuid uuid,
  exported boolean not null default true,        -- stands in what leaves as a file
  entered_at timestamptz,                        -- when it was written, where that is not `at`
  struck_at timestamptz,                         -- taken back; it stays readable
  struck_by bigint references person
);
create index timeline_incident on timeline (incident_id, lane, at, id);
