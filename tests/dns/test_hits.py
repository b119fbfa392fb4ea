"""One question, whatever the resolver: the same sighting, and nobody's address."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import dns.asyncquery
import dns.message
import pytest

from tests.blocks import publish
from tests.dns.conftest import Lab, clock
from tests.dns.outposts import outpost_of
from tests.dns.test_serve import until
from zvon.cli.collector_hits import follow, send_one, streams
from zvon.cli.demo.resolvers import Wanted, free_port, start_resolver
from zvon.collect.hit_count import Counter
from zvon.collect.hit_spool import HitSpool
from zvon.collect.resolver_log import Collector
from zvon.dns.ask import Asker
from zvon.dns.kit import kit
from zvon.dns.outpost import Client
from zvon.model.hit import HitBatch, HitCount
from zvon.model.scope import Scope
from zvon.store import hit
from zvon.store.block_row import BlockRow
from zvon.store.subscriber import Subscriber

VISITOR = "127.0.0.77"
"""Nobody else asks from there, so that it can be looked for."""
CASES = [
    pytest.param("bind", "bind", marks=pytest.mark.server("named")),
    pytest.param("unbound", "unbound", marks=pytest.mark.server("unbound")),
    pytest.param("pdns", "pdns", marks=pytest.mark.server("pdns_recursor")),
    pytest.param("bind", "dnstap", marks=pytest.mark.server("named")),
]


async def started(
    lab: Lab, brand: str, folder: Path, extra: dict[str, str]
) -> tuple[Subscriber, Path, int]:
    """A real resolver from its kit, with lines appended to some of its files."""
    wanted = await Wanted.plan(f"{brand}-0", brand, folder / brand, lab.upstream, relay=False)
    more = {"known_by": "address"} if brand == "unbound" else {}
    made = await lab.subscribe(wanted.label, brand, wanted, **more)
    files = [
        {"path": f.path, "text": f.text + extra.get(Path(f.path).name, "")}
        for f in kit(made, lab.settings.dns, lab.secrets[wanted.label])
    ]
    running = await start_resolver(wanted, files)
    lab.resolvers.append(running)
    return made, wanted.folder, running.port


@asynccontextmanager
async def collecting(collector: Collector, via: str, log: Path, listen: str) -> AsyncIterator[None]:
    if via in {"bind", "unbound"}:
        task = asyncio.create_task(follow(collector, via, log))
        try:
            yield
        finally:
            task.cancel()
    else:
        async with streams(collector, via, listen):
            yield


async def visit(port: int, name: str) -> None:
    query = dns.message.make_query(name, "A")
    await dns.asyncquery.udp(query, "127.0.0.1", port=port, source=VISITOR, timeout=5)


async def everything(lab: Lab) -> str:
    """All that the database holds, as text."""
    async with lab.pool.connection() as db:
        tables = await (
            await db.execute("select tablename from pg_tables where schemaname = 'public'")
        ).fetchall()
        texts = []
        for (table,) in tables:
            rows = await (await db.execute(f"select t::text from {table} t".encode())).fetchall()
            texts += [row[0] or "" for row in rows]
    return "\n".join(texts)


@pytest.mark.parametrize(("brand", "via"), CASES)
async def test_the_same_question_is_the_same_sighting_and_nobodys_address_leaves(
    lab: Lab, tmp_path: Path, brand: str, via: str
) -> None:
    port = free_port()
    listen = f"127.0.0.1:{port}" if via == "pdns" else f"unix:{tmp_path}/tap.sock"
    extra = {
        "pdns": {"zvon.lua": f'protobufServer("{listen}", {{logQueries=false, logResponses=true}})\n'},
        "dnstap": {"zvon-options.conf":
                   f'dnstap {{ client response; }}; dnstap-output unix "{tmp_path}/tap.sock";\n'},
    }.get(via, {})  # fmt: skip
    spool = HitSpool(tmp_path / "spool", os.urandom(16).hex())
    collector = Collector(Counter(os.urandom, ("127.0.0.1/32",)), spool, clock)
    log = tmp_path / brand / f"{brand}.log"
    log.parent.mkdir()
    log.touch()
    async with collecting(collector, via, log, listen):
        made, folder, resolver = await started(lab, brand, tmp_path, extra)
        assert folder == log.parent
        async with outpost_of(lab, made, tmp_path) as post:
            (row,) = await publish(
                lab.pool, lab.people, clock(), "evil.example", scope=Scope.REGISTRABLE_SUB
            )
            asker = await Asker.to("127.0.0.1", resolver)
            await until(asker, "evil.example", blocked=True)
            asker.close()
            for name in ("evil.example", "evil.example", "Evil.Example", "good.example"):
                await visit(resolver, name)
            for name in ("www.evil.example", "a.b.evil.example"):
                await visit(resolver, name)
            async with asyncio.timeout(15):
                while collector.hits < 5:
                    await asyncio.sleep(0.05)
            collector.flush(now=True)
            shipped = await sent(collector, post.client)
            assert await counted(lab, row) == {
                ("hot.si.zvon", "evil.example", "nxdomain", 3, None),
                ("hot.si.zvon", "*.evil.example", "nxdomain", 2, None),
            }
            await nothing_twice(lab, post.client, collector, row)
    assert VISITOR not in shipped
    stored = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert VISITOR.encode() not in stored
    assert VISITOR not in await everything(lab)
    spool.close()


async def sent(collector: Collector, client: Client) -> str:
    """Hand everything in; what went over the wire."""
    bodies: list[str] = []
    record = collector.spool.next()
    while record is not None:
        bodies.append(str(record))
        assert await send_one(collector, client)
        record = collector.spool.next()
    return "".join(bodies)


async def counted(lab: Lab, row: BlockRow) -> set[tuple[str, str, str, int, int | None]]:
    async with lab.pool.connection() as db:
        minutes = await hit.of_block(
            db, lab.people["ana"], row.uuid, row.proposed_at - timedelta(minutes=1)
        )
    total: dict[tuple[str, str, str], int] = {}
    for one in minutes:
        place = (one.zone, one.owner, one.action)
        total[place] = total.get(place, 0) + one.hits
    return {(*place, hits, None) for place, hits in total.items()}


async def nothing_twice(lab: Lab, client: Client, collector: Collector, row: BlockRow) -> None:
    """A batch again, of no rule of ours, of another's zone, or of next year: not counted."""
    before = await counted(lab, row)
    good = HitCount(
        zone="hot.si.zvon", owner="evil.example", action="nxdomain", minute=clock(), hits=7
    )

    async def hand_in(n: int, *rows: HitCount, spool: str = collector.spool.identifier) -> None:
        await client.call("POST", "hits", HitBatch(spool=spool, n=n, rows=list(rows)))

    await hand_in(1, good)
    other = "f" * 32
    changed: list[dict[str, Any]] = [
        {"owner": "innocent.example"}, {"zone": "hot.hr.zvon"}, {"zone": "allow.other.zvon"},
        {"minute": clock().replace(year=2030)}, {"minute": clock().replace(year=2020)},
    ]  # fmt: skip
    fields = {name: getattr(good, name) for name in HitCount.__struct_fields__}
    await hand_in(1, *(HitCount(**(fields | change)) for change in changed), spool=other)
    assert await counted(lab, row) == before
    async with lab.pool.connection() as db:
        (total,) = await hit.totals(db, lab.people["ana"], row.proposed_at - timedelta(minutes=1))
    assert (total.name, total.hits) == ("evil.example", 5)
