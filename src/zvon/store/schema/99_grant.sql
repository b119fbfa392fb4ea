-- What the application's role may do. The audit chain can only grow.

grant usage on schema public to zvon_app;
grant select, insert, update, delete on all tables in schema public to zvon_app;
grant usage, select on all sequences in schema public to zvon_app;
grant execute on all functions in schema public to zvon_app;
revoke update, delete on audit from zvon_app;
revoke insert, update, delete on alembic_version from zvon_app;
