"""The line cut for two simulated hours, kill -9 on both sides: all arrive once, in order."""

from pathlib import Path

import pytest

from tests.collect.collector.play import played, two_hours

EVENTS, SOURCES = 8_000, 2


@pytest.mark.slow
async def test_all_arrive_once_none_twice_and_in_order(dsn: str, tmp_path: Path) -> None:
    async with played(tmp_path, dsn, SOURCES) as play:
        await two_hours(play, EVENTS, SOURCES, 120)
        arrived = play.arrived()
        assert arrived == {f"soc/s{n}": list(range(EVENTS // SOURCES)) for n in range(SOURCES)}
        assert play.rss("collector") < 150
