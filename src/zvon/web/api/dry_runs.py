"""Dry runs of playbooks on past incidents, and the systems that runs may tell something."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.jobs import enqueue
from zvon.respond.run_policy import shipped
from zvon.store import dry_run, run_call, run_version
from zvon.store.dry_run import DryRun
from zvon.store.run_call import Target
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Count = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class NewDryRun(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Try a version (its number) on the newest decided incidents, perhaps beside another one."""

    playbook: UUID
    version: Count
    against: Count | None = None
    incidents: Annotated[int, Meta(ge=1, le=100_000)] = 200


class DryRunOut(Struct, frozen=True, kw_only=True):
    """A dry run. `result` has `this`, and `against` when two versions were compared.

    Of each: `names` that would have been blocked, `false_names` of incidents judged false later,
    `approvals` that people would have given, `earlier_s`: the median by which blocks would have
    stood earlier.
    """

    id: UUID
    playbook: str
    playbook_id: UUID
    version: int
    against: int | None
    asked_by: str
    asked_at: datetime
    incidents: int
    state: str
    done: int
    result: dict[str, Any]
    error: str
    ended_at: datetime | None


class NewReceiver(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A system that runs may tell something, by name. Its secret signs each call."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    url: Annotated[str, Meta(min_length=9, max_length=500)]
    secret: Annotated[str, Meta(min_length=16, max_length=200)]
    max_tlp: Annotated[int, Meta(ge=0, le=3)] = 1


class Switch(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether it is told anything."""

    enabled: bool


class ReceiverOut(Struct, frozen=True, kw_only=True):
    """A receiver; its secret is never shown."""

    id: UUID
    name: str
    url: str
    max_tlp: int
    enabled: bool
    made_at: datetime


class Receivers(Struct, frozen=True):
    """Every receiver, by name."""

    receivers: list[ReceiverOut]


@post(
    "/dry-runs", opt={"permission": Permission.PLAYBOOK_READ}, status_code=HTTPStatus.ACCEPTED,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def ask(context: In, who: Who, data: NewDryRun) -> DryRunOut:
    """Ask for a dry run; writers and approvers of playbooks may. The result appears with it."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        of = await run_version.by_number(tx.db, data.playbook, data.version)
        against = None
        if data.against is not None:
            against = await run_version.by_number(tx.db, data.playbook, data.against)
        uuid = await dry_run.ask(
            tx, who, of, against, data.incidents, most=shipped().dry_run_incidents, now=now,
            random=context.random,
        )  # fmt: skip
        await enqueue(tx, "respond.dry_run", {"dry_run": str(uuid)}, dedupe=f"dry_run:{uuid}")
        return _out(await dry_run.get(tx.db, who, uuid))


@get(
    "/dry-runs/{id:uuid}", opt={"permission": Permission.PLAYBOOK_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_one(context: In, who: Who, id: UUID) -> DryRunOut:
    """One dry run, with how far it is or what came out."""
    async with read(context.pool, who, context.clock()) as db:
        return _out(await dry_run.get(db, who, id))


@get("/receivers", opt={"permission": Permission.PLAYBOOK_READ}, responses=problems(*SIGNED))
async def receivers(context: In, who: Who) -> Receivers:
    """The systems that runs may tell something."""
    async with read(context.pool, who, context.clock()) as db:
        return Receivers([_receiver(one) for one in await run_call.targets(db, who)])


@post(
    "/receivers", opt={"permission": Permission.RUN_MANAGE}, responses=problems(*SIGNED, 409, 422)
)
async def new_receiver(context: In, who: Who, data: NewReceiver) -> ReceiverOut:
    """Register a system; only https, and only what its marking allows is sent there."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _receiver(await run_call.put_target(
            tx, who, name=data.name, url=data.url, secret=data.secret, max_tlp=data.max_tlp,
            now=now, key=context.node.key, random=context.random,
        ))  # fmt: skip


@post(
    "/receivers/{id:uuid}", opt={"permission": Permission.RUN_MANAGE}, status_code=HTTPStatus.OK,
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def switch(context: In, who: Who, id: UUID, data: Switch) -> Receivers:
    """Stop telling a system anything, or go on."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await run_call.enable(tx, who, id, enabled=data.enabled)
        return Receivers([_receiver(one) for one in await run_call.targets(tx.db, who)])


def _out(one: DryRun) -> DryRunOut:
    return DryRunOut(
        id=one.uuid, playbook=one.playbook, playbook_id=one.playbook_uuid, version=one.number,
        against=one.against, asked_by=one.asked, asked_at=one.asked_at, incidents=one.incidents,
        state=one.state, done=one.done, result=one.result, error=one.error,
        ended_at=one.ended_at,
    )  # fmt: skip


def _receiver(one: Target) -> ReceiverOut:
    return ReceiverOut(id=one.uuid, name=one.name, url=one.url, max_tlp=one.max_tlp,
                       enabled=one.enabled, made_at=one.made_at)  # fmt: skip


router = Router("/", route_handlers=[ask, get_one, receivers, new_receiver, switch], tags=["runs"])
