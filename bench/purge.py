"""Purge of one day of raw mails and of their text, and what sealing them costs when they come in.

Run `python -m bench.purge [--mails N] [--dsn DSN]`. Mails are written through `store.raw`,
`store.ingest` and `store.report` with fsync on. The cost of sealing is measured in the same run
beside rows that are compressed and not sealed, in turns.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zstandard
from msgspec import structs

from bench.ingest import server
from zvon.access.node import create_node, node
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.ids import uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Channel, Door, Lang, ReportIn
from zvon.privacy.policies import shipped
from zvon.respond import purge
from zvon.store import data_policy, party, raw, report, search_index
from zvon.store.data_key import DataKeys
from zvon.store.ingest import SAID, RecordIn, Sighted, ingest
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, Tx, transaction

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
BATCH = 200
FLOOR_S = 60.0
KEY = bytes(32)


def mail(draw: random.Random, n: int) -> bytes:
    """A mail of a few KiB with an address and a link of its own."""
    words = " ".join(f"{draw.getrandbits(40):010x}" for _ in range(150))
    return (f"From: oseba{n}@primer-{n % 900}.example\r\nTo: prijave@team.example\r\n"
            f"Subject: Paket {n}\r\n\r\nhttps://paket-{n}.example/p {words}\r\n").encode()  # fmt: skip


async def fill(pool: Pool, count: int) -> None:
    """`count` decoded reports of one day with their raw bodies."""
    draw = random.Random(7)
    async with pool.connection() as db:
        home = await party.own(db)
    for start in range(0, count, BATCH):
        async with transaction(pool, NOW) as tx:
            rows, sent = [], []
            for n in range(start, min(start + BATCH, count)):
                body = mail(draw, n)
                values = (Observable(ObservableType.EMAIL, f"oseba{n}@primer-{n % 900}.example"),
                          Observable(ObservableType.DOMAIN, f"paket-{n}.example"))  # fmt: skip
                rows.append(RecordIn(
                    uuid=uuid7(NOW, draw.randbytes(10)), kind="report", created_at=NOW,
                    modified_at=NOW, tlp=Tlp.AMBER, pap=Pap.GREEN,
                    payload={"text": body.decode(), "subject": f"Paket {n}"}, org_id=home.id,
                    orgc_id=home.id, raw_sha256=await raw.put(tx, body, "message/rfc822", NOW),
                    observables=[Sighted(each, SAID, NOW) for each in values]))  # fmt: skip
                sent.append(ReportIn(body=body, media_type="message/rfc822", channel=Channel.EMAIL,
                                     door=Door.API, lang=Lang.SL, received_at=NOW))  # fmt: skip
            for record_id, one in zip(await ingest(tx, rows, NOW), sent, strict=True):
                await report.add(tx, one, record_id=record_id, token=draw.randbytes(16).hex(),
                                 key_hash=None)  # fmt: skip
    while True:
        async with transaction(pool, NOW) as tx:
            if not await search_index.step(tx, NOW):
                break


async def plain(tx: Tx, body: bytes, key_id: int) -> None:
    """A body as it was kept before there were keys: a look-up and a row of the same table."""
    sha = hashlib.sha256(body).digest()
    await tx.execute("select from raw_input where sha256 = %s", (sha,))
    await tx.execute(
        """
        insert into raw_input (sha256, body, size, media_type, received_at, key_id)
        values (%s, %s, %s, 'message/rfc822', %s, %s) on conflict do nothing
        """,
        (sha, zstandard.ZstdCompressor(level=raw.LEVEL).compress(body), len(body), NOW, key_id),
    )


async def sealing(pool: Pool, count: int) -> dict[str, float]:
    """Mails a second into rows of their own, sealed and plain, in turns of one transaction each."""
    draw, spent = random.Random(8), {"sealed": 0.0, "plain": 0.0}
    async with transaction(pool, NOW) as tx:
        await raw.put(tx, b"the first of the day makes the key", "text/plain", NOW)
        row = await (await tx.execute("select id from data_key")).fetchone()
    assert row is not None
    key_id = int(row[0])
    for start in range(0, count, BATCH):
        for kind in spent:
            bodies = [mail(draw, n) for n in range(start, start + BATCH)]
            began = time.perf_counter()
            async with transaction(pool, NOW) as tx:
                for body in bodies:
                    if kind == "sealed":
                        await raw.put(tx, body, "message/rfc822", NOW)
                    else:
                        await plain(tx, body, key_id)
            spent[kind] += time.perf_counter() - began
    return {kind: count / seconds for kind, seconds in spent.items()}


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mails", type=int, default=30_000)
    arguments.add_argument("--dsn", help="an owner's DSN of a server to use")
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zvon-bench-"))
    with server(given.dsn) as dsn:
        async with open_pool(dsn, size=3, keys=DataKeys(KEY, os.urandom)) as pool:
            settings = Settings(root=folder)
            async with transaction(pool, NOW) as tx:
                await create_node(tx, settings, NOW, os.urandom)
                await data_policy.ensure(tx, settings.country, shipped(), NOW)
                me = await node(tx.db, settings.key_file.read_bytes())
            cost = await sealing(pool, 2_000)
            began = time.perf_counter()
            await fill(pool, given.mails)
            print(f"{given.mails:,} mails were written in {time.perf_counter() - began:.1f} s")
            result: dict[str, object] = {"mails": given.mails, "floor_s": FLOOR_S, **{
                f"put_{kind}_s": round(rate) for kind, rate in cost.items()}}  # fmt: skip
            slower = cost["plain"] / cost["sealed"] - 1
            print(f"bodies a second: {cost['sealed']:,.0f} sealed, {cost['plain']:,.0f} not"
                  f" ({slower:+.0%} time each)")  # fmt: skip
            context = Context(pool, settings, me, lambda: NOW, os.urandom)
            for of_class, days in (("report.raw", 32), ("report.text", 370)):
                at = NOW + timedelta(days=days)
                later = structs.replace(context, clock=lambda at=at: at)
                began = time.perf_counter()
                (done,) = await purge.run(later, of_class=of_class)
                took = time.perf_counter() - began
                result[f"{of_class}_s"] = round(took, 2)
                print(f"{of_class}: {took:.1f} s, {sum(done.rows.values()):,} rows,"
                      f" {done.keys} keys · floor {FLOOR_S:.0f} s")  # fmt: skip
            began = time.perf_counter()
            written = await purge.write_anew(context)
            result["rewrite_s"] = round(time.perf_counter() - began, 2)
            print(f"written anew: {len(written.done)} tables in {result['rewrite_s']} s,"
                  f" log cut: {written.log}")  # fmt: skip
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(main())
