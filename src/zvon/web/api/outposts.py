"""Outposts: probes and collectors at subscribers'. They sign what they send with their own key."""

import base64
import binascii
from datetime import datetime, timedelta
from typing import Annotated, TypeVar
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.collect.signed import proof_of_key
from zvon.dns import receive
from zvon.dns.outpost import Enrolled, Orders, ToProve
from zvon.dns.probe import LIFT_WATCH
from zvon.formats import request as signing
from zvon.formats.note import PeerError, verify
from zvon.jobs import Context
from zvon.model.hit import HitBatch
from zvon.model.proof import CONTROLS
from zvon.store import hit, outpost, peer, proof_work, receipt
from zvon.store.outpost import Outpost
from zvon.store.transaction import AuditEntry, Tx, transaction
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.doorkeeper import PUBLIC
from zvon.web.problem import SIGNED, BadInput, problems

AT_A_TIME = 500
MAX_BODY = 4 * 2**20
HEARD_EVERY = timedelta(seconds=30)
T = TypeVar("T")
Octets = Annotated[str, Meta(min_length=4, max_length=8192)]


class NewOutpost(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For which subscriber, and what people call it."""

    subscriber: UUID
    name: Annotated[str, Meta(min_length=1, max_length=100)]


class OutpostOut(Struct, frozen=True, kw_only=True):
    """A probe or collector; `seen_at` is when it was last heard."""

    id: UUID
    name: str
    subscriber: str
    created_at: datetime
    enrolled_at: datetime | None
    seen_at: datetime | None


class OutpostMade(OutpostOut, frozen=True, kw_only=True):
    """A new outpost with its token: works once, for a week, and is shown this once."""

    token: str


class Outposts(Struct, frozen=True):
    """All outposts."""

    outposts: list[OutpostOut]


class Enrolment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token, the public key (base64), and the key's signature of the token (base64)."""

    token: Annotated[str, Meta(min_length=1, max_length=200)]
    public_key: Annotated[str, Meta(min_length=40, max_length=60)]
    signature: Annotated[str, Meta(min_length=80, max_length=100)]


class SentReceipt(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A statement, its signature and the resolver's answer, each in base64."""

    statement: Octets
    signature: Octets
    answer: Annotated[str, Meta(min_length=4, max_length=90_000)]


class SentReceipts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Statements in the order of their chain."""

    receipts: Annotated[list[SentReceipt], Meta(min_length=1, max_length=AT_A_TIME)]


class Accepted(Struct, frozen=True):
    """How many receipts were new."""

    accepted: int


class Taken(Struct, frozen=True):
    """The newest batch of the spool that is safe here; the collector may forget up to it."""

    n: int


def outpost_out(o: Outpost) -> OutpostOut:
    """What the API shows of an outpost."""
    return OutpostOut(id=o.uuid, name=o.name, subscriber=o.subscriber, created_at=o.created_at,
                      enrolled_at=o.enrolled_at, seen_at=o.seen_at)  # fmt: skip


@get("/outposts", opt={"permission": Permission.SUBSCRIBER_READ}, responses=problems(*SIGNED))
async def list_outposts(context: In, who: Who) -> Outposts:
    """All probes and collectors at subscribers'."""
    async with read(context.pool, who) as db:
        return Outposts([outpost_out(o) for o in await outpost.list_all(db, who)])


@post(
    "/outposts", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def add_outpost(context: In, who: Who, data: NewOutpost) -> OutpostMade:
    """Let a subscriber run a probe or collector; answers with the token to enrol it with."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made, token = await outpost.create(tx, who, data.subscriber, data.name, now, context.random)
    shown = outpost_out(made)
    return OutpostMade(
        **{name: getattr(shown, name) for name in OutpostOut.__struct_fields__}, token=token
    )


@delete(
    "/outposts/{id:uuid}", opt={"permission": Permission.SUBSCRIBER_MANAGE}, status_code=204,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def remove_outpost(context: In, who: Who, id: UUID) -> None:
    """End an outpost: nothing that it sends is believed any more."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await outpost.remove(tx, who, id, now)


@post("/outposts/enrolment", opt={"permission": PUBLIC}, responses=problems(403, 422))
async def enrol_outpost(context: In, data: Enrolment) -> Enrolled:
    """Hand in an outpost's public key with its one-time token."""
    now = context.clock()
    public, signature = _octets(data.public_key), _octets(data.signature)
    if len(public) != outpost.KEY_BYTES or not verify(public, proof_of_key(data.token), signature):
        raise BadInput("the signature is not of this token by this key")
    async with transaction(context.pool, now) as tx:
        made = await outpost.enrol(tx, data.token, public, now)
    return Enrolled(outpost=made.uuid, node=context.node.uuid, subscriber=made.subscriber)


@get(
    "/outposts/{id:uuid}/work", opt={"permission": PUBLIC}, responses=problems(403, 404),
)  # fmt: skip
async def get_work(request: AnyRequest, context: In, id: UUID) -> Orders:
    """What the outpost shall prove, and where the chain of its statements ends here.

    Signed by the outpost (`Zvon-Node`, `Zvon-Time`, `Zvon-Nonce`, `Zvon-Signature`).
    """
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        known = await _signed(request, context, tx, id, b"")
        work = await proof_work.open_work(
            tx.db, now - LIFT_WATCH, subscriber_id=known.subscriber_id, limit=AT_A_TIME
        )
        n, digest = await receipt.chain_end(tx.db, str(known.uuid))
        controls = await proof_work.controls(tx.db, CONTROLS)
    return Orders(
        now=now, n=n, hash=digest.hex(), zones=tuple(known.zones), controls=controls,
        work=tuple(
            ToProve(
                block=one.block, name=one.name, kind=one.kind, action=one.ordered,
                target=one.target, zone=one.zone, serial=one.serial, approved_at=one.approved_at,
                ordered_at=one.ordered_at, existed=one.existed,
            )
            for one in work
        ),
    )  # fmt: skip


@post(
    "/outposts/{id:uuid}/receipts", opt={"permission": PUBLIC}, request_max_body_size=MAX_BODY,
    responses=problems(403, 404, 422),
)  # fmt: skip
async def hand_in_receipts(request: AnyRequest, context: In, id: UUID) -> Accepted:
    """Hand in signed statements (`{"receipts": [{"statement", "signature", "answer"}]}`).

    One that is forged, sent before, another outpost's, or not about what was ordered refuses all.
    """
    body = await request.body()
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        known = await _signed(request, context, tx, id, body)
        data = _body(body, SentReceipts)
        work = await proof_work.open_work(
            tx.db, now - LIFT_WATCH, subscriber_id=known.subscriber_id
        )
        controls = await proof_work.controls(tx.db, CONTROLS)
        signed = [
            receive.check(
                receive.Sent(octets=_octets(one.statement), signature=_octets(one.signature),
                             answer=_octets(one.answer)),
                known, work, controls, now,
            )
            for one in data.receipts
        ]  # fmt: skip
        return Accepted(await receipt.accept(tx, str(known.uuid), signed, now))


@post(
    "/outposts/{id:uuid}/hits", opt={"permission": PUBLIC}, request_max_body_size=MAX_BODY,
    responses=problems(403, 404, 422),
)  # fmt: skip
async def hand_in_hits(request: AnyRequest, context: In, id: UUID) -> Taken:
    """Hand in counts of hits, by rule and minute; the same batch again is counted once."""
    body = await request.body()
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        known = await _signed(request, context, tx, id, body)
        return Taken(await hit.take(tx, known, _body(body, HitBatch), now))


async def _signed(request: AnyRequest, context: Context, tx: Tx, id: UUID, body: bytes) -> Outpost:
    """The outpost that signed this request, the first time. Raises `Refused`."""
    query = request.scope["query_string"].decode("ascii", "replace")
    target = request.scope["path"] + (f"?{query}" if query else "")
    now = context.clock()
    try:
        who = signing.claim(request.headers)
        known = await outpost.get(tx.db, id)
        if who.node != known.uuid or known.public_key is None:
            raise PeerError("the request is another's")
        signing.check(who, request.method, target, body, key=known.public_key,
                      asked=context.node.uuid, now=now)  # fmt: skip
    except PeerError as problem:
        raise _no(id, str(problem)) from None
    if not await peer.new_nonce(tx, who.node, who.nonce, now):
        raise _no(id, "the request was sent before")
    if known.seen_at is None or now - known.seen_at > HEARD_EVERY:
        await outpost.note_seen(tx, known, now)
    return known


def _no(id: UUID, reason: str) -> Refused:
    return Refused(reason, AuditEntry(actor=f"outpost:{id}", action="outpost:send", object=str(id),
                                      outcome="refused", rule="signature",
                                      detail={"reason": reason}))  # fmt: skip


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("a value is not base64") from None


def _body(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as problem:
        raise BadInput(str(problem)) from None
    except UnicodeDecodeError:
        raise BadInput("the body is not UTF-8") from None


router = Router(
    "/",
    route_handlers=[
        list_outposts, add_outpost, remove_outpost, enrol_outpost, get_work, hand_in_receipts,
        hand_in_hits,
    ],
    tags=["outposts"],
)  # fmt: skip
