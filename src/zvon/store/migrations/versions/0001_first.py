"""The first schema: every file of `store/schema`, in the order of their names."""

from alembic import op

from zvon.store.migrate import schema_files

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything. Runs in the transaction of `migrate`."""
    driver = op.get_bind().connection.driver_connection
    assert driver is not None
    for file in schema_files():
        driver.execute(file.read_text(encoding="utf-8"))
