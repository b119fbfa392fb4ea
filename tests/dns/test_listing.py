"""A list is written once for each edition, however many ask, and is always whole."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from tests.blocks import publish
from tests.web.house import House
from tests.web.house import house as open_house
from zvon.dns import listing
from zvon.store import export
from zvon.store.export import State
from zvon.store.transaction import Pool


@pytest_asyncio.fixture
async def house(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(pool, now, tmp_path) as made:
        yield made


async def state(house: House) -> State:
    async with house.pool.connection() as db:
        return await export.state(db, "si")


async def test_a_crowd_is_served_by_one_writing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(house.pool, house.viewers, house.clock(), "a.example")
    written: list[str] = []
    write = listing._write

    def counted(*given: object) -> listing.Listed:
        written.append(str(given[1]))
        return write(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(listing, "_write", counted)
    now = await state(house)
    found = await asyncio.gather(*(listing.listed(house.context, now, "txt") for _ in range(20)))
    assert written == ["txt"]
    assert len({one.sha256 for one in found}) == 1
    folder = listing.folder_of(house.context, "si")
    body = found[0].path(folder).read_bytes()
    assert hashlib.sha256(body).hexdigest() == found[0].sha256
    assert len(body) == found[0].size
    house.clock.forward(timedelta(minutes=11))
    await publish(house.pool, house.viewers, house.clock(), "b.example")
    again = await listing.listed(house.context, await state(house), "txt")
    assert again.sha256 != found[0].sha256
    assert {p.name for p in folder.iterdir()} == {
        "txt.json", again.path(folder).name, again.path(folder, packed=True).name,
    }  # fmt: skip


async def test_who_reads_an_old_edition_reads_it_to_the_end(house: House) -> None:
    await publish(house.pool, house.viewers, house.clock(), "a.example")
    first = await listing.listed(house.context, await state(house), "txt")
    folder = listing.folder_of(house.context, "si")
    with first.path(folder).open("rb") as reading:
        house.clock.forward(timedelta(minutes=11))
        await publish(house.pool, house.viewers, house.clock(), "b.example")
        await listing.listed(house.context, await state(house), "txt")
        assert not first.path(folder).exists()
        assert hashlib.sha256(reading.read()).hexdigest() == first.sha256


async def test_a_writer_that_fails_leaves_no_list_and_no_rubbish(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> object:
        raise OSError("no space left on device")

    now = await state(house)
    with monkeypatch.context() as patch:
        patch.setattr(listing, "_encoded", broken)
        with pytest.raises(OSError, match="no space"):
            await listing.listed(house.context, now, "txt")
    folder = listing.folder_of(house.context, "si")
    assert list(folder.iterdir()) == []
    assert (await listing.listed(house.context, now, "txt")).size > 0


async def test_a_client_that_goes_away_stops_nobody_else(house: House) -> None:
    now = await state(house)
    asking = asyncio.create_task(listing.listed(house.context, now, "json"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await listing.listed(house.context, now, "json")).seq == now.seq


@pytest.mark.parametrize("damage", ["gone", "rubbish", "older writer"])
async def test_a_damaged_folder_heals(house: House, damage: str) -> None:
    now = await state(house)
    first = await listing.listed(house.context, now, "txt")
    folder = listing.folder_of(house.context, "si")
    if damage == "gone":
        first.path(folder).unlink()
    elif damage == "rubbish":
        (folder / "txt.json").write_text("{")
    else:
        note = folder / "txt.json"
        note.write_text(note.read_text().replace('"version":1', '"version":0'))
    again = await listing.listed(house.context, now, "txt")
    assert again == first
    assert again.path(folder).stat().st_size == first.size
