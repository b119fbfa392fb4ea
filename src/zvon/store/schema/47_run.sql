-- Runs of playbooks: every place, wait and effect of a run is a row, so that a killed worker, a
-- restart or an upgrade loses nothing. A run is pinned to the version that it was started with.

create sequence run_number;

create table run (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  number text not null unique,
  playbook_id bigint not null references playbook,
  playbook_version_id bigint not null references playbook_version,
  incident_id bigint references incident,
  sandbox boolean not null default false,        -- an exercise: its effects stay inside
  state text not null default 'running',
  reason text not null default '',               -- why it was started; why it ended, when it failed
  trigger text,                                  -- null: a person started it
  started_by bigint references person,
  acts_for bigint not null references person,    -- whose permissions its actions have, never more
  cause_id bigint references run on delete set null, -- the run that started it
  depth smallint not null default 0 check (depth between 0 and 8),
  variables jsonb not null default '{}',
  visits jsonb not null default '{}',            -- step -> how often it was reached: the iterations
  steps integer not null default 0,              -- of the budget, used
  next_token integer not null default 1,
  started_at timestamptz not null,
  changed_at timestamptz not null,
  ended_at timestamptz,
  error text not null default '',
  version integer not null default 1,
  check ((ended_at is not null) = (state in ('done', 'failed', 'cancelled')))
);
create index run_open on run (state, changed_at, id) where ended_at is null;
create index run_incident on run (incident_id, id desc);
create index run_playbook on run (playbook_id, id desc);
create index run_newest on run (id desc) include (state);
-- One start by itself of a playbook for an incident: what a run changes starts it no second time.
create unique index run_triggered on run (playbook_id, incident_id) where trigger is not null;

-- Where a run stands. A branch has the token that opened it as `parent`: the stack of CACAO 2.0,
-- where a branch ends at its own `end` step and control goes back to the step that opened it.
create table run_token (
  run_id bigint not null references run on delete cascade,
  n integer not null,
  parent integer,
  step text not null,
  children integer not null default 0 check (children >= 0),
  turns integer not null default 0,              -- rounds of the loop that it stands on
  primary key (run_id, n)
);

create table step_run (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,                     -- the idempotency key that actions are given
  run_id bigint not null references run on delete cascade,
  step text not null,
  iteration integer not null,
  token integer not null,
  kind text not null,                            -- the action, or the kind of a control step
  state text not null default 'ready',
  attempt smallint not null default 0,
  input jsonb not null default '{}',
  output jsonb not null default '{}',
  error text not null default '',
  ready_at timestamptz,                          -- not before: delays and rests; null: at once
  due_at timestamptz not null,                   -- nothing waits without an end
  leased_by text,
  lease_until timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  unique (run_id, step, iteration),              -- a step is never done twice past its key
  check ((state = 'leased') = (lease_until is not null)),
  check ((ended_at is not null) = (state in ('done', 'failed', 'skipped', 'timed_out')))
);
create index step_run_ready on step_run (ready_at nulls first, id) where state = 'ready';
create index step_run_lease on step_run (lease_until) where state = 'leased';
create index step_run_due on step_run (due_at) where state in ('ready', 'leased', 'waiting');

create table run_wait (
  step_run_id bigint primary key references step_run on delete cascade,
  kind text not null check (kind in
    ('until', 'answer', 'message', 'job', 'run', 'task', 'block', 'share', 'person')),
  since timestamptz not null,
  deadline timestamptz not null,
  on_timeout text,                               -- null: a person is asked what to do
  question text not null default '',
  options text[] not null default '{}',
  role text,                                     -- whose turn it is; null: whoever manages runs
  person_id bigint references person,            -- the one who is asked first
  people smallint not null default 1 check (people between 1 and 3),
  about uuid,                                    -- the message, task or run that is waited for
  result jsonb,                                  -- what a job or a person gave
  polled_at timestamptz,
  ended_at timestamptz
);
create index run_wait_open on run_wait (kind, polled_at) where ended_at is null;
create index run_wait_about on run_wait (about) where ended_at is null;

create table run_answer (
  step_run_id bigint not null references run_wait on delete cascade,
  person_id bigint not null references person,
  word text not null,
  reason text not null default '',
  at timestamptz not null,
  primary key (step_run_id, person_id)
);

-- What a step made, written by the database itself while `zvon.step` names the step.
create table run_effect (
  id bigint generated always as identity primary key,
  step_run_id bigint not null references step_run on delete cascade,
  kind text not null,                            -- the table
  subject uuid not null,
  sandbox boolean not null,
  undone_at timestamptz,
  unique (kind, subject)
);
create index run_effect_step on run_effect (step_run_id);

-- Hosts that webhooks may go to, and the secret that signs them; by people who manage playbooks.
create table webhook_target (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null unique,
  url text not null,
  secret_sealed bytea not null,
  max_tlp smallint not null default 1 check (max_tlp between 0 and 3),
  enabled boolean not null default true,
  made_by bigint not null references person,
  made_at timestamptz not null
);

-- What a run calls in other systems. Sealed: addresses and texts of an incident.
create table run_call (
  step_run_id bigint primary key references step_run on delete cascade,
  target_id bigint not null references webhook_target,
  host text not null,
  request_sealed bytea not null,
  state text not null default 'queued' check (state in ('queued', 'sent', 'failed')),
  attempts smallint not null default 0,
  status smallint,
  error text not null default '',
  at timestamptz not null
);

