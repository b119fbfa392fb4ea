"""The Denmark test: 8,000 popular names with every right there is, and none is published.

In 2012 one officer published 8,000 legitimate sites with one wrong file, and it took more than
three hours to undo. Here the same file goes through every door.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from tests.blocks import people_of, refusals
from tests.web.house import House
from tests.web.house import house as open_house
from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.cli import api
from zvon.cli import block as block_cli
from zvon.model import control, neverblock
from zvon.model.scope import Scope
from zvon.store import block, neverblock_change, popularity
from zvon.store.block import GuardRefused, Proposal
from zvon.store.transaction import Pool, transaction

SIZE = 8_000
ALL = frozenset(Permission)
TRADES = ("pekarna", "mesnica", "hotel", "lekarna", "knjigarna", "servis", "vrtec", "kino", "banka",
          "gostilna", "zdravnik", "optika", "trgovina", "avtohisa", "casopis", "radio")  # fmt: skip
TOWNS = ("ljubljana", "maribor", "celje", "kranj", "koper", "ptuj", "zagreb", "split", "rijeka",
         "osijek", "zadar", "pula", "graz", "trst", "dunaj", "beograd", "sarajevo")  # fmt: skip
SUFFIXES = ("si", "hr", "com", "net", "eu", "com.hr", "org", "info")


def popular() -> list[str]:
    """8,000 names people use: what must resolve, and ordinary firms on no list of ours."""
    known = [one.name for one in control.shipped()]
    firms = [f"{trade}-{town}{n}.{tld}" for n, trade, town, tld in
             product(("", "2", "3", "4"), TRADES, TOWNS, SUFFIXES)]  # fmt: skip
    return [*known, *firms][:SIZE]


@pytest.fixture
def listed(tmp_path: Path, now: datetime) -> Path:
    """The operator's popularity list: not the guard's own, and far longer."""
    path = tmp_path / "popular.csv"
    path.write_text("".join(f"{n},{name}\n" for n, name in enumerate(popular(), start=1)))
    os.utime(path, (now.timestamp(), now.timestamp()))
    return path


@pytest_asyncio.fixture
async def house(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[House]:
    """A node with its people."""
    (tmp_path / "node").mkdir()
    async with open_house(pool, now, tmp_path / "node") as made:
        yield made


async def nothing_out(pool: Pool) -> None:
    """No block stands, no zone has a rule for one, and no serial rose for one."""
    async with pool.connection() as db:
        for query in (
            "select count(*) from block where published_at is not null",
            "select count(*) from zone_rule where block_id is not null",
            "select count(*) from zone_change where block_id is not null",
        ):
            row = await (await db.execute(query)).fetchone()
            assert row == (0,), query


def everything(viewer: Viewer) -> Viewer:
    """The same person with every right of every role."""
    return msgspec.structs.replace(
        viewer, permissions=ALL, roles=("analyst", "approver", "administrator")
    )


def test_the_list_is_not_the_guards_own() -> None:
    names = popular()
    assert len(names) == len(set(names)) == SIZE
    assert sum(neverblock.protecting(name) is None for name in names) > SIZE * 0.9


@pytest.mark.parametrize("scope", [Scope.HOST, Scope.REGISTRABLE_SUB])
async def test_with_all_rights_one_person_publishes_nothing(
    pool: Pool, now: datetime, listed: Path, scope: Scope
) -> None:
    people = await people_of(pool, now)
    await popularity.refresh(pool, listed, now, top=1_000_000)
    who = everything(people["ada"])
    with pytest.raises(GuardRefused) as refused:
        async with transaction(pool, now) as tx:
            await block.propose(tx, who, _proposal(now, popular(), scope), now, os.urandom)
    assert len({finding.name for finding in refused.value.findings}) == SIZE
    assert [rule for _, action, rule in await refusals(pool) if action == "block:propose"]
    assert len(await refusals(pool)) == 1
    async with pool.connection() as db:
        assert await (await db.execute("select count(*) from block")).fetchone() == (0,)
    await nothing_out(pool)


async def test_one_popular_name_among_thousands_refuses_them_all(
    pool: Pool, now: datetime, listed: Path
) -> None:
    people = await people_of(pool, now)
    await popularity.refresh(pool, listed, now, top=1_000_000)
    names = [*(f"n{n}.zlo.example" for n in range(500)), popular()[-1]]
    with pytest.raises(GuardRefused):
        async with transaction(pool, now) as tx:
            await block.propose(tx, people["ana"], _proposal(now, names), now, os.urandom)
    await nothing_out(pool)


async def test_two_people_who_agree_publish_no_protected_name(
    pool: Pool, now: datetime, listed: Path
) -> None:
    """They may take five ordinary popular names out for a day, and nothing that must resolve."""
    people = await people_of(pool, now)
    await popularity.refresh(pool, listed, now, top=1_000_000)
    ana, bor = everything(people["ana"]), everything(people["bor"])
    out = 0
    for name in popular()[:: SIZE // 40]:
        try:
            async with transaction(pool, now) as tx:
                change = await neverblock_change.propose(
                    tx, ana, name, "remove", "we want to", now, os.urandom
                )
            async with transaction(pool, now) as tx:
                await neverblock_change.approve(tx, bor, change.uuid, now)
            out += 1
        except (Refused, neverblock_change.BadChange):
            continue
    assert out == neverblock_change.MOST_OUT
    with pytest.raises(GuardRefused) as refused:
        async with transaction(pool, now) as tx:
            await block.propose(tx, ana, _proposal(now, popular()), now, os.urandom)
    assert len({finding.name for finding in refused.value.findings}) == SIZE - out
    for one in control.shipped()[::8]:
        with pytest.raises((Refused, neverblock_change.BadChange)):
            async with transaction(pool, now) as tx:
                await neverblock_change.propose(tx, ana, one.name, "remove", "why not", now,
                                                os.urandom)  # fmt: skip
    await nothing_out(pool)


async def test_two_people_in_small_steps_are_held_by_the_brakes(pool: Pool, now: datetime) -> None:
    """Names that no list knows, fifty at a time: the approver's own brake stops the day at 500."""
    people = await people_of(pool, now)
    ana, bor = everything(people["ana"]), everything(people["bor"])
    at = now
    for step in range(20):
        names = [f"s{step}n{n}.podjetje{n}.example" for n in range(50)]
        async with transaction(pool, at) as tx:
            rows = await block.propose(tx, ana, _proposal(at, names), at, os.urandom)
        if all(row.state == "validated" for row in rows):
            async with transaction(pool, at) as tx:
                await block.approve(tx, bor, [row.uuid for row in rows], "as agreed", at)
        at += timedelta(minutes=11)
    async with pool.connection() as db:
        row = await (
            await db.execute("select count(*) from block where published_at is not null")
        ).fetchone()
    assert row is not None
    assert row[0] <= 500


