"""The peer door: what other nodes may ask of this one, under `/peer/v1`.

Every request is signed by a node's key (`formats.request`) and is answered only to a current
member of the group that it asks about. Whoever is not gets the same 403, whatever the reason.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from zvon.formats import ack, canonical, membership, request
from zvon.formats.membership import Member
from zvon.formats.merkle import consistency, inclusion
from zvon.formats.note import MAX_NOTE, PeerError
from zvon.formats.peer import MAX_BATCH, MAX_BATCH_ENTRIES, Frame, write_batch
from zvon.jobs import Context, enqueue
from zvon.share import feed as own_feed
from zvon.share import question
from zvon.share.group import KeyChanged, NotAdmin
from zvon.share.invitation import MAX_JOIN, Join, admit
from zvon.store import feed, peer
from zvon.store.feed import AckRow
from zvon.store.party import Db
from zvon.store.peer import Group, NoSuchGroup, NoSuchPeer, SpentInvitation
from zvon.store.transaction import AuditEntry, Change, Op, transaction

MAX_BODY = 1024 * 1024
MAX_ACKS = 200
RESIGN_AFTER = timedelta(hours=1)
PATH = "/peer/v1"

AnyRequest = Request[Any, Any, Any]
Size = Annotated[int, QueryParameter(ge=0, le=2**53)]
Id = FromPath[UUID]
In = NamedDependency[SkipValidation[Context]]


class NotAdmitted(PermissionError):
    """The request is not signed by somebody who may ask; the asker does not learn why."""


class Missing(LookupError):
    """A member asked for something that is not here."""


class Malformed(ValueError):
    """A member sent something that breaks the protocol."""


def _problem(status: int, title: str) -> Response[bytes]:
    body = msgspec.json.encode({"type": "about:blank", "title": title, "status": status})
    return Response(body, status_code=status, media_type="application/problem+json")


def _refused(_: AnyRequest, __: NotAdmitted) -> Response[bytes]:
    return _problem(403, "Forbidden")


def _missing(_: AnyRequest, __: Missing) -> Response[bytes]:
    return _problem(404, "Not found")


def _malformed(_: AnyRequest, problem: Malformed) -> Response[bytes]:
    return _problem(400, str(problem))


def _octets(data: bytes, status: int = 200) -> Response[bytes]:
    return Response(data, status_code=status, media_type="application/octet-stream")


def _json(value: Any) -> Response[bytes]:
    return Response(msgspec.json.encode(value), media_type="application/json")


async def _signed(asked: AnyRequest, context: Context, key: bytes, who: request.Claim) -> bytes:
    """The body of a request that `who` signed with `key`, seen for the first time."""
    query = asked.scope["query_string"].decode("ascii", "replace")
    target = asked.scope["path"] + (f"?{query}" if query else "")
    body = await asked.body()
    now = context.clock()
    try:
        request.check(who, asked.method, target, body, key=key, asked=context.node.uuid, now=now)
    except PeerError:
        raise NotAdmitted from None
    async with transaction(context.pool, now) as tx:
        if not await peer.new_nonce(tx, who.node, who.nonce, now):
            raise NotAdmitted
    return body


def _claim(asked: AnyRequest) -> request.Claim:
    try:
        return request.claim(asked.headers)
    except PeerError:
        raise NotAdmitted from None


async def _member(
    asked: AnyRequest, context: Context, group_uuid: UUID
) -> tuple[Member, Group, bytes]:
    """The current member who asks, the group, and the body. Raises `NotAdmitted`."""
    who = _claim(asked)
    async with context.pool.connection() as db:
        group = await _known_group(db, group_uuid)
        partner = await _known_peer(db, who.node)
    document, _ = membership.parse(group.membership)
    member = document.member(who.node, context.clock())
    if (
        member is None
        or context.clock() >= document.expires
        or partner.state == "revoked"
        or member.key != partner.signing_key
    ):
        raise NotAdmitted
    return member, group, await _signed(asked, context, member.key, who)


async def _known_group(db: Db, group_uuid: UUID) -> Group:
    try:
        return await peer.group(db, group_uuid)
    except NoSuchGroup:
        raise NotAdmitted from None


async def _known_peer(db: Db, node: UUID) -> peer.Peer:
    try:
        return await peer.get(db, node)
    except NoSuchPeer:
        raise NotAdmitted from None


@get("/node", include_in_schema=False, opt={"peer": "partner"})
async def node(request: AnyRequest, context: In) -> Response[bytes]:
    """Who this node is, for a partner that knows it already."""
    who = _claim(request)
    async with context.pool.connection() as db:
        partner = await _known_peer(db, who.node)
    if partner.state == "revoked":
        raise NotAdmitted
    await _signed(request, context, partner.signing_key, who)
    me = context.node
    return _json(
        {"node": str(me.uuid), "name": me.name, "country": me.country,
         "signing_key": me.signing_public.hex(), "tls_pin": me.tls_pin.hex(), "protocol": 1}
    )  # fmt: skip


@get("/groups/{group:uuid}/membership", include_in_schema=False, opt={"peer": "member"})
async def memberships(
    request: AnyRequest, context: In, group: Id, since: Size = 0
) -> Response[bytes]:
    """The membership notes after version `since`, in order."""
    await _member(request, context, group)
    async with context.pool.connection() as db:
        return _json([note.decode() for note in await peer.memberships(db, group, since)])


@get("/groups/{group:uuid}/{origin:uuid}/checkpoint", include_in_schema=False,
     opt={"peer": "member"})  # fmt: skip
async def checkpoint(request: AnyRequest, context: In, group: Id, origin: Id) -> Response[bytes]:
    """Our newest signed checkpoint; signed again when it is older than an hour."""
    await _member(request, context, group)
    _only_own(context, origin)
    now = context.clock()
    async with context.pool.connection() as db:
        last = await feed.last_checkpoint(db, group, origin)
    if last is not None and now - last.at < RESIGN_AFTER:
        return _octets(last.note)
    async with transaction(context.pool, now) as tx:
        return _octets(await own_feed.fresh_checkpoint(tx, group, now, context.node))


@get("/groups/{group:uuid}/{origin:uuid}/batches", include_in_schema=False,
     opt={"peer": "member"})  # fmt: skip
async def batches(
    request: AnyRequest,
    context: In,
    group: Id,
    origin: Id,
    start: Annotated[int, QueryParameter(name="from", ge=0, le=2**53)],
    max_bytes: Size = MAX_BATCH,
) -> Response[bytes]:
    """Entries from number `from` on, as many as one batch may hold."""
    await _member(request, context, group)
    _only_own(context, origin)
    async with context.pool.connection() as db:
        rows = await feed.page(
            db, group, origin, start, max_entries=MAX_BATCH_ENTRIES,
            max_bytes=min(max_bytes, MAX_BATCH),
        )  # fmt: skip
    return _octets(write_batch(Frame(leaf, body) for leaf, body in rows))


@get("/groups/{group:uuid}/{origin:uuid}/proof", include_in_schema=False, opt={"peer": "member"})
async def proof(
    request: AnyRequest, context: In, group: Id, origin: Id, first: Size, second: Size
) -> Response[bytes]:
    """That the feed of `second` entries continues the feed of `first` entries."""
    await _member(request, context, group)
    leaves = await _leaves(context, group, origin, second)
    if not 0 < first <= second:
        raise Malformed("first lies between 1 and second")
    return _json([step.hex() for step in consistency(leaves, first)])


@get("/groups/{group:uuid}/{origin:uuid}/inclusion", include_in_schema=False,
     opt={"peer": "member"})  # fmt: skip
async def included(
    request: AnyRequest, context: In, group: Id, origin: Id, leaf: FromQuery[str], size: Size
) -> Response[bytes]:
    """That an entry (by its leaf hash in hexadecimal) is in the feed of `size` entries."""
    await _member(request, context, group)
    leaves = await _leaves(context, group, origin, size)
    index = next((n for n, one in enumerate(leaves) if one.hex() == leaf), None)
    if index is None:
        raise Missing
    return _json({"index": index, "path": [step.hex() for step in inclusion(leaves, index)]})


@post("/groups/{group:uuid}/{origin:uuid}/acks", include_in_schema=False, opt={"peer": "member"})
async def acks(request: AnyRequest, context: In, group: Id, origin: Id) -> Response[bytes]:
    """Signed statements of what the caller did with entries of our feed."""
    member, _, body = await _member(request, context, group)
    _only_own(context, origin)
    received = _acks(body, member, group, origin)
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        for one, data in received:
            rows = await feed.page(tx.db, group, origin, one.n, max_entries=1, max_bytes=0)
            if not rows or rows[0][0].hex() != one.leaf:
                raise Malformed(f"no entry {one.n} with that leaf")
            kept = AckRow(group_uuid=group, origin=origin, n=one.n, peer=member.node,
                          state=one.state, body=data, at=one.at)  # fmt: skip
            if await feed.put_ack(tx, kept, sent_at=now):
                tx.note(Change(kind="ack", subject=member.node, op=Op.ADD))
    return _octets(b"", 202)


def _acks(
    body: bytes, member: Member, group: UUID, origin: UUID
) -> Sequence[tuple[ack.Ack, bytes]]:
    try:
        notes = msgspec.json.decode(body, type=list[str])
        if len(notes) > MAX_ACKS:
            raise Malformed(f"more than {MAX_ACKS} acknowledgements")
        read = [(ack.read(n.encode(), by=member.node, key=member.key), n.encode()) for n in notes]
    except (msgspec.MsgspecError, PeerError, UnicodeError) as problem:
        raise Malformed(str(problem)) from None
    if any(one.group != group or one.origin != origin for one, _ in read):
        raise Malformed("an acknowledgement of another feed")
    return read


@post("/groups/{group:uuid}/hint", include_in_schema=False, opt={"peer": "member"})
async def hint(request: AnyRequest, context: In, group: Id) -> Response[bytes]:
    """A member has news. Carries nothing; we pull when we want to."""
    member, _, _ = await _member(request, context, group)
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        partner = await peer.get(tx.db, member.node)
        if await peer.want(tx, partner.id, now):
            await enqueue(tx, "share.pull", {"peer_id": partner.id})
    return _octets(b"", 202)


@post("/groups/{group:uuid}/questions", include_in_schema=False, opt={"peer": "member"})
async def questions(request: AnyRequest, context: In, group: Id) -> Response[bytes]:
    """What the caller asks about pseudonyms that we made; a person answers."""
    member, _, body = await _member(request, context, group)
    now = context.clock()
    try:
        async with transaction(context.pool, now) as tx:
            await question.take(tx, member.node, group, body, now)
    except PeerError as problem:
        raise Malformed(str(problem)) from None
    return _octets(b"", 202)


@post("/groups/{group:uuid}/answers", include_in_schema=False, opt={"peer": "member"})
async def answers(request: AnyRequest, context: In, group: Id) -> Response[bytes]:
    """What became of the caller's own questions, by their identifiers."""
    member, _, body = await _member(request, context, group)
    try:
        return _octets(await question.answers(context, member.node, group, body))
    except PeerError as problem:
        raise Malformed(str(problem)) from None


