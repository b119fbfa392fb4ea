"""Hits of a resolver, counted at the resolver and sent without addresses."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zvon.collect.resolver_log import Collector
    from zvon.dns.outpost import Client

LOGS, STREAMS = ("bind", "unbound"), ("pdns", "dnstap")
STEP_S, AGAIN_MOST_S = 0.5, 60.0
_NEVER = frozenset({400, 413, 422})


def run_hits(
    state: Path, brand: str, log: Path | None, listen: str | None, ignore: tuple[str, ...]
) -> None:
    """Count the rules that a resolver applied, until stopped. Raises `ValueError`."""
    if brand in LOGS and log is None:
        raise ValueError(f"--log: which file does {brand} write to?")
    if brand in STREAMS and listen is None:
        raise ValueError(f"--listen: where does {brand} send its stream?")
    if brand not in LOGS + STREAMS:
        raise ValueError(f"--brand: one of {', '.join(LOGS + STREAMS)}, got {brand!r}")
    asyncio.run(_run(state, brand, log, listen, ignore))


async def _run(
    state: Path, brand: str, log: Path | None, listen: str | None, ignore: tuple[str, ...]
) -> None:
    from zvon.collect.hit_count import LOOPBACK, Counter
    from zvon.collect.hit_spool import HitSpool
    from zvon.collect.resolver_log import Collector
    from zvon.dns.outpost import Client

    def clock() -> datetime:
        return datetime.now(UTC)

    client = Client.read(state, clock, os.urandom)
    spool = HitSpool(state / "spool", os.urandom(16).hex())
    collector = Collector(Counter(os.urandom, (*LOOPBACK, *ignore)), spool, clock)
    print(f"collector of {client.identity.subscriber}, reads {log or listen}", file=sys.stderr)
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(send(collector, client))
            if log is not None:
                group.create_task(follow(collector, brand, log))
            else:
                assert listen is not None
                group.create_task(_serve(collector, brand, listen))
    finally:
        collector.flush(now=True)
        spool.close()
        await client.close()


async def follow(collector: "Collector", brand: str, log: Path) -> None:
    """Count what is written to `log`, until cancelled."""
    from zvon.collect.log_follow import Follower
    from zvon.formats.resolver_log import READERS

    follower = Follower(log, collector.spool.place)
    collector.begin(follower)
    try:
        while True:
            more = collector.follow(follower, READERS[brand])
            collector.flush()
            await asyncio.sleep(0 if more else STEP_S)
    finally:
        follower.close()


async def _serve(collector: "Collector", brand: str, listen: str) -> None:
    async with streams(collector, brand, listen):
        while True:
            collector.flush()
            await asyncio.sleep(STEP_S)


@asynccontextmanager
async def streams(collector: "Collector", brand: str, listen: str) -> AsyncIterator[None]:
    """Count what resolvers send to `listen`: `host:port`, or `unix:` and a path."""
    from zvon.config import host_port
    from zvon.formats.dnstap import BadStream, TapStream
    from zvon.formats.pdns_message import PdnsStream

    kinds: dict[str, Callable[[], PdnsStream | TapStream]] = {
        "pdns": PdnsStream, "dnstap": TapStream,
    }  # fmt: skip

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = kinds[brand]()
        try:
            while data := await reader.read(65_536):
                collector.take(stream.feed(data))
                if back := stream.reply():
                    writer.write(back)
                    await writer.drain()
        except (OSError, BadStream) as problem:
            print(f"collector: {problem}", file=sys.stderr)
        finally:
            writer.close()

    if listen.startswith("unix:"):
        server = await asyncio.start_unix_server(take, _free(listen.removeprefix("unix:")))
    else:
        server = await asyncio.start_server(take, *host_port(listen))
    try:
        yield
    finally:
        server.close()


def _free(path: str) -> str:
    """The path of a socket, without what an earlier run left there."""
    if Path(path).is_socket():
        Path(path).unlink()
    return path


async def send(collector: "Collector", client: "Client") -> None:
    """Hand counts to the node, oldest first, until cancelled; a node that is away is asked again."""
    import httpx
    import msgspec

    from zvon.collect.signed import NotTaken

    wait = STEP_S
    while True:
        try:
            while await send_one(collector, client):
                pass
            wait = STEP_S
        except (httpx.HTTPError, NotTaken, msgspec.MsgspecError) as problem:
            wait = min(wait * 2, AGAIN_MOST_S)
            print(f"collector: {problem}", file=sys.stderr)
        await asyncio.sleep(wait)


async def send_one(collector: "Collector", client: "Client") -> bool:
    """Hand the oldest batch to the node; false when there is none. Raises `NotTaken`."""
    from zvon.collect.signed import NotTaken
    from zvon.model.hit import HitBatch

    record = collector.spool.next()
    if record is None:
        return False
    batch = HitBatch(spool=collector.spool.identifier, n=record.n, lost=record.lost,
                     rows=record.rows)  # fmt: skip
    try:
        await client.call("POST", "hits", batch)
    except NotTaken as problem:
        if problem.status not in _NEVER:
            raise
        # It would be refused for ever, and everything behind it would wait.
        print(f"collector: batch {record.n} is given up: {problem}", file=sys.stderr)
    collector.spool.taken(record.n)
    return True
