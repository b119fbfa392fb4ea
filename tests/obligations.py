"""Rule packs made active by two people, and duties, for tests of several layers."""

import os
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tests.store.world import own_party, reported, somebody
from zvon.access.viewer import Viewer
from zvon.store import obligation, obligation_start, obligation_step, rule_pack
from zvon.store.obligation import Obligation, Step
from zvon.store.obligation_step import Sent
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import viewer_setting


class Office(Struct, frozen=True):
    """An analyst, two approvers, two administrators, and an incident."""

    ana: Viewer
    bor: Viewer
    bea: Viewer
    ada: Viewer
    adi: Viewer
    incident: UUID
    incident_id: int


async def office(pool: Pool, now: datetime, *packs: str) -> Office:
    """The people, the shipped packs with `packs` active, and an incident."""
    home = await own_party(pool, now)
    people = {
        login: await somebody(pool, now, home, login, (role,))
        for login, role in (("ana", "analyst"), ("bor", "approver"), ("bea", "approver"),
                            ("ada", "administrator"), ("adi", "administrator"))
    }  # fmt: skip
    await activate(pool, people["ada"], people["adi"], now, *packs)
    made = await reported(pool, now, home)
    return Office(**people, incident=made.incident_uuid, incident_id=made.incident_id)


async def activate(pool: Pool, one: Viewer, other: Viewer, now: datetime, *packs: str) -> None:
    """Load what ships and make `packs` active."""
    async with transaction(pool, now) as tx:
        await rule_pack.load_shipped(tx, now, os.urandom)
        for row in await rule_pack.list_all(tx.db, one):
            if row.pack in packs and row.state == "loaded":
                await rule_pack.propose(tx, one, row.uuid, "checked the text", now)
                await rule_pack.approve(tx, other, row.uuid, now)


async def started(
    pool: Pool, at: Office, now: datetime, pack: str = "nis2-entity-si", *,
    aware: datetime | None = None, kind: str = "energy",
) -> Obligation:  # fmt: skip
    """A duty of the incident, with the time of awareness when one is given."""
    async with transaction(pool, now, viewer=viewer_setting(at.ana)) as tx:
        if aware is not None:
            await tx.execute(
                "insert into incident_time (incident_id, what, at, source, set_at)"
                " values (%s, 'aware', %s, 'person', %s)",
                (at.incident_id, aware, now),
            )
        uuid = await obligation_start.start(
            tx, at.ana, incident_uuid=at.incident, pack=pack, entity="Elektro Primer, d. d.",
            entity_kind=kind, now=now, random=os.urandom,
        )  # fmt: skip
        return await obligation.known(tx.db, uuid)


async def step_of(pool: Pool, duty: Obligation, name: str) -> Step:
    """A step of a duty as it stands."""
    async with transaction(pool, duty.started_at) as tx:
        return next(each for each in await obligation.steps(tx.db, duty) if each.step == name)


async def sent(
    pool: Pool, at: Office, duty: Obligation, name: str, now: datetime, *, sent_at: datetime | None = None
) -> Step:  # fmt: skip
    """Draft, review and send a step: ana writes, bor sends."""
    one = await step_of(pool, duty, name)
    async with transaction(pool, now, viewer=viewer_setting(at.ana)) as tx:
        form = await rule_pack.form(tx.db, one.form)
        said = {field.id: {"unknown": True} for field in form.fields}
        one = await obligation_step.fill(tx, at.ana, one.uuid, said, one.version, now)
        one = await obligation_step.review(tx, at.ana, one.uuid, one.version, now)
    async with transaction(pool, now, viewer=viewer_setting(at.bor)) as tx:
        proof = Sent(sent_at=sent_at or now, recipient="SI-CERT", way="portal", receipt="P-1")
        return await obligation_step.submit(
            tx, at.bor, one.uuid, proof, one.version, now, os.urandom
        )
