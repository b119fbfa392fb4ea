-- How often the landing page was shown: counted per block and hour, and nothing else is kept.

create table landing_hour (
  hour timestamptz not null,
  number text not null,                          -- of the block; empty: an address we say nothing about
  hits bigint not null,
  primary key (hour, number)
);
