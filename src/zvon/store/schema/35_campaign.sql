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
