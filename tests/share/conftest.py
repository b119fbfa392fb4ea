"""A Slovenian and a Croatian node, strangers or partners."""

import itertools
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.share.two import Two, open_two
from zvon.share import invitation

_numbers = itertools.count()


@pytest.fixture
def other_dsn(server: str, dsn: str) -> Iterator[str]:
    """A second fresh database beside `dsn`."""
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    other = f"{name}_other_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {other} template zvon_template strategy file_copy")  # type: ignore[arg-type]
    yield psycopg.conninfo.make_conninfo(server, dbname=other)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"drop database {other} with (force)")  # type: ignore[arg-type]


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
