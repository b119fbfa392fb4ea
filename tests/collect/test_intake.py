"""Deliveries become records: each once, whatever comes with them, and nothing is lost."""

import asyncio
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import pytest

from tests.collect.deliveries import World, a_source, found, rows, send, work, world
from tests.collect.intake import context_of
from zvon.collect.intake import intake
from zvon.collect.read import steps
from zvon.formats.registry import formats
from zvon.model.item import Bad, Format, Item, ItemKind, Options, Value
from zvon.model.observable import Observable, ObservableType
from zvon.store.transaction import Pool

ALERT = {
    "timestamp": "2026-11-22T08:00:00.000000+0000", "event_type": "alert", "src_ip": "192.0.2.7",
    "src_port": 5432, "dest_ip": "198.51.100.9", "dest_port": 443, "proto": "TCP",
    "alert": {"signature": "ET MALWARE beacon", "signature_id": 2000001, "severity": 1},
}  # fmt: skip
FLOW = ALERT | {"event_type": "dns", "dns": {"rrname": "paket.example", "type": "query"}}


@pytest.fixture
async def node(pool: Pool, now: datetime) -> World:
    return await world(pool, now)


def eve(*events: dict[str, object]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


async def kinds(node: World) -> dict[str, int]:
    found = await rows(node, "select kind, count(*) from record group by kind")
    return {str(kind): int(n) for kind, n in found}


async def test_alerts_and_lines_of_a_sensor_become_records(node: World) -> None:
    uuid = await send(node, eve(ALERT, FLOW, FLOW), name="eve.json")
    await work(node)
    told = await found(node, uuid)
    assert (told.state, told.format, told.items, told.records, told.quarantined) == (
        "done", "eve", 3, 2, 0,
    )  # fmt: skip
    assert told.why["why"] == "KEYS"
    assert await kinds(node) == {"alert": 1, "log": 1}
    values = await rows(
        node,
        "select o.value from occurrence c join observable o on o.id = c.observable_id"
        " join record r on r.id = c.record_id where r.kind = 'log' order by 1",
    )
    assert ("paket.example",) in values
    [(payload, raw)] = await rows(
        node, "select payload, raw_sha256 from record where kind = 'alert'"
    )
    assert payload["said"]["alert"]["signature_id"] == 2000001
    assert payload["position"] == "line 1"
    assert bytes(raw) == told.sha256


async def test_the_same_bytes_again_are_one_delivery_that_was_seen_again(node: World) -> None:
    first = await send(node, eve(ALERT), name="eve.json")
    await work(node)
    assert await send(node, eve(ALERT), name="other.json") == first
    await work(node)
    assert (await found(node, first)).again == 1
    assert await kinds(node) == {"alert": 1}


async def test_a_list_that_is_fetched_each_hour_counts_once_and_its_values_stay_fresh(
    node: World,
) -> None:
    names = [f"host-{n}.paket.example" for n in range(30)]
    await send(node, "\n".join(names).encode(), name="list.txt", format="list")
    await work(node)
    later = node.now + timedelta(hours=1)
    longer = "\n".join([*names, "new.paket.example"]).encode()
    uuid = await send(node, longer, name="list.txt", format="list")
    await work(node, later)
    told = await found(node, uuid)
    assert (told.items, told.records, told.observables) == (31, 1, 1)
    assert await kinds(node) == {"indicator": 31}
    assert await rows(node, "select count(*), min(seen_at) from occurrence") == [(31, later)]
    assert await rows(node, "select count(*) from record_version") == [(0,)]


async def test_a_broken_line_is_set_aside_and_the_others_go_on(node: World) -> None:
    body = eve(ALERT) + b'{"timestamp": "2026\n' + eve(FLOW)
    uuid = await send(node, body, name="eve.json")
    await work(node)
    told = await found(node, uuid)
    assert (told.state, told.items, told.quarantined) == ("done", 2, 1)
    [(position, reason, piece)] = await rows(node, "select position, reason, piece from quarantine")
    assert position == "line 2"
    assert reason
    assert bytes(piece).startswith(b'{"timestamp": "2026')


async def test_what_nobody_knows_is_set_aside_whole(node: World) -> None:
    uuid = await send(node, bytes(range(128, 256)) * 4, name="thing.bin")
    await work(node)
    told = await found(node, uuid)
    assert (told.state, told.items, told.quarantined) == ("done", 0, 1)
    assert (await rows(node, "select position from quarantine"))[0][0] == "byte 0"


async def test_an_archive_is_read_file_by_file(node: World) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("day/eve.json", eve(ALERT, FLOW))
        archive.writestr("day/second.json.gz", gzip.compress(eve(ALERT)))
        archive.writestr("day/broken.gz", gzip.compress(eve(ALERT) * 2000)[:200])
    uuid = await send(node, body.getvalue(), name="logs.zip")
    await work(node)
    told = await found(node, uuid)
    assert told.state == "done"
    assert await kinds(node) == {"alert": 2, "log": 1}
    positions = {row[0] for row in await rows(node, "select position from quarantine")}
    assert any(position.startswith("day/broken") for position in positions)
    assert told.why["files"]["day/eve.json"] == "eve"


async def test_a_large_delivery_is_read_in_a_process_of_its_own(node: World) -> None:
    events = [ALERT | {"src_port": n} for n in range(12_000)]
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        info, body = tarfile.TarInfo("eve.json"), eve(*events)
        info.size = len(body)
        archive.addfile(info, io.BytesIO(body))
    uuid = await send(node, tar.getvalue(), name="eve.tar.gz")
    await work(node)
    told = await found(node, uuid)
    assert (told.state, told.items, told.records) == ("done", 12_000, 12_000)
    assert told.why["packing"] == ["gzip", "tar"]


async def test_a_bomb_ends_with_a_reason_and_the_next_delivery_is_read(node: World) -> None:
    bomb = await send(node, gzip.compress(bytes(100_000_000), 1), name="eve.json.gz")
    good = await send(node, eve(ALERT), name="eve.json")
    await work(node)
    assert (await found(node, bomb)).quarantined == 1
    assert (await found(node, good)).records == 1


async def test_a_paused_source_loses_nothing(node: World) -> None:
    async with node.pool.connection() as db:
        await db.execute("update source_setup set paused = true")
    uuid = await send(node, eve(ALERT), name="eve.json")
    await work(node)
    assert (await found(node, uuid)).state == "waiting"
    async with node.pool.connection() as db:
        await db.execute("update source_setup set paused = false")
        await db.execute(
            "insert into pgqueuer (priority, status, entrypoint, payload)"
            " values (0, 'queued', 'collect.intake', '{}')"
        )
    await work(node)
    await work(node)
    assert (await found(node, uuid)).state == "done"


async def test_sources_do_not_share_identifiers(node: World) -> None:
    other = await a_source(node.pool, node.now, node.ada, name="other")
    for source in (node.source, other):
        await send(node, b"a.paket.example\nb.paket.example\n", source, format="list")
    await work(node)
    assert await kinds(node) == {"indicator": 4}
    assert await rows(node, "select count(*) from observable") == [(2,)]


async def test_deliveries_of_one_source_that_say_the_same_at_once_store_it_once(
    node: World,
) -> None:
    lists = ["\n".join(f"h{n}.example" for n in range(k, k + 300)) for k in (0, 1, 2)]
    for each in lists:
        await send(node, each.encode(), name="list.txt", format="list")
    ids = await rows(node, "select id from delivery")
    context = context_of(node.pool, node.now)
    await asyncio.gather(*(intake(context, {"delivery_id": row[0]}) for row in ids))
    assert await kinds(node) == {"indicator": 302}
    assert await rows(node, "select sum(records), sum(items) from delivery") == [(302, 900)]
    assert await rows(node, "select distinct state from delivery") == [("done",)]


async def test_what_the_database_refuses_fails_alone_with_a_reason(
    node: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
        value = Observable(ObservableType.DOMAIN, "a\0.example")
        yield Item(kind=ItemKind.INDICATOR, position="line 1", payload={}, values=(Value(value),))

    toy = Format(name="toy", sniff=lambda sample, name: None, decode=decode)
    monkeypatch.setattr(steps, "formats", lambda: formats() | {"toy": toy})
    uuid = await send(node, b"anything", format="toy")
    await work(node)
    told = await found(node, uuid)
    assert told.state == "failed"
    assert "NUL" in told.problem
    assert await rows(node, "select sum(failures) from source_day") == [(1,)]
