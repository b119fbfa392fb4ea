"""The public record of blocks: read, prove, verify. Nobody signs in for it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.formats.merkle import MerkleError
from zvon.formats.transparency import MAX_SIZE, Checkpoint, write_checkpoint
from zvon.jobs import Context
from zvon.store import transparency as record
from zvon.store.party import Db
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.inject import In
from zvon.web.doorkeeper import PUBLIC
from zvon.web.problem import problems

PAGE = 1_000
Place = Annotated[int, Parameter(ge=1, le=MAX_SIZE)]


class NoSuchRow(LookupError):
    """The record is shorter than what was asked for."""


class CheckpointOut(Struct, frozen=True, kw_only=True):
    """How long the record is and its root (hexadecimal); `note` is the same, signed."""

    node: UUID
    size: int
    root: str
    at: datetime
    note: str
    public_key: str


class RowOut(Struct, frozen=True):
    """One entry: exactly these bytes were hashed to `leaf` (SHA-256 of a zero byte and them)."""

    seq: int
    entry: str
    leaf: str


class RowsOut(Struct, frozen=True):
    """A page of entries; give `next` as `after` to go on, `null` at the end."""

    entries: list[RowOut]
    next: int | None


class InclusionOut(Struct, frozen=True):
    """The path (RFC 9162 section 2.1.3) from leaf `seq - 1` to the root of the tree of `size`."""

    seq: int
    size: int
    path: list[str]


class ConsistencyOut(Struct, frozen=True):
    """The path (RFC 9162 section 2.1.4) that shows that the shorter tree begins the longer one."""

    first: int
    size: int
    path: list[str]


async def signed(context: Context) -> CheckpointOut:
    """A checkpoint of now."""
    async with read(context.pool, SYSTEM) as db:
        head = await record.head(db)
    node, now = context.node, context.clock().replace(microsecond=0)
    made = Checkpoint(node=node.uuid, size=head.size, root=head.root, at=now)
    return CheckpointOut(
        node=node.uuid, size=head.size, root=head.root.hex(), at=now,
        note=write_checkpoint(made, node.signing), public_key=node.signing_public.hex(),
    )  # fmt: skip


@get("/checkpoint", opt={"permission": PUBLIC}, responses=problems())
async def checkpoint(context: In) -> CheckpointOut:
    """The record's length and root, signed with the key of the node (Ed25519)."""
    return await signed(context)


@get("/entries", opt={"permission": PUBLIC}, responses=problems())
async def entries(
    context: In,
    after: Annotated[int, Parameter(ge=0, le=MAX_SIZE)] = 0,
    limit: Annotated[int, Parameter(ge=1, le=PAGE)] = PAGE,
) -> RowsOut:
    """Entries after a row, in order."""
    async with read(context.pool, SYSTEM) as db:
        rows = await record.entries(db, after, limit)
    return RowsOut(
        [RowOut(r.seq, r.body, r.leaf.hex()) for r in rows],
        rows[-1].seq if len(rows) == limit else None,
    )


@get("/proof", opt={"permission": PUBLIC}, responses=problems(404))
async def proof(context: In, seq: Place, size: Place | None = None) -> InclusionOut:
    """Proof that a row is in the record, as it is or as it was at `size` rows."""
    async with read(context.pool, SYSTEM) as db:
        whole = await _length(db, size)
        try:
            path = await record.inclusion(db, seq, whole)
        except MerkleError as problem:
            raise NoSuchRow(str(problem)) from None
    return InclusionOut(seq, whole, [step.hex() for step in path])


@get("/consistency", opt={"permission": PUBLIC}, responses=problems(404))
async def consistency(
    context: In,
    first: Annotated[int, Parameter(query="from", ge=0, le=MAX_SIZE)],
    to: Place | None = None,
) -> ConsistencyOut:
    """Proof that the record of `to` rows (else of all) continues that of `from` rows."""
    async with read(context.pool, SYSTEM) as db:
        whole = await _length(db, to)
        try:
            path = await record.consistency(db, first, whole)
        except MerkleError as problem:
            raise NoSuchRow(str(problem)) from None
    return ConsistencyOut(first, whole, [step.hex() for step in path])


async def _length(db: Db, asked: int | None) -> int:
    size = (await record.head(db)).size
    if asked is not None and asked > size:
        raise NoSuchRow(f"the record has {size} rows")
    return size if asked is None else asked


router = Router(
    "/transparency", route_handlers=[checkpoint, entries, proof, consistency],
    tags=["transparency"],
)  # fmt: skip