@post("/join", include_in_schema=False, opt={"peer": "invited"})
async def join(request: AnyRequest, context: In) -> Response[bytes]:
    """Enter the group of an invitation; answers the membership that has the newcomer in it."""
    who = _claim(request)
    body = await request.body()
    try:
        wanted = canonical.decode(body, Join, limit=MAX_JOIN, what="the request")
    except PeerError:
        raise NotAdmitted from None
    if wanted.member.node != who.node:
        raise NotAdmitted
    await _signed(request, context, wanted.member.key, who)
    now = context.clock()
    try:
        async with transaction(context.pool, now) as tx:
            note = await admit(tx, wanted, context.node, now, context.random)
    except (SpentInvitation, KeyChanged, NotAdmin, PeerError) as problem:
        await _note_refusal(context, wanted, problem)
        raise NotAdmitted from None
    return _octets(note[:MAX_NOTE])


async def _note_refusal(context: Context, wanted: Join, problem: Exception) -> None:
    async with transaction(context.pool, context.clock()) as tx:
        tx.audit(
            AuditEntry(
                actor=f"peer:{wanted.member.name}", action="peer:join",
                object=str(wanted.member.node), outcome="refused",
                rule=type(problem).__name__, detail={"reason": str(problem)[:300]},
            )
        )  # fmt: skip


def _only_own(context: Context, origin: UUID) -> None:
    """Feeds of others are not passed on by this node."""
    if origin != context.node.uuid:
        raise Missing


async def _leaves(context: Context, group: UUID, origin: UUID, size: int) -> list[bytes]:
    _only_own(context, origin)
    async with context.pool.connection() as db:
        leaves = await feed.leaves(db, group, origin, size)
    if len(leaves) != size:
        raise Missing
    return leaves


def router(context: Context) -> Router:
    """All routes of the peer door, for the listener that has the node's own certificate."""
    return Router(
        path=PATH,
        route_handlers=[
            node, memberships, checkpoint, batches, proof, included, acks, hint, questions, answers,
            join,
        ],
        dependencies={"context": Provide(lambda: context, sync_to_thread=False)},
        exception_handlers={
            NotAdmitted: _refused, Missing: _missing, Malformed: _malformed,
        },
        request_max_body_size=MAX_BODY,
    )  # fmt: skip
