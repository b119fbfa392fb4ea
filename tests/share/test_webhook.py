"""A run tells another system: through the gate, signed, tried again, and never a place inside."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from tests.respond.runs import Desk, act, begin, desk_of, incident_of, playbook, seen
from zvon.collect.fetch.guard import Guard
from zvon.collect.source import webhook as incoming
from zvon.share import webhook
from zvon.store import run_call
from zvon.store.run_row import RunRow
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

SECRET = "a secret of twenty characters"


@pytest.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> Desk:
    return await desk_of(pool, now, tmp_path)


class Receiver(Struct):
    """Another system on loopback: what it got, and what it answers."""

    port: int = 0
    answers: list[int] = []
    got: list[tuple[dict[str, str], bytes]] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.got.append((headers, body))
        status = self.answers.pop(0) if self.answers else 200
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 4\r\nLocation: http://127.0.0.1/\r\n"
                     "Connection: close\r\n\r\nthx\n".encode())  # fmt: skip
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiver(*answers: int) -> AsyncIterator[Receiver]:
    made = Receiver(answers=list(answers), got=[])
    server = await asyncio.start_server(made.take, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made


async def nobody(_name: str) -> tuple[str, ...]:
    return ()


async def waiting(desk: Desk, port: int, body: str, max_tlp: int = 2) -> RunRow:
    """A run that has asked for a call."""
    async with transaction(desk.pool, desk.now) as tx:
        await run_call.put_target(
            tx, desk["ada"], name="desk", url="https://desk.example/in", secret=SECRET,
            max_tlp=max_tlp, now=desk.now, key=desk.context.node.key, random=os.urandom,
        )  # fmt: skip
        # Tests speak plain HTTP to loopback; what people register is https.
        await tx.execute("update webhook_target set url = %s",
                         (f"http://127.0.0.1:{port}/in",))  # fmt: skip
    found = await incident_of(desk)
    run = await begin(desk, playbook({"a": act("webhook", receiver="desk", body=body)}),
                      found.incident_uuid)  # fmt: skip
    await desk.work()
    return run


async def send(desk: Desk, run: RunRow, port: int | None) -> None:
    _, steps = await seen(desk, run)
    allow = frozenset() if port is None else frozenset({("127.0.0.1", port)})
    guard = Guard(resolve=nobody, allow=allow)
    await webhook.send(desk.context, {"step": str(steps[1].uuid)}, guard=guard)
    await desk.work()


async def retries(desk: Desk) -> int:
    async with read(desk.pool, SYSTEM) as db:
        row = await (
            await db.execute("select count(*) from pgqueuer where entrypoint = 'share.webhook'")
        ).fetchone()
    assert row is not None
    return int(row[0])


def verified(desk: Desk, got: tuple[dict[str, str], bytes]) -> str | None:
    """The receiver's own check of the signature, as a node does it for what comes in."""
    return incoming.verify(incoming.Webhook(style="standard"), SECRET, got[0], got[1], desk.now)


async def test_a_call_is_signed_and_its_answer_is_the_step_s_result(desk: Desk) -> None:
    async with receiver() as there:
        run = await waiting(desk, there.port, "look at lazna-posta.example")
        await send(desk, run, there.port)
    after, steps = await seen(desk, run)
    assert (after.state, steps[1].output) == ("done", {"status": 200, "body": "thx\n"})
    assert verified(desk, there.got[0]) == str(steps[1].uuid)
    assert json.loads(there.got[0][1])["run"] == run.number


async def test_the_same_step_calls_once_however_often_its_job_runs(desk: Desk) -> None:
    async with receiver() as there:
        run = await waiting(desk, there.port, '{"text": "x"}')
        await send(desk, run, there.port)
        await send(desk, run, there.port)
    assert len(there.got) == 1
    assert there.got[0][1] == b'{"text": "x"}'


async def test_a_busy_system_is_asked_again_with_the_same_key_and_a_refusal_is_final(
    desk: Desk,
) -> None:
    async with receiver(503, 400) as there:
        run = await waiting(desk, there.port, "x")
        await send(desk, run, there.port)
        assert (await seen(desk, run))[0].state == "waiting"
        assert await retries(desk) == 2
        await send(desk, run, there.port)
    after, steps = await seen(desk, run)
    assert (after.state, steps[1].error) == ("late", "HTTP 400")
    assert len({headers["webhook-id"] for headers, _ in there.got}) == 1


async def test_an_address_inside_is_never_connected_to(desk: Desk) -> None:
    async with receiver() as there:
        run = await waiting(desk, there.port, "x")
        await send(desk, run, None)
    assert there.got == []
    assert (await seen(desk, run))[1][1].error.startswith("REFUSED")


async def test_a_redirect_is_not_followed(desk: Desk) -> None:
    async with receiver(302) as there:
        run = await waiting(desk, there.port, "x")
        await send(desk, run, there.port)
    assert len(there.got) == 1
    assert (await seen(desk, run))[1][1].error == "HTTP 302"


async def test_what_is_marked_stricter_than_the_receiver_never_leaves(desk: Desk) -> None:
    async with receiver() as there:
        run = await waiting(desk, there.port, "x", max_tlp=1)
        await send(desk, run, there.port)
    assert there.got == []
    assert (await seen(desk, run))[1][1].error.startswith("ABOVE_TLP")


async def test_nothing_of_a_call_stands_in_the_clear(desk: Desk) -> None:
    await waiting(desk, 9, "look at lazna-posta.example")
    async with read(desk.pool, SYSTEM) as db:
        row: Any = await (
            await db.execute("select c.request_sealed, t.secret_sealed from run_call c"
                             " join webhook_target t on t.id = c.target_id")
        ).fetchone()  # fmt: skip
    assert b"lazna-posta" not in bytes(row[0])
    assert SECRET.encode() not in bytes(row[1])
