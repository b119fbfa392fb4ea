"""From the decision to the first blocked answer, at real resolvers with a large cold zone.

`python -m bench.publish [--rules N] [--rounds N] [--json F]`. A node's `dns` role runs in a process
of its own; BIND, Unbound (directly and behind its NSD relay) and PowerDNS subscribe with the kit's
own files. The clock starts before the approval is written and stops at the first answer as
ordered; each resolver is asked about every millisecond. Beside it: the round trip of an empty UDP
packet on loopback, and of a cached answer of the same resolver.
"""

import argparse
import asyncio
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dns.message
import dns.rdatatype
import dns.rrset
import psycopg

from zvon.access.node import create_node, node
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.cli.demo.resolvers import Running, Wanted, found, free_port, program, start_resolver
from zvon.config import Settings
from zvon.dns.ask import Asker
from zvon.dns.kit import kit
from zvon.model.ids import uuid7
from zvon.model.justification import FIELDS, Justification
from zvon.model.marking import Tlp
from zvon.model.scope import Scope
from zvon.model.zone import marker_name
from zvon.model.zone import test_name as feed_test_name
from zvon.store import block, justification, neverblock, party, subscriber, zone
from zvon.store.cluster import Cluster
from zvon.store.migrate import migrate
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, transaction

GOALS_MS = {"unbound": 100.0, "bind": 300.0, "unbound+relay": 350.0, "pdns": 1200.0}
ASK_EVERY_S = 0.001
LIMIT_S = 90.0


def clock() -> datetime:
    return datetime.now(UTC)


