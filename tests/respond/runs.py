"""Playbooks in force, runs of them, and a worker at a chosen hour, for tests."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from msgspec import Struct, structs

from tests.store.world import Reported, new_uuid, reported, somebody
from zvon.access.node import create_node, node
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.advice import NameAdvice
from zvon.model.marking import Tlp
from zvon.model.playbook import (
    Action,
    AnyStep,
    End,
    Playbook,
    Start,
    StartRule,
    Variable,
    encode,
)
from zvon.model.scope import Scope
from zvon.respond.run_policy import RunPolicy, shipped
from zvon.respond.run_start import start
from zvon.respond.run_work import Worker
from zvon.store import neverblock, party, person, run_row, zone
from zvon.store.party import Party
from zvon.store.run_row import RunRow, StepRow
from zvon.store.transaction import Pool, Tx, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting

NAMES = (NameAdvice(name="lazna-posta.example", scope=Scope.HOST, reason="registered_for_abuse"),)


class Desk(Struct):
    """A node with people (ana and eva are analysts, bor approves, ada administers), at an hour."""

    pool: Pool
    context: Context
    home: Party
    people: dict[str, Viewer]
    now: datetime

    def __getitem__(self, login: str) -> Viewer:
        return self.people[login]

    def later(self, **more: float) -> "Desk":
        """The hour moves on."""
        self.now += timedelta(**more)
        self.context = structs.replace(self.context, clock=lambda: self.now)
        return self

    def worker(self, name: str = "w1", **more: int) -> Worker:
        """A worker with another patience than the shipped one."""
        policy: RunPolicy = structs.replace(shipped(), **more)
        return Worker(self.context, name, policy=policy)

    async def work(self) -> None:
        """All that is ready is done, and what is over its time is ended."""
        worker = self.worker()
        await worker.drain()
        await worker.sweep()
        await worker.drain()


async def desk_of(pool: Pool, now: datetime, folder: Path) -> Desk:
    """A node with its people, a feed, and the lists of the block gate."""
    settings = Settings(root=folder)
    async with transaction(pool, now) as tx:
        await create_node(tx, settings, now, os.urandom)
        identity = await node(tx.db, settings.key_file.read_bytes())
        home = await party.own(tx.db)
        await person.put_roles(tx, SHIPPED_ROLES)
        await neverblock.load(tx, now)
        await zone.ensure_feed(tx, "si", "SI")
    roles = {"ana": "analyst", "eva": "analyst", "bor": "approver", "cene": "approver",
             "ada": "administrator"}  # fmt: skip
    people = {
        login: await somebody(pool, now, home, login, roles=[role], ceiling=Tlp.AMBER_STRICT)
        for login, role in roles.items()
    }
    return Desk(pool, Context(pool, settings, identity, lambda: now, os.urandom), home, people, now)


async def incident_of(desk: Desk, names: Sequence[NameAdvice] = NAMES) -> Reported:
    """A reported incident with a name in it."""
    return await reported(desk.pool, desk.now, desk.home, names=tuple(names))


def playbook(
    steps: Mapping[str, AnyStep], *, budget: int = 1000, name: str = "Lažna pošta",
    variables: Mapping[str, Variable] | None = None, starts: Sequence[StartRule] = (),
    cacao: str | None = None,
) -> Playbook:  # fmt: skip
    """A playbook that begins with step `a`; `end` is there."""
    return Playbook(
        id=cacao or f"playbook--{uuid4()}", name=name, start="start",
        steps={"start": Start(on_completion="a"), "end": End(), **steps}, budget=budget,
        variables=dict(variables or {}), starts=tuple(starts),
    )  # fmt: skip


def act(action: str, to: str | None = "end", **more: object) -> Action:
    """An action with its arguments, and the step after it."""
    known = {"on_failure", "on_timeout", "timeout_s", "out", "delay_s", "name"}
    ways = {key: more.pop(key) for key in list(more) if key in known}
    return Action(action=action, args=dict(more), on_completion=to, **ways)  # type: ignore[arg-type]


async def publish(desk: Desk, of: Playbook, *, author: str = "ana", by: str = "bor") -> UUID:
    """Put a playbook in force as its life cycle asks; the uuid of the playbook."""
    uuid, body = new_uuid(desk.now), encode(of)
    async with transaction(desk.pool, desk.now) as tx:
        row = await (
            await tx.execute(
                "insert into playbook (uuid, cacao_id, name, made_by, made_at, changed_at)"
                " values (%s, %s, %s, %s, %s, %s) returning id",
                (uuid, of.id, of.name, desk[author].person_id, desk.now, desk.now),
            )
        ).fetchone()
        assert row is not None
        await _version(tx, desk, row[0], 1, body, author, by)
    return uuid


async def publish_again(desk: Desk, uuid: UUID, of: Playbook) -> None:
    """Another version of a playbook comes into force, and the one before retires."""
    async with transaction(desk.pool, desk.now) as tx:
        row = await (
            await tx.execute(
                "update playbook_version v set state = 'retired', retired_at = %s from playbook p"
                " where p.id = v.playbook_id and p.uuid = %s and v.state = 'published'"
                " returning p.id, v.number",
                (desk.now, uuid),
            )
        ).fetchone()
        assert row is not None
        await _version(tx, desk, row[0], row[1] + 1, encode(of), "ana", "bor")


async def _version(
    tx: Tx, desk: Desk, playbook_id: int, number: int, body: bytes, author: str, by: str
) -> None:
    await tx.execute(
        """
        insert into playbook_version (uuid, playbook_id, number, hash, body, state, authors,
                                      made_by, made_at, changed_at)
        values (%s, %s, %s, sha256(%s), %s, 'draft', %s, %s, %s, %s)
        """,
        (new_uuid(desk.now), playbook_id, number, body, body, [desk[author].person_id],
         desk[author].person_id, desk.now, desk.now),
    )  # fmt: skip
    for state in ("validated", "dry_run"):
        await tx.execute(
            "update playbook_version set state = %s where playbook_id = %s and number = %s",
            (state, playbook_id, number),
        )
    await tx.execute(
        "update playbook_version set state = 'published', published_by = %s, published_at = %s"
        " where playbook_id = %s and number = %s",
        (desk[by].person_id, desk.now, playbook_id, number),
    )


async def begin(
    desk: Desk, of: Playbook | UUID, incident: UUID | None = None, *, who: str = "ana",
    sandbox: bool = False, values: Mapping[str, object] | None = None,
) -> RunRow:  # fmt: skip
    """Start a run of a playbook as somebody."""
    uuid = of if isinstance(of, UUID) else await publish(desk, of)
    viewer = desk[who]
    async with transaction(desk.pool, desk.now, viewer=viewer_setting(viewer)) as tx:
        return await start(
            tx, viewer, uuid, incident, reason="test", sandbox=sandbox, values=values or {},
            now=desk.now, random=os.urandom, policy=shipped(),
        )  # fmt: skip


async def seen(desk: Desk, run: RunRow) -> tuple[RunRow, list[StepRow]]:
    """How a run stands now, with its steps."""
    async with read(desk.pool, SYSTEM) as db:
        return await run_row.by_uuid(db, run.uuid), await run_row.steps(db, run.id)


async def story(desk: Desk, run: RunRow) -> list[str]:
    """The steps of a run that took time, with their states, in order."""
    _, steps = await seen(desk, run)
    return [f"{s.step}:{s.state}" for s in steps if s.kind not in {"start", "end"}]


async def codes(desk: Desk, run: RunRow) -> list[str]:
    """The log of a run, as codes."""
    async with read(desk.pool, SYSTEM) as db:
        return [line.code for line in await run_row.log(db, run.id)]
