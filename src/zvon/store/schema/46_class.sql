-- Of what kind an incident is, by whom; what it resembles; what is suggested. Suggestions never act.

alter table incident add column rsit text;       -- the type that counts: a person's, else the first rule's

create table classification (
  id bigint generated always as identity primary key,
  incident_id bigint not null references incident,
  taxonomy text not null,                        -- rsit, attack, or one that was loaded
  term text not null,
  place smallint not null default 1,             -- 1 is the main one of its source
  source text not null check (source in ('rule','person')),
  rule text not null default '',                 -- which one: tag, category, classtype, …
  reason jsonb not null default '{}',            -- {code, params}
  by_person bigint references person,
  at timestamptz not null,
  ended_at timestamptz,
  check ((source = 'person') = (by_person is not null))
);
create unique index classification_once on classification (incident_id, taxonomy, term, source)
  where ended_at is null;
create index classification_term on classification (taxonomy, term) where ended_at is null;

-- The main type of RSIT: a person's word beats every rule.
create function classification_counts() returns trigger language plpgsql as $$
begin
  update incident i set rsit = (
    select c.term from classification c
    where c.incident_id = i.id and c.taxonomy = 'rsit' and c.ended_at is null
    order by (c.source = 'person') desc, c.place, c.id limit 1)
  where i.id = new.incident_id;
  return null;
end $$;
create trigger classification_counts after insert or update of ended_at, place on classification
  for each row execute function classification_counts();

-- What a model or a likeness proposes to a person, and what the person made of it.
create table suggestion (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  incident_id bigint not null references incident,
  what text not null check (what in ('class','severity','alert_verdict')),
  value text not null,
  probability double precision not null check (probability between 0 and 1),
  model text not null,
  reasons jsonb not null default '[]',
  state text not null default 'open'
    check (state in ('open','accepted','changed','rejected','expired')),
  by_person bigint references person,
  at timestamptz not null,
  ended_at timestamptz
);
create index suggestion_incident on suggestion (incident_id, id desc);
create unique index suggestion_open on suggestion (incident_id, what, value, model)
  where state = 'open';
insert into transition (kind, old, new) values
  ('suggestion','open','accepted'), ('suggestion','open','changed'),
  ('suggestion','open','rejected'), ('suggestion','open','expired');
create trigger suggestion_life before insert or update of state on suggestion
  for each row execute function lifecycle('suggestion', 'open');

-- Taxonomies of countries and sectors: each term with the types of RSIT that it stands for.
create table taxonomy (
  id bigint generated always as identity primary key,
  name text not null,
  version text not null,
  country text check (country ~ '^[A-Z]{2}$'),
  body jsonb not null,                           -- [{term, names: {sl, hr, en}, rsit: […]}]
  checked_by text not null default '',           -- who confirmed the mapping; empty: nobody yet
  by_person bigint references person,
  at timestamptz not null,
  retired_at timestamptz
);
create unique index taxonomy_name on taxonomy (name) where retired_at is null;

-- How far the change log was classified.
create table class_cursor (
  id integer primary key default 1 check (id = 1),
  seq bigint not null default 0
);
insert into class_cursor default values;
