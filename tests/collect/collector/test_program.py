"""A collector and its node: what was written arrives, once, in order, whatever is cut between."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from tests.collect.collector.post import Wire, enrolled, node_of, program_of
from tests.web.conftest import house
from tests.web.house import House
from zvon.cli.demo.resolvers import free_port
from zvon.cli.ports import answers
from zvon.collect.collector.config import Source
from zvon.collect.collector.program import Program
from zvon.privacy.facts import Facts
from zvon.privacy.register import Register
from zvon.privacy.register_entry import Entry

__all__ = ["house"]


def alert(n: int) -> str:
    return json.dumps({
        "timestamp": "2026-11-22T08:00:00.000000+0000", "event_type": "alert",
        "src_ip": "192.0.2.10", "dest_ip": f"203.0.113.{n % 250}", "proto": "TCP", "n": n,
        "alert": {"signature": f"made up {n}", "signature_id": 1, "category": "x", "severity": 1},
    }) + "\n"  # fmt: skip


@asynccontextmanager
async def running(
    house: House, folder: Path, wire: Wire, *sources: Source, facts: Facts | None = None,
    most_bytes: int = 64 << 20,
) -> AsyncIterator[Program]:  # fmt: skip
    node = node_of(house, folder, wire)
    program = program_of(node, folder, sources, house.clock, facts, most_bytes)
    stop = asyncio.Event()
    task = asyncio.create_task(program.run(stop))
    try:
        yield program
    finally:
        stop.set()
        await task
        program.close()
        await node.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.05)


def idle(program: Program) -> bool:
    return all(line.spool.number > 1 and not line.spool.waiting for line in program.lines)


async def numbers(house: House) -> list[int]:
    """The numbers of the alerts that arrived, in the order in which they were stored."""
    async with house.pool.connection() as db:
        await db.execute("select set_config('zvon.viewer', 'system', false)")
        rows = await (
            await db.execute("select (payload->'said'->>'n')::int from record order by id")
        ).fetchall()
    return [row[0] for row in rows]


async def test_lines_arrive_once_and_in_order_through_cuts_lost_answers_and_restarts(
    house: House, tmp_path: Path
) -> None:
    await enrolled(house, tmp_path / "c")
    log, wire = tmp_path / "eve.json", Wire(house)
    source = Source(name="suricata", kind="file", path=str(log))
    log.write_text("".join(alert(n) for n in range(1200)))
    async with running(house, tmp_path / "c", wire, source) as program:
        await until(lambda: idle(program))
        wire.cut = True
        with log.open("a") as out:
            out.write("".join(alert(n) for n in range(1200, 2400)))
        await until(lambda: program.lines[0].spool.waiting == 1200)
    assert len(await numbers(house)) == 1200
    wire.cut, wire.deaf = False, True  # it is taken, and the collector does not learn it
    async with running(house, tmp_path / "c", wire, source) as program:
        sender = program.lines[0].sender
        for _ in range(2):
            try:
                await sender.send_one()
            except OSError as problem:
                raise AssertionError from problem
            except Exception:  # noqa: BLE001  the answer is lost
                continue
        wire.deaf = False
        await program.hello()
        await until(lambda: idle(program))
    assert await numbers(house) == list(range(2400))


async def test_one_source_that_is_broken_stops_no_other(house: House, tmp_path: Path) -> None:
    await enrolled(house, tmp_path / "c")
    good, unknown = tmp_path / "eve.json", tmp_path / "what"
    good.write_text(alert(1))
    unknown.write_bytes(b"\xff\x00\xfe nothing that anybody knows \x00\x01")
    unknown.write_bytes(b"\x00\x01\x02\n")
    sources = [
        Source(name="gone", kind="folder", path=str(tmp_path / "no such folder")),
        Source(name="unknown", kind="file", path=str(unknown)),
        Source(name="good", kind="file", path=str(good)),
    ]
    wire = Wire(house)
    async with running(house, tmp_path / "c", wire, *sources) as program:
        await until(
            lambda: not any(li.spool.waiting or li.spool.number == 1 for li in program.lines[1:])
        )
        await until(lambda: bool(program.lines[0].problem))
        said = {each.name: each.problem for each in program.status().sources}
    assert "No such file" in said["gone"]
    assert "no decoder" in said["unknown"]
    assert said["good"] == ""
    assert await numbers(house) == [1]
    assert await house.count("quarantine") == 1


async def test_syslog_arrives_over_tcp_and_udp(house: House, tmp_path: Path) -> None:
    await enrolled(house, tmp_path / "c")
    ports = free_port(), free_port()
    sources = [
        Source(name="tcp", kind="syslog", listen=f"tcp://127.0.0.1:{ports[0]}", format="eve"),
        Source(name="udp", kind="syslog", listen=f"udp://127.0.0.1:{ports[1]}", format="eve"),
    ]
    async with running(house, tmp_path / "c", Wire(house), *sources) as program:
        async with asyncio.timeout(20):
            while not await asyncio.to_thread(answers, f"127.0.0.1:{ports[0]}"):
                await asyncio.sleep(0.05)
        _, writer = await asyncio.open_connection("127.0.0.1", ports[0])
        message = alert(1).strip().encode()
        writer.write(b"%d %s" % (len(message), message) + alert(2).encode())
        writer.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
            device.sendto(alert(3).encode(), ("127.0.0.1", ports[1]))
        await until(lambda: idle(program))
    assert sorted(await numbers(house)) == [1, 2, 3]


async def test_the_policy_is_applied_before_anything_is_written_down(
    house: House, tmp_path: Path
) -> None:
    await enrolled(house, tmp_path / "c", policy="demo-amber")
    log = tmp_path / "eve.json"
    log.write_text(alert(7))
    wire = Wire(house)
    wire.cut = True
    ours = Facts(register=Register([Entry(kind="prefix", value="192.0.2.0/24")]))
    source = Source(name="suricata", kind="file", path=str(log))
    async with running(house, tmp_path / "c", wire, source, facts=ours) as program:
        await until(lambda: program.lines[0].spool.waiting == 1)
        wire.cut = False
        await program.hello()
        await until(lambda: idle(program))
    async with house.pool.connection() as db:
        await db.execute("select set_config('zvon.viewer', 'system', false)")
        ((payload,),) = await (await db.execute("select payload::text from record")).fetchall()
        values = await (await db.execute("select value from observable")).fetchall()
    assert "192.0.2.10" not in payload
    assert ("203.0.113.7",) in values
    assert ("192.0.2.10",) not in values


async def test_a_wrong_clock_is_said(house: House, tmp_path: Path) -> None:
    await enrolled(house, tmp_path / "c")
    log = tmp_path / "eve.json"
    log.write_text(alert(1))
    wire = Wire(house)
    wrong = node_of(house, tmp_path / "c", wire, lambda: house.clock() + timedelta(days=731))
    source = Source(name="suricata", kind="file", path=str(log))
    program = program_of(
        wrong, tmp_path / "c", [source], lambda: house.clock() + timedelta(days=731)
    )
    await program.hello()
    assert program.status().problems == ("the clock of this machine is 2 years ahead",)
    program.close()
    await wrong.close()
