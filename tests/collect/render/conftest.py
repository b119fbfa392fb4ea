"""A Chromium in its sandbox, where the machine allows one."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests import programs
from zvon.collect.render.process import Browser, NoBrowser, find, running


def no_browser(problem: NoBrowser) -> None:
    """Chromium without a sandbox is never started, not even by a test."""
    said = f"Chromium cannot look here: {problem.reason}"
    if programs.required():
        pytest.fail(said, pytrace=False)
    pytest.skip(said)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """One browser for the pages of a module that leave it alive."""
    try:
        async with running(find(None)) as started:
            yield started
    except NoBrowser as problem:
        no_browser(problem)
