-- The queue: what waits, in which order and why; views, snoozes, claims, and decisions on many at once.

alter table incident
  add column snoozed_until timestamptz,          -- out of sight until then, or until it gets worse
  -- What ranks it beside what its reports say (`rank_reasons`): {novelty, hosts, triage, escalation, hub}.
  add column rank_features jsonb not null default '{}',
  -- What the job made of all of it: every term with its points, and the points that came on top of
  -- `rank_reasons`, so that a new report changes the rank at once and the rest within seconds.
  add column rank_terms jsonb,
  add column rank_added double precision not null default 0,
  add column rank_policy integer not null default 0,
  add column rank_next timestamptz,              -- when its age next weighs more
  add column waiting boolean not null generated always as
    (state in ('new','triage','open') and snoozed_until is null) stored,
  add column source_kind text not null generated always as
    (case when origin = 'peer' then 'peer' when alert_count > 0 then 'alerts' else 'reports' end) stored;

-- Single keys that a person moved: the shipped key, and the one pressed instead.
alter table person add column key_map jsonb not null default '{}';

-- Holds all that row security and the filters ask, so that a page for a guest party, or of a rare
-- brand, reads no row that it does not show.
create index incident_queue on incident (rank desc, id desc)
  include (record_id, tlp, org_id, orgc_id, group_uuid, state, severity, brand, category, source_kind,
           owner_id, first_at) where waiting;
create index incident_newest on incident (first_at desc, id desc)
  include (record_id, tlp, org_id, orgc_id, group_uuid, state, severity, brand, category, source_kind,
           owner_id) where waiting;
create index incident_owner on incident (owner_id, rank desc, id desc) where waiting;
create index incident_brand on incident (brand, rank desc, id desc)
  include (record_id, tlp, org_id, orgc_id, group_uuid) where waiting and brand is not null;
create index incident_settled on incident (state, rank desc, id desc)
  where state not in ('new','triage','open');
create index incident_snoozed on incident (snoozed_until) where snoozed_until is not null;
create index incident_rank_next on incident (rank_next) where waiting and rank_next is not null;
create index incident_rank_policy on incident (rank_policy, rank desc) where waiting;

-- How many wait, by all that decides who sees them. Rows are only added: two writers never wait for
-- each other, and a job adds up what has gathered.
create table queue_count (
  tlp smallint not null,
  org_id bigint not null,
  orgc_id bigint not null,
  grouped boolean not null,
  n bigint not null
);

create function incident_counted() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' and old.waiting then
    insert into queue_count values (old.tlp, old.org_id, old.orgc_id, old.group_uuid is not null, -1);
  end if;
  if tg_op <> 'DELETE' and new.waiting then
    insert into queue_count values (new.tlp, new.org_id, new.orgc_id, new.group_uuid is not null, 1);
  end if;
  return null;
end $$;
create trigger incident_counted_new after insert or delete on incident
  for each row execute function incident_counted();
create trigger incident_counted after update on incident for each row
  when ((old.waiting, old.tlp, old.org_id, old.orgc_id, old.group_uuid)
        is distinct from (new.waiting, new.tlp, new.org_id, new.orgc_id, new.group_uuid))
  execute function incident_counted();

-- How many waiting incidents a viewer sees. Works as `system`, and gives a number only.
create function zvon_waiting_incidents(person bigint, party bigint, own boolean, ceiling integer)
returns bigint language sql stable set zvon.viewer = 'system' as $$
  select (select coalesce(sum(c.n), 0) from queue_count c
          where c.tlp < 4 and c.tlp <= ceiling
            and (own or c.org_id = party or c.orgc_id = party or (c.tlp <= 1 and not c.grouped)))::bigint
       + (select count(*) from record_audience a join incident i on i.record_id = a.record_id
          where a.person_id = person and i.waiting
            and not (i.tlp < 4 and i.tlp <= ceiling
                     and (own or i.org_id = party or i.orgc_id = party
                          or (i.tlp <= 1 and i.group_uuid is null))))
$$;

-- How many waiting incidents a viewer does not see: above the ceiling, or TLP:RED and for others;
-- `party` limits the count to what that party made. Works as `system`, and gives a number only.
create function zvon_hidden_incidents(person bigint, party bigint, ceiling integer) returns bigint
language sql stable set zvon.viewer = 'system' as $$
  select (select coalesce(sum(c.n), 0) from queue_count c
          where c.tlp > least(ceiling, 3) and (party is null or c.orgc_id = party))::bigint
       - (select count(*) from record_audience a join incident i on i.record_id = a.record_id
          where a.person_id = person and i.waiting and i.tlp > least(ceiling, 3)
            and (party is null or i.orgc_id = party))
$$;

-- Incidents of which a fact that ranks them changed. Only added to, so that nobody waits for the job.
create table rank_due (
  id bigint generated always as identity primary key,
  incident_id bigint not null
);
create function incident_rank_due() returns trigger language plpgsql as $$
begin
  insert into rank_due (incident_id) values (new.id);
  return null;
