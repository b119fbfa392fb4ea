-- Ending at once all that a source or a person caused. More than one person may end alone waits here
-- for another one; the blocks are named, so that the second person lets go what the first one saw.

create table undo_request (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  asked jsonb not null,                          -- which source, person, since when
  blocks uuid[] not null check (cardinality(blocks) > 0),
  reason text not null check (length(reason) >= 3),
  asked_by bigint not null references person,
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  released_by bigint references person,
  released_at timestamptz,
  check (released_by is distinct from asked_by)
);
