-- What the law asks for and until when: rule packs, obligations, their steps, what was sent.

create sequence obligation_number;

-- Every version of a pack as its file was written. Two people make one active; what runs keeps its
-- own version whatever becomes of it.
create table rule_pack (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  pack text not null,                            -- nis2-entity-si
  version text not null,
  country text not null,
  side text not null check (side in ('entity','csirt','spoc','operator')),
  body text not null,
  sha256 text not null,
  state text not null default 'loaded' check (state in ('loaded','proposed','active','retired')),
  disabled text not null default '',             -- why nobody can make it active
  checked_by text not null default '',           -- the lawyer who read it; empty is said everywhere
  signed_by bigint references person,            -- who wrote that down
  signed_at timestamptz,
  proposer_id bigint references person,
  proposed_at timestamptz,
  approver_id bigint references person,
  approved_at timestamptz,
  reason text not null default '',
  loaded_at timestamptz not null,
  unique (pack, version),
  check (approver_id is distinct from proposer_id or approver_id is null),
  check (state <> 'active' or (approver_id is not null and disabled = '')),
  check ((signed_by is null) = (signed_at is null))
);
create unique index rule_pack_active on rule_pack (pack) where state = 'active';

create table obligation_form (
  key text primary key,                          -- nis2-notification@1
  body text not null,
  sha256 text not null,
  loaded_at timestamptz not null
);

create table obligation (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,                   -- N-26-000001
  incident_id bigint references incident,        -- null: of no incident, as the summary of a quarter
  pack_id bigint not null references rule_pack,  -- pinned
  entity text not null check (length(entity) between 1 and 300),
  entity_kind text not null default '',
  started_by text not null,
  started_at timestamptz not null,
  key text unique,                               -- a run starts the same one once
  closed_at timestamptz,
  closed_reason text not null default '',
  version integer not null default 1
);
create index obligation_incident on obligation (incident_id);
create index obligation_open on obligation (id) where closed_at is null;

-- What happened to it: a request of the authority, receipt of an early warning, a decision.
create table obligation_event (
  id bigint generated always as identity primary key,
  obligation_id bigint not null references obligation,
  kind text not null check (length(kind) between 3 and 100),
  at timestamptz not null,
  due_at timestamptz,
  note text not null default '',
  by_login text not null,
  noted_at timestamptz not null,
  unique (obligation_id, kind, at)
);

create table obligation_step (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  obligation_id bigint not null references obligation,
  step text not null,
  n integer not null default 1 check (n between 1 and 1000),
  state text not null default 'not_due',
  start_at timestamptz,                          -- what it runs from
  started_by text not null default '',
  due_at timestamptz,                            -- the strict date
  extended_at timestamptz,                       -- the next working day, for information
  rest_day text not null default '',
  notes text[] not null default '{}',
  urgent boolean not null default false,         -- without delay: no date
  provisional boolean not null default false,
  why text not null default '',                  -- why it is not due
  late boolean not null default false,           -- a flag: it blocks nothing and stays
  form text not null default '',
  fields jsonb not null default '{}',            -- {field: {state, value, source}}
  four_eyes boolean not null default true,
  drafted_by bigint references person,           -- who last changed the draft
  drafted_at timestamptz,
  review_at timestamptz,
  submitted_by bigint references person,
  submitted_at timestamptz,
  accepted_at timestamptz,
  na_reason text not null default '',
  na_asked_by bigint references person,
  na_asked_at timestamptz,
  na_by bigint references person,
  na_at timestamptz,
  version integer not null default 1,
  unique (obligation_id, step, n),
  check (na_by is null or na_by is distinct from na_asked_by),
  check (state <> 'not_applicable' or (na_by is not null and length(na_reason) >= 3)),
  check (state not in ('submitted','accepted') or (submitted_at is not null and submitted_by is not null)),
  check (not four_eyes or submitted_by is null or submitted_by is distinct from drafted_by)
);
create index obligation_step_due on obligation_step (due_at)
  where state in ('not_due','armed','drafting','in_review');

-- What was sent: to whom, when, how, the proof of it, and exactly which fields. Only grows.
create table obligation_submission (
  id bigint generated always as identity primary key,
  step_id bigint not null references obligation_step,
  sent_at timestamptz not null,
  recipient text not null,
  way text not null check (way in ('mail','file','portal','phone','other')),
  receipt text not null default '',              -- their number, a Message-ID
  receipt_at timestamptz,
  message uuid,                                  -- our own message, when we sent it ourselves
  body jsonb not null,
  sha256 text not null,                          -- of `body` in its canonical form
  late boolean not null,
  person_id bigint not null references person,
  at timestamptz not null
);
create index obligation_submission_step on obligation_submission (step_id);

-- Said once for each part of the time that is gone.
create table obligation_alarm (
  step_id bigint not null references obligation_step,
  percent integer not null,
  due_at timestamptz not null,
  audience text not null,                        -- owner, or a role
  at timestamptz not null,
  seen_by bigint references person,
  seen_at timestamptz,
  primary key (step_id, percent, due_at)
);

-- Said once for each length before the deadline that the rules name.
create table obligation_reminder (
  step_id bigint not null references obligation_step,
  before text not null,                          -- PT12H
  due_at timestamptz not null,
  at timestamptz not null,
  primary key (step_id, before, due_at)
);

