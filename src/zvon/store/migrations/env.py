"""Alembic's way in: `store.migrate` hands over an open connection, all or nothing is done."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
