-- Mail in and out: threads, messages, who is written to, grouped notices, and templates.

-- Who is written to: constituents first, then registrars, hosts, registries and CERTs.
create table contact (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null check (length(name) between 1 and 200),
  kind text not null check (kind in
    ('constituent','provider','registrar','registry','cert','bank','duty','other')),
  address text not null check (length(address) between 3 and 254),
  lang text not null check (lang in ('sl','hr','en')),
  country text check (country ~ '^[A-Z]{2}$'),
  sector text not null default '',
  channel text not null default 'mail' check (channel in ('mail','xarf')),
  every_s integer not null default 86400 check (every_s between 0 and 2678400),
  tlp smallint not null default 1 check (tlp between 0 and 3), -- the strictest that they may read
  pgp_cert bytea,
  smime_cert bytea,
  encrypt boolean not null default false,        -- never write to them in the clear
  source text not null default 'own',            -- own, file, rdap, rir: who named the address
  state text not null default 'active' check (state in ('active','bounced','ended')),
  bounced_at timestamptz,
  bounced_why text not null default '',
  party_id bigint references party,
  version integer not null default 1,
  made_at timestamptz not null,
  changed_at timestamptz not null
);
create unique index contact_address on contact (lower(address), kind) where state <> 'ended';

create table contact_network (
  contact_id bigint not null references contact on delete cascade,
  network cidr not null,
  primary key (contact_id, network)
);
create index contact_network_in on contact_network using gist (network inet_ops);
create table contact_domain (
  contact_id bigint not null references contact on delete cascade,
  name text not null,                            -- A-labels; everything below it is theirs too
  primary key (contact_id, name)
);
create index contact_domain_name on contact_domain (name);
-- Classes of notices that they do not want; without a row they get the class.
create table contact_feed (
  contact_id bigint not null references contact on delete cascade,
  class text not null,
  wanted boolean not null,
  primary key (contact_id, class)
);

-- Whom others name for a domain or an address, kept so that it works without the network.
create table abuse_contact (
  subject text not null,                         -- a registered domain, or a network
  network cidr,                                  -- the same as a network, where it is one
  source text not null check (source in ('rdap','rir')),
  address text not null,
  name text not null default '',
  seen_at timestamptz not null,
  primary key (subject, source)
);
create index abuse_contact_in on abuse_contact using gist (network inet_ops);

create table thread (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  ref text not null unique,                      -- with its code it is the token in our addresses
  incident_id bigint references incident,
  record_id bigint references record,            -- of the incident or report; marks who may see it
  subject text not null default '',
  made_at timestamptz not null,
  last_at timestamptz not null
);
create index thread_incident on thread (incident_id, last_at desc) where incident_id is not null;

create table message_template (
  id bigint generated always as identity primary key,
  code text not null,
  lang text not null check (lang in ('sl','hr','en')),
  version integer not null,
  subject text not null,
  body text not null,
  by_person bigint references person,
  at timestamptz not null,
  unique (code, lang, version)
);

create table message (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  direction text not null check (direction in ('in','out')),
  state text not null,
  thread_id bigint references thread,
  record_id bigint references record,            -- as of its thread
  contact_id bigint references contact,
  message_id text not null default '',           -- Message-ID, with its brackets
  in_reply_to text not null default '',
  sender text not null default '',
  sender_name text not null default '',
  recipients text[] not null default '{}',
  subject text not null default '',
  text text not null default '',                 -- as written, as sent, or as read from what came
  lang text not null default 'en',
  tlp smallint not null default 2 check (tlp between 0 and 4),
  -- Whether the sender is who he says: signed, authenticated (his domain vouches), claimed (only the
  -- address fits), stranger, disowned (his domain denies it). Only the first two change anything.
  trust text not null default '' check (trust in
    ('','signed','authenticated','claimed','stranger','disowned')),
  machine text not null default '' check (machine in ('','auto','list','bounce','complaint')),
  protection text not null default '' check (protection in
    ('','pgp_signed','pgp_encrypted','pgp_both','smime_signed')),
  signature text not null default '' check (signature in ('','good','unknown','bad')),
  signer text not null default '',               -- fingerprint
  found_by text not null default '',             -- how its thread was found
  reason text not null default '',               -- why it is quarantined, held or failed
  raw_sha256 bytea,
  files jsonb not null default '[]',             -- [{name, media_type, size, sha256}], packed
  said jsonb not null default '{}',              -- authentication and X-ARF reports, as they were read
  template text not null default '',
  wording text not null default '',              -- the template as it was sent: code, language, version
  fields jsonb not null default '{}',            -- what the template is filled with, as it was before the gate
  takedown_id bigint references takedown,        -- whose archive is attached
  verdicts jsonb not null default '{}',          -- a person's word on places that the gate asks about
  remind boolean not null default false,
  reminders smallint not null default 0,
  once text unique,                              -- what it is sent for; a second one is the same one
  attempts integer not null default 0,
  next_at timestamptz,
  by_login text not null default 'system',
  at timestamptz not null,
  sent_at timestamptz,
  ended_at timestamptz,
  version integer not null default 1
);
create unique index message_id_out on message (message_id) where direction = 'out' and message_id <> '';
create index message_thread on message (thread_id, at);
create index message_due on message (next_at) where direction = 'out' and state in ('queued','sending');
create index message_open on message (at desc) where state in
  ('unthreaded','quarantined','held','unsure','bounced','failed');
