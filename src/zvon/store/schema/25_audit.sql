-- The audit only grows, whoever asks; `zvon audit verify` finds what a superuser did in spite.

create function audit_grows() returns trigger language plpgsql as $$
begin
  raise exception 'the audit only grows' using errcode = 'ZV007';
end $$;
create trigger audit_grows before update or delete on audit
  for each row execute function audit_grows();
create trigger audit_stays before truncate on audit
  for each statement execute function audit_grows();