end $$;
create trigger incident_rank_due_new after insert on incident
  for each row when (new.waiting) execute function incident_rank_due();
create trigger incident_rank_due after update on incident for each row
  when (new.waiting and (not old.waiting or
        (old.severity, old.report_count, old.alert_count, old.group_count, old.rank_reasons, old.rank_features)
        is distinct from
        (new.severity, new.report_count, new.alert_count, new.group_count, new.rank_reasons, new.rank_features)))
  execute function incident_rank_due();

-- What gets worse while it sleeps comes back at once.
create function incident_woken() returns trigger language plpgsql as $$
begin
  new.snoozed_until := null;
  return new;
end $$;
create trigger incident_woken before update of severity, rank_features on incident for each row
  when (old.snoozed_until is not null and new.snoozed_until is not null
        and (new.severity > old.severity
             or coalesce(new.rank_features ->> 'escalation', '0')
                > coalesce(old.rank_features ->> 'escalation', '0')))
  execute function incident_woken();

-- Weights are changed by two people; what one proposes, another approves.
create table rank_change (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  weights jsonb not null,
  reason text not null check (length(reason) between 3 and 500),
  state text not null default 'proposed' check (state in ('proposed','approved','rejected')),
  proposed_by bigint not null references person,
  proposed_at timestamptz not null,
  decided_by bigint references person,
  decided_at timestamptz,
  version integer,                               -- the version of the policy `rank` that it became
  check (decided_by is distinct from proposed_by),
  check ((state = 'proposed') = (decided_by is null))
);

create table snooze (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incident on delete cascade,
  person_id bigint not null references person,
  until timestamptz not null,
  reason text not null check (length(reason) between 3 and 500),
  at timestamptz not null,
  ended_at timestamptz,
  check (until > at)
);
create index snooze_incident on snooze (incident_id, id desc);

-- Who looks at what right now; a lease that runs out by itself and locks nobody out.
create table claim (
  incident_id bigint not null references incident on delete cascade,
  person_id bigint not null references person,
  until timestamptz not null,
  primary key (incident_id, person_id)
);

create table queue_view (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  person_id bigint not null references person,
  name text not null check (length(name) between 1 and 100),
  query text not null check (length(query) <= 1000),   -- the address after `/queue?`, canonical
  shared boolean not null default false,         -- with the people of the same party
  made_at timestamptz not null,
  unique (person_id, name)
);
create table queue_default (
  person_id bigint primary key references person,
  view_id bigint not null references queue_view on delete cascade
);

-- One decision on many incidents: the list is frozen when it is previewed, each item has its result.
create table bulk (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  action jsonb not null,
  body_sha bytea not null,                       -- over action and items: what the second person saw
  reason text not null check (length(reason) between 3 and 500),
  total integer not null check (total > 0),
  state text not null default 'previewed',
  need integer not null check (need between 1 and 2),
  asked_by bigint not null references person,
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  confirmed_by bigint references person,
  confirmed_at timestamptz,
  ended_at timestamptz,
  undone_by bigint references person,
  check (confirmed_by is distinct from asked_by),
  check (state not in ('running','done','undoing','undone') or need = 1 or confirmed_by is not null)
);
create table bulk_item (
  bulk_id bigint not null references bulk on delete cascade,
  n integer not null,
  incident_id bigint not null references incident on delete cascade,
  version integer not null,                      -- as the person saw it
  outcome text not null default 'waiting'
    check (outcome in ('waiting','done','skipped','undone','kept')),
  detail text not null default '',
  before jsonb,                                  -- what undo puts back where the item has no undo of its own
  version_after integer,
  primary key (bulk_id, n)
);
-- What was previewed stays what it was; only results are added.
create function bulk_frozen() returns trigger language plpgsql as $$
begin
  raise exception 'the list of a bulk decision is frozen' using errcode = 'ZV010';
end $$;
create trigger bulk_frozen before update of action, body_sha, total, reason, need, asked_by on bulk
  for each row when ((old.action, old.body_sha, old.total, old.reason, old.need, old.asked_by)
    is distinct from (new.action, new.body_sha, new.total, new.reason, new.need, new.asked_by))
  execute function bulk_frozen();
create trigger bulk_item_frozen before update of bulk_id, n, incident_id, version on bulk_item
  for each row execute function bulk_frozen();
create index bulk_item_incident on bulk_item (incident_id);
create index bulk_item_outcome on bulk_item (bulk_id, outcome, n);

-- Bottom items that were drawn by chance and fed in among the top; nobody sees which before it is decided.
create table queue_sample (
  incident_id bigint primary key references incident on delete cascade,
  drawn_at timestamptz not null,
  lifted double precision not null               -- ranks there until somebody decides it
);

insert into transition (kind, old, new) values
  ('bulk','previewed','waiting'),
  ('bulk','previewed','running'),
  ('bulk','waiting','running'),
  ('bulk','waiting','refused'),
  ('bulk','running','done'),
  ('bulk','done','undoing'),
  ('bulk','undoing','undone');
create trigger bulk_life before insert or update of state on bulk
  for each row execute function lifecycle('bulk', 'previewed');
