"""Replay: what could not be read is read again, and only that, by a decoder that has learned."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import pytest

from tests.collect.deliveries import World, found, rows, send, work, world
from tests.store.world import somebody
from zvon.access.permission import Denied
from zvon.collect.read import steps
from zvon.collect.replay import replay_deliveries
from zvon.model.item import Bad, Format, Item, ItemKind, Options, Value
from zvon.model.observable import ObservableType, canonical
from zvon.store import party, quarantine
from zvon.store.transaction import Pool
from zvon.store.visibility import read


class Toy:
    """Names, one a line; `!` lines are read only once the decoder has `learned` their letter."""

    def __init__(self) -> None:
        self.learned = ""

    def decode(self, chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
        for n, line in enumerate(b"".join(chunks).decode().splitlines(), start=1):
            position = f"line {n}"
            if line.startswith("!") and line[1:2] not in self.learned:
                yield Bad(position, f"{line!r} is not known yet", line.encode())
                continue
            value = canonical(ObservableType.DOMAIN, line.lstrip("!"))
            yield Item(kind=ItemKind.INDICATOR, position=position, payload={"line": line},
                       values=(Value(value),))  # fmt: skip


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    made = Toy()
    shown = Format(name="toy", sniff=lambda sample, name: None, decode=made.decode)
    monkeypatch.setattr(steps, "formats", lambda: {"toy": shown})
    return made


@pytest.fixture
async def node(pool: Pool, now: datetime, toy: Toy) -> World:
    return await world(pool, now, format="toy")


BODY = b"a.paket.example\n!b.paket.example\n!c.paket.example\nd.paket.example\n"


async def test_only_what_was_set_aside_is_taken_and_what_stays_wrong_stays(
    node: World, toy: Toy
) -> None:
    uuid = await send(node, BODY, name="names")
    await work(node)
    told = await found(node, uuid)
    assert (told.items, told.records, told.quarantined) == (2, 2, 2)
    toy.learned = "b"
    assert await replay_deliveries(node.pool, node.ada, node.now, of_delivery=uuid) == 1
    await work(node)
    told = await found(node, uuid)
    assert (told.state, told.items, told.records, told.quarantined) == ("done", 3, 3, 1)
    marked = await rows(
        node, "select position, replayed_at is not null from quarantine order by position"
    )
    assert marked == [("line 2", True), ("line 3", False)]
    async with read(node.pool, node.ada) as db:
        assert await quarantine.count(db, node.ada, node.source.id) == 1
        assert [p.position for p in await quarantine.pieces(db, node.ada)] == ["line 3"]
    toy.learned = "bc"
    assert await replay_deliveries(node.pool, node.ada, node.now, of_source=node.source.uuid) == 1
    await work(node)
    assert (await found(node, uuid)).quarantined == 0
    assert await rows(node, "select count(*) from record") == [(4,)]
    assert await replay_deliveries(node.pool, node.ada, node.now) == 0


async def test_a_whole_replay_stores_nothing_twice(node: World, toy: Toy) -> None:
    uuid = await send(node, BODY, name="names")
    await work(node)
    toy.learned = "bc"
    assert (
        await replay_deliveries(node.pool, node.ada, node.now, of_delivery=uuid, everything=True)
        == 1
    )
    await work(node)
    told = await found(node, uuid)
    assert (told.items, told.records, told.quarantined) == (4, 4, 0)
    assert await rows(node, "select count(*) from record_version") == [(0,)]
    assert await rows(node, "select count(*) from occurrence") == [(4,)]


async def test_a_decoder_that_breaks_its_promise_costs_one_delivery(
    node: World, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = toy.decode

    def wrong(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
        yield from (each for each, _ in zip(good(chunks, options), range(1), strict=False))
        raise RuntimeError("no more")

    shown = Format(name="toy", sniff=lambda sample, name: None, decode=wrong)
    monkeypatch.setattr(steps, "formats", lambda: {"toy": shown})
    uuid = await send(node, BODY, name="names")
    await work(node)
    told = await found(node, uuid)
    assert (told.state, told.records, told.quarantined) == ("done", 1, 1)
    [(position, reason)] = await rows(node, "select position, reason from quarantine")
    assert position == "after line 1"
    assert "RuntimeError: no more" in reason
    shown = Format(name="toy", sniff=lambda sample, name: None, decode=good)
    monkeypatch.setattr(steps, "formats", lambda: {"toy": shown})
    toy.learned = "bc"
    await replay_deliveries(node.pool, node.ada, node.now, of_delivery=uuid)
    await work(node)
    told = await found(node, uuid)
    assert (told.items, told.records, told.quarantined) == (4, 4, 0)


async def test_many_wrong_lines_are_counted_and_a_thousand_kept(node: World, toy: Toy) -> None:
    uuid = await send(node, b"".join(b"!x%d.example\n" % n for n in range(2500)), name="names")
    await work(node)
    assert (await found(node, uuid)).quarantined == 2500
    assert await rows(node, "select count(*) from quarantine") == [(1000,)]
    toy.learned = "x"
    await replay_deliveries(node.pool, node.ada, node.now, of_delivery=uuid)
    await work(node)
    told = await found(node, uuid)
    assert (told.items, told.quarantined) == (2500, 0)


async def test_whoever_may_not_replay_is_refused(node: World) -> None:
    async with read(node.pool, node.ada) as db:
        own = await party.own(db)
    reader = await somebody(node.pool, node.now, own, "aud", ("auditor",))
    with pytest.raises(Denied):
        await replay_deliveries(node.pool, reader, node.now)
