"""The job `share.webhook`: a run tells another system something, once and signed.

The text passes the gate under the receiver's marking. The connection goes through the guard of all
addresses that people write; redirects are not followed. Signed as standardwebhooks.com says, so
that a receiver can tell a copy and an old message from a new one: `webhook-id` is the key of the
step, and the same however often it is sent.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpcore
from msgspec import Struct
from msgspec.structs import replace

from zvon.access.seal import unseal
from zvon.collect.fetch.guard import Guard, Refused, guard_of
from zvon.jobs import Context, enqueue
from zvon.model.disclosure import Door
from zvon.model.marking import Tlp
from zvon.model.suffix import registered
from zvon.privacy.engine import Part
from zvon.share.doors import webhook_policy
from zvon.share.ledger import NotReleased, Recipient
from zvon.share.outgoing import key_for_once, release_text
from zvon.share.passage import facts_of
from zvon.share.released import ReleasedText
from zvon.store import run_call, run_facts, run_lease
from zvon.store.run_call import Call
from zvon.store.transaction import Tx, transaction
from zvon.store.visibility import SYSTEM, read

BODY = "body"
MAX_ATTEMPTS = 6
FIRST_REST = timedelta(seconds=5)
TIME_S = 15.0
MOST_ANSWER = 64_000
MOST_KEPT = 2_000
_AGAIN = frozenset({408, 425, 429})


class Told(Struct, frozen=True):
    """What the other system answered."""

    status: int
    text: str


async def send(context: Context, payload: dict[str, Any], *, guard: Guard | None = None) -> None:
    """Make the call of a step that waits for it; a failed one is tried again with growing rests."""
    step = UUID(str(payload["step"]))
    released = await _release(context, step)
    if released is None:
        return
    call, said = released
    now = context.clock()
    body = envelope(call, said)
    secret = unseal(context.node.key, run_call.purpose(call.target.uuid),
                    call.target.secret_sealed).decode()  # fmt: skip
    try:
        async with asyncio.timeout(TIME_S):
            told = await _post(call.target.url, body, signed(secret, call, body, now),
                               guard or guard_of(context.settings))  # fmt: skip
    except Refused as problem:
        await _end(context, call, None, f"REFUSED {problem.reason}", again=False)
    except (OSError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException,
            httpcore.ConnectError) as problem:  # fmt: skip
        await _end(context, call, None, type(problem).__name__, again=True)
    else:
        well = 200 <= told.status < 300
        again = told.status in _AGAIN or told.status >= 500
        await _end(context, call, told, "" if well else f"HTTP {told.status}", again=again)


async def _release(context: Context, step: UUID) -> tuple[Call, ReleasedText] | None:
    """The call with its text as it may leave; what the gate stops is told the run."""
    now = context.clock()
    async with read(context.pool, SYSTEM) as db:
        call = await run_call.waiting(db, step, context.node.key)
    if call is None:
        return None
    try:
        async with transaction(context.pool, now) as tx:
            return call, await _gate(tx, context, call, now)
    except NotReleased as stopped:  # `transaction` has written down why
        async with transaction(context.pool, now) as tx:
            await _tell(tx, call, None, f"NOT_RELEASED {stopped.reason}", now)
        return None


async def _gate(tx: Tx, context: Context, call: Call, now: datetime) -> ReleasedText:
    marking = Tlp.AMBER if call.tlp is None else Tlp(call.tlp)
    policy = webhook_policy(Tlp(call.target.max_tlp), [marking])
    known = await facts_of(tx.db, context.node, now)
    names: set[str] = set()
    if call.incident is not None:
        facts = await run_facts.facts(tx.db, call.incident)
        names = {n for name in facts["__names__"] for n in (name, registered(name) or name)}
    return await release_text(
        tx, [Part(BODY, call.body)],
        Recipient(door=Door.WEBHOOK, name=call.target.name, subject=call.run,
                  record_id=call.record_id),
        now, facts=replace(known, attackers=known.attackers | names), policy=policy,
        keys=key_for_once(policy, context.random), by="system", random=context.random,
    )  # fmt: skip


def envelope(call: Call, said: ReleasedText) -> bytes:
    """The bytes that leave: JSON that the playbook wrote as it is, other text within our own."""
    text = said.texts[BODY]
    try:
        json.loads(text)
    except ValueError:
        return json.dumps({"run": call.run, "step": str(call.step), "text": text}).encode()
    return text.encode()


def signed(secret: str, call: Call, body: bytes, now: datetime) -> list[tuple[bytes, bytes]]:
    """The headers that prove who sends what and when (standardwebhooks.com, version 1)."""
    at, named = str(int(now.timestamp())), str(call.step)
    proof = hmac.digest(secret.encode(), f"{named}.{at}.".encode() + body, hashlib.sha256)
    return [
        (b"Content-Type", b"application/json"), (b"User-Agent", b"zvon"),
        (b"webhook-id", named.encode()), (b"webhook-timestamp", at.encode()),
        (b"webhook-signature", b"v1," + base64.b64encode(proof)),
        (b"Idempotency-Key", named.encode()),
    ]  # fmt: skip


async def _post(url: str, body: bytes, headers: list[tuple[bytes, bytes]], guard: Guard) -> Told:
    timeouts = {"timeout": {"connect": TIME_S, "read": TIME_S, "write": TIME_S, "pool": TIME_S}}
    async with (
        httpcore.AsyncConnectionPool(network_backend=guard) as pool,
        pool.stream("POST", url, headers=headers, content=body, extensions=timeouts) as answer,
    ):
        read = b""
        async for piece in answer.aiter_stream():
            read += piece
            if len(read) > MOST_ANSWER:
                break
    text = read[:MOST_ANSWER].decode("utf-8", "replace")
    kept = "".join(c for c in text if c.isprintable() or c == "\n")[:MOST_KEPT]
    return Told(answer.status, kept)


async def _end(context: Context, call: Call, told: Told | None, error: str, *, again: bool) -> None:
    now = context.clock()
    status = None if told is None else told.status
    async with transaction(context.pool, now) as tx:
        if error and again and call.attempts + 1 < MAX_ATTEMPTS:
            await run_call.tried(tx, call.step_run_id, "queued", status=status, error=error,
                                 now=now)  # fmt: skip
            await enqueue(tx, "share.webhook", {"step": str(call.step)},
                          dedupe=f"share.webhook:{call.step}:{call.attempts + 1}",
                          after=FIRST_REST * 2**call.attempts)  # fmt: skip
            return
        await _tell(tx, call, told, error, now)


async def _tell(tx: Tx, call: Call, told: Told | None, error: str, now: datetime) -> None:
    status = None if told is None else told.status
    await run_call.tried(tx, call.step_run_id, "failed" if error else "sent", status=status,
                         error=error, now=now)  # fmt: skip
    result = {"error": error} if error else {"status": status, "body": told.text if told else ""}
    await run_lease.tell(tx, call.step, result)
