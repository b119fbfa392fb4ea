"""Intake end to end: bytes of a source to committed records, on a node of its own.

Run `python -m bench.intake [--misp N] [--samples] [--big MB] [--dsn DSN]`:

- `--misp N`: N attributes of generated MISP events, from JSON to committed rows, attributes/s;
- `--samples`: every sample of the folder `ZVON_DATA`: file, decoder, items,
  records, observables, pieces set aside with their commonest reasons, seconds. A proposed mapping
  is confirmed as it is, so that tables are read;
- `--big MB`: a generated log of that size through the reader's process, and its largest memory.

Without any of them: all three, 200,000 attributes and 500 MB.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import msgspec

from bench.ingest import server
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.collect.intake import intake
from zvon.collect.read.process import read as read_apart
from zvon.collect.read.words import Batch, Task
from zvon.collect.take import take
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.ids import uuid7
from zvon.store import delivery, mapping, party, person, source_change
from zvon.store.data_key import DataKeys
from zvon.store.delivery import Delivery
from zvon.store.pool import open_pool
from zvon.store.source import Setup
from zvon.store.source_change import NewSource
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GOAL = 20_000
PER_EVENT = 5_000
# Folders of the samples, relative to the data, and what of them is no source's output.
SAMPLES = ("cti", "incidents/intelmq_samples", "incidents/suricata_first2015",
           "incidents/cptc2017_suricata", "incidents/otrf", "incidents/ossec_aminer_ldsv1",
           "incidents/ait_ads", "detection", "text")  # fmt: skip
LEFT_OUT = {"SOURCES.md", "README.md", "LICENSE", "sealed"}
LARGEST = 400 * 1024 * 1024


def misp(count: int, seed: int) -> Iterator[bytes]:
    """A list of MISP events with `count` attributes together, as an instance exports them."""
    draw, at = random.Random(seed), int(NOW.timestamp()) - 86_400
    yield b'{"response":['
    for start in range(0, count, PER_EVENT):
        event = UUID(int=draw.getrandbits(128), version=4)
        attributes = [_attribute(draw, at + n) for n in range(min(PER_EVENT, count - start))]
        body = {"Event": {"uuid": str(event), "info": f"bench {start}", "date": "2026-11-21",
                          "timestamp": str(at), "published": True, "analysis": "2",
                          "threat_level_id": "2", "Tag": [{"name": "tlp:green"}],
                          "Attribute": attributes}}  # fmt: skip
        yield (b"," if start else b"") + json.dumps(body).encode()
    yield b"]}"


def _attribute(draw: random.Random, at: int) -> dict[str, Any]:
    kind, category, value = draw.choice((
        ("domain", "Network activity", f"{draw.getrandbits(48):012x}.paketi.example"),
        ("ip-dst", "Network activity", str(IPv4Address(0xC6120000 + draw.getrandbits(17)))),
        ("sha256", "Payload delivery", f"{draw.getrandbits(256):064x}"),
        ("url", "Network activity", f"https://{draw.getrandbits(56):014x}.example/pay"),
    ))  # fmt: skip
    return {"uuid": str(UUID(int=draw.getrandbits(128), version=4)), "type": kind,
            "category": category, "value": value, "to_ids": True, "timestamp": str(at),
            "comment": "", "distribution": "5", "disable_correlation": False}  # fmt: skip


class Node(msgspec.Struct):
    """A node, its administrator, and a source for each purpose."""

    context: Context
    ada: Viewer

    async def source(self, name: str) -> Setup:
        async with transaction(self.context.pool, NOW) as tx:
            return await source_change.create(tx, self.ada, NewSource(name=name, kind="push"),
                                              bytes(32), NOW, os.urandom(10), os.urandom(12))  # fmt: skip

    async def run(self, setup: Setup, body: AsyncIterator[bytes], name: str) -> Delivery:
        uuid = await take(self.context, setup.id, body, name=name)
        async with read(self.context.pool, self.ada) as db:
            taken = await delivery.get(db, self.ada, uuid)
        await intake(self.context, {"delivery_id": taken.id})
        async with read(self.context.pool, self.ada) as db:
            return await delivery.get(db, self.ada, uuid)


async def node(pool: Pool) -> Node:
    async with transaction(pool, NOW) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
        home = await party.put(tx, uuid=uuid7(NOW, os.urandom(10)), name="bench", kind="csirt",
                               country="SI", own=True)  # fmt: skip
        made = await person.add(tx, uuid=uuid7(NOW, os.urandom(10)), party_id=home.id, login="ada",
                                name="Ada", lang="en", roles=("administrator",),
                                password_hash=None, now=NOW)  # fmt: skip
        ada = await person.viewer(tx.db, made)
    assert ada is not None
    settings = Settings(intake_most=16 * 1024**3)
    return Node(Context(pool, settings, cast(Any, None), lambda: NOW, os.urandom), ada)


async def stream(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def of_file(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(1 << 20):
            yield piece


async def measure_misp(made: Node, count: int) -> dict[str, Any]:
    setup = await made.source("misp")
    body = b"".join(misp(count, 7))
    began = time.perf_counter()
    uuid = await take(made.context, setup.id, body, name="events.json")
    taken = time.perf_counter()
    async with read(made.context.pool, made.ada) as db:
        one = await delivery.get(db, made.ada, uuid)
    await intake(made.context, {"delivery_id": one.id})
    ended = time.perf_counter()
    async with read(made.context.pool, made.ada) as db:
        told = await delivery.get(db, made.ada, uuid)
    assert told.state == "done", told
    assert told.observables == count, told
    rate = count / (ended - began)
    print(f"MISP: {count:,} attributes, {len(body) / 1e6:.0f} MB, {rate:,.0f}/s from bytes to rows "
          f"({taken - began:.1f} s kept, {ended - taken:.1f} s read and stored) · goal {GOAL:,}")  # fmt: skip
    return {"attributes": count, "per_s": round(rate), "goal": GOAL, "records": told.records,
            "format": told.format}  # fmt: skip


async def measure_samples(made: Node, data: Path) -> list[dict[str, Any]]:
    found = []
    for folder in SAMPLES:
        files = [p for p in sorted((data / folder).rglob("*")) if p.is_file()
                 and not LEFT_OUT & set(p.parts)]  # fmt: skip
        for path in files:
            if path.stat().st_size > LARGEST:
                continue
            found.append(await _sample(made, data, path))
            print(_row(found[-1]), flush=True)
    return found


async def _sample(made: Node, data: Path, path: Path) -> dict[str, Any]:
    name = str(path.relative_to(data))
    setup = await made.source(name)
    began = time.perf_counter()
    told = await made.run(setup, stream(of_file(path)), path.name)
    if told.state == "waiting" and told.mapping_id is not None:
        async with transaction(made.context.pool, NOW) as tx:
            wanted = await mapping.wanted(tx.db, made.ada, setup.uuid)
            await mapping.confirm(tx, made.ada, setup.uuid, wanted.body, NOW, os.urandom(10))
        await intake(made.context, {"delivery_id": told.id})
        async with read(made.context.pool, made.ada) as db:
            told = await delivery.get(db, made.ada, told.uuid)
    seconds = time.perf_counter() - began
    async with read(made.context.pool, SYSTEM) as db:
        rows = await (
            await db.execute("select reason from quarantine where delivery_id = %s", (told.id,))
        ).fetchall()
    reasons = Counter(str(row[0])[:80] for row in rows).most_common(3)
    return {"file": name, "format": told.format, "state": told.state, "items": told.items,
            "records": told.records, "observables": told.observables,
            "quarantined": told.quarantined, "reasons": reasons, "problem": told.problem,
            "seconds": round(seconds, 2), "mb": round(path.stat().st_size / 1e6, 2)}  # fmt: skip


def _row(r: dict[str, Any]) -> str:
    reasons = "; ".join(f"{n}× {reason}" for reason, n in r["reasons"])
    return (f"{r['file'][-60:]:60} {r['format'][:24]:24} {r['state']:7} {r['items']:>8} "
            f"{r['records']:>8} {r['observables']:>9} {r['quarantined']:>6} {r['seconds']:>7.1f} s"
            f"  {r['problem']} {reasons}")  # fmt: skip


def log_lines(size: int) -> Iterator[bytes]:
    """Packed pieces of a log of about `size` bytes: Suricata's EVE."""
    draw, n, made = random.Random(3), 0, 0
    while made < size:
        lines: list[bytes] = []
        while len(lines) < 4000:
            at = (NOW - timedelta(seconds=n)).isoformat()
            event = {"timestamp": at, "event_type": "dns", "src_ip": f"10.1.{n % 256}.9",
                     "dest_ip": "192.0.2.53", "proto": "UDP", "flow_id": draw.getrandbits(50),
                     "dns": {"type": "query", "id": n % 65536, "rrtype": "A",
                             "rrname": f"{draw.getrandbits(20):x}.paketi.example"}}  # fmt: skip
            lines.append(json.dumps(event).encode() + b"\n")
            n += 1
        body = b"".join(lines)[: 1 << 20]
        made += len(body)
        yield delivery.pack(body)


