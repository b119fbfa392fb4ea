-- How people come in beside a password, and what an operator adds to the shipped roles.

-- An account at the OpenID provider, bound to one person once. Never found by a mail address.
create table identity (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  person_id bigint not null references person,
  issuer text not null check (length(issuer) <= 500),
  subject text not null check (length(subject) between 1 and 255),
  -- The provider's groups say which roles the person has; else people give them here.
  managed boolean not null default false,
  made_at timestamptz not null,
  used_at timestamptz,
  unique (issuer, subject)
);
create index identity_person on identity (person_id);

create table passkey (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  person_id bigint not null references person,
  credential bytea not null unique check (length(credential) between 1 and 1023),
  public_key bytea not null check (length(public_key) <= 4096),
  sign_count bigint not null,
  backed_up boolean not null,
  name text not null check (length(name) between 1 and 100),
  made_at timestamptz not null,
  used_at timestamptz
);
create index passkey_person on passkey (person_id);

-- States and challenges that were used, until they would have ended anyway: none works twice.
create table sign_in_spent (
  hash bytea primary key,
  expires_at timestamptz not null
);
create index sign_in_spent_end on sign_in_spent (expires_at);

-- What changes who may do what: a role, what a group of the provider gives, limits of sessions.
-- What lets somebody approve is agreed to by a second person, whoever writes.
create table access_change (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  kind text not null check (kind in ('role','groups','limits')),
  name text not null check (length(name) between 1 and 64),
  body jsonb not null,
  second boolean not null,
  reason text not null check (length(reason) between 3 and 500),
  state text not null default 'waiting' check (state in ('waiting','in_force','refused')),
  proposed_by bigint not null references person,
  proposed_at timestamptz not null,
  decided_by bigint references person,
  decided_at timestamptz,
  check ((state = 'waiting') = (decided_at is null)),
  check (state <> 'in_force' or not second or decided_by <> proposed_by)
);
create unique index access_change_waiting on access_change (kind, name) where state = 'waiting';
insert into transition (kind, old, new) values
  ('access_change','waiting','in_force'),
  ('access_change','waiting','refused');
create trigger access_change_lifecycle before insert or update of state on access_change
  for each row execute function lifecycle('access_change', 'waiting');

-- What a group of the OpenID provider gives.
create table group_role (
  group_name text not null check (length(group_name) between 1 and 200),
  role text not null references role,
  party_id bigint not null references party,
  primary key (group_name, role)
);

create function party_tree() returns trigger language plpgsql as $$
begin
  if new.parent_id is not null and exists (
    with recursive above as (
      select id, parent_id from party where id = new.parent_id
      union
      select p.id, p.parent_id from party p join above a on p.id = a.parent_id)
    select from above where id = new.id) then
    raise exception 'an organisation cannot be below itself' using errcode = 'ZV030';
  end if;
  return new;
end $$;
create trigger party_tree before insert or update of parent_id on party
  for each row execute function party_tree();
