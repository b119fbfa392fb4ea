-- What the desk of a bank or a Post may know of attacks on its own brands: numbers and names, never
-- a report, a reporter or a sender. Both work as `system`, because the records are the operator's;
-- they give nothing above TLP:AMBER, nothing that was judged harmless, and no name that we advise
-- to leave alone (a hacked school is not the bank's to know). The caller says whose brands.

create function zvon_desk_campaigns(of_brands text[], ceiling integer, most integer)
returns table (uuid uuid, number text, brand text, first_at timestamptz, last_at timestamptz,
               reports bigint, names bigint)
language sql stable set zvon.viewer = 'system' as $$
  select c.uuid, c.number, i.brand, min(i.first_at), max(i.last_at), sum(i.report_count)::bigint,
         (select count(distinct n.name) from incident_name n
          where n.incident_id = any (array_agg(i.id)) and n.action <> 'none')
  from incident i join campaign c on c.id = i.campaign_id
  where i.brand = any (of_brands) and i.tlp <= least(ceiling, 2)
    and i.verdict in ('malicious', 'suspicious') and i.duplicate_of is null
  group by c.id, i.brand order by max(i.last_at) desc, c.id desc limit most
$$;

create function zvon_desk_names(of_brands text[], ceiling integer, most integer)
returns table (name text, brand text, campaign text, reports bigint, first_at timestamptz,
               last_at timestamptz, block text)
language sql stable set zvon.viewer = 'system' as $$
  select n.name, i.brand, min(c.number), sum(n.reports)::bigint, min(i.first_at), max(i.last_at),
         (select b.state from block b where b.name = n.name and b.trigger = 'qname'
          order by b.lifted_at nulls first, b.id desc limit 1)
  from incident i join incident_name n on n.incident_id = i.id
  left join campaign c on c.id = i.campaign_id
  where i.brand = any (of_brands) and i.tlp <= least(ceiling, 2)
    and i.verdict in ('malicious', 'suspicious') and i.duplicate_of is null and n.action <> 'none'
  group by n.name, i.brand order by max(i.last_at) desc, n.name limit most
$$;
