"""Bring a database to the schema of this version."""

from importlib.resources import files
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

# Any number will do, as long as every version takes the same one.
LOCK = 0x7A766F6E


def migrate(dsn: str) -> None:
    """Run what is missing, as the owner of the database; idempotent.

    Two processes that start at once take turns. Raises `psycopg.Error` with nothing changed.
    """
    config = Config()
    config.set_main_option("script_location", str(files("zvon.store") / "migrations"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn),
                           poolclass=NullPool)  # fmt: skip
    with psycopg.connect(dsn, autocommit=True) as guard:
        guard.execute("select pg_advisory_lock(%s)", (LOCK,))
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def schema_files() -> list[Path]:
    """The first schema, in the order in which it is made."""
    folder = Path(str(files("zvon.store") / "schema"))
    return sorted(folder.glob("*.sql"))
