"""One Chromium for the run, one filled node to read, and a fresh node for whoever changes it."""

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import psycopg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.browser.node import Served, serving
from tests.browser.seed import OTHERS, Seeded, parcel, seed
from tests.programs import program

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update",
        "--disable-sync"]  # fmt: skip
_numbers = itertools.count()


@contextmanager
def database(server: str) -> Iterator[str]:
    """A fresh database."""
    name = f"browser_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"create database {name} template zvon_template strategy file_copy")
    yield psycopg.conninfo.make_conninfo(server, dbname=name)
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"drop database {name} with (force)")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium; a test makes its own context in it."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=program("chromium"), args=ARGS)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def seeded(server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Seeded]:
    """A node that has worked for a while; tests only read it."""
    with database(server) as dsn:
        async with serving(dsn, tmp_path_factory.mktemp("seeded")) as served:
            yield await seed(served)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A node like `served` for all stories of a file; they keep out of each other's way."""
    with database(server) as dsn:
        async with serving(dsn, tmp_path_factory.mktemp("desk")) as served:
            await _reported(served)
            yield served


@pytest_asyncio.fixture(loop_scope="session")
async def served(server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A node of this test with three incidents, nothing decided."""
    with database(server) as dsn:
        async with serving(dsn, tmp_path_factory.mktemp("served")) as served:
            await _reported(served)
            yield served


async def _reported(served: Served) -> None:
    await parcel(served)
    for text in OTHERS:
        await served.report(text.encode())
