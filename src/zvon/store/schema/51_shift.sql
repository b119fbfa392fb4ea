-- One shift to the next, talk about an incident, and situation reports that are made on a schedule.

-- What the outgoing person leaves to the incoming one. The list is made for each reader when it is
-- read; of a handover that was given only which things were on it is kept.
create table handover (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  state text not null default 'draft',
  since timestamptz not null,                    -- when the one before was given
  since_seq bigint not null,                     -- where the change log stood then
  begun_by bigint not null references person,
  begun_at timestamptz not null,
  given_by bigint references person,
  given_at timestamptz,
  given_seq bigint,
  to_person bigint references person,            -- null: whoever comes
  taken_by bigint references person,
  taken_at timestamptz,
  remark text not null default '',               -- of the one who took it
  told_at timestamptz,                           -- when leads were told that nobody took it
  version integer not null default 1,
  check (state in ('draft','given','taken')),
  check ((state = 'draft') = (given_by is null)),
  check ((given_by is null) = (given_at is null) and (given_by is null) = (given_seq is null)),
  check ((state = 'taken') = (taken_by is not null) and (taken_by is null) = (taken_at is null)),
  check (taken_by is null or taken_by <> given_by)
);
create unique index handover_draft on handover ((1)) where state = 'draft';
create index handover_given on handover (given_at desc) where given_at is not null;

-- What people wrote for it: about one thing on the list, about an incident, or about neither.
create table handover_note (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  handover_id bigint not null references handover,
  kind text not null default '',                 -- of the thing on the list
  ref text not null default '',
  incident_id bigint references incident,
  tlp smallint not null default 2 check (tlp between 0 and 3),
  text text not null check (length(text) between 1 and 4000),
  by_person bigint not null references person,
  at timestamptz not null,
  edited_at timestamptz,
  check ((kind = '') = (ref = ''))
);
create index handover_note_of on handover_note (handover_id, id);

create table handover_item (
  handover_id bigint not null references handover on delete cascade,
  kind text not null,
  ref text not null,
  incident_id bigint references incident,
  at timestamptz,
  primary key (handover_id, kind, ref)
);

insert into transition (kind, old, new) values
  ('handover','draft','given'),
  ('handover','given','taken');
create trigger handover_life before insert or update of state on handover
  for each row execute function lifecycle('handover', 'draft');

-- Given is given: another person, signed in, takes it, and nothing of it changes.
create function handover_stays() returns trigger language plpgsql as $$
begin
  if old.state <> 'draft' and (new.given_by, new.given_at, new.given_seq, new.since, new.to_person)
       is distinct from (old.given_by, old.given_at, old.given_seq, old.since, old.to_person) then
    raise check_violation using message = 'a handover that was given stays as it is',
      constraint = 'handover_stays';
  end if;
  if new.state = 'taken' and old.state = 'given' and (new.taken_by is distinct from zvon_viewer(1)
     or exists (select from person p where p.id = new.taken_by and (p.machine or p.disabled))) then
    raise check_violation using message = 'a person takes it, signed in', constraint = 'handover_taken';
  end if;
  return new;
end $$;
create trigger handover_stays before update on handover
  for each row execute function handover_stays();
create function handover_note_stays() returns trigger language plpgsql as $$
begin
  if not exists (select from handover h where h.id = coalesce(new.handover_id, old.handover_id)
                 and h.state = 'draft') and (tg_op <> 'UPDATE' or new.text <> '…') then
    raise check_violation using message = 'the handover was given', constraint = 'handover_stays';
  end if;
  return coalesce(new, old);
end $$;
create trigger handover_note_stays before insert or update or delete on handover_note
  for each row execute function handover_note_stays();

-- What people, and partners in their signed feeds, say about an incident.
create table comment (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  incident_id bigint not null references incident,
  root_id bigint references comment,             -- null: it begins a thread
  by_person bigint references person,            -- null: a partner said it
  origin uuid,                                   -- the node that said and signed it
  group_uuid uuid,                               -- in the feed of which group, at which place
  entry bigint,
  text text not null check (length(text) <= 10000),
  at timestamptz not null,
  edited_at timestamptz,
  gone_at timestamptz,                           -- taken back: a tombstone without its words
  version integer not null default 1,
  check ((by_person is null) = (origin is not null)),
  check ((origin is null) = (group_uuid is null) and (origin is null) = (entry is null)),
  check (gone_at is null or text = '')
);
create index comment_incident on comment (incident_id, id);
create index comment_root on comment (root_id) where root_id is not null;
create index comment_origin on comment (origin, at) where origin is not null;

-- Earlier wordings, the one before a tombstone too.
create table comment_past (
  comment_id bigint not null references comment on delete cascade,
  n integer not null,
  text text not null,
  until timestamptz not null,
  primary key (comment_id, n)
);

