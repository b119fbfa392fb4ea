-- The moves of `model.lifecycle`, enforced: a state changes only along them, whoever writes.

insert into transition (kind, old, new) values
  ('incident','new','merged'),
  ('incident','new','on_hold'),
  ('incident','new','open'),
  ('incident','new','rejected'),
  ('incident','new','resolved'),
  ('incident','new','triage'),
  ('incident','triage','merged'),
  ('incident','triage','on_hold'),
  ('incident','triage','open'),
  ('incident','triage','rejected'),
  ('incident','triage','resolved'),
  ('incident','open','contained'),
  ('incident','open','merged'),
  ('incident','open','on_hold'),
  ('incident','open','rejected'),
  ('incident','open','resolved'),
  ('incident','open','triage'),
  ('incident','contained','merged'),
  ('incident','contained','on_hold'),
  ('incident','contained','open'),
  ('incident','contained','resolved'),
  ('incident','resolved','closed'),
  ('incident','resolved','open'),
  ('incident','closed','open'),
  ('incident','on_hold','contained'),
  ('incident','on_hold','merged'),
  ('incident','on_hold','open'),
  ('incident','on_hold','rejected'),
  ('incident','on_hold','triage'),
  ('incident','rejected','open'),
  ('incident','rejected','triage'),
  ('incident','merged','contained'),
  ('incident','merged','new'),
  ('incident','merged','on_hold'),
  ('incident','merged','open'),
  ('incident','merged','triage'),
  ('block','proposed','held'),
  ('block','proposed','rejected'),
  ('block','proposed','validated'),
  ('block','proposed','withdrawn'),
  ('block','validated','approved'),
  ('block','validated','disputed'),
  ('block','validated','held'),
  ('block','validated','published'),
  ('block','validated','rejected'),
  ('block','validated','withdrawn'),
  ('block','approved','held'),
  ('block','approved','published'),
  ('block','approved','withdrawn'),
  ('block','published','disputed'),
  ('block','published','enforced'),
  ('block','published','expiring'),
  ('block','published','failed'),
  ('block','published','lifted'),
  ('block','enforced','disputed'),
  ('block','enforced','expiring'),
  ('block','enforced','failed'),
  ('block','enforced','lifted'),
  ('block','expiring','disputed'),
  ('block','expiring','enforced'),
  ('block','expiring','lifted'),
  ('block','expiring','published'),
  ('block','failed','disputed'),
  ('block','failed','enforced'),
  ('block','failed','expiring'),
  ('block','failed','lifted'),
  ('block','disputed','approved'),
  ('block','disputed','enforced'),
  ('block','disputed','lifted'),
  ('block','disputed','published'),
  ('block','disputed','rejected'),
  ('block','held','rejected'),
  ('block','held','validated'),
  ('block','held','withdrawn');

create function lifecycle() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if not new.state = any (string_to_array(tg_argv[1], ' ')) then
      raise exception '%: does not begin as %', tg_argv[0], new.state
        using errcode = 'ZV006';
    end if;
  elsif new.state <> old.state and not exists (
    select from transition t where t.kind = tg_argv[0] and t.old = old.state and t.new = new.state)
  then
    raise exception '%: no move from % to %', tg_argv[0], old.state, new.state
      using errcode = 'ZV006';
  end if;
  return new;
end $$;

create trigger incident_life before insert or update of state on incident
  for each row execute function lifecycle('incident', 'new triage');
create trigger block_life before insert or update of state on block
  for each row execute function lifecycle('block', 'proposed validated held');

-- The marking of an incident is that of its record.
create function incident_marking() returns trigger language plpgsql as $$
begin
  select r.tlp, r.org_id, r.orgc_id, r.group_uuid
    into strict new.tlp, new.org_id, new.orgc_id, new.group_uuid
    from record r where r.id = new.record_id;
  return new;
end $$;
create trigger incident_marking before insert or update of record_id, tlp, org_id, orgc_id, group_uuid
  on incident for each row execute function incident_marking();

create function record_marking() returns trigger language plpgsql as $$
begin
  update incident set tlp = new.tlp where record_id = new.id;
  return null;
end $$;
create trigger record_marking after update of tlp, org_id, orgc_id, group_uuid on record
  for each row when (new.kind = 'incident') execute function record_marking();
