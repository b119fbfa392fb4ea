-- A second person's judgement: asked for, demanded by a rule, or drawn by chance and blind.

-- When one person's word is not enough. A rule is in force once another person approved it.
create table review_rule (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  name text not null,
  to_state text not null check (to_state in ('rejected','closed','resolved')),
  min_severity smallint check (min_severity between 0 and 4),
  min_reports integer check (min_reports > 0),
  min_alerts bigint check (min_alerts > 0),
  category text,
  state text not null default 'proposed' check (state in ('proposed','in_force','retired')),
  proposed_by bigint references person,          -- null: it shipped with the product
  approved_by bigint references person,
  at timestamptz not null,
  ended_at timestamptz,
  check (proposed_by is distinct from approved_by or proposed_by is null),
  check (state <> 'in_force' or proposed_by is null or approved_by is not null)
);
-- Closing a critical one needs two people anyway: `countersign`.
insert into review_rule (uuid, name, to_state, min_severity, at, state) values
  ('019ad000-0000-7000-8000-000000000001', 'critical', 'rejected', 4, '2026-11-22 00:00:00+00', 'in_force');
insert into review_rule (uuid, name, to_state, min_reports, at, state) values
  ('019ad000-0000-7000-8000-000000000002', 'many reports', 'rejected', 100, '2026-11-22 00:00:00+00', 'in_force');

create table review (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  incident_id bigint not null references incident,
  kind text not null check (kind in ('required','second_opinion','sample')),
  scale text not null check (scale in ('verdict','alert_verdict')),
  state text not null default 'open'
    check (state in ('open','agreed','disputed','settled','applied','withdrawn')),
  to_state text,                                 -- where the incident goes once both agree
  rule_id bigint references review_rule,
  question text not null default '',
  asked_by bigint references person,             -- null: drawn by chance
  at timestamptz not null,
  ended_at timestamptz,
  check ((kind = 'required') = (to_state is not null))
);
create unique index review_required on review (incident_id, to_state)
  where kind = 'required' and state in ('open','agreed','disputed','settled');
create index review_incident on review (incident_id, id desc);
create index review_open on review (at) where state in ('open','disputed');

-- What each of at most three people said; never changed.
create table opinion (
  review_id bigint not null references review,
  place smallint not null check (place between 1 and 3),
  person_id bigint not null references person,
  word text not null,
  reason text not null default '',
  at timestamptz not null,
  primary key (review_id, place),
  unique (review_id, person_id)
);
create index opinion_person on opinion (person_id, at);

insert into transition (kind, old, new) values
  ('review','open','agreed'), ('review','open','disputed'), ('review','open','withdrawn'),
  ('review','disputed','settled'), ('review','disputed','withdrawn'),
  ('review','agreed','applied'), ('review','settled','applied');
create trigger review_life before insert or update of state on review
  for each row execute function lifecycle('review', 'open');

-- Three different people, in order; the third only when the first two differ.
create function opinion_place() returns trigger language plpgsql as $$
declare
  v review;
begin
  if tg_op <> 'INSERT' then
    raise check_violation using message = 'an opinion is never changed', constraint = 'opinion_stays';
  end if;
  select * into strict v from review where id = new.review_id for update;
  if new.place <> 1 + (select count(*) from opinion where review_id = new.review_id) then
    raise check_violation using message = 'opinions are given one after the other',
      constraint = 'opinion_order';
  end if;
  if new.place = 3 and v.state <> 'disputed' or new.place < 3 and v.state <> 'open' then
    raise check_violation using message = 'this review is ' || v.state, constraint = 'opinion_time';
  end if;
  return new;
end $$;
create trigger opinion_place before insert or update or delete on opinion
  for each row execute function opinion_place();

-- Agreed and disputed are what the opinions say, and nothing else.
create function review_counted() returns trigger language plpgsql as $$
declare
  said text[] := array(select word from opinion where review_id = new.id order by place);
begin
  if new.state = 'agreed' and (cardinality(said) < 2 or said[1] <> said[2])
     or new.state = 'disputed' and (cardinality(said) < 2 or said[1] = said[2])
     or new.state = 'settled' and cardinality(said) < 3 then
    raise check_violation using message = 'the opinions do not say that', constraint = 'review_counted';
  end if;
  return new;
end $$;
create trigger review_counted before update of state on review
  for each row execute function review_counted();

-- The rule by which an incident may not go to a state on one person's word; null: it may.
create function zvon_review_wanted(of_incident incident, target text) returns bigint
language sql stable as $$
  select r.id from review_rule r
  where r.state = 'in_force' and r.to_state = target
    and coalesce(of_incident.severity >= r.min_severity, true)
    and coalesce(of_incident.report_count >= r.min_reports, true)
    and coalesce(of_incident.alert_count >= r.min_alerts, true)
    and (r.category is null or r.category = of_incident.category)
    -- What a partner took back, and nobody here decided, ends without us.
    and not (of_incident.origin = 'peer' and of_incident.verdict_by is null)
  order by r.id limit 1
$$;

create function incident_reviewed() returns trigger language plpgsql as $$
begin
  if zvon_review_wanted(new, new.state) is not null and not exists (
       select from review v where v.incident_id = new.id and v.kind = 'required'
         and v.to_state = new.state and v.state in ('agreed','settled')) then
    raise check_violation using message = 'this needs a second person',
      constraint = 'incident_needs_second';
  end if;
  if new.state = 'closed' and exists (
       select from review v where v.incident_id = new.id and v.kind = 'second_opinion'
         and v.state in ('open','disputed')) then
    raise check_violation using message = 'a second opinion is still asked for',
      constraint = 'incident_in_review';
  end if;
  return new;
end $$;
create trigger incident_reviewed before update of state on incident for each row
  when (new.state <> old.state and new.state in ('rejected','closed','resolved'))
  execute function incident_reviewed();

-- Up to which decision samples were drawn.
create table review_cursor (
  id integer primary key default 1 check (id = 1),
  decision_id bigint not null default 0
);
insert into review_cursor default values;
