-- Blocks, policy zones, subscribers and proof.

create table transition (kind text not null, old text not null, new text not null, primary key (kind, old, new));

-- A feed is a view over the decisions. What is decided for one country's feed stands in every feed
-- whose view takes it; `view` is `model.view.View`.
create table feed (
  id bigint generated always as identity primary key,
  name text not null unique,                     -- `si`
  country text not null,                         -- whose law it follows
  own boolean not null default true,             -- blocks are proposed for it, not only seen through it
  view jsonb not null default '{}',
  action text not null default 'given' check (action in ('given','nxdomain','nodata','landing')),
  frozen_at timestamptz,                         -- the tripwire stopped it: nothing is published
  frozen_reason text
);

create table zone (
  id bigint generated always as identity primary key,
  name text not null unique,                     -- hot.si.zvon
  kind text not null check (kind in ('allow','hot','cold','ip')),
  feed_id bigint references feed,
  serial bigint not null default 1 check (serial between 1 and 4294967295),
  max_serial_asked bigint not null default 0,
  ttl integer not null default 60
);

-- What an authority ordered, in writing or by word of mouth.
create table authority_order (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,                   -- O-26-000001
  authority text not null check (length(authority) >= 3),
  reference text not null,                       -- their file number
  kind text not null check (kind in ('written','oral')),
  legal_ground text not null check (length(legal_ground) >= 3),
  received_at timestamptz not null,
  written_due timestamptz,                       -- an oral order needs its written copy until then
  written_at timestamptz,
  document_sha256 bytea,
  expires_at timestamptz not null,
  person_id bigint not null references person,
  check (expires_at > received_at),
  check (kind = 'written' or written_due is not null)
);
create sequence order_number;
create sequence appeal_number;

create table block (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,
  trigger text not null default 'qname' check (trigger in ('qname','ip','nsdname','nsip')),
  name text not null,                            -- A-label, lower case, no final dot; a prefix for `ip`, `nsip`
  scope text not null check (scope in ('host','host_sub','registrable_sub')),
  action text not null default 'nxdomain' check (action in ('nxdomain','nodata','landing')),
  category text not null default 'phishing',     -- `model.verdict` category
  confidence real not null default 1 check (confidence between 0 and 1),
  source text not null default '',               -- who it comes from: own name, partner, feed
  evidence jsonb not null default '[]',          -- sha256 of what was seen
  order_id bigint references authority_order,
  confirm_by timestamptz,                        -- a partner's word alone: ends unless confirmed until then
  retest_at timestamptz,                         -- when to look again whether it is still alive
  renewals integer not null default 0,
  state text not null default 'proposed',
  incident_id bigint references incident,
  feed_id bigint not null references feed,
  reason text not null check (length(reason) >= 3),
  legal_ground text not null check (length(legal_ground) >= 3),
  proposer_id bigint not null references person,
  proposed_at timestamptz not null,
  expires_at timestamptz not null,
  held_rule text,
  gates jsonb not null default '[]',
  published_serial bigint,
  published_at timestamptz,
  enforced_at timestamptz,
  lifted_at timestamptz,
  lift_reason text,
  version integer not null default 1,
  check (expires_at > proposed_at),
  unique (id, proposer_id)
);
create index block_state on block (state, expires_at);
create index block_incident on block (incident_id);
create unique index block_live on block (name, feed_id)
  where state in ('proposed','validated','approved','published','enforced','expiring','held','disputed','failed');

-- The proposer travels with the approval, so that the database can refuse one person in both roles.
create table approval (
  block_id bigint not null,
  proposer_id bigint not null,
  person_id bigint not null references person,
  approves boolean not null,
  reason text not null check (length(reason) >= 3),
  at timestamptz not null,
  primary key (block_id, person_id),
  foreign key (block_id, proposer_id) references block (id, proposer_id),
  constraint proposer_is_not_approver check (person_id <> proposer_id)
);

create table block_step (
  id bigint generated always as identity primary key,
  block_id bigint not null references block,
  old text,
  new text not null,
  at timestamptz not null,
  actor text not null,
  reason text not null default '',
  gates jsonb not null default '[]'
);
create index block_step_block on block_step (block_id, id);

-- In which feeds a block stands or stood.
create table block_feed (
  block_id bigint not null references block,
  feed_id bigint not null references feed,
  serial bigint not null,                        -- of the hot (or ip) zone that first had it
  published_at timestamptz not null,
  lifted_at timestamptz,
  primary key (block_id, feed_id)
);
create index block_feed_feed on block_feed (feed_id, block_id);

