-- What is ours, what left and why, how long data lives, and what people asked about theirs.

-- What decides whether a value is a victim's. It names victims, so it is never shared itself.
create table constituency (
  id bigint generated always as identity primary key,
  kind text not null check (kind in
    ('domain','prefix','asn','bic','phone','organisation','person','mail','host','internal')),
  value text not null,                           -- canonical: a suffix, a network, a pattern, a name
  party_id bigint references party,
  country text check (country ~ '^[A-Z]{2}$'),
  sector text not null default '',
  worth smallint not null default 0 check (worth between 0 and 5), -- what an attack on it weighs in the queue
  weak boolean not null default false,           -- shared hosting, a CDN, carrier NAT: weak evidence
  source text not null default '',               -- the file or person that it came from
  valid_from timestamptz,
  valid_to timestamptz,
  added_at timestamptz not null default now(),
  unique (kind, value)
);

-- Everything that left through any door, and everything that the gate stopped; no originals here.
create table disclosure (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  door text not null,                            -- peer, mail, takedown, webhook, export, misp, taxii, feed, report, statistics
  subject text not null,                         -- what it was about: a uuid or number of ours
  record_id bigint references record,
  share_id bigint references share,
  recipient text not null,                       -- a group, an organisation, an address' domain, or `public`
  group_uuid uuid,
  epoch text not null default '',
  policy_sha256 text not null,
  tlp smallint not null check (tlp between 0 and 4),
  outcome text not null check (outcome in ('released','held','refused','residue')),
  reason text not null default '',
  spans jsonb not null default '{}',             -- state -> type -> count
  risk double precision not null default 0,
  content_sha256 bytea,                          -- of the bytes that left
  by_login text not null default '',
  at timestamptz not null,
  revoked_at timestamptz
);
create index disclosure_at on disclosure (at desc, id desc);
create index disclosure_record on disclosure (record_id) where record_id is not null;
create index disclosure_share on disclosure (share_id) where share_id is not null;

-- A second person's word on a release whose residual risk is above the group's limit.
create table share_approval (
  share_id bigint not null references share,
  person_id bigint not null references person,
  word text not null check (word in ('approve','refuse')),
  reason text not null default '',
  at timestamptz not null,
  primary key (share_id, person_id)
);

-- Four eyes: nobody approves what they prepared, and above the limit no one lets go of it alone.
create function share_second_person() returns trigger language plpgsql as $$
begin
  if exists (select from share s where s.id = new.share_id and s.prepared_by = new.person_id) then
    raise check_violation using message = 'a release is not approved by whoever prepared it';
  end if;
  return new;
end $$;
create trigger share_second_person before insert or update on share_approval
  for each row execute function share_second_person();
create function share_agreed() returns trigger language plpgsql as $$
begin
  if not exists (select from share_approval a where a.share_id = new.id and a.word = 'approve'
                 and a.person_id is distinct from new.released_by) then
    raise check_violation using message = 'above the risk of its group a release needs two people';
  end if;
  return new;
end $$;
create trigger share_agreed before update of state on share for each row
  when (new.state = 'released' and new.approver_needed) execute function share_agreed();

-- What people decided about spans: features only, never the text. The tagger learns from it.
create table span_label (
  id bigint generated always as identity primary key,
  share_id bigint references share,
  type text not null,
  lang text,
  features jsonb not null,
  believed double precision not null,            -- what the gate thought: probability of the attacker's
  word text not null check (word in ('keep','hide')),
  by_person bigint references person,
  at timestamptz not null
);

-- What a partner asks the originator about one of our pseudonyms, and what we ask of theirs.
create table pseudonym_question (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  ours boolean not null,                         -- true: we made the pseudonym and are asked
  peer uuid not null,
  group_uuid uuid not null,
  token text not null,
  question text not null,
  state text not null default 'open' check (state in ('open','answered','refused')),
  answer text not null default '',
  at timestamptz not null,
  asked_by bigint references person,             -- of ours, where we ask
  sent_at timestamptz,                           -- when the originator took it
  answered_at timestamptz,
  answered_by bigint references person           -- of ours, where we are asked
);
create index pseudonym_question_open on pseudonym_question (peer, group_uuid) where state = 'open';

-- The policy of data of one country as it was loaded; every version stays.
create table data_policy (
  country text not null check (country ~ '^[A-Z]{2}$'),
  version integer not null,
  sha256 text not null,
  body text not null,                            -- the file, as written
  at timestamptz not null,
  by_login text not null default '',
  primary key (country, version)
);

-- What the newest policies say that row security reads: whose people may read a class, where.
create table data_rule (
  country text not null,
  class text not null,
  residency text[] not null,                     -- countries; `*`: any
  readers text[] not null,                       -- `country.role`; `*.role`: of any country
  primary key (country, class)
);