class _Authority(asyncio.DatagramProtocol):
    """Gives every name one address."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        query = dns.message.from_wire(data)
        reply = dns.message.make_response(query)
        question = query.question[0]
        if question.rdtype == dns.rdatatype.A:
            reply.answer.append(dns.rrset.from_text(question.name, 1, "IN", "A", "192.0.2.10"))
        self._transport.sendto(reply.to_wire(), addr)


class _Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._transport.sendto(bytes((data[0], data[1], data[2] | 0x80)) + data[3:], addr)


async def _person(pool: Pool, now: datetime, login: str, role: str) -> Viewer:
    async with transaction(pool, now) as tx:
        own = await party.own(tx.db)
        await tx.execute(
            "insert into role (name, permissions) values (%s, '{}') on conflict do nothing", (role,)
        )
        row = await (
            await tx.execute(
                "insert into person (uuid, party_id, login, name, created_at)"
                " values (%s, %s, %s, %s, %s) returning id",
                (uuid7(now, os.urandom(10)), own.id, login, login, now),
            )
        ).fetchone()
    assert row is not None
    return Viewer(
        person_id=row[0], login=login, name=login, party_id=own.id, party_own=True, country="SI",
        roles=(role,), permissions=SHIPPED_ROLES[role], tlp_ceiling=Tlp.RED,
    )  # fmt: skip


def fill_cold(dsn: str, rules: int) -> None:
    """Load the cold zone past the store, as its owner: a million approvals are not the subject."""
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("alter table zone_rule disable trigger user")
        db.execute(
            """
            insert into zone_rule (zone_id, owner, rdata, serial)
            select z.id, 'd' || lpad(n::text, 7, '0') || '.bulk.example', '.', 2
            from zone z, generate_series(1, %s) n where z.name = 'cold.si.zvon'
            """,
            (rules,),
        )
        db.execute("update zone set serial = 2 where name = 'cold.si.zvon'")
        db.execute("alter table zone_rule enable trigger user")
        db.execute("analyze zone_rule")


class Bench:
    """The node, its resolvers, and two people."""

    def __init__(self, pool: Pool, settings: Settings, dsn: str, folder: Path) -> None:
        self.pool, self.settings, self.dsn, self.folder = pool, settings, dsn, folder
        self.running: dict[str, Running] = {}

    async def prepare(self, rules: int) -> None:
        now = clock()
        async with transaction(self.pool, now) as tx:
            await create_node(tx, self.settings, now, os.urandom)
        self.ana = await _person(self.pool, now, "ana", "analyst")
        self.bor = await _person(self.pool, now, "bor", "approver")
        self.ada = await _person(self.pool, now, "ada", "administrator")
        async with transaction(self.pool, now) as tx:
            await neverblock.load(tx, now)
            await zone.ensure_feed(tx, "si", "SI")
            # The brakes count names of one person; here one person stands for many.
            await tx.execute(
                "insert into policy values ('block-brakes', 1, %s, %s)",
                (json.dumps({"per_ten_minutes": 10**6, "per_day": 10**6}), now),
            )
        async with self.pool.connection() as db:
            self.key = (await node(db, self.settings.key_file.read_bytes())).key
        await self.justify()
        await asyncio.to_thread(fill_cold, self.dsn, rules)

    async def justify(self) -> None:
        """A feed may block when one person wrote why and another agreed."""
        body = Justification(**dict.fromkeys(FIELDS, "the benchmark measures resolvers that block"),
                             review_on=(clock() + timedelta(days=90)).date())  # fmt: skip
        async with transaction(self.pool, clock()) as tx:
            made = await justification.propose(tx, self.ada, "si", body, clock(), os.urandom)
            await justification.approve(tx, self.bor, made.uuid, clock())

    async def subscribe(self, label: str, upstream: str) -> None:
        brand, _, relay = label.partition("+")
        name = label.replace("+", "-")
        wanted = await Wanted.plan(name, brand, self.folder / name, upstream, relay=bool(relay))
        async with transaction(self.pool, clock()) as tx:
            made, secret = await subscriber.add(
                tx, self.ada, name=name, brand=brand, address="127.0.0.1", feeds=("si",),
                notify_address=wanted.notify_address, probe_address=wanted.probe_address,
                relay=wanted.relay, mode="enforce", now=clock(), random=os.urandom, key=self.key,
            )  # fmt: skip
        await asyncio.sleep(0.5)
        files = kit(made, self.settings.dns, secret)
        self.running[label] = await start_resolver(
            wanted, [{"path": f.path, "text": f.text} for f in files]
        )

    async def loaded(self, label: str) -> float:
        """Seconds until the resolver shows the cold zone and blocks its last rule."""
        start = time.monotonic()
        asker = await Asker.to("127.0.0.1", self.running[label].port)
        try:
            while time.monotonic() - start < LIMIT_S:
                shown = await asker.serial(marker_name("cold", "si"))
                test = await asker.ask(feed_test_name("si"))
                last = await asker.ask("d0000001.bulk.example")
                if shown and test and last and test.blocks("nxdomain") and last.blocks("nxdomain"):
                    return time.monotonic() - start
                await asyncio.sleep(0.1)
        finally:
            asker.close()
        raise RuntimeError(f"{label} did not load the zones in {LIMIT_S:.0f} s")

    async def round(self, n: int) -> dict[str, float]:
        """Propose and approve one name; milliseconds to the first blocked answer of each."""
        now = clock()
        name = f"round-{n}-{os.urandom(3).hex()}.example"
        proposal = block.Proposal(
            names=((name, Scope.REGISTRABLE_SUB),), feed="si", reason="measuring",
            legal_ground="measuring", expires_at=now + timedelta(days=1),
        )  # fmt: skip
        async with transaction(self.pool, now) as tx:
            rows = await block.propose(tx, self.ana, proposal, now, os.urandom)
        askers = {
            label: await Asker.to("127.0.0.1", one.port) for label, one in self.running.items()
        }
        for label, asker in askers.items():
            answer = await asker.ask(name, timeout=5.0)
            if answer is None or not answer.resolves:
                raise RuntimeError(f"{label} does not give the real answer before the block")
        start = time.perf_counter()
        waiting = {
            label: asyncio.create_task(_blocked(asker, name, start))
            for label, asker in askers.items()
        }
        async with transaction(self.pool, clock()) as tx:
            await block.approve(tx, self.bor, [row.uuid for row in rows], "measuring", clock())
        took = {"commit": (time.perf_counter() - start) * 1000}
        took |= {label: await task for label, task in waiting.items()}
        for asker in askers.values():
            asker.close()
        return took


async def _blocked(asker: Asker, name: str, start: float) -> float:
    while time.perf_counter() - start < LIMIT_S:
        answer = await asker.ask(name, timeout=LIMIT_S)
        if answer is not None and answer.blocks("nxdomain"):
            return (time.perf_counter() - start) * 1000
        await asyncio.sleep(ASK_EVERY_S)
    raise RuntimeError(f"{name} was not blocked in {LIMIT_S:.0f} s")


async def round_trip(port: int, name: str, times: int = 300) -> float:
    """Median milliseconds of one question and its answer."""
    asker = await Asker.to("127.0.0.1", port)
    took = []
    for _ in range(times):
        start = time.perf_counter()
        await asker.ask(name)
        took.append((time.perf_counter() - start) * 1000)
    asker.close()
    return statistics.median(took)


@asynccontextmanager
async def served(settings: Settings, dsn: str) -> AsyncIterator[subprocess.Popen[bytes]]:
    """`zvon serve dns` in a process of its own."""
    env = os.environ | {"ZVON_ROOT": str(settings.root), "ZVON_DATABASE": dsn,
                        "ZVON_DNS": settings.dns}  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", "from zvon.cli import main; main()", "serve", "dns"], env=env
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


async def measure(rules: int, rounds: int, folder: Path) -> dict[str, Any]:
    """Everything, on a fresh cluster in `folder`."""
    cluster = Cluster(folder / "node")
    cluster.start()
    loop = asyncio.get_running_loop()
    authority, _ = await loop.create_datagram_endpoint(_Authority, local_addr=("127.0.0.1", 0))
    echo, _ = await loop.create_datagram_endpoint(_Echo, local_addr=("127.0.0.1", 0))
    upstream = "{}:{}".format(*authority.get_extra_info("sockname")[:2])
    labels = [b for b in GOALS_MS if b in {name for name, _ in found()}]
    if "unbound" in labels and program("nsd"):
        labels.append("unbound+relay")
    try:
        dsn = cluster.dsn()
        migrate(dsn)
        settings = Settings(root=folder / "node", dns=f"127.0.0.1:{free_port()}")
        async with open_pool(dsn, size=4) as pool:
            bench = Bench(pool, settings, dsn, folder)
            await bench.prepare(rules)
            async with served(settings, dsn) as process:
                try:
                    return await _rounds(bench, labels, upstream, echo, rounds, rules, process)
                finally:
                    for one in bench.running.values():
                        await one.stop()
    finally:
        authority.close()
        echo.close()
        cluster.stop()


async def _rounds(
    bench: Bench, labels: Sequence[str], upstream: str, echo: asyncio.BaseTransport, rounds: int,
    rules: int, process: "subprocess.Popen[bytes]",
) -> dict[str, Any]:  # fmt: skip
    await asyncio.sleep(8 if rules > 100_000 else 2)
    loads = {}
    for label in labels:
        await bench.subscribe(label, upstream)
        loads[label] = await bench.loaded(label)
        print(f"{label}: cold zone of {rules:,} rules in force after {loads[label]:.1f} s")
    for n in range(2):
        await bench.round(-1 - n)
    took = []
    for n in range(rounds):
        took.append(await bench.round(n))
        await asyncio.sleep(0.2)
    port = echo.get_extra_info("sockname")[1]
    return {
        "rules": rules,
        "rounds": rounds,
        "loopback_ms": await round_trip(port, "echo.example"),
        "resident_mb": resident_mb(process.pid),
        "load_s": loads,
        "cached_ms": {
            label: await round_trip(one.port, feed_test_name("si"))
            for label, one in bench.running.items()
        },
        "took_ms": {label: [one[label] for one in took] for label in took[0]},
    }


def report(result: dict[str, Any]) -> int:
    """Print the table; 1 when a goal was missed."""
    print(f"hot zone beside {result['rules']:,} cold rules, {result['rounds']} rounds; loopback "
          f"round trip {result['loopback_ms']:.3f} ms; dns role {result['resident_mb']:.0f} MB")  # fmt: skip
    missed = 0
    for label, values in result["took_ms"].items():
        p95 = percentile(values, 0.95)
        goal = GOALS_MS.get(label)
        said = "" if goal is None else f"  goal {goal:.0f}: {'met' if p95 <= goal else 'MISSED'}"
        missed += goal is not None and p95 > goal
        print(f"  {label:<14} median {statistics.median(values):8.1f} ms   p95 {p95:8.1f}   "
              f"max {max(values):8.1f}   = {p95 / result['loopback_ms']:8.0f} round trips{said}")  # fmt: skip
    return 1 if missed else 0


def main() -> int:
    """Measure and print; `--json` keeps every value."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="zvon-bench-"))
    folder.chmod(0o755)
    try:
        result = asyncio.run(measure(given.rules, given.rounds, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if given.json:
        given.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return report(result)


if __name__ == "__main__":
    sys.exit(main())
