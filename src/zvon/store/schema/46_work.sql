-- Work on an incident: what it was, its times, the second person, tasks, and exhibits with custody.

create sequence exhibit_number;
create sequence task_number;

-- What people (and machines) say that an incident was. The current one is derived, by a trigger.
create table alert_verdict (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  incident_id bigint not null references incident,
  value text not null check (value in
    ('true_positive','benign_positive','false_positive','duplicate','undetermined')),
  confidence double precision check (confidence between 0 and 1),
  reason text not null default '',
  duplicate_of bigint references incident,
  by_person bigint references person,            -- null: a machine
  decision_id bigint references incident_decision, -- undone with it
  at timestamptz not null,
  undone_at timestamptz,
  check ((value = 'duplicate') = (duplicate_of is not null))
);
create index alert_verdict_incident on alert_verdict (incident_id, id desc);

-- The last word of a person that stands; without one the last of a machine.
create function alert_verdict_counts() returns trigger language plpgsql as $$
begin
  update incident set alert_verdict = (
    select v.value from alert_verdict v where v.incident_id = new.incident_id and v.undone_at is null
    order by (v.by_person is not null) desc, v.id desc limit 1)
  where id = new.incident_id;
  return null;
end $$;
create trigger alert_verdict_counts after insert or update of undone_at on alert_verdict
  for each row execute function alert_verdict_counts();

-- When what happened to an incident: the newest row of each counts, the older ones are its past.
create table incident_time (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incident,
  what text not null check (what in ('occurred','detected','reported','acknowledged','assessed',
                                     'aware','contained','resolved')),
  at timestamptz not null,
  precision text not null default 'exact' check (precision in ('exact','about','before')),
  source text not null,                          -- person, state, report, alert, verdict, owner, run, …
  reason text not null default '',
  by_person bigint references person,
  set_at timestamptz not null
);
create index incident_time_incident on incident_time (incident_id, what, id desc);

-- What one person alone may not do: asked by one, answered by another.
create table countersign (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  incident_id bigint not null references incident,
  act text not null check (act in ('close','severity','aware')),
  body jsonb not null,                           -- what will be done: {"from": …, "to": …}
  reason text not null,
  asked_by bigint not null references person,
  asked_at timestamptz not null,
  version integer not null,                      -- of the incident: at the question, then at the answer
  person_id bigint references person,
  agrees boolean,
  answer text not null default '',
  at timestamptz,
  check (person_id is null or person_id <> asked_by or not agrees),
  check ((agrees is null) = (person_id is null) and (agrees is null) = (at is null))
);
create unique index countersign_open on countersign (incident_id, act) where agrees is null;

-- The answer is of the person who is signed in, who is no machine, and it is given once.
create function countersign_eyes() returns trigger language plpgsql as $$
begin
  if old.agrees is not null then
    raise exception 'it was answered already' using errcode = 'ZV010';
  end if;
  if (new.asked_by, new.act, new.body, new.incident_id)
     is distinct from (old.asked_by, old.act, old.body, old.incident_id) then
    raise exception 'what was asked is frozen' using errcode = 'ZV010';
  end if;
  if new.agrees and (new.person_id is distinct from zvon_viewer(1)
     or exists (select from person p where p.id = new.person_id and (p.machine or p.disabled))) then
    raise exception 'a second person has to agree, signed in' using errcode = 'ZV010';
  end if;
  return new;
end $$;
create trigger countersign_eyes before update on countersign
  for each row execute function countersign_eyes();

-- An unanswered question stands while what it is about is as it was when it was asked: for closing
-- that is the whole incident, else the value that would change.
create function countersign_stands(c countersign) returns boolean language sql stable as $$
  select c.agrees is null and case c.act
    when 'close' then (select i.version = c.version from incident i where i.id = c.incident_id)
    when 'severity' then
      (select i.severity = (c.body->>'from')::int from incident i where i.id = c.incident_id)
    else (select t.at = (c.body->>'from')::timestamptz from incident_time t
          where t.incident_id = c.incident_id and t.what = 'aware' order by t.id desc limit 1)
  end
$$;

create function countersigned(incident bigint, wanted text, at_version integer) returns boolean
language sql stable as $$
  select exists (select from countersign c where c.incident_id = incident and c.act = wanted
                 and c.agrees and c.person_id <> c.asked_by and c.version = at_version)
$$;

-- Whoever writes: nothing is closed without a verdict, no critical one by one person alone, and
-- none that a person called critical becomes less than that by one person alone.
create function incident_ends() returns trigger language plpgsql as $$
begin
  if new.state <> 'on_hold' then
    new.hold_until := null;
    new.hold_from := null;
  end if;
  if new.state = 'closed' and old.state <> 'closed' then
    if new.alert_verdict is null and new.verdict_by is null then
      raise exception 'an incident is closed with a verdict' using errcode = 'ZV011';
    end if;
    if greatest(old.severity, new.severity) = 4 and not countersigned(new.id, 'close', old.version) then
      raise exception 'a critical incident is closed by two people' using errcode = 'ZV010';
    end if;
  end if;
  if new.state = 'rejected' and old.state <> 'rejected' and new.alert_verdict is null
     and new.verdict is null and not zvon_system() then
    raise exception 'an incident is rejected with a verdict' using errcode = 'ZV011';
  end if;
  if old.severity = 4 and new.severity < 4 and new.severity_by is not null
     and not countersigned(new.id, 'severity', old.version) then
    raise exception 'critical is taken back by two people' using errcode = 'ZV010';
  end if;
  return new;
