"""Purges: what was deleted because it had its time, with its proof, and one on demand."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.jobs import enqueue
from zvon.model.data_class import data_class
from zvon.store import data_policy, purge
from zvon.store.purge import Purge
from zvon.store.transaction import AuditEntry, transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class PurgeOut(Struct, frozen=True, kw_only=True):
    """What a purge did. `rows` are by table; `table (emptied)` stayed without their words.

    `proof` is the SHA-256 of the keys of every row in order. `rewrite` are tables whose dead rows
    are still to leave the disk; `done_at` is null while it runs, or when it broke off.
    """

    id: UUID
    country: str
    of_class: str
    cut_off: datetime
    rows: dict[str, int]
    files: int
    bytes: int
    keys: int
    held: int
    proof: str
    started_at: datetime
    done_at: datetime | None
    rewrite: list[str]
    rewritten_at: datetime | None


class Purges(Struct, frozen=True):
    """Purges, newest first; `next` is given as `after` for those that follow."""

    purges: list[PurgeOut]
    next: UUID | None


class NewPurge(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Purge now what had its time: everything, or one country or class.

    `rewrite` also takes the dead rows off the disk, which locks each table while it is written.
    """

    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    of_class: Annotated[str, Meta(max_length=100)] | None = None
    rewrite: bool = False


class Ordered(Struct, frozen=True):
    """A purge will run at once, unless one for the same waits already."""

    ordered: bool


@get("/purges", opt={"permission": Permission.DATA_POLICY_READ}, responses=problems(*SIGNED))
async def list_purges(
    context: In,
    who: Who,
    country: str | None = None,
    of_class: str | None = None,
    after: UUID | None = None,
    limit: Annotated[int, Parameter(ge=1, le=500)] = 50,
) -> Purges:
    """Purges, newest first, of one country or class if asked."""
    async with read(context.pool, who, context.clock()) as db:
        found = await purge.list_all(
            db, who, country=country, of_class=of_class, after=after, limit=limit
        )
    return Purges([_out(each) for each in found], found[-1].uuid if len(found) == limit else None)


@get(
    "/purges/{id:uuid}", opt={"permission": Permission.DATA_POLICY_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_purge(context: In, who: Who, id: UUID) -> PurgeOut:
    """One purge."""
    async with read(context.pool, who, context.clock()) as db:
        return _out(await purge.get(db, who, id))


@post(
    "/purges", opt={"permission": Permission.DATA_POLICY_MANAGE}, status_code=HTTPStatus.ACCEPTED,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def order_purge(context: In, who: Who, data: NewPurge) -> Ordered:
    """Purge now what had its time; what is younger, or held, is not touched."""
    who.require(Permission.DATA_POLICY_MANAGE)
    now = context.clock()
    if data.of_class is not None:
        data_class(data.of_class)
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        if data.country is not None:
            await data_policy.of_country(tx.db, data.country)
        await enqueue(
            tx, "respond.purge_asked",
            {"country": data.country, "of_class": data.of_class, "rewrite": data.rewrite,
             "by": who.login},
            dedupe=f"purge:{data.country}:{data.of_class}:{data.rewrite}",
        )  # fmt: skip
        tx.audit(
            AuditEntry(actor=who.login, action="purge:order", object=data.of_class or "*",
                       detail={"country": data.country or "", "rewrite": data.rewrite})
        )  # fmt: skip
    return Ordered(True)


def _out(one: Purge) -> PurgeOut:
    return PurgeOut(
        id=one.uuid, country=one.country, of_class=one.of_class, cut_off=one.cut_off,
        rows=one.rows, files=one.files, bytes=one.size, keys=one.keys, held=one.held,
        proof=one.proof.hex(), started_at=one.started_at, done_at=one.done_at,
        rewrite=one.rewrite, rewritten_at=one.rewritten_at,
    )  # fmt: skip


router = Router("/", route_handlers=[list_purges, get_purge, order_purge], tags=["purges"])
