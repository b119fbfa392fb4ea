"""Collectors: machines at a SOC's that read sources there. They sign what they send."""

import base64
import binascii
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, Router, delete, get, patch, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.collect.collector.receive import receive
from zvon.collect.signed import proof_of_key
from zvon.formats import batch, reply
from zvon.formats import request as signing
from zvon.formats.note import PeerError, verify
from zvon.jobs import Context
from zvon.model.collector import Enrolled, Orders, Status
from zvon.store import collector, outpost, peer
from zvon.store.collector import Collector, SpoolEnd
from zvon.store.transaction import AuditEntry, Tx, transaction
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.doorkeeper import PUBLIC
from zvon.web.problem import SIGNED, BadInput, problems

MAX_BATCH = batch.MAX_BODY + 2 * batch.MAX_HEAD
MAX_STATUS = 1 << 20
PRINT_BYTES = 16
Name = Annotated[str, Meta(min_length=1, max_length=collector.MAX_NAME,
                           pattern=r"\A[^\x00-\x1f\x7f/]+\Z")]  # fmt: skip
Policy = Annotated[str, Meta(max_length=100)]


class NewCollector(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people call it, whose sources it reads (ours when left out), and the sharing policy
    that it applies before it sends (none when empty).
    """

    name: Name
    party: UUID | None = None
    policy: Policy = ""


class CollectorEdit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sharing policy to apply from now on; empty: none."""

    policy: Policy


class CollectorOut(Struct, frozen=True, kw_only=True):
    """A collector; `status` is what it last said of itself, `seen_at` when it was last heard."""

    id: UUID
    name: str
    party: str
    policy: str
    made_at: datetime
    enrolled_at: datetime | None
    seen_at: datetime | None
    status: dict[str, Any]


class CollectorMade(CollectorOut, frozen=True, kw_only=True):
    """A new collector with its token: works once, for a week, and is shown this once."""

    token: str


class Collectors(Struct, frozen=True):
    """All collectors."""

    collectors: list[CollectorOut]


class CollectorPage(CollectorOut, frozen=True, kw_only=True):
    """A collector, and how far each of its spools is taken."""

    spools: list[SpoolEnd]


class Enrolment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token, the public key (base64), and the key's signature of the token (base64)."""

    token: Annotated[str, Meta(min_length=1, max_length=200)]
    public_key: Annotated[str, Meta(min_length=40, max_length=60)]
    signature: Annotated[str, Meta(min_length=80, max_length=100)]


class Now(Struct, frozen=True):
    """The node's time."""

    now: datetime


def collector_out(c: Collector) -> CollectorOut:
    """What the API shows of a collector."""
    return CollectorOut(**_shown(c))


@get("/collectors", opt={"permission": Permission.SOURCE_READ}, responses=problems(*SIGNED))
async def list_collectors(context: In, who: Who) -> Collectors:
    """All collectors, with what each last said of itself."""
    async with read(context.pool, who) as db:
        return Collectors([collector_out(c) for c in await collector.list_all(db, who)])


@post(
    "/collectors", opt={"permission": Permission.SOURCE_MANAGE},
    responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def add_collector(context: In, who: Who, data: NewCollector) -> CollectorMade:
    """Make a collector; answers with the token to enrol it with."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        made, token = await collector.create(
            tx, who, data.name, of=data.party, applies=data.policy,
            fingerprint=fingerprint(context), now=now, random=context.random,
        )  # fmt: skip
    return CollectorMade(**_shown(made), token=token)


@get(
    "/collectors/{id:uuid}", opt={"permission": Permission.SOURCE_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_collector(context: In, who: Who, id: UUID) -> CollectorPage:
    """One collector: what it said of itself, and how far its spools are taken."""
    async with read(context.pool, who) as db:
        found = await collector.get(db, who, id)
        return CollectorPage(**_shown(found), spools=await collector.ends(db, found))


@patch(
    "/collectors/{id:uuid}", opt={"permission": Permission.SOURCE_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def change_collector(context: In, who: Who, id: UUID, data: CollectorEdit) -> CollectorOut:
    """Have a collector apply another sharing policy; it learns it within a minute."""
    async with transaction(context.pool, context.clock()) as tx:
        return collector_out(await collector.apply_policy(tx, who, id, data.policy))


@delete(
    "/collectors/{id:uuid}", opt={"permission": Permission.SOURCE_MANAGE}, status_code=204,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def remove_collector(context: In, who: Who, id: UUID) -> None:
    """End a collector: nothing that it sends is believed any more; what it sent stays."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await collector.remove(tx, who, id, now)


@post("/collectors/enrolment", opt={"permission": PUBLIC}, responses=problems(403, 404, 422))
async def enrol_collector(request: AnyRequest, context: In, data: Enrolment) -> Response[bytes]:
    """Hand in a machine's public key with its one-time token; says what the token was for.

    The answer (`Enrolled`) is signed by the node, see the header `Zvon-Answer`.
    """
    now = context.clock()
    public, signature = _octets(data.public_key), _octets(data.signature)
    if len(public) != collector.KEY_BYTES or not verify(
        public, proof_of_key(data.token), signature
    ):
        raise BadInput("the signature is not of this token by this key")
    async with transaction(context.pool, now) as tx:
        made = await collector.enrol(tx, data.token, public, now)
        if made is None:
            other = await outpost.enrol(tx, data.token, public, now)
            kind, who, name, policy = "outpost", other.uuid, other.subscriber, None
        else:
            policy = await collector.sharing(tx.db, made.policy)
            kind, who, name = "collector", made.uuid, made.name
    key = context.node.signing_public.hex()
    said = Enrolled(kind=kind, id=who, name=name, node=context.node.uuid, node_key=key,
                    policy=policy)  # fmt: skip
    return _answer(context, await request.body(), said, status=201)


@post(
    "/collectors/clock", opt={"permission": PUBLIC}, request_max_body_size=256, status_code=200,
    responses=problems(413),
)  # fmt: skip
async def tell_time(request: AnyRequest, context: In) -> Response[bytes]:
    """The node's time (`{"now"}`), signed over whatever random bytes were sent."""
    return _answer(context, await request.body(), Now(context.clock()))


@post(
    "/collectors/{id:uuid}/batches", opt={"permission": PUBLIC}, request_max_body_size=MAX_BATCH,
    status_code=200, responses=problems(403, 404, 409, 422),
)  # fmt: skip
async def hand_in_batch(request: AnyRequest, context: In, id: UUID) -> Response[bytes]:
    """Hand in a signed batch; `{"n"}` is the newest of its spool that is safe here.

    409 names in `errors` the newest that is taken when one before it is missing.
    """
    body = await request.body()
    return _answer(context, body, await receive(context, body, id))


@post(
    "/collectors/{id:uuid}/status", opt={"permission": PUBLIC}, request_max_body_size=MAX_STATUS,
    status_code=200, responses=problems(403, 404, 422),
)  # fmt: skip
async def tell_status(request: AnyRequest, context: In, id: UUID) -> Response[bytes]:
    """Take what a collector says of itself; answers with our time, its policy, what we have.

    Signed by the collector (`Zvon-Node`, `Zvon-Time`, `Zvon-Nonce`, `Zvon-Signature`).
    """
    body = await request.body()
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        known = await _signed(request, context, tx, id, body)
        try:
            status = msgspec.json.decode(body, type=Status)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise BadInput(str(problem)) from None
        await collector.note_status(tx, known, status, now)
        taken = {str(end.spool): end.n for end in await collector.ends(tx.db, known)}
        said = Orders(now=now, policy=await collector.sharing(tx.db, known.policy), taken=taken)
    return _answer(context, body, said)


def fingerprint(context: Context) -> str:
    """What ends each token: by it a machine knows the node's key before it has heard from it."""
    return sha256(context.node.signing_public).hexdigest()[: 2 * PRINT_BYTES]


def _answer(context: Context, asked: bytes, said: Struct, status: int = 200) -> Response[bytes]:
    octets = msgspec.json.encode(said)
    return Response(
        octets, status_code=status, media_type="application/json",
        headers={reply.HEADER: reply.sign(asked, octets, context.node.signing)},
    )  # fmt: skip


async def _signed(
    request: AnyRequest, context: Context, tx: Tx, id: UUID, body: bytes
) -> Collector:
    """The collector that signed this request, the first time. Raises `Refused`."""
    query = request.scope["query_string"].decode("ascii", "replace")
    target = request.scope["path"] + (f"?{query}" if query else "")
    now = context.clock()
    known = await collector.by_uuid(tx.db, id)
    try:
        who = signing.claim(request.headers)
        if who.node != known.uuid or known.public_key is None:
            raise PeerError("the request is another's")
        signing.check(who, request.method, target, body, key=known.public_key,
                      asked=context.node.uuid, now=now)  # fmt: skip
    except PeerError as problem:
        raise _no(id, str(problem)) from None
    if not await peer.new_nonce(tx, who.node, who.nonce, now):
        raise _no(id, "the request was sent before")
    return known


def _no(id: UUID, reason: str) -> Refused:
    return Refused(reason, AuditEntry(actor=f"collector:{id}", action="collector:status",
                                      object=str(id), outcome="refused", rule="signature",
                                      detail={"reason": reason}))  # fmt: skip


def _shown(c: Collector) -> dict[str, Any]:
    return {"id": c.uuid, "name": c.name, "party": c.party, "policy": c.policy,
            "made_at": c.made_at, "enrolled_at": c.enrolled_at, "seen_at": c.seen_at,
            "status": c.status}  # fmt: skip


def _octets(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput("a value is not base64") from None


router = Router(
    "/",
    route_handlers=[
        list_collectors, add_collector, get_collector, change_collector, remove_collector,
        enrol_collector, tell_time, hand_in_batch, tell_status,
    ],
    tags=["collectors"],
)  # fmt: skip