-- Whom a record names, for whoever sees the record. Works as `system`, and gives numbers only.
create function zvon_named(of_record bigint) returns bigint[]
language sql stable set zvon.viewer = 'system' as $$
  select array(select a.person_id from record_audience a where a.record_id = of_record)
$$;

create table mention (
  comment_id bigint not null references comment on delete cascade,
  person_id bigint not null references person,
  at timestamptz not null,
  seen_at timestamptz,
  primary key (comment_id, person_id)
);
create index mention_unseen on mention (person_id, at desc) where seen_at is null;

-- What of the talk is meant for a group; it leaves through the gate, let out by a person. `uuid` is
-- its name there, so that two groups cannot be linked by it.
create table comment_share (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  comment_id bigint not null references comment on delete cascade,
  group_uuid uuid not null references share_group,
  asked_for text[] not null default '{}',        -- the partners that were named
  state text not null default 'waiting' check (state in ('waiting','released','dropped','ended')),
  released_by bigint references person,
  released_at timestamptz,
  entry bigint,                                  -- its place in our feed
  said text not null default '',                 -- as it left
  unique (comment_id, group_uuid),
  check ((state in ('released','ended')) = (released_by is not null))
);
create index comment_share_waiting on comment_share (comment_id) where state = 'waiting';
insert into transition (kind, old, new) values
  ('comment_share','waiting','released'),
  ('comment_share','waiting','dropped'),
  ('comment_share','dropped','waiting'),
  ('comment_share','released','ended');
create trigger comment_share_life before insert or update of state on comment_share
  for each row execute function lifecycle('comment_share', 'waiting');

-- Ten minutes to word it better, by the same person; then it stays, or becomes a tombstone.
create function comment_stays() returns trigger language plpgsql as $$
begin
  if (new.uuid, new.incident_id, new.root_id, new.by_person, new.origin, new.group_uuid, new.entry, new.at)
     is distinct from (old.uuid, old.incident_id, old.root_id, old.by_person, old.origin,
                       old.group_uuid, old.entry, old.at) and not (new.incident_id <> old.incident_id
     and (new.uuid, new.by_person, new.origin, new.at) is not distinct from
         (old.uuid, old.by_person, old.origin, old.at)) then
    raise check_violation using message = 'who said it, and when, does not change',
      constraint = 'comment_stays';
  end if;
  if old.gone_at is not null and new.gone_at is null then
    raise check_violation using message = 'it was taken back', constraint = 'comment_stays';
  end if;
  if new.text <> old.text and new.text not in ('', '…') and (new.edited_at is null
     or new.edited_at > old.at + interval '10 minutes'
     or (old.by_person is distinct from zvon_viewer(1) and not zvon_system())) then
    raise check_violation using message = 'a comment is changed by its author within ten minutes',
      constraint = 'comment_stays';
  end if;
  return new;
end $$;
create trigger comment_stays before update on comment
  for each row execute function comment_stays();

-- Situation reports that are made again and again: for whom, in which form, and who gets them.
create table situation_job (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null check (length(name) between 1 and 200),
  audience text not null check (audience in ('analyst','management','authority','public')),
  lang text not null check (lang in ('sl','hr','en')),
  form text not null check (form in ('html','md','pdf','docx','json')),
  every text not null check (every in ('week','month','quarter')),
  zone text not null default 'UTC',              -- whose midnights the periods end at (IANA name)
  next_at timestamptz not null,                  -- the end of the period that is reported next
  paused boolean not null default false,
  made_by bigint not null references person,     -- it holds what this person may see
  made_at timestamptz not null,
  last_at timestamptz,
  problem text not null default '',              -- why it paused itself
  ended_at timestamptz,
  version integer not null default 1
);
create index situation_job_due on situation_job (next_at) where not paused and ended_at is null;
create table situation_receiver (
  job_id bigint not null references situation_job on delete cascade,
  person_id bigint references person,
  contact_id bigint references contact,
  check ((person_id is null) <> (contact_id is null)),
  unique nulls not distinct (job_id, person_id, contact_id)
);

-- A report as it was made: its facts, and their hash.
create table situation_made (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  job_id bigint not null references situation_job,
  since timestamptz not null,
  until timestamptz not null,
  tlp smallint not null check (tlp between 0 and 3),
  facts text not null,                           -- JSON, byte for byte as it was hashed
  sha256 bytea not null check (sha256 = sha256(convert_to(facts, 'UTF8'))),
  made_at timestamptz not null,
  unique (job_id, until)
);
create table situation_sent (
  made_id bigint not null references situation_made on delete cascade,
  person_id bigint references person,
  contact_id bigint references contact,
  message_uuid uuid,                             -- the letter to a contact
  seen_at timestamptz,                           -- by a person
  check ((person_id is null) <> (contact_id is null)),
  check ((contact_id is null) = (message_uuid is null)),
  unique nulls not distinct (made_id, person_id, contact_id)
);
create index situation_sent_to on situation_sent (person_id) where seen_at is null;
