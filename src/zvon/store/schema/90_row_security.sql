-- Who sees which rows. One predicate; every table that reveals a record asks it, for every role
-- that is not a superuser, the owner included. `zvon.viewer` is local to a transaction:
-- unset sees nothing, `system` is our own jobs, else `PERSON PARTY OWN CEILING` of a viewer.
-- Each function is called in a sub-select, so that it runs once per statement and not per row.

create function zvon_system() returns boolean language sql stable parallel safe as $$
  select coalesce(current_setting('zvon.viewer', true) = 'system', false)
$$;

create function zvon_viewer(part integer) returns bigint language sql stable parallel safe as $$
  select case when current_setting('zvon.viewer', true) ~ '^\d{1,18} \d{1,18} [01] [0-4]$'
              then split_part(current_setting('zvon.viewer', true), ' ', part)::bigint end
$$;

-- How many reports a campaign has, seen or not. Works as `system`, and gives a number only.
create function zvon_campaign_reports(campaign bigint) returns bigint
language sql stable set zvon.viewer = 'system' as $$
  select count(*) from report where campaign_id = campaign
$$;

create function zvon_known() returns boolean language sql stable parallel safe as $$
  select zvon_system() or zvon_viewer(1) is not null
$$;

-- The operator's people see all up to their ceiling; others what their own party holds or made,
-- and what is marked for the whole community. TLP:RED is for the people named on the record.
-- `store.visibility.PREDICATE` is the same text; a test compares them.
create function zvon_predicate(alias text, record_id text default 'id') returns text
language sql immutable as $$
  select replace(replace(
    '((select zvon_system())'
    ' or ($a.tlp < 4 and $a.tlp <= (select zvon_viewer(4))'
    ' and ((select zvon_viewer(3)) = 1'
    ' or $a.org_id = (select zvon_viewer(2)) or $a.orgc_id = (select zvon_viewer(2))'
    ' or ($a.tlp <= 1 and $a.group_uuid is null)))'
    ' or $a.$id = any (array(select a.record_id from record_audience a'
    ' where a.person_id = (select zvon_viewer(1)))))',
    '$a', alias), '$id', record_id)
$$;

