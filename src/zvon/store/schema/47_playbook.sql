-- Playbooks and their versions. A version is the SHA-256 of its body; only a draft can be edited,
-- and nobody who wrote in it publishes it.

create table playbook (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  cacao_id text not null unique check (cacao_id ~ '^playbook--[0-9a-fA-F-]{36}$'),
  name text not null,                            -- of the newest version, for lists
  titles jsonb not null default '{}',
  shipped boolean not null default false,
  version integer not null default 1,            -- counts changes, for whoever edits at the same time
  made_by bigint references person,              -- none: it came with the program
  made_at timestamptz not null,
  changed_at timestamptz not null
);

create table playbook_version (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  playbook_id bigint not null references playbook,
  number integer not null check (number > 0),
  hash bytea not null check (hash = sha256(body)),
  body bytea not null check (octet_length(body) <= 20000000),
  state text not null,
  errors integer not null default 0,             -- findings of the last check that stop publishing
  calls text[] not null default '{}',            -- other playbooks that it calls
  authors bigint[] not null default '{}',        -- everybody who wrote in it
  made_by bigint references person,
  made_at timestamptz not null,
  changed_at timestamptz not null,
  dry_run jsonb,                                 -- what the last dry run found, and when
  published_by bigint references person,
  published_at timestamptz,
  reason text not null default '',
  retired_at timestamptz,
  unique (playbook_id, number),
  check (published_by is null or not published_by = any (authors)),
  check (published_by is null or published_by is distinct from made_by),
  check (state <> 'published' or (published_by is not null and published_at is not null)),
  check (state in ('draft', 'retired') or errors = 0)
);
-- One is being worked on, and one is in force.
create unique index playbook_version_open on playbook_version (playbook_id)
  where state in ('draft', 'validated', 'dry_run');
create unique index playbook_version_published on playbook_version (playbook_id)
  where state = 'published';

insert into transition (kind, old, new) values
  ('playbook', 'draft', 'validated'),
  ('playbook', 'draft', 'retired'),
  ('playbook', 'validated', 'draft'),
  ('playbook', 'validated', 'dry_run'),
  ('playbook', 'validated', 'retired'),
  ('playbook', 'dry_run', 'draft'),
  ('playbook', 'dry_run', 'published'),
  ('playbook', 'dry_run', 'retired'),
  ('playbook', 'published', 'retired');

create trigger playbook_life before insert or update of state on playbook_version
  for each row execute function lifecycle('playbook', 'draft');

-- What was checked, tried and approved is what runs.
create function playbook_frozen() returns trigger language plpgsql as $$
begin
  if new.playbook_id <> old.playbook_id or new.number <> old.number
     or new.made_by is distinct from old.made_by
     or not old.authors <@ new.authors
     or (new.body <> old.body and (old.state <> 'draft' or new.state <> 'draft'))
     or (old.published_by is not null and (new.published_by is distinct from old.published_by
                                           or new.published_at is distinct from old.published_at))
  then
    raise exception 'playbook version: only a draft can be edited' using errcode = 'ZV004';
  end if;
  return new;
end $$;
create trigger playbook_frozen before update on playbook_version
  for each row execute function playbook_frozen();