-- Somebody says that a block is wrong. The token in the link is known by its hash only.
create table appeal (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,                   -- P-26-000001
  token_sha256 bytea not null unique,
  name text not null,                            -- what they say is blocked
  block_id bigint references block,              -- the block found for it, if any
  contact_sealed bytea,                          -- their address, sealed with the node key
  text text not null check (length(text) <= 4000),
  lang text not null default 'en',
  filed_at timestamptz not null,
  due_at timestamptz not null,
  state text not null default 'open' check (state in ('open','granted','refused')),
  decided_by bigint references person,
  decided_at timestamptz,
  reason text not null default ''
);
create index appeal_open on appeal (due_at) where state = 'open';

-- An address that must not be opened where its name may not be blocked: for proxies and browsers.
-- `added_seq` and `removed_seq` are numbers of `change`, so that a client can ask what is new.
create table url_rule (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  url text not null,
  host text not null,
  category text not null default 'phishing',
  confidence real not null default 1,
  source text not null default '',
  feed_id bigint not null references feed,
  incident_id bigint references incident,
  proposer_id bigint not null references person,
  approver_id bigint references person,
  reason text not null check (length(reason) >= 3),
  state text not null default 'proposed' check (state in ('proposed','published','rejected','lifted')),
  proposed_at timestamptz not null,
  published_at timestamptz,
  expires_at timestamptz not null,
  lifted_at timestamptz,
  retest_at timestamptz,
  added_seq bigint,
  removed_seq bigint,
  check (approver_id is distinct from proposer_id),
  check (state <> 'published' or approver_id is not null)
);
create unique index url_rule_live on url_rule (url, feed_id) where state in ('proposed','published');
create index url_rule_feed on url_rule (feed_id, state, added_seq);

-- Current content of a zone: one row per owner name (relative to the zone).
create table zone_rule (
  zone_id bigint not null references zone,
  owner text not null,
  rdata text not null,                           -- `.`, `*.`, `rpz-passthru.`, `landing.example.`
  block_id bigint references block,
  serial bigint not null,                        -- serial that added it
  primary key (zone_id, owner)
);
create index zone_rule_block on zone_rule (block_id);

-- The IXFR journal: a projection of `change`.
create table zone_change (
  zone_id bigint not null references zone,
  serial bigint not null,
  n integer not null,
  change_seq bigint not null,
  op text not null check (op in ('add','del')),
  owner text not null,
  rdata text not null,
  ttl integer not null,
  block_id bigint,
  at timestamptz not null,
  primary key (zone_id, serial, n)
);

create table neverblock (
  name text not null,                            -- the name and all below it are protected
  list text not null,                            -- constituency, popular, platform, official, infrastructure
  reason text not null,
  version text not null,
  parents text[] not null,                       -- names that cover this one
  primary key (name, list)
);
create index neverblock_parents on neverblock using gin (parents);
-- A list that is not here is not loaded: publishing stops.
create table neverblock_list (
  list text primary key,
  version text not null,
  sha256 bytea not null,
  size integer not null,
  loaded_at timestamptz not null
);

create table subscriber (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null unique,
  party_id bigint not null references party,
  brand text not null check (brand in ('bind','unbound','pdns','kresd','knot','nsd','windows','pfsense','opnsense','proof')),
  address text not null,                         -- address that transfers come from
  known_by text not null check (known_by in ('tsig','address')),
  relay boolean not null default false,          -- transfers through the NSD relay kit
  mode text not null default 'log-only' check (mode in ('log-only','enforce')),
  canary boolean not null default false,         -- our own: gets batches and cold changes first
  mandatory boolean not null default true,
  notify_address text not null,                  -- host:port for NOTIFY
  probe_address text,                            -- host:port to ask for proof
  probe_via text not null default 'udp' check (probe_via in ('udp','tcp','dot','doh')),
  feed_id bigint not null references feed,       -- its first feed
  created_at timestamptz not null,
  removed_at timestamptz,
  check (known_by = 'tsig' or not relay)
);
-- Two resolvers that are known by one address could not be told apart.
create unique index subscriber_address on subscriber (address, feed_id)
  where known_by = 'address' and removed_at is null;

-- All feeds that a subscriber takes, in the order in which its resolver looks at them.
create table subscription (
  subscriber_id bigint not null references subscriber,
  feed_id bigint not null references feed,
  position integer not null,
  primary key (subscriber_id, feed_id)
);

create table tsig_key (
  id bigint generated always as identity primary key,
  subscriber_id bigint not null references subscriber,
  name text not null unique,
  algorithm text not null check (algorithm in ('hmac-sha256','hmac-sha384','hmac-sha512')),
  secret_sealed bytea not null,
  created_at timestamptz not null,
  revoked_at timestamptz
);

create table endpoint_serial (                   -- what a subscriber is known to hold
  subscriber_id bigint not null references subscriber,
  zone_id bigint not null references zone,
  asked bigint,                                  -- SOA serial in its last IXFR request
  sent bigint,                                   -- serial of the last completed transfer
  notified bigint,                               -- serial of the last answered NOTIFY
  marker bigint,                                 -- serial that its own answer showed
  held_since timestamptz,                        -- when `asked` or `marker` last rose
  at timestamptz not null,
  primary key (subscriber_id, zone_id)
);

