-- Two roles: who migrates owns the tables; `zvon_app` works in them under row security.

create extension if not exists pg_trgm;
create extension if not exists btree_gist;

do $$
begin
  create role zvon_app nologin;
exception
  -- Roles are of the whole server: another database, or another starter, made it.
  when duplicate_object or unique_violation then null;
end $$;

do $$
begin
  if not pg_has_role(current_user, 'zvon_app', 'member') then
    execute format('grant zvon_app to %I', current_user);
  end if;
end $$;
