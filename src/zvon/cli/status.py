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
from zvon.cli.sentence import sentences
from zvon.config import Settings, host_port
from zvon.store.folder_lock import FolderLock

app = App(name="status", help="Say what of a node is healthy.")

TIMEOUT_S = 3.0
SILENT = timedelta(seconds=45)
LATE = timedelta(minutes=2)


class Health(Struct, frozen=True):
    """One part: its name, whether it works, and what was seen (an English sentence, its values)."""

    part: str
    healthy: bool
    seen: str
    values: dict[str, str | int] = {}


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
        say = sentences(settings.lang)
        for health in found:
            seen = say(health.seen, **health.values)
            print(f"{'ok  ' if health.healthy else 'FAIL'}  {health.part:<10} {seen}")
    return 0 if all(health.healthy for health in found) else 1


async def look(settings: Settings) -> list[Health]:
    """Ask all parts at once; none takes longer than a few seconds."""
    asked = await asyncio.gather(
        asyncio.to_thread(supervisor, settings),
        database(settings),
        asyncio.to_thread(console, settings),
        asyncio.to_thread(door, settings),
        asyncio.to_thread(landing, settings),
        zones(settings),
    )
    return [health for some in asked for health in some]


def supervisor(settings: Settings) -> list[Health]:
    """Is there a `zvon up` for this folder?"""
    pid = FolderLock(settings.root / "up.lock").owner()
    if pid is None:
        return [Health("node", False, "no zvon up for {root}", {"root": str(settings.root)})]
    return [Health("node", True, "zvon up, process {pid}", {"pid": pid})]


async def database(settings: Settings) -> list[Health]:
    """Does it answer, and what does it know about the worker?"""
    import psycopg

    from zvon.store.job import backlog, heartbeats

    try:
        async with asyncio.timeout(TIMEOUT_S):
            async with await psycopg.AsyncConnection.connect(
                dsn_of_node(settings), connect_timeout=int(TIMEOUT_S), autocommit=True
            ) as db:
                version = db.info.server_version // 10_000
                now = utc_now()
                alive = worker_health(
                    [b.at for b in await heartbeats(db) if b.role == "worker"], now
                )
                waits = await backlog(db, now)
    except (psycopg.Error, TimeoutError) as problem:
        return [
            Health(
                "postgres",
                False,
                "does not answer ({problem})",
                {"problem": type(problem).__name__},
            ),
            Health("worker", False, "unknown without the database"),
        ]
    server = Health("postgres", True, "PostgreSQL {version}", {"version": version})
    oldest = round(waits.oldest.total_seconds())
    seen: dict[str, str | int] = {"ready": waits.ready, "seconds": oldest, "held": waits.held}
    queue = "waiting: {ready}, oldest: {seconds} s, held: {held}"
    return [server, alive, Health("jobs", waits.oldest <= LATE, queue, seen)]


def worker_health(beats: list[datetime], now: datetime) -> Health:
    """A worker that said nothing for a while is not healthy."""
    if not beats:
        return Health("worker", False, "none was seen in the last hour")
    silent = now - max(beats)
    return Health("worker", silent < SILENT, "seen {seconds} s ago",
                  {"seconds": round(silent.total_seconds())})  # fmt: skip


def console(settings: Settings) -> list[Health]:
    """Does the API answer with anything but an error of its own?"""
    return [_asked("console", settings.http, "/api/v1/status")]


def landing(settings: Settings) -> list[Health]:
    """Do visitors of blocked names get their page? Nothing to say when it is off."""
    addresses = settings.landing.split(",") if settings.landing else []
    return [_asked("landing", address.strip(), "/") for address in addresses]


def _asked(part: str, address: str, path: str) -> Health:
    host, port = host_port(address)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        code = connection.getresponse().status
    except (OSError, http.client.HTTPException) as problem:
        return _silent(part, address, problem)
    finally:
        connection.close()
    return Health(part, code < 500, "{address} answers {answer}",
                  {"address": f"http://{address}", "answer": code})  # fmt: skip


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
            spoken = secure.version() or "TLS"
    except OSError as problem:
        return [_silent("peers", settings.peer, problem)]
    return [Health("peers", True, "{address} answers {answer}",
                   {"address": f"https://{settings.peer}", "answer": spoken})]  # fmt: skip


async def zones(settings: Settings) -> list[Health]:
    """Does the primary answer a SOA query? Refusing us is an answer: we are no subscriber."""
    import dns.asyncquery
    import dns.exception
    import dns.message
    import dns.rcode

    first = settings.dns.split(",")[0]
    host, port = host_port(first)
    query = dns.message.make_query(f"hot.{settings.country.lower()}.zvon.", "SOA")
    try:
        reply = await dns.asyncquery.udp(query, host, TIMEOUT_S, port)
    except (OSError, dns.exception.DNSException) as problem:
        return [_silent("dns", first, problem)]
    said = "SOA" if reply.answer else dns.rcode.to_text(reply.rcode())
    working = reply.rcode() in {dns.rcode.NOERROR, dns.rcode.REFUSED, dns.rcode.NOTAUTH}
    return [Health("dns", working, "{address} answers {answer}",
                   {"address": first, "answer": said})]  # fmt: skip


def _silent(part: str, address: str, problem: Exception) -> Health:
    return Health(part, False, "{address} does not answer ({problem})",
                  {"address": address, "problem": str(problem) or type(problem).__name__})  # fmt: skip
