"""`zvon status`: ask every part of a node whether it works, as those would who need it."""

import asyncio
import http.client
import socket
import ssl
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter
from msgspec import Struct

from zvon.cli.node import dsn_of_node, running, utc_now
from zvon.config import Settings, host_port
from zvon.store.folder_lock import FolderLock

app = App(name="status", help="Say what of a node is healthy.")

TIMEOUT_S = 3.0
SILENT = timedelta(seconds=45)
LATE = timedelta(minutes=2)


class Health(Struct, frozen=True):
    """One part: its name, whether it works, and what was seen."""

    part: str
    healthy: bool
    seen: str


@app.default
def status(
    *,
    root: Annotated[Path | None, Parameter(help="Folder of the node.")] = None,
    json: Annotated[bool, Parameter(help="One JSON object.")] = False,
) -> int:
    """Print one line for each part; exit 1 when one does not work."""
    settings = running(root)
    found = asyncio.run(look(settings))
    if json:
        print(
            msgspec.json.encode({"healthy": all(h.healthy for h in found), "parts": found}).decode()
        )
    else:
        for health in found:
            print(f"{'ok  ' if health.healthy else 'FAIL'}  {health.part:<10} {health.seen}")
    return 0 if all(health.healthy for health in found) else 1


async def look(settings: Settings) -> list[Health]:
    """Ask all parts at once; none takes longer than a few seconds."""
    asked = await asyncio.gather(
        asyncio.to_thread(supervisor, settings),
        database(settings),
        asyncio.to_thread(console, settings),
        asyncio.to_thread(door, settings),
        zones(settings),
    )
    return [health for some in asked for health in some]


def supervisor(settings: Settings) -> list[Health]:
    """Is there a `zvon up` for this folder?"""
    pid = FolderLock(settings.root / "up.lock").owner()
    said = f"zvon up, process {pid}" if pid else f"no zvon up for {settings.root}"
    return [Health("node", pid is not None, said)]


async def database(settings: Settings) -> list[Health]:
    """Does it answer, and what does it know about the worker?"""
    import psycopg

    from zvon.store.job import backlog, heartbeats

    try:
        async with asyncio.timeout(TIMEOUT_S):
            async with await psycopg.AsyncConnection.connect(
                dsn_of_node(settings), connect_timeout=int(TIMEOUT_S), autocommit=True
            ) as db:
                server = f"PostgreSQL {db.info.server_version // 10_000}"
                now = utc_now()
                alive = worker_health(
                    [b.at for b in await heartbeats(db) if b.role == "worker"], now
                )
                waits = await backlog(db, now)
    except (psycopg.Error, TimeoutError) as problem:
        return [
            Health("postgres", False, f"does not answer ({type(problem).__name__})"),
            Health("worker", False, "unknown without the database"),
        ]
    queue = (
        f"{waits.ready} jobs wait, oldest {waits.oldest.total_seconds():.0f} s; {waits.held} held"
    )
    late = waits.oldest > LATE
    return [Health("postgres", True, server), alive, Health("jobs", not late, queue)]


def worker_health(beats: list[datetime], now: datetime) -> Health:
    """A worker that said nothing for a while is not healthy."""
    if not beats:
        return Health("worker", False, "none was seen in the last hour")
    silent = now - max(beats)
    return Health("worker", silent < SILENT, f"seen {silent.total_seconds():.0f} s ago")


def console(settings: Settings) -> list[Health]:
    """Does the API answer with anything but an error of its own?"""
    host, port = host_port(settings.http)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/api/v1/status")
        code = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        return [Health("console", False, f"{settings.http}: {problem}")]
    finally:
        connection.close()
    return [Health("console", code < 500, f"http://{settings.http} answers {code}")]


def door(settings: Settings) -> list[Health]:
    """Does a partner get a TLS connection? Which certificate it is, the partner's pin decides."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection(host_port(settings.peer), TIMEOUT_S) as stream,
            context.wrap_socket(stream) as secure,
        ):
            said = f"https://{settings.peer} speaks {secure.version()}"
    except OSError as problem:
        return [Health("peers", False, f"{settings.peer}: {problem}")]
    return [Health("peers", True, said)]


async def zones(settings: Settings) -> list[Health]:
    """Does the primary answer a SOA query? Refusing us is an answer: we are no subscriber."""
    import dns.asyncquery
    import dns.exception
    import dns.message
    import dns.rcode

    first = settings.dns.split(",")[0]
    host, port = host_port(first)
    query = dns.message.make_query(f"hot.{settings.country.lower()}.", "SOA")
    try:
        reply = await dns.asyncquery.udp(query, host, TIMEOUT_S, port)
    except (OSError, dns.exception.DNSException) as problem:
        return [Health("dns", False, f"{first}: {type(problem).__name__}")]
    said = "answers with the SOA" if reply.answer else f"answers {dns.rcode.to_text(reply.rcode())}"
    working = reply.rcode() in {dns.rcode.NOERROR, dns.rcode.REFUSED, dns.rcode.NOTAUTH}
    return [Health("dns", working, f"{first} {said}")]