create index message_from on message (lower(sender), at desc) where direction = 'in';
create unique index message_came on message (raw_sha256) where direction = 'in';

-- What became of the page that a package is about: when a look was last asked for, and since when
-- the page is gone. While it is gone nobody is reminded.
alter table takedown add column look_asked_at timestamptz, add column gone_at timestamptz;
create index message_takedown on message (takedown_id) where takedown_id is not null;

-- Each try to hand a message over. `handed` is written before the last step: a try that ends between
-- it and `ended_at` may have arrived, and is never repeated by itself.
create table message_attempt (
  message_id bigint not null references message on delete cascade,
  n integer not null,
  begun_at timestamptz not null,
  handed_at timestamptz,
  ended_at timestamptz,
  code integer,
  answer text not null default '',
  primary key (message_id, n)
);

-- One thing that a contact is told, once: the same fact again only moves `last_at`.
create table notice (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  contact_id bigint not null references contact,
  class text not null,
  state text not null default 'gathering',
  first_at timestamptz not null,
  last_at timestamptz not null,
  message_id bigint references message,
  version integer not null default 1
);
create unique index notice_open on notice (contact_id, class) where state in ('gathering','review');
create table notice_fact (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contact,
  class text not null,
  value text not null,                           -- what of theirs it is about
  type text not null,
  incident_id bigint references incident,
  notice_id bigint references notice,
  count bigint not null default 1,
  first_at timestamptz not null,
  last_at timestamptz not null,
  unique (contact_id, class, value)
);
create index notice_fact_of on notice_fact (notice_id);
-- A person looked at the first message of a class to a contact; from then on they go by themselves.
create table notice_consent (
  contact_id bigint not null references contact on delete cascade,
  class text not null,
  template text not null,
  by_person bigint not null references person,
  at timestamptz not null,
  primary key (contact_id, class, template)
);

-- Our keys for signing and reading mail; the secret is sealed with the node key.
create table message_key (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  kind text not null check (kind in ('pgp','smime')),
  public bytea not null,
  sealed bytea not null,
  fingerprint text not null,
  made_at timestamptz not null,
  ended_at timestamptz
);
create unique index message_key_now on message_key (kind) where ended_at is null;

insert into transition (kind, old, new) values
  ('message','draft','queued'),
  ('message','draft','cancelled'),
  ('message','queued','sending'),
  ('message','queued','held'),
  ('message','queued','failed'),
  ('message','queued','cancelled'),
  ('message','sending','queued'),
  ('message','sending','sent'),
  ('message','sending','held'),
  ('message','sending','failed'),
  ('message','sending','bounced'),
  ('message','sending','unsure'),
  ('message','held','queued'),
  ('message','held','cancelled'),
  ('message','unsure','queued'),
  ('message','unsure','sent'),
  ('message','unsure','delivered'),
  ('message','unsure','bounced'),
  ('message','sent','delivered'),
  ('message','sent','bounced'),
  ('message','delivered','bounced'),
  ('message','failed','queued'),
  ('message','failed','cancelled'),
  ('message','received','threaded'),
  ('message','received','unthreaded'),
  ('message','received','quarantined'),
  ('message','threaded','handled'),
  ('message','unthreaded','threaded'),
  ('message','unthreaded','handled'),
  ('message','quarantined','unthreaded'),
  ('message','quarantined','handled'),
  ('notice','gathering','review'),
  ('notice','gathering','sent'),
  ('notice','gathering','dropped'),
  ('notice','review','sent'),
  ('notice','review','dropped'),
  ('notice','sent','answered'),
  ('notice','sent','closed'),
  ('notice','answered','closed');
create trigger message_life before insert or update of state on message
  for each row execute function lifecycle('message', 'draft queued received');
create trigger notice_life before insert or update of state on notice
  for each row execute function lifecycle('notice', 'gathering');

-- What was handed over stays as it was.
create function message_as_sent() returns trigger language plpgsql as $$
begin
  if old.direction = 'out' and old.state in ('sent','delivered','bounced','unsure')
     and new.text <> '' and (new.text, new.subject, new.recipients) is distinct from
         (old.text, old.subject, old.recipients) then
    raise check_violation using message = 'a message that was sent stays as it was sent';
  end if;
  return new;
end $$;
create trigger message_as_sent before update of text, subject, recipients on message
  for each row execute function message_as_sent();