-- Signed statement of our own probe, or of a peer, that something was done.
create table receipt (
  id bigint generated always as identity primary key,
  block_id bigint not null references block,
  subscriber_id bigint not null references subscriber,
  kind text not null check (kind in ('block','lift')),
  grade text not null check (grade in ('A','B','C','D')),
  zone_serial bigint not null,
  approved_at timestamptz,
  published_at timestamptz not null,
  blocked_at timestamptz,
  answer bytea,                                  -- the answer in wire form
  signature bytea not null,
  at timestamptz not null,
  unique (block_id, subscriber_id, kind, grade)
);

-- A probe or a collector that runs at a subscriber's; it signs with a key of its own.
create table outpost (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  subscriber_id bigint not null references subscriber,
  name text not null,
  public_key bytea not null,
  enrolled_at timestamptz not null,
  seen_at timestamptz,
  chain bytea,                                   -- hash of its last statement
  removed_at timestamptz
);

-- What resolvers did because of us: counted per rule and minute where it happened, without addresses.
create table hit_minute (
  subscriber_id bigint not null references subscriber,
  zone text not null,
  owner text not null,
  minute timestamptz not null,
  action text not null,
  hits bigint not null,
  clients integer,                               -- estimate; null below five
  block_id bigint references block,
  primary key (subscriber_id, zone, owner, minute, action)
);
create index hit_minute_block on hit_minute (block_id, minute);
create index hit_minute_time on hit_minute (minute);

-- Why a subscriber does not do as it should; open until it does.
create table dns_alert (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  subscriber_id bigint references subscriber,
  block_id bigint references block,
  zone text,
  cause text not null,                           -- a code of `model.dns_alert`
  detail jsonb not null default '{}',
  opened_at timestamptz not null,
  closed_at timestamptz
);
create unique index dns_alert_open on dns_alert (coalesce(subscriber_id, 0), coalesce(block_id, 0), coalesce(zone, ''), cause)
  where closed_at is null;

-- What a subscriber was sent, day by day.
create table usage_day (
  subscriber_id bigint not null references subscriber,
  day date not null,
  full_transfers bigint not null default 0,
  differences bigint not null default 0,
  octets bigint not null default 0,
  notifies bigint not null default 0,
  exports bigint not null default 0,
  primary key (subscriber_id, day)
);

-- Names that must go on resolving everywhere; one that stops turns the last change back.
create table control_name (
  name text primary key,
  country text not null,
  reason text not null
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
  check (approver_id is distinct from proposer_id)
);

-- Four eyes in the database itself: no state of a block that acts on the world, and no record of
-- it in a zone, without the yes of another person.
create function block_needs_approval() returns trigger language plpgsql as $$
begin
  if new.state in ('approved', 'published', 'enforced', 'expiring', 'failed')
     and new.state is distinct from old.state
     and not exists (select from approval a
                     where a.block_id = new.id and a.approves and a.person_id <> new.proposer_id)
  then
    raise exception 'block % has no approval of a second person', new.number
      using errcode = 'check_violation', constraint = 'block_needs_approval';
  end if;
  if new.proposer_id <> old.proposer_id or new.name <> old.name or new.scope <> old.scope then
    raise exception 'block %: proposer, name and scope stay as they were proposed', new.number
      using errcode = 'check_violation', constraint = 'block_is_fixed';
  end if;
  return new;
end $$;
create trigger block_needs_approval before update on block
  for each row execute function block_needs_approval();

create function block_starts_proposed() returns trigger language plpgsql as $$
begin
  if new.state <> 'proposed' then
    raise exception 'a block starts as proposed' using errcode = 'check_violation',
      constraint = 'block_starts_proposed';
  end if;
  return new;
end $$;
create trigger block_starts_proposed before insert on block
  for each row execute function block_starts_proposed();

create function zone_rule_is_admitted() returns trigger language plpgsql as $$
begin
  -- Without a block there are only names let pass, and the test name of each feed.
  if new.rdata <> 'rpz-passthru.' and new.owner !~ '^test\.[a-z0-9-]+\.zvon\.example$'
     and not exists (select from approval a where a.block_id = new.block_id and a.approves)
  then
    raise exception 'rule % has no approved block', new.owner
      using errcode = 'check_violation', constraint = 'zone_rule_is_admitted';
  end if;
  return new;
end $$;
create trigger zone_rule_is_admitted before insert or update on zone_rule
  for each row execute function zone_rule_is_admitted();
create trigger zone_change_is_admitted before insert on zone_change
  for each row when (new.op = 'add') execute function zone_rule_is_admitted();
