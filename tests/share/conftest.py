"""A Slovenian and a Croatian node, strangers or partners."""

import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from tests.share.two import Two, open_two
from tests.share.world import World, world_of
from zvon.share import invitation
from zvon.store.transaction import Pool

_numbers = itertools.count()


def _beside(server: str, dsn: str) -> Iterator[str]:
    """One more fresh database."""
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    other = f"{name}_other_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {other} template zvon_template strategy file_copy")
    yield psycopg.conninfo.make_conninfo(server, dbname=other)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"drop database {other} with (force)")


@pytest.fixture
def other_dsn(server: str, dsn: str) -> Iterator[str]:
    yield from _beside(server, dsn)


@pytest.fixture
def third_dsn(server: str, dsn: str) -> Iterator[str]:
    yield from _beside(server, dsn)


@pytest.fixture
async def third(third_dsn: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with open_two(third_dsn, "csirt-at", "AT", tmp_path / "at") as node:
        yield node


@pytest.fixture
async def si(dsn: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with open_two(dsn, "csirt-si", "SI", tmp_path / "si") as node:
        yield node


@pytest.fixture
async def hr(other_dsn: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with open_two(other_dsn, "csirt-hr", "HR", tmp_path / "hr") as node:
        yield node


@pytest.fixture
async def partners(si: Two, hr: Two) -> tuple[Two, Two]:
    """SI invited, HR accepted; both have done what followed."""
    await invitation.accept(hr.context, hr.admin, await si.invite())
    for node in (si, hr, si):
        await node.work()
    return si, hr


@pytest.fixture
async def world(pool: Pool, now: datetime, tmp_path: Path) -> World:
    """A node with an incident that may be shared."""
    return await world_of(pool, now, tmp_path)
