-- What campaigns are found by: the keys of their reports, and templates of texts.

-- How many reports of a campaign hold a key (an observable that links).
create table campaign_key (
  observable_id bigint not null,
  campaign_id bigint not null references campaign,
  reports integer not null default 1,
  primary key (observable_id, campaign_id)
);
create index campaign_key_campaign on campaign_key (campaign_id);

-- A template is named by its first text; later texts that are alike take its name.
create table template (
  id bigint generated always as identity primary key,
  name text not null unique,
  signature bytea not null                       -- 128 MinHash values, 4 bytes each, little endian
);
create table template_band (
  band bigint not null,
  template_id bigint not null references template,
  primary key (band, template_id)
);

create index campaign_newest on campaign (last_at desc, id desc) where merged_into is null;

-- The keys of each report: from these the counts above can be made anew.
create table report_key (
  record_id bigint not null references record,
  observable_id bigint not null,
  code text not null,                            -- SAME_DOMAIN, SAME_TEXT, …
  strong boolean not null,
  primary key (record_id, observable_id)
);
create index report_key_observable on report_key (observable_id, record_id);

-- In what unrelated surroundings (texts, registrations, domains) a mark of a page was seen. A mark
-- of many is a hosting default or a parking page, not a kit.
create table campaign_key_seen (
  observable_id bigint not null,
  relation text not null,
  primary key (observable_id, relation)
);
-- Keys that also occur on what is known to be good, or in too many surroundings: they link nothing.
create table campaign_key_common (
  observable_id bigint primary key,
  why text not null check (why in ('benign','person','spread')),
  at timestamptz not null
);

-- What was done to campaigns beside joining, with what stood before, so that it can be undone.
-- `by_person` null means the machine.
create table campaign_step (
  id bigint generated always as identity primary key,
  uuid uuid not null unique,
  kind text not null check (kind in ('part','split','merge')),
  campaign_id bigint not null references campaign,   -- from which (part, split), into which (merge)
  other_id bigint not null references campaign,      -- the one that was made, or that went into it
  records bigint[] not null,                         -- the reports that moved
  before jsonb not null,                             -- see `store.campaign_step.Before`
  by_person bigint references person,
  reason text not null,
  at timestamptz not null,
  undone_at timestamptz,
  undone_by bigint references person
);
create index campaign_step_campaign on campaign_step (campaign_id, id desc);
create index campaign_step_other on campaign_step (other_id, id desc);
