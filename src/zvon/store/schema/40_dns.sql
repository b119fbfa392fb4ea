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
  frozen_reason text,
  filled_to bigint,                              -- last block that was compared with the view; null: all
  held jsonb,                                    -- a change of the view that a second person has to confirm
  held_by bigint references person,
  held_at timestamptz,
  removed_at timestamptz,
  check (removed_at is null or not own),
  check ((held is null) = (held_by is null))
);

-- `model.view.takes` in SQL: does the view take a decision?
create function feed_takes(view jsonb, country text, category text, source text, confidence real,
                           trigger text, feed text) returns boolean language sql immutable as $$
  select (coalesce(jsonb_array_length(view->'countries'), 0) = 0 or view->'countries' ? country)
     and (coalesce(jsonb_array_length(view->'categories'), 0) = 0 or view->'categories' ? category)
     and (coalesce(jsonb_array_length(view->'sources'), 0) = 0 or view->'sources' ? source)
     and (coalesce(jsonb_array_length(view->'triggers'), 0) = 0 or view->'triggers' ? trigger)
     and (coalesce(jsonb_array_length(view->'feeds'), 0) = 0 or view->'feeds' ? feed)
     -- `real` to `numeric` gives the digits that were written, to `float8` it does not
     and confidence::numeric >= coalesce((view->>'min_confidence')::numeric, 0)
$$;

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
  -- Said and its copy awaited, confirmed in writing, blocks rest on it, over, or no copy came.
  state text not null check (state in ('announced','confirmed','in_force','ended','lapsed')),
  legal_ground text not null check (length(legal_ground) >= 3),
  received_at timestamptz not null,
  written_due timestamptz,                       -- an oral order needs its written copy until then
  written_at timestamptz,
  document_sha256 bytea,
  expires_at timestamptz not null,
  alarmed_at timestamptz,                        -- when it was said that the copy is missing
  person_id bigint not null references person,
  check (expires_at > received_at),
  check (kind = 'oral' or document_sha256 is not null),
  check (kind = 'written' or written_due is not null),
  check ((written_at is null) = (document_sha256 is null))
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
  advice text check (advice in ('renew','lift','look')),  -- what the last look says to a person
  advice_facts jsonb not null default '{}',
  advised_at timestamptz,
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
create unique index block_live on block (trigger, name, feed_id)
  where state in ('proposed','validated','approved','published','enforced','expiring','held','disputed','failed');

-- What stands in the zones, by name and by the names above it.
create index block_name on block (name) where published_at is not null and lifted_at is null;
create index block_below on block (reverse(name) collate "C")
  where published_at is not null and lifted_at is null;

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
  alarmed_at timestamptz,                        -- when it was said that it is overdue
  decided_by bigint references person,
  decided_at timestamptz,
  reason text not null default ''
);
create index appeal_open on appeal (due_at) where state = 'open';

-- An address that must not be opened where its name may not be blocked: for proxies and browsers.
-- `added_seq` and `removed_seq` are numbers of `change`, so that a client can ask what is new.
create sequence url_number;
create table url_rule (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,                   -- U-26-000001
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
  legal_ground text not null check (length(legal_ground) >= 3),
  state text not null default 'proposed' check (state in ('proposed','published','rejected','lifted')),
  proposed_at timestamptz not null,
  published_at timestamptz,
  expires_at timestamptz not null,
  lifted_at timestamptz,
  lift_reason text,
  retest_at timestamptz,                         -- when to look again whether the page is still bad
  gone_since timestamptz,                        -- it was not there the last times we looked
  added_seq bigint,
  removed_seq bigint,
  check (approver_id is distinct from proposer_id),
  check (state <> 'published' or approver_id is not null)
);
create unique index url_rule_live on url_rule (url, feed_id) where state in ('proposed','published');
create index url_rule_feed on url_rule (feed_id, state, added_seq);
create index url_rule_added on url_rule (feed_id, added_seq);
create index url_rule_removed on url_rule (feed_id, removed_seq);
create index url_rule_due on url_rule (expires_at) where state in ('proposed','published');

