"""`zvon statistics`: a week is published once and shown as it was."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.policies import policy_text
from zvon.access.node import create_node
from zvon.cli import statistics
from zvon.config import Settings
from zvon.model.statistics import BadWeek
from zvon.store import data_policy
from zvon.store.pool import open_pool
from zvon.store.transaction import transaction

NOW = datetime.now(UTC)


def last_week() -> str:
    year, week, _ = (NOW - timedelta(days=7)).isocalendar()
    return f"{year}-W{week:02}"


@pytest.fixture
def root(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    async def fill() -> None:
        async with open_pool(dsn, size=1) as pool, transaction(pool, NOW) as tx:
            await create_node(tx, Settings(root=tmp_path), NOW, os.urandom)
            await data_policy.put(tx, {"a": policy_text("SI")}, NOW)

    asyncio.run(fill())
    monkeypatch.setenv("ZVON_DATABASE", dsn)
    return tmp_path


def test_a_week_is_published_once_and_shown(
    root: Path, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert statistics.publish("reports", last_week(), root=root, json_=True) == 0
    first = json.loads(capsys.readouterr().out)
    assert first["fresh"]
    assert statistics.publish("reports", last_week(), root=root, json_=True) == 0
    assert json.loads(capsys.readouterr().out) == first | {"fresh": False}
    assert statistics.show(root=root) == 0
    said = capsys.readouterr().out
    assert f"{last_week()}  reports for public  (epsilon 0.25)" in said
    assert "counts are <5" in said
    assert statistics.show(root=root, data_set="blocks") == 0
    assert capsys.readouterr().out == "nothing is published\n"


def test_this_week_is_not_over(root: Path) -> None:
    year, week, _ = NOW.isocalendar()
    with pytest.raises(BadWeek):
        statistics.publish("reports", f"{year}-W{week:02}", root=root)


def test_a_spent_budget_ends_with_one(
    root: Path, dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def spend() -> None:
        async with open_pool(dsn, size=1) as pool, transaction(pool, NOW) as tx:
            await tx.execute(
                "insert into statistics_budget values ('reports', 'public', %s, 1, 1)",
                (last_week()[:4],),
            )

    asyncio.run(spend())
    assert statistics.publish("reports", last_week(), root=root) == 1
    assert "is spent" in capsys.readouterr().err