async def measure_big(size: int) -> dict[str, Any]:
    task = Task(source=UUID(int=1), within=bytes(32), now=NOW, received_at=NOW, name="eve.json")
    began, items = time.perf_counter(), 0
    async for said in read_apart(task, size, stream(log_lines(size))):
        if isinstance(said, Batch):
            items += said.items
    seconds = time.perf_counter() - began
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"big: {size / 1e6:,.0f} MB of log, {items:,} lines, {size / 1e6 / seconds:,.1f} MB/s; largest "
          f"memory {child} MB in the reader's process, {mine} MB here · goal < 300 MB")  # fmt: skip
    return {"mb": round(size / 1e6), "items": items, "seconds": round(seconds, 1),
            "reader_rss_mb": child, "rss_mb": mine}  # fmt: skip


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--misp", type=int, default=0)
    arguments.add_argument("--samples", action="store_true")
    arguments.add_argument("--big", type=int, default=0, help="megabytes")
    arguments.add_argument("--dsn", help="an owner's DSN of a server to use")
    arguments.add_argument("--out", type=Path, help="where the rows of the samples go as JSON")
    given = arguments.parse_args()
    result: dict[str, Any] = {}
    data = Path(os.environ.get("ZVON_DATA", "no-data"))
    if not (given.misp or given.samples or given.big):
        given.misp, given.big, given.samples = 200_000, 500, data.is_dir()
    if given.big:
        result["big"] = await measure_big(given.big * 1_000_000)
    if given.misp or given.samples:
        with server(given.dsn) as dsn:
            async with open_pool(dsn, size=4, keys=DataKeys(bytes(32), os.urandom)) as pool:
                made = await node(pool)
                if given.misp:
                    result["misp"] = await measure_misp(made, given.misp)
                if given.samples:
                    rows = await measure_samples(made, data)
                    result["samples"] = {
                        key: sum(r[key] for r in rows)
                        for key in ("items", "records", "observables", "quarantined")
                    } | {"files": len(rows), "failed": sum(r["state"] != "done" for r in rows)}
                    if given.out:
                        given.out.write_bytes(msgspec.json.encode(rows))
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
