-- Search: projections that a job fills behind the ingest path, so that taking in stays quick.
-- `search_progress` says how far they are; nothing else is needed to make them anew.

create extension if not exists unaccent;

-- Words without accents and without a language: `Posta` finds `Pošta`. Addresses are no words:
-- they are found as values.
create text search configuration zvon_words (copy = simple);
alter text search configuration zvon_words
  alter mapping for asciiword, word, numword, asciihword, hword, numhword, hword_asciipart,
                    hword_part, hword_numpart
  with unaccent, simple;
alter text search configuration zvon_words
  drop mapping for email, url, host, url_path, file, sfloat, float, version;

-- The address or network that a text is; null for any other text.
create function zvon_inet(value text) returns inet language plpgsql immutable parallel safe as $$
begin
  return value::inet;
exception when data_exception then
  return null;
end $$;

-- The words of a record: of what a source said its title, text, and every text in it; of our own
-- records every text in the payload. Fingerprints and identifiers are no words.
create function zvon_words(payload jsonb) returns tsvector language sql immutable parallel safe as $$
  select strip(to_tsvector('zvon_words', left(concat_ws(' ',
    payload ->> 'title', payload ->> 'text',
    (select string_agg(distinct said, ' ')
     from (select translate(s #>> '{}', '/', ' ') as said
           from jsonb_path_query(case when payload ? 'said' then payload -> 'said' else payload end,
                                 'strict $.**') s
           where jsonb_typeof(s) = 'string') each
     where said !~ '^[0-9a-fA-F-]{32,}$')), 200000)))
$$;

-- Like `observable` it tells nothing of who has a value; every search joins what the viewer sees.
create table search_value (
  observable_id bigint primary key,
  type smallint not null,
  value text not null,
  address inet                                   -- of an address or a network
);
alter table search_value alter column value set statistics 1000;  -- parts are estimated by it
create index search_value_type on search_value (type, observable_id);
create index search_value_part on search_value using gin (value gin_trgm_ops);
create index search_value_address on search_value (address) where address is not null;

-- Without row security: its operators are not leakproof, so an index would not be used under it.
-- Only `store.search` reads it, and only to find the keys of `record` rows, which has it.
create table search_record (
  record_id bigint primary key,
  source_id bigint,
  kind text not null,
  words tsvector not null
);
create index search_record_source on search_record (source_id, record_id)
  where source_id is not null;
create index search_record_kind on search_record (kind, record_id);
create index search_record_words on search_record using gin (words);

-- Identifiers of values are drawn before their transactions end, so a value may come behind
-- `values_to`. Those are looked for once more when `mark_to` has rested (`store.search_index`).
create table search_progress (
  id integer primary key default 1 check (id = 1),
  values_to bigint not null default 0,           -- observable.id
  swept_to bigint not null default 0,
  mark_to bigint not null default 0,
  mark_at timestamptz not null default '2000-01-01 00:00:00+00',
  changes_to bigint not null default 0,          -- change.seq
  subjects_to bigint not null default 0          -- change.seq: whose identifiers were noted
);
insert into search_progress default values;

-- The tags of a record, for facets and exports; the key of the table is by tag.
create index tag_use_record on tag_use (record_id);
