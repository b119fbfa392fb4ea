"""The node that a command works on: its settings, its database, its identity."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from zvon.config import Settings
from zvon.jobs.context import Context

RUN_FILE = "node.json"


def settings_of(given: Mapping[str, Any]) -> Settings:
    """Settings from flags (those that are not None), then `ZVON_…`, then the defaults."""
    return Settings(**{key: value for key, value in given.items() if value is not None})


def environment(settings: Settings) -> dict[str, str]:
    """`settings` as the environment of a child process."""
    env = dict(os.environ)
    for name, value in settings:
        if value is not None:
            secret = getattr(value, "get_secret_value", None)
            env[f"ZVON_{name.upper()}"] = str(secret() if secret else value)
    return env


def dsn_of_node(settings: Settings) -> str:
    """The given database, or that of the node's own server."""
    if settings.database is not None:
        return settings.database.get_secret_value()
    from zvon.store.cluster import Cluster

    return Cluster(settings.root, pg_bin=settings.pg_bin).dsn()


def write_run_file(settings: Settings, pid: int) -> None:
    """Say for `zvon status` and others where a running node listens; no secret in it."""
    told = {"pid": pid, "http": settings.http, "peer": settings.peer, "dns": settings.dns,
            "landing": settings.landing, "name": settings.name, "country": settings.country,
            "own_database": settings.database is None}  # fmt: skip
    path = settings.root / RUN_FILE
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(told))
    fresh.rename(path)


def running(root: Path | None) -> Settings:
    """The settings of the node in `root`, with the addresses that it really uses."""
    settings = settings_of({"root": root})
    try:
        told = msgspec.json.decode((settings.root / RUN_FILE).read_bytes())
    except FileNotFoundError:
        return settings
    known = {key: told[key] for key in ("http", "peer", "dns", "name", "country")}
    known["landing"] = told.get("landing")
    return settings.model_copy(update=known)


@asynccontextmanager
async def open_node(root: Path | None = None, *, size: int = 4) -> AsyncIterator[Context]:
    """The context of the node in `root` (else `ZVON_ROOT`, else the default), for one command.

    Raises `RuntimeError` when its database does not answer.
    """
    async with open_settings(running(root), size=size) as context:
        yield context


@asynccontextmanager
async def open_settings(settings: Settings, *, size: int = 8) -> AsyncIterator[Context]:
    """The context of a node for as long as it is open: database, identity, clock, randomness."""
    from psycopg_pool import PoolTimeout

    from zvon.access.node import node, node_key
    from zvon.store.data_key import DataKeys
    from zvon.store.pool import open_pool

    key = node_key(settings.key_file, os.urandom)
    keys = DataKeys(key, os.urandom)
    async with open_pool(dsn_of_node(settings), size=size, keys=keys) as pool:
        try:
            async with pool.connection(timeout=10) as db:
                identity = await node(db, key)
        except PoolTimeout:
            raise RuntimeError(
                f"the database of {settings.root} does not answer; is `zvon up` running?"
            ) from None
        yield Context(pool, settings, identity, utc_now, os.urandom)


def utc_now() -> datetime:
    """The clock of the machine: read here, at the edge, and passed on from here."""
    return datetime.now(UTC)
