"""A node for the tests of the web: five people, one for each role, each with a key."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest_asyncio

from tests.web.house import House
from tests.web.house import house as open_house
from zvon.store.transaction import Pool


@pytest_asyncio.fixture
async def house(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[House]:
    """A node with its people."""
    async with open_house(pool, now, tmp_path) as made:
        yield made