-- A letter to the owner or the provider of a page, ready for a person to send; nothing sends it.
create table url_notice (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  rule_id bigint not null references url_rule,
  lang text not null check (lang in ('sl','hr','en')),
  recipient text,                                -- null: nobody is known, a person has to look
  subject text not null,
  body text not null,
  made_at timestamptz not null,
  sent_at timestamptz,
  sent_by bigint references person,
  unique (rule_id, lang)
);

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
create index zone_rule_passing on zone_rule (zone_id)
  where rdata = 'rpz-passthru.' and block_id is not null;

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
create index zone_change_seq on zone_change (zone_id, change_seq);
create index zone_change_owner on zone_change (owner, zone_id);

create table subscriber (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null unique,
  party_id bigint not null references party,
  brand text not null check (brand in ('bind','unbound','pdns','kresd','knot','nsd','windows','pfsense','opnsense','proof')),
  address text not null,                         -- address that transfers come from
  known_by text not null check (known_by in ('tsig','address','export')),  -- export: no transfers
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

-- The machine account with which a subscriber fetches lists over HTTPS.
create table subscriber_account (
  person_id bigint primary key references person,
  subscriber_id bigint not null unique references subscriber
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

-- RFC 1982: serial `a` comes before `b`; null when either is unknown.
create function serial_older(a bigint, b bigint) returns boolean language sql immutable as $$
  select a <> b and ((b - a) & 4294967295) < 2147483648
$$;

create table endpoint_serial (                   -- what a subscriber is known to hold
  subscriber_id bigint not null references subscriber,
  zone_id bigint not null references zone,
  asked bigint,                                  -- SOA serial in its last IXFR request
  sent bigint,                                   -- serial of the last completed transfer
  notified bigint,                               -- serial of the last answered NOTIFY
  marker bigint,                                 -- serial that its own answer showed
  shown_since timestamptz,                       -- when `asked` or `marker` last changed
  held bigint,                                   -- an earlier serial that it showed
  held_since timestamptz,                        -- when it first showed `held`
  settled bigint,                                -- a serial that it has held for long enough to obey it
  at timestamptz not null,
  primary key (subscriber_id, zone_id)
);

-- A probe or a collector that runs at a subscriber's; it signs with a key of its own. Until it has
-- enrolled it has none, only a token that works once.
create table outpost (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  subscriber_id bigint not null references subscriber,
  name text not null,
  token_sha256 bytea unique,
  token_until timestamptz,
  public_key bytea unique check (length(public_key) = 32),
  created_at timestamptz not null,
  enrolled_at timestamptz,
  seen_at timestamptz,
  removed_at timestamptz,
  check ((public_key is null) = (enrolled_at is null))
);

-- Signed statement of our own probe, or of an outpost, that a resolver answered as ordered. The
-- statements of one prober are numbered and chained by hash.
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
  evidence text not null check (evidence in ('policy','extended','local','changed','answer')),
  existed_before boolean,                        -- the name had an address here; null: nobody asked
  control text not null,                         -- the name that resolved in the same round
  sample integer not null default 0,             -- names asked for a batch; 0: asked itself
  answer bytea,                                  -- the answer in wire form
  prober text not null,                          -- `node`, or the identifier of an outpost
  n bigint not null,
  statement bytea not null,                      -- the octets that are signed
  signature bytea not null,
  hash bytea not null,
  at timestamptz not null,
  unique (block_id, subscriber_id, kind, grade),
  unique (prober, n)
);
create table receipt_chain (                     -- where the chain of a prober ends
  prober text primary key,
  n bigint not null,
  hash bytea not null
);

-- Whether a resolver gave the name of a proposed block an address before it was published.
create table block_before (
  block_id bigint not null references block,
  subscriber_id bigint not null references subscriber,
  existed boolean not null,
  at timestamptz not null,
  primary key (block_id, subscriber_id)
);

-- The last batch of hits that was taken of a collector's spool.
create table outpost_spool (
  outpost_id bigint not null references outpost,
  spool uuid not null,
  n bigint not null,
  lost bigint not null default 0,                -- hits that the collector had no room for
  primary key (outpost_id, spool)
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

-- Four eyes in the database itself: no state of a block that acts on the world, and no record of
-- it in a zone, without the yes of another person.
--
-- One case goes without: a trusted partner's word alone, for an hour, for a host in an attack on a
-- brand of its own. Such a block says from the start when it ends (`confirm_by`); the time can only
-- be taken away, by a second person's yes or with the end of the block.
create function block_is_partners_own(b block) returns boolean language sql stable
set zvon.viewer = 'system' as $$
  select b.confirm_by is not null and b.published_at is not null
     and b.confirm_by > b.published_at and b.confirm_by <= b.published_at + interval '60 minutes'
     and b.expires_at <= b.confirm_by
     and b.trigger = 'qname' and b.scope = 'host' and b.order_id is null
     and exists (select from person p
                 join party y on y.id = p.party_id and y.kind in ('bank','post')
                 join incident i on i.id = b.incident_id and i.brand = any (y.brands)
                 join incident_name n on n.incident_id = i.id and n.name = b.name
                                      and n.scope <> 'none'
                 where p.id = b.proposer_id and not p.machine and not p.disabled)
$$;

-- When a domain was registered, for whoever may not read the operator's evidence of it.
create function domain_registered(of_digest bytea, at timestamptz) returns text language sql stable
set zvon.viewer = 'system' as $$
  select e.value from evidence e join observable o on o.id = e.observable_id
  where o.digest = of_digest and e.code = 'rdap.registered'
    and (e.expires_at is null or e.expires_at > at)
  order by e.seen_at desc limit 1
$$;

create function block_needs_approval() returns trigger language plpgsql as $$
declare
  approved constant boolean := exists (
    select from approval a
    where a.block_id = new.id and a.approves and a.person_id <> new.proposer_id);
begin
  if new.state in ('approved', 'published', 'enforced', 'expiring', 'failed', 'disputed')
     and new.state is distinct from old.state and not approved
     and not (new.state = 'disputed' and new.published_at is null)
     and (new.state = 'approved' or not block_is_partners_own(new))
  then
    raise exception 'block % has no approval of a second person', new.number
      using errcode = 'check_violation', constraint = 'block_needs_approval';
  end if;
  if new.proposer_id <> old.proposer_id or new.name <> old.name or new.scope <> old.scope
     or new.trigger <> old.trigger or new.incident_id is distinct from old.incident_id then
    raise exception 'block %: proposer, name, scope and incident stay as they were proposed', new.number
      using errcode = 'check_violation', constraint = 'block_is_fixed';
  end if;
  if old.published_at is not null and new.published_at is distinct from old.published_at then
    raise exception 'block %: it was published once', new.number
      using errcode = 'check_violation', constraint = 'block_is_fixed';
  end if;
  if new.confirm_by is distinct from old.confirm_by and not (
       new.confirm_by is null
       and (approved or old.published_at is null
            or new.state in ('lifted', 'rejected', 'withdrawn'))) then
    raise exception 'block %: the time to confirm it can only be taken away', new.number
      using errcode = 'check_violation', constraint = 'block_needs_confirmation';
  end if;
  if new.confirm_by is not null and new.expires_at > new.confirm_by then
    raise exception 'block %: it ends when nobody has confirmed it', new.number
      using errcode = 'check_violation', constraint = 'block_needs_confirmation';
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
  -- Without a block there are only names let pass, the test name of each feed, and names of ours
  -- with which the speed of a resolver is measured.
  if new.rdata <> 'rpz-passthru.'
     and new.owner !~ '^(test|\*\.c[0-9]+\.check)\.[a-z0-9-]+\.zvon\.example$'
     and not exists (select from approval a where a.block_id = new.block_id and a.approves)
     and not exists (select from block b where b.id = new.block_id and block_is_partners_own(b)
                       and b.state in ('published','enforced','expiring','failed','disputed'))
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
