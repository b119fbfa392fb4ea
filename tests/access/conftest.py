"""An administrator on a node that has its shipped roles and its operator."""

import os
from datetime import datetime

import pytest_asyncio

from zvon.access import person, session
from zvon.access.node import create_node
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.store.transaction import Pool, transaction


@pytest_asyncio.fixture
async def admin(pool: Pool, now: datetime, tmp_path_factory) -> Viewer:  # type: ignore[no-untyped-def]
    """The first administrator, signed in with the one-time link."""
    settings = Settings(root=tmp_path_factory.mktemp("node"), name="SI-CERT")
    async with transaction(pool, now) as tx:
        await create_node(tx, settings, now, os.urandom)
        link = await person.first_administrator(tx, now, os.urandom)
        assert link is not None
        token, _ = await session.by_link(tx, link, now, os.urandom)
        found = await session.viewer(tx.db, token, now)
    assert found is not None
    return found