create table run_log (
  id bigint generated always as identity primary key,
  run_id bigint not null references run on delete cascade,
  at timestamptz not null,
  code text not null,                            -- message id in the catalogue
  step text,
  params jsonb not null default '{}',
  actor text not null default 'system'
);
create index run_log_run on run_log (run_id, id);

-- A playbook whose runs fail one after the other is stopped until a person lets it go on.
create table run_brake (
  playbook_id bigint primary key references playbook,
  failures integer not null default 0,
  stopped_at timestamptz,
  reason text not null default ''
);

-- How far the starts by themselves have read the change log.
create table run_cursor (
  one boolean primary key default true check (one),
  seq bigint not null
);

create table dry_run (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  playbook_version_id bigint not null references playbook_version,
  against_id bigint references playbook_version, -- the version that it is compared with
  asked_by bigint not null references person,
  asked_at timestamptz not null,
  incidents integer not null,
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
  done integer not null default 0,
  result jsonb not null default '{}',
  error text not null default '',
  ended_at timestamptz
);
create index dry_run_version on dry_run (playbook_version_id, id desc);

insert into transition (kind, old, new) values
  ('run','running','waiting'),
  ('run','running','late'),
  ('run','running','done'),
  ('run','running','failed'),
  ('run','running','cancelled'),
  ('run','running','compensating'),
  ('run','waiting','running'),
  ('run','waiting','late'),
  ('run','waiting','done'),
  ('run','waiting','failed'),
  ('run','waiting','cancelled'),
  ('run','waiting','compensating'),
  ('run','late','running'),
  ('run','late','waiting'),
  ('run','late','done'),
  ('run','late','failed'),
  ('run','late','cancelled'),
  ('run','late','compensating'),
  ('run','compensating','cancelled'),
  ('run','compensating','failed'),
  ('step_run','ready','leased'),
  ('step_run','ready','waiting'),
  ('step_run','ready','done'),
  ('step_run','ready','failed'),
  ('step_run','ready','skipped'),
  ('step_run','ready','timed_out'),
  ('step_run','leased','ready'),
  ('step_run','leased','waiting'),
  ('step_run','leased','done'),
  ('step_run','leased','failed'),
  ('step_run','leased','skipped'),
  ('step_run','leased','timed_out'),
  ('step_run','waiting','ready'),
  ('step_run','waiting','done'),
  ('step_run','waiting','failed'),
  ('step_run','waiting','skipped'),
  ('step_run','waiting','timed_out');

create trigger run_life before insert or update of state on run
  for each row execute function lifecycle('run', 'running');
create trigger step_run_life before insert or update of state on step_run
  for each row execute function lifecycle('step_run', 'ready done');

-- Whom a run acts for, what it runs and whether it is an exercise never change. Only an explicit
-- move to another version does, and says so (`store.run_version`).
create function run_is_pinned() returns trigger language plpgsql as $$
begin
  if new.sandbox <> old.sandbox or new.incident_id is distinct from old.incident_id
     or new.playbook_id <> old.playbook_id or new.started_by is distinct from old.started_by
     or new.acts_for <> old.acts_for
     or (new.playbook_version_id <> old.playbook_version_id
         and coalesce(current_setting('zvon.run_move', true), '') <> old.uuid::text) then
    raise exception 'run %: it stays with what it was started as', old.number
      using errcode = 'check_violation', constraint = 'run_is_pinned';
  end if;
  return new;
end $$;
create trigger run_is_pinned before update on run
  for each row execute function run_is_pinned();

create function run_answer_guard() returns trigger language plpgsql as $$
declare w record;
begin
  select a.*, r.started_by, r.acts_for into w
    from run_wait a join step_run s on s.id = a.step_run_id join run r on r.id = s.run_id
    where a.step_run_id = new.step_run_id for update of a;
  if w.ended_at is not null then
    raise exception 'this was answered already' using errcode = 'check_violation',
      constraint = 'run_answer_open';
  end if;
  if not new.word = any (w.options) then
    raise exception 'not one of the answers' using errcode = 'check_violation',
      constraint = 'run_answer_word';
  end if;
  if w.kind = 'answer' and new.person_id in (w.started_by, w.acts_for) then
    raise exception 'whoever a run acts for does not approve its steps'
      using errcode = 'check_violation', constraint = 'run_answer_eyes';
  end if;
  if exists (select from person p where p.id = new.person_id and (p.disabled or p.machine)) then
    raise exception 'only a person with an open account answers'
      using errcode = 'check_violation', constraint = 'run_answer_person';
  end if;
  return new;
end $$;
create trigger run_answer_guard before insert on run_answer
  for each row execute function run_answer_guard();

create function run_answer_stays() returns trigger language plpgsql as $$
begin
  -- It goes only with its whole run, when the run's time is over.
  if tg_op = 'DELETE' and not exists (
    select from run_wait w where w.step_run_id = old.step_run_id) then
    return old;
  end if;
  raise exception 'an answer stays as it was given' using errcode = 'ZV007';
end $$;
create trigger run_answer_stays before update or delete on run_answer
  for each row execute function run_answer_stays();
