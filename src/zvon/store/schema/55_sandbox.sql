-- What the steps of runs make is noted by the database itself, and what an exercise made never gets
-- out of it: not into a zone, not into a mailbox, not to a partner, by whichever door somebody tries.
-- `zvon.step` is local to a transaction and names the step that works in it.

create function run_effect_mark() returns trigger language plpgsql set zvon.viewer = 'system' as $$
declare
  of_step constant bigint := current_setting('zvon.step', true)::bigint;
begin
  insert into run_effect (step_run_id, kind, subject, sandbox)
  select s.id, tg_table_name, new.uuid, r.sandbox
  from step_run s join run r on r.id = s.run_id where s.id = of_step
  on conflict (kind, subject) do nothing;
  return null;
end $$;

create function exercise_stays_inside() returns trigger language plpgsql
set zvon.viewer = 'system' as $$
begin
  if exists (select from run_effect e
             where e.kind = tg_table_name and e.subject = new.uuid and e.sandbox)
     or exists (select from step_run s join run r on r.id = s.run_id
                where r.sandbox and s.id = nullif(current_setting('zvon.step', true), '')::bigint)
  then
    raise exception 'this belongs to an exercise; it stays inside'
      using errcode = 'check_violation', constraint = 'exercise_stays_inside';
  end if;
  return new;
end $$;

do $$
declare each text;
begin
  foreach each in array array['block', 'task', 'message', 'share', 'exhibit', 'obligation', 'run'] loop
    execute format('create trigger run_effect_mark after insert on %I for each row'
      ' when (coalesce(current_setting(''zvon.step'', true), '''') <> '''')'
      ' execute function run_effect_mark()', each);
  end loop;
end $$;

create trigger exercise_stays_inside before update of state on block for each row
  when (new.state in ('approved', 'published', 'enforced', 'expiring')
        and new.state is distinct from old.state)
  execute function exercise_stays_inside();
create trigger exercise_stays_inside before insert or update of state on message for each row
  when (new.direction = 'out' and new.state in ('queued', 'sending', 'sent', 'delivered'))
  execute function exercise_stays_inside();
create trigger exercise_stays_inside before insert or update of state on share for each row
  when (new.state = 'released') execute function exercise_stays_inside();

create function exercise_calls_nobody() returns trigger language plpgsql
set zvon.viewer = 'system' as $$
begin
  if exists (select from step_run s join run r on r.id = s.run_id
             where s.id = new.step_run_id and r.sandbox) then
    raise exception 'this belongs to an exercise; it stays inside'
      using errcode = 'check_violation', constraint = 'exercise_stays_inside';
  end if;
  return new;
end $$;
create trigger exercise_calls_nobody before insert on run_call
  for each row execute function exercise_calls_nobody();