-- May the viewer read data of a class that `made_in` (a country; null: the node's own) made, by the
-- data policy? Country and roles of the person are compared with `data_rule`. A country without a
-- policy here goes by that of the node; without any, data stays in the country that it is of.
create function zvon_may_read(of_class text, made_in text) returns boolean language sql stable as $$
  select zvon_system() or coalesce((
    select coalesce(
      (select (d.residency @> array['*'] or y.country = any (d.residency))
          and exists (select from person_role r where r.person_id = p.id
                      and array[lower(y.country) || '.' || r.role, '*.' || r.role] && d.readers)
       from data_rule d
       where d.class = of_class and d.country in (made_in, n.country)
       order by (d.country = made_in) desc nulls last limit 1),
      y.country = coalesce(made_in, n.country, y.country))
    from person p join party y on y.id = p.party_id left join node n on true
    where p.id = zvon_viewer(1)), false)
$$;

-- A scalar sub-select and not `exists`: the planner may turn `exists` into a hash of all records.
create procedure zvon_guard(of_table text, condition text) language plpgsql as $$
begin
  execute format('alter table %I enable row level security', of_table);
  execute format('alter table %I force row level security', of_table);
  execute format('create policy seen on %I using (%s) with check ((select zvon_known()))',
                 of_table, condition);
end $$;

do $$
declare
  of_record constant text :=
    '((select zvon_system()) or (select r.id from record r where r.id = %I.record_id) is not null)';
  of_incident constant text :=
    '((select zvon_system())'
    ' or (select i.id from incident i where i.id = %I.incident_id) is not null)';
  own constant text := '((select zvon_system()) or (select zvon_viewer(3)) = 1)';
  each text;
begin
  call zvon_guard('record', zvon_predicate('record'));
  call zvon_guard('incident', zvon_predicate('incident', 'record_id'));
  foreach each in array array['report', 'receipt_again', 'campaign_member', 'record_version', 'tag_use',
                              'occurrence'] loop
    call zvon_guard(each, format(of_record, each));
  end loop;
  foreach each in array array['incident_name', 'timeline', 'incident_decision', 'review', 'classification', 'suggestion', 'alert_verdict',
                              'incident_time', 'countersign', 'exhibit', 'promotion'] loop
    call zvon_guard(each, format(of_incident, each));
  end loop;
  call zvon_guard('opinion', '((select zvon_system())'
    ' or (select v.id from review v where v.id = opinion.review_id) is not null)');
  call zvon_guard('record_audience',
    '((select zvon_system()) or person_id = (select zvon_viewer(1)))');
  call zvon_guard('edge', format('(record_id is null or %s)', format(of_record, 'edge')));
  -- Evidence about a value that belongs to no record is the operator's own.
  call zvon_guard('evidence',
    format('case when record_id is null then %s else %s end', own, format(of_record, 'evidence')));
  call zvon_guard('quarantine',
    format('case when record_id is null then %s else %s end', own, format(of_record, 'quarantine')));
  foreach each in array array['capture', 'takedown', 'label', 'label_task'] loop
    call zvon_guard(each, format('case when record_id is null then %s else %s end', own,
                                 format(of_record, each)));
  end loop;
  -- A duty of no incident is the operator's own; steps, events and proofs are seen with their duty.
  call zvon_guard('obligation', format('case when incident_id is null then %s else %s end', own,
                                       format(of_incident, 'obligation')));
  foreach each in array array['obligation_step', 'obligation_event'] loop
    call zvon_guard(each, format('((select zvon_system())'
      ' or (select o.id from obligation o where o.id = %I.obligation_id) is not null)', each));
  end loop;
  foreach each in array array['obligation_submission', 'obligation_alarm', 'obligation_reminder'] loop
    call zvon_guard(each, format('((select zvon_system())'
      ' or (select s.id from obligation_step s where s.id = %I.step_id) is not null)', each));
  end loop;
  call zvon_guard('incident_fact', format(of_incident, 'incident_fact'));
  call zvon_guard('campaign_apart', format(of_record, 'campaign_apart'));
  call zvon_guard('report_key', format(of_record, 'report_key'));
  call zvon_guard('campaign_step', own);
  call zvon_guard('document', format(of_record, 'document'));
  -- A group says as a whole who may see it; what ties groups is seen with the older of the two.
  call zvon_guard('alert_group', zvon_predicate('alert_group', 'record_id'));
  call zvon_guard('alert', format(of_record, 'alert'));
  foreach each in array array['alert_link', 'alert_apart', 'alert_together'] loop
    call zvon_guard(each, format('((select zvon_system())'
      ' or (select g.id from alert_group g where g.id = %I.a) is not null)', each));
  end loop;
  call zvon_guard('alert_realm', '((select zvon_system()) or (tlp < 4 and tlp <= (select zvon_viewer(4))'
    ' and ((select zvon_viewer(3)) = 1 or org_id = (select zvon_viewer(2))'
    ' or orgc_id = (select zvon_viewer(2)) or (tlp <= 1 and group_uuid is null))))');
  call zvon_guard('alert_hub', '((select zvon_system())'
    ' or (select r.id from alert_realm r where r.id = alert_hub.realm_id) is not null)');
  call zvon_guard('alert_memory', '(select zvon_system())');
  call zvon_guard('incident_step', format(of_incident, 'incident_step'));
  -- What a source sent, whole: for the operator's people; others see the records of it.
  foreach each in array array['delivery', 'enrichment'] loop
    call zvon_guard(each, own);
  end loop;
  -- Its bytes also stay with those whom the data policy of their country names.
  call zvon_guard('delivery_chunk', format('%s and zvon_may_read(''delivery.raw'','
    ' (select y.country from delivery d join source s on s.id = d.source_id'
    '  left join party y on y.id = s.party_id where d.id = delivery_chunk.delivery_id))', own));
  -- What left, what is held, whose data stands where: for the operator's people who see the record.
  foreach each in array array['disclosure', 'legal_hold'] loop
    call zvon_guard(each, format('%s and (record_id is null or %s)', own, format(of_record, each)));
  end loop;
  -- What was written to and by others: for the operator's people who see what it is about.
  foreach each in array array['message', 'thread'] loop
    call zvon_guard(each, format('%s and (record_id is null or %s)', own, format(of_record, each)));
  end loop;
  call zvon_guard('notice_fact',
    format('%s and (incident_id is null or %s)', own, format(of_incident, 'notice_fact')));
  foreach each in array array['contact', 'notice'] loop
    call zvon_guard(each, own);
  end loop;
  call zvon_guard('message_key', '(select zvon_system())');
  call zvon_guard('task', format('case when incident_id is null then %s else %s end', own,
                                 format(of_incident, 'task')));
  call zvon_guard('task_after',
    '((select zvon_system()) or (select t.id from task t where t.id = task_after.task_id) is not null)');
  call zvon_guard('custody',
    '((select zvon_system()) or (select e.id from exhibit e where e.id = custody.exhibit_id) is not null)');
  -- Its bytes also stay with those whom the data policy names.
  call zvon_guard('exhibit_piece',
    '((select zvon_system()) or (select e.id from exhibit e where e.id = exhibit_piece.exhibit_id'
    ' and zvon_may_read(''exhibit'', (select y.country from incident i join party y on y.id = i.orgc_id'
    ' where i.id = e.incident_id))) is not null)');
  foreach each in array array['playbook', 'playbook_version'] loop
    call zvon_guard(each, own);
  end loop;
  -- Runs: for the operator's people who see the incident; what they did with them.
  call zvon_guard('run', format('%s and (incident_id is null or %s)', own, format(of_incident, 'run')));
  foreach each in array array['run_token', 'step_run', 'run_log'] loop
    call zvon_guard(each, format('((select zvon_system())'
      ' or (select r.id from run r where r.id = %I.run_id) is not null)', each));
  end loop;
  foreach each in array array['run_wait', 'run_answer', 'run_effect', 'run_call'] loop
    call zvon_guard(each, format('((select zvon_system())'
      ' or (select s.id from step_run s where s.id = %I.step_run_id) is not null)', each));
  end loop;
  foreach each in array array['webhook_target', 'run_brake', 'dry_run'] loop
    call zvon_guard(each, own);
  end loop;
  -- From shift to shift: for the operator's people, what is about an incident for those who see it.
  call zvon_guard('handover', own);
  call zvon_guard('handover_note', format('((select zvon_system()) or ((select zvon_viewer(3)) = 1'
    ' and tlp <= (select zvon_viewer(4)))) and (incident_id is null or %s)',
    format(of_incident, 'handover_note')));
  call zvon_guard('handover_item',
    format('%s and (incident_id is null or %s)', own, format(of_incident, 'handover_item')));
  call zvon_guard('comment', format(of_incident, 'comment'));
  foreach each in array array['comment_past', 'comment_share', 'mention'] loop
    call zvon_guard(each, format('((select zvon_system())'
      ' or (select c.id from comment c where c.id = %I.comment_id) is not null)', each));
  end loop;
  foreach each in array array['situation_job', 'situation_receiver'] loop
    call zvon_guard(each, own);
  end loop;
  call zvon_guard('situation_made',
    '((select zvon_system()) or ((select zvon_viewer(3)) = 1 and tlp <= (select zvon_viewer(4))))');
  call zvon_guard('situation_sent', '((select zvon_system())'
    ' or (select m.id from situation_made m where m.id = situation_sent.made_id) is not null)');
  call zvon_guard('subject_key', '(select zvon_system())');
  call zvon_guard('mail_reply', '(select zvon_system())');
  -- Numbers over all rows, and who was drawn by chance, are read by functions of the system only.
  foreach each in array array['queue_count', 'rank_due', 'queue_sample'] loop
    call zvon_guard(each, '(select zvon_system())');
  end loop;
  foreach each in array array['snooze', 'claim', 'bulk_item'] loop
    call zvon_guard(each, format(of_incident, each));
  end loop;
  call zvon_guard('bulk',
    format('(%s or asked_by = (select zvon_viewer(1)))', own));
  call zvon_guard('verdict',
    format('case when record_id is not null then %s when incident_id is not null then %s else %s end',
           format(of_record, 'verdict'), format(of_incident, 'verdict'), own));
  call zvon_guard('share',
    format('%s and (incident_id is null or %s) and (record_id is null or %s)',
           own, format(of_incident, 'share'), format(of_record, 'share')));
  call zvon_guard('raw_input',
    '((select zvon_system()) or (select r.id from record r where r.raw_sha256 = raw_input.sha256'
    ' and zvon_may_read(''report.raw'', (select y.country from party y where y.id = r.orgc_id))'
    ' limit 1) is not null)');
  call zvon_guard('change',
    format('case when record_id is not null then %s else (select zvon_system())'
           ' or (tlp < 4 and tlp <= (select zvon_viewer(4))'
           ' and (tlp <= 1 or (select zvon_viewer(3)) = 1)) end', format(of_record, 'change')));
end $$;
