-- The public record of blocks: a projection of `change` that only grows (RFC 9162).

create table transparency_entry (
  seq bigint primary key check (seq > 0),        -- leaf `seq - 1`
  origin text not null unique,                   -- `step:7`, `appeal:3`: each is written once
  body text not null,                            -- as it is given out; the leaf is its hash
  leaf bytea not null,
  kind text not null,
  block text not null,                           -- number
  category text not null,
  country text not null,
  at timestamptz not null,
  until timestamptz not null
);
create index transparency_entry_block on transparency_entry (block, seq);
create index transparency_entry_month on transparency_entry (at) where kind = 'published';

-- Complete subtrees, level 1 and up, so that a proof is a few lookups.
create table transparency_node (
  level smallint not null check (level > 0),
  place bigint not null,
  hash bytea not null,
  primary key (level, place)
);

-- How far the projection is, and what is needed to go on.
create table transparency_head (
  id boolean primary key default true check (id),
  change_seq bigint not null default 0,
  size bigint not null default 0,
  peaks bytea not null default ''
);
insert into transparency_head default values;

create function transparency_grows() returns trigger language plpgsql as $$
begin
  raise exception 'the public record only grows' using errcode = 'ZV007';
end $$;
create trigger transparency_grows before update or delete on transparency_entry
  for each row execute function transparency_grows();
create trigger transparency_stays before truncate on transparency_entry
  for each statement execute function transparency_grows();
create trigger transparency_grows before update or delete on transparency_node
  for each row execute function transparency_grows();
create trigger transparency_stays before truncate on transparency_node
  for each statement execute function transparency_grows();

-- What the record may say of a block; one that was never published is not in it.
create view public_block with (security_invoker = true) as
select b.id, b.uuid, b.number as block, b.name, b.trigger, b.scope, b.category, f.country,
       f.name as feed, b.order_id is not null as ordered, b.expires_at as until, b.lifted_at
from block b join feed f on f.id = b.feed_id
where b.published_at is not null;
