"""Bring a database to the schema of this version."""

from importlib.resources import files
from pathlib import Path

import psycopg

# Any number will do, as long as every version takes the same one.
LOCK = 0x7A766F6E


def migrate(dsn: str) -> None:
    """Run what is missing, as the owner of the database; idempotent.

    Two processes that start at once take turns. Raises `psycopg.Error` with nothing changed.
    """
    if at_head(dsn):
        return
    # Half of a node's start-up time when nothing is missing, so it is loaded only when something is.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(files("zvon.store") / "migrations"))
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(dsn),
                           poolclass=NullPool)  # fmt: skip
    with psycopg.connect(dsn, autocommit=True) as guard:
        guard.execute("select pg_advisory_lock(%s)", (LOCK,))
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def at_head(dsn: str) -> bool:
    """True when the database has every revision of this version."""
    versions = Path(str(files("zvon.store") / "migrations" / "versions"))
    newest = max(file.stem.partition("_")[0] for file in versions.glob("[0-9]*_*.py"))
    with psycopg.connect(dsn, autocommit=True) as db:
        made = db.execute("select to_regclass('alembic_version')").fetchone()
        if made is None or made[0] is None:
            return False
        return db.execute("select version_num from alembic_version").fetchone() == (newest,)


def schema_files() -> list[Path]:
    """The first schema, in the order in which it is made."""
    folder = Path(str(files("zvon.store") / "schema"))
    return sorted(folder.glob("*.sql"))