-- Facts about an incident that rules ask for; the newest of a name counts.
create table incident_fact (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incident,
  name text not null check (length(name) between 1 and 64),
  value jsonb,                                   -- null: taken back, unknown again
  source text not null,
  by_login text not null,
  at timestamptz not null
);
create index incident_fact_incident on incident_fact (incident_id, name, id desc);

-- Why a feed may block and not only log (Regulation (EU) 2015/2120, Article 3(3)(b)).
create table feed_justification (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  feed_id bigint not null references feed,
  body jsonb not null,                           -- the fields of `model.justification`
  measured jsonb not null default '{}',          -- numbers of this node when it was written
  review_on date not null,
  proposer_id bigint not null references person,
  proposed_at timestamptz not null,
  approver_id bigint references person,
  approved_at timestamptz,
  ended_at timestamptz,
  check (approver_id is distinct from proposer_id or approver_id is null),
  check ((approver_id is null) = (approved_at is null))
);
create unique index feed_justification_holds on feed_justification (feed_id)
  where approved_at is not null and ended_at is null;

insert into transition (kind, old, new) values
  ('rule_pack','loaded','proposed'),
  ('rule_pack','loaded','retired'),
  ('rule_pack','proposed','loaded'),
  ('rule_pack','proposed','active'),
  ('rule_pack','active','retired'),
  ('rule_pack','retired','proposed'),
  ('obligation_step','not_due','armed'),
  ('obligation_step','not_due','not_applicable'),
  ('obligation_step','armed','not_due'),
  ('obligation_step','armed','drafting'),
  ('obligation_step','armed','not_applicable'),
  ('obligation_step','drafting','armed'),
  ('obligation_step','drafting','in_review'),
  ('obligation_step','drafting','not_applicable'),
  ('obligation_step','in_review','drafting'),
  ('obligation_step','in_review','submitted'),
  ('obligation_step','in_review','not_applicable'),
  ('obligation_step','submitted','accepted'),
  ('obligation_step','not_applicable','armed'),
  ('obligation_step','not_applicable','not_due'),
  ('order','announced','confirmed'),
  ('order','announced','lapsed'),
  ('order','announced','ended'),
  ('order','confirmed','in_force'),
  ('order','confirmed','ended'),
  ('order','in_force','ended'),
  ('order','lapsed','confirmed'),
  ('order','lapsed','ended');

create trigger rule_pack_life before insert or update of state on rule_pack
  for each row execute function lifecycle('rule_pack', 'loaded');
create trigger obligation_step_life before insert or update of state on obligation_step
  for each row execute function lifecycle('obligation_step', 'not_due armed');
create trigger authority_order_life before insert or update of state on authority_order
  for each row execute function lifecycle('order', 'announced confirmed in_force');

-- What is written of a version, of a started obligation and of what was sent does not change.
create function rule_pack_fixed() returns trigger language plpgsql as $$
begin
  if (new.body, new.sha256, new.pack, new.version, new.disabled)
       is distinct from (old.body, old.sha256, old.pack, old.version, old.disabled) then
    raise exception 'a version of a rule pack does not change' using errcode = 'ZV020';
  end if;
  return new;
end $$;
create trigger rule_pack_fixed before update on rule_pack
  for each row execute function rule_pack_fixed();

create function obligation_step_fixed() returns trigger language plpgsql as $$
begin
  if old.submitted_at is not null
     -- Only a purge of ours empties the fields; their hash stays with the proof.
     and (case when zvon_system() and new.fields = '{}' then old.fields else new.fields end, new.submitted_at, new.submitted_by, new.due_at, new.late)
       is distinct from (old.fields, old.submitted_at, old.submitted_by, old.due_at, old.late) then
    raise exception 'what was sent does not change' using errcode = 'ZV020';
  end if;
  return new;
end $$;
create trigger obligation_step_fixed before update on obligation_step
  for each row execute function obligation_step_fixed();

-- A resolver does not go from logging to blocking while a feed that it takes is not justified.
create function subscriber_justified() returns trigger language plpgsql as $$
declare unjustified text;
begin
  if new.mode = 'enforce' and old.mode = 'log-only' then
    select string_agg(f.name, ', ' order by f.name) into unjustified
    from subscription s join feed f on f.id = s.feed_id
    where s.subscriber_id = new.id and not exists (
      select from feed_justification j
      where j.feed_id = f.id and j.approved_at is not null and j.ended_at is null);
    if unjustified is not null then
      raise exception '%: no justification of the feed %', new.name, unjustified
        using errcode = 'ZV021';
    end if;
  end if;
  return new;
end $$;
create trigger subscriber_justified before update of mode on subscriber
  for each row execute function subscriber_justified();

-- One that blocks takes no further feed, and is not made with one, that is not justified.
create function subscription_justified() returns trigger language plpgsql as $$
declare unjustified text;
begin
  select u.name || ': no justification of the feed ' || f.name into unjustified
  from subscription s join subscriber u on u.id = s.subscriber_id join feed f on f.id = s.feed_id
  where s.subscriber_id = new.subscriber_id and s.feed_id = new.feed_id
    and u.mode = 'enforce' and u.removed_at is null and not exists (
      select from feed_justification j
      where j.feed_id = f.id and j.approved_at is not null and j.ended_at is null);
  if unjustified is not null then
    raise exception '%', unjustified using errcode = 'ZV021';
  end if;
  return null;
end $$;
create constraint trigger subscription_justified after insert on subscription
  deferrable initially deferred for each row execute function subscription_justified();