-- What a purge did: counts and a proof, no content.
create table purge (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  country text not null,
  class text not null,
  cut_off timestamptz not null,                  -- everything older went
  rows jsonb not null default '{}',              -- table -> rows
  files bigint not null default 0,
  bytes bigint not null default 0,
  keys bigint not null default 0,                -- data keys destroyed
  held bigint not null default 0,                -- kept for a legal hold
  proof bytea not null,                          -- SHA-256 over what went, in order
  due_at timestamptz not null,
  started_at timestamptz not null,
  done_at timestamptz,
  rewrite text[] not null default '{}',          -- tables whose dead rows still lie on the disk
  rewritten_at timestamptz,
  request_id bigint                              -- the request of a person that it answered
);
create index purge_rewrite on purge (id) where rewrite <> '{}';
create index purge_class on purge (country, class, id desc);

-- How many rows of a class there were on a day: what outlives them where the policy says `aggregate`.
create table class_day (
  country text not null,
  class text not null,
  day date not null,
  rows bigint not null,
  primary key (country, class, day)
);

-- Something that may not be purged yet, and who said so.
create table legal_hold (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  country text not null,
  class text not null,
  record_id bigint references record,            -- null: the whole class
  reason text not null,
  until timestamptz not null,
  proposed_by bigint not null references person,
  approved_by bigint references person,
  at timestamptz not null,
  ended_at timestamptz,
  check (approved_by is distinct from proposed_by)
);

-- A person's request about their data (GDPR, Articles 15 to 18 and 21), with its clock.
create sequence data_request_number;
create table data_request (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,                   -- D-26-000001
  kind text not null check (kind in ('access','rectification','erasure','restriction','objection')),
  country text not null,
  lang text not null check (lang in ('sl','hr','en')),
  state text not null default 'received'
    check (state in ('received','identified','searched','erasing','answered','refused')),
  subject_sealed bytea,                          -- who asks, and the identifiers that they gave; null after erasure
  found jsonb not null default '{}',             -- class -> count
  done jsonb not null default '{}',              -- class -> what was done, with the reason
  reason text not null default '',
  received_at timestamptz not null,
  due_at timestamptz not null,
  extended_until timestamptz,
  extension_reason text not null default '',
  warned text not null default '' check (warned in ('','soon','late')),
  identified_by bigint references person,
  answered_by bigint references person,
  answered_at timestamptz
);
create table data_request_step (
  id bigint generated always as identity primary key,
  request_id bigint not null references data_request,
  code text not null,
  detail jsonb not null default '{}',
  by_login text not null,
  at timestamptz not null
);

-- Where a person's identifiers stand, without the identifiers: keyed hashes of canonical values.
create table subject_key (
  hash bytea not null,                           -- keyed BLAKE2b of type and canonical value
  class text not null,
  record_id bigint not null references record on delete cascade,
  primary key (hash, record_id)
);
create index subject_key_record on subject_key (record_id);

-- Counters for outsiders: what may be spent on privacy, what was, and what was printed.
create table statistics_budget (
  data_set text not null,
  audience text not null,
  period text not null,                          -- 2026
  epsilon double precision not null check (epsilon > 0),
  spent double precision not null default 0 check (spent >= 0 and spent <= epsilon + 1e-9),
  primary key (data_set, audience, period)
);
create table statistics_release (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  data_set text not null,
  audience text not null,
  period text not null,
  week text not null,                            -- 2026-W47
  epsilon double precision not null,
  cells jsonb not null,                          -- noisy counts with intervals; small ones suppressed
  at timestamptz not null,
  by_login text not null,
  unique (data_set, audience, week)
);

-- Whom a report counts for in statistics: a mail address by its keyed hash, an organisation, or
-- nobody else but itself.
create function zvon_reporter(of_record bigint) returns text language sql stable as $$
  select coalesce(encode(m.sender_hash, 'hex'), case when not y.own then 'party ' || y.id end,
                  'record ' || c.id)
  from record c join party y on y.id = c.orgc_id left join mail_reply m on m.record_id = c.id
  where c.id = of_record
$$;
create function zvon_first_reporter(of_incident bigint) returns text language sql stable as $$
  select zvon_reporter(r.record_id) from report r where r.incident_id = of_incident
  order by r.record_id limit 1
$$;

-- By these a purge finds what had its time, and what hangs on a record or a value that goes.
create index record_received on record using brin (received_at);
create index evidence_seen on evidence using brin (seen_at);
create index verdict_at on verdict using brin (at);
create index edge_record on edge (record_id) where record_id is not null;
create index receipt_again_record on receipt_again (record_id);
create index quarantine_raw on quarantine (raw_sha256) where raw_sha256 is not null;
create index quarantine_record on quarantine (record_id) where record_id is not null;
create index label_record on label (record_id) where record_id is not null;
create index label_task_record on label_task (record_id) where record_id is not null;
create index label_task_observable on label_task (observable_id);
create index share_record on share (record_id) where record_id is not null;
create index legal_hold_record on legal_hold (record_id) where record_id is not null;
