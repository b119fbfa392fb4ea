-- Alerts of sensors: counted in groups, tied by links, worked on as incidents.

-- Alerts of one maker under one marking. What lies in two realms is never joined by a machine: a
-- group says as a whole who may see it.
create table alert_realm (
  id bigint generated always as identity primary key,
  org_id bigint not null,
  orgc_id bigint not null,
  tlp smallint not null check (tlp between 0 and 4),
  group_uuid uuid,
  source_id bigint references source,            -- of TLP:RED only: for whom it is, each source says
  next_episode bigint not null default 1,
  version integer not null default 1,            -- grows when a person changed what lies together
  first_at timestamptz,                          -- until a day after it everything is new
  last_at timestamptz,                           -- how far the correlation's clock went
  unique nulls not distinct (org_id, orgc_id, tlp, group_uuid, source_id)
);

-- How far the change log was read, and how many alerts were counted.
create table alert_cursor (
  id integer primary key default 1 check (id = 1),
  seq bigint not null default 0,
  accepted bigint not null default 0,
  at timestamptz
);
insert into alert_cursor default values;

-- One signature on one host, until it is silent for long. `episode` is the number that the
-- correlation knows it by; when its incident has ended, what comes later is a new row of it.
create table alert_group (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  realm_id bigint not null references alert_realm,
  episode bigint not null,
  component bigint not null,                     -- the smallest episode that it hangs together with
  fingerprint bytea not null,
  fingerprint_version integer not null,
  signature text not null,
  title text not null,                           -- the rule in words, as its sensor says it
  rule_version text not null default '',
  host text not null,
  actor text not null default '',
  severity smallint not null check (severity between 0 and 4),
  novel boolean not null,                        -- else background: counted, joined with nothing
  hours integer not null,                        -- earlier hours in which this host had the signature
  signature_hours integer not null,              -- and any host of the realm
  count bigint not null check (count > 0),
  gone bigint not null default 0 check (gone between 0 and count), -- whose records had their time
  skewed bigint not null default 0,              -- whose own time was far from their arrival
  first_at timestamptz not null,
  last_at timestamptz not null,
  came_at timestamptz not null,                  -- arrival of the last
  types smallint[] not null default '{}',        -- types of values seen, `model.observable.CODE`
  values jsonb not null default '[]',            -- what the correlation compares, bounded
  samples bigint[] not null default '{}',        -- records: 16 drawn evenly
  first_record bigint,
  last_record bigint,
  worst_record bigint,
  attention smallint not null default 0,         -- how often it called for a new look
  attention_at timestamptz,
  attention_why text not null default '',
  incident_id bigint references incident,
  -- Of its realm, for row security: a group is read without asking for each of its alerts.
  record_id bigint,
  tlp smallint not null,
  org_id bigint not null,
  orgc_id bigint not null,
  group_uuid uuid
);
create index alert_group_episode on alert_group (realm_id, episode, id desc);
create index alert_group_component on alert_group (realm_id, component);
create index alert_group_incident on alert_group (incident_id, last_at desc, id desc)
  where incident_id is not null;
create index alert_group_newest on alert_group (last_at desc, id desc);
create index alert_group_background on alert_group (last_at desc, id desc) where incident_id is null;
create index alert_group_signature on alert_group (signature, last_at desc, id desc);
create index alert_group_host on alert_group (host, last_at desc, id desc);

-- An alert that was counted; the record has what it said.
create table alert (
  record_id bigint primary key references record,
  group_id bigint not null references alert_group,
  at timestamptz not null,                       -- by the clock of its sensor
  received_at timestamptz not null,
  severity smallint not null check (severity between 0 and 4)
);
create index alert_group_records on alert (group_id, record_id desc);

create function alert_stays() returns trigger language plpgsql as $$
begin
  raise check_violation using message = 'an alert is never changed', constraint = 'alert_stays';
end $$;
create trigger alert_stays before update on alert for each row execute function alert_stays();

-- What retention takes is still counted: the sum of the groups is what was accepted.
create function alert_gone() returns trigger language plpgsql as $$
begin
  update alert_group g set gone = g.gone + x.n
  from (select group_id, count(*) as n from gone group by group_id) x where g.id = x.group_id;
  return null;
end $$;
create trigger alert_gone after delete on alert
  referencing old table as gone for each statement execute function alert_gone();

-- In how many hours a signature was seen: on a host, and (host '') anywhere in the realm.
create table alert_counter (
  realm_id bigint not null references alert_realm,
  signature text not null,
  host text not null,
  hours integer not null,
  last_hour bigint not null,                     -- since 1970
  primary key (realm_id, signature, host)
);

-- Why two groups belong together: `a` is the older.
create table alert_link (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  a bigint not null references alert_group,
  b bigint not null references alert_group,
  kind text not null,
  score double precision not null,
  code text not null,
  params jsonb not null default '{}',
  at timestamptz not null,
  by_person bigint references person,            -- null: the correlation
  step_id bigint,                                -- that made it
  undone_at timestamptz,
  undone_step bigint,                            -- that cut it
  check (a <> b)
);
create index alert_link_a on alert_link (a, id);
create index alert_link_b on alert_link (b, id);

-- What people said about two groups, and with them about all that hang together with each.
create table alert_apart (
  a bigint not null references alert_group,
  b bigint not null references alert_group,
  step_id bigint not null,
  undone_at timestamptz,
  primary key (a, b, step_id)
);
create table alert_together (
  a bigint not null references alert_group,
  b bigint not null references alert_group,
  step_id bigint not null,
  undone_at timestamptz,
  primary key (a, b, step_id)
);
create index alert_apart_b on alert_apart (b);
create index alert_together_b on alert_together (b);

-- A value of too many groups, or a heap that grew too large: it explains and joins nothing.
create table alert_hub (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  realm_id bigint not null references alert_realm,
  kind text not null check (kind in ('value','component')),
  type text not null default '',
  value text not null,                           -- of a heap: its component
  groups integer not null,
  code text not null,
  params jsonb not null default '{}',
  incident_id bigint references incident,        -- that asks a person to look
  first_at timestamptz not null,
  last_at timestamptz not null,
  unique (realm_id, kind, type, value)
);
create index alert_hub_newest on alert_hub (last_at desc, id desc);

-- What was done to incidents beside joining, with what stood before. `by_person` null: the machine.
create table incident_step (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  kind text not null check (kind in ('merge','split','cut','raise')),
  incident_id bigint not null references incident,   -- that took in (merge), or lost (split, cut)
  other_id bigint references incident,               -- that went into it, or was made
  before jsonb not null,
  by_person bigint references person,
  reason text not null,
  at timestamptz not null,
  undone_at timestamptz,
  undone_by bigint references person
);
create index incident_step_incident on incident_step (incident_id, id desc);
create index incident_step_other on incident_step (other_id, id desc) where other_id is not null;
alter table alert_link add foreign key (step_id) references incident_step,
  add foreign key (undone_step) references incident_step;
alter table alert_apart add foreign key (step_id) references incident_step;
alter table alert_together add foreign key (step_id) references incident_step;