async def test_the_api_refuses_the_file_whole(house: House, now: datetime, listed: Path) -> None:
    await popularity.refresh(house.pool, listed, now, top=1_000_000)
    body = {
        "names": [{"name": name, "scope": "host"} for name in popular()],
        "reason": "the whole file", "legal_ground": "a mistake",
    }  # fmt: skip
    said = await house.post("ana", "/api/v1/blocks", body)
    assert said.status_code == 422
    assert (await house.post("ada", "/api/v1/blocks", body)).status_code == 403
    assert (await house.get("ana", "/api/v1/blocks")).json()["blocks"] == []
    await nothing_out(house.pool)
    refused = [row for row in await house.refusals() if row[3] not in {"", "permission"}]
    assert len([row for row in refused if row[0] == "ana"]) == 1


async def test_the_command_line_refuses_the_file_whole(
    house: House, now: datetime, listed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await popularity.refresh(house.pool, listed, now, top=1_000_000)
    loop = asyncio.get_running_loop()

    def request(method: str, url: str, **given: Any) -> httpx.Response:
        given.pop("timeout")
        sent = house.client.request(method, url, **given)
        return asyncio.run_coroutine_threadsafe(sent, loop).result(60)

    monkeypatch.setattr(httpx, "request", request)
    with pytest.raises(api.NodeRefused, match="422"):
        await asyncio.to_thread(
            block_cli.propose, popular(), reason="the whole file", ground="a mistake",
            node="http://node.example", key=house.keys["ana"],
        )  # fmt: skip
    await nothing_out(house.pool)


def _proposal(now: datetime, names: list[str], scope: Scope = Scope.HOST) -> Proposal:
    return Proposal(
        names=tuple((name, scope) for name in names), feed="si", reason="the whole file",
        legal_ground="a mistake", expires_at=now + timedelta(days=7),
    )  # fmt: skip