end $$;
create trigger incident_two before update of state, severity on incident
  for each row execute function incident_ends();

-- Later awareness is later deadlines: two people.
create function aware_moves() returns trigger language plpgsql as $$
declare
  stood timestamptz;
begin
  select t.at into stood from incident_time t
  where t.incident_id = new.incident_id and t.what = 'aware' order by t.id desc limit 1;
  if stood < new.at and not exists (
    select from countersign c where c.incident_id = new.incident_id and c.act = 'aware'
      and c.agrees and c.person_id <> c.asked_by and (c.body->>'to')::timestamptz = new.at) then
    raise exception 'awareness becomes later by two people' using errcode = 'ZV010';
  end if;
  return new;
end $$;
create trigger aware_moves before insert on incident_time
  for each row when (new.what = 'aware') execute function aware_moves();

create function only_grows() returns trigger language plpgsql as $$
begin
  raise exception '% only grows', tg_table_name using errcode = 'ZV007';
end $$;
-- Only the words of a reason may go, when their time is over.
create trigger incident_time_grows before delete or
  update of incident_id, what, at, precision, source, by_person, set_at on incident_time
  for each row execute function only_grows();

create table task (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,
  incident_id bigint references incident,
  text text not null,                            -- of a person; empty where `code` says it
  code text,                                     -- message id of a template or a run
  params jsonb not null default '{}',
  template text,                                 -- `template/step`: not twice in one incident
  run_uuid uuid,
  run_key text,                                  -- a run's step makes its task once
  state text not null default 'todo',
  assignee_id bigint references person,
  due_at timestamptz,
  result text not null default '',
  made_by bigint references person,              -- null: a run
  made_at timestamptz not null,
  changed_at timestamptz not null,
  done_at timestamptz,
  version integer not null default 1,
  check (text <> '' or code is not null),
  unique (run_uuid, run_key),
  check ((run_uuid is null) = (run_key is null))
);
create unique index task_template on task (incident_id, template) where template is not null;
create index task_incident on task (incident_id, id);
create index task_waiting on task (assignee_id, due_at nulls last, id)
  where state in ('todo','doing','blocked');
create table task_after (                        -- which tasks come first
  task_id bigint not null references task,
  first_id bigint not null references task,
  primary key (task_id, first_id),
  check (task_id <> first_id)
);
create index task_after_first on task_after (first_id);

insert into transition (kind, old, new) values
  ('task','todo','doing'),
  ('task','todo','done'),
  ('task','todo','blocked'),
  ('task','todo','dropped'),
  ('task','doing','todo'),
  ('task','doing','done'),
  ('task','doing','blocked'),
  ('task','doing','dropped'),
  ('task','blocked','todo'),
  ('task','blocked','doing'),
  ('task','blocked','dropped'),
  ('task','done','todo'),
  ('task','dropped','todo');
create trigger task_life before insert or update of state on task
  for each row execute function lifecycle('task', 'todo blocked');

-- A file of evidence. Its bytes lie in pieces, sealed with the data key of their day; when they are
-- gone the row stays, with the hash and who ended it.
create table exhibit (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,
  incident_id bigint not null references incident,
  name text not null,
  media_type text not null,                      -- as it was said; nothing is ever served as that
  sha256 bytea not null,
  size bigint not null,
  pieces integer not null,
  origin text not null check (origin in ('upload','message','capture','report','run','peer')),
  note text not null default '',                 -- where and how it was secured
  secured_at timestamptz,                        -- when, if that was before it came here
  added_by bigint references person,
  at timestamptz not null,
  held_by bigint references person,              -- a legal hold
  held_at timestamptz,
  hold_reason text not null default '',
  deleted_at timestamptz,
  deleted_by bigint references person,           -- null beside `deleted_at`: the purge
  delete_reason text not null default '',
  check ((held_by is null) = (held_at is null)),
  check (held_by is null or deleted_at is null)
);
create index exhibit_incident on exhibit (incident_id, id);
create index exhibit_sha on exhibit (sha256);
create index exhibit_kept on exhibit (at) where deleted_at is null;
create table exhibit_piece (
  exhibit_id bigint not null references exhibit,
  n integer not null,
  body bytea not null,
  key_id bigint not null references data_key,
  primary key (exhibit_id, n)
);
create index exhibit_piece_key on exhibit_piece (key_id);

-- Who had an exhibit, when, and what they did with it.
create table custody (
  id bigint generated always as identity primary key,
  exhibit_id bigint not null references exhibit,
  act text not null check (act in
    ('added','opened','verified','handed_over','held','let_go','deleted','purged')),
  person_id bigint references person,            -- null: this node by itself
  note text not null default '',
  sha256 bytea not null,                         -- as it was when this was done
  at timestamptz not null
);
create index custody_exhibit on custody (exhibit_id, id);
create trigger custody_grows before delete or
  update of exhibit_id, act, person_id, sha256, at on custody
  for each row execute function only_grows();

-- What an exhibit is does not change after it came.
create trigger exhibit_stays before delete or
  update of uuid, number, incident_id, media_type, sha256, size, origin, added_by, at on exhibit
  for each row execute function only_grows();

-- A value that a person called useful for finding more of the same: an act of its own.
create table promotion (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incident,
  observable_id bigint not null,
  record_id bigint references record,            -- the indicator, kind `indicator`
  reason text not null,
  by_person bigint not null references person,
  at timestamptz not null,
  unique (incident_id, observable_id)
);
create index promotion_record on promotion (record_id);
