"""People, proposals and blocks for tests, on a real database."""

import os
from datetime import datetime, timedelta
from uuid import UUID

from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.model.ids import uuid7
from zvon.model.marking import Tlp
from zvon.model.scope import Scope
from zvon.store import block, neverblock, party, zone
from zvon.store.block import Proposal
from zvon.store.transaction import Pool, transaction

People = dict[str, Viewer]


async def _person(pool: Pool, now: datetime, login: str, role: str, own: UUID) -> Viewer:
    async with transaction(pool, now) as tx:
        try:
            org = await party.own(tx.db)
        except party.NoOwnParty:
            org = await party.put(tx, uuid=own, name="CSIRT", kind="csirt", country="SI", own=True)
        await tx.execute(
            "insert into role (name, permissions) values (%s, '{}') on conflict do nothing", (role,)
        )
        row = await (
            await tx.execute(
                "insert into person (uuid, party_id, login, name, created_at)"
                " values (%s, %s, %s, %s, %s) returning id",
                (uuid7(now, os.urandom(10)), org.id, login, login, now),
            )
        ).fetchone()
        assert row
        await tx.execute("insert into person_role values (%s, %s)", (row[0], role))
    permissions = SHIPPED_ROLES[role] | (SHIPPED_ROLES["analyst"] if login == "both" else set())
    return Viewer(
        person_id=row[0], login=login, name=login, party_id=org.id, party_own=True, country="SI",
        roles=(role,), permissions=permissions, tlp_ceiling=Tlp.RED,
    )  # fmt: skip


async def people_of(pool: Pool, now: datetime) -> People:
    """Ana proposes, Bor approves, both may do either; the feed and the lists are there."""
    own = uuid7(now, os.urandom(10))
    logins = {"ana": "analyst", "bor": "approver", "both": "approver", "ada": "administrator"}
    made = {login: await _person(pool, now, login, role, own) for login, role in logins.items()}
    async with transaction(pool, now) as tx:
        await neverblock.load(tx, now)
        await zone.ensure_feed(tx, "si", "SI")
    return made


def proposal(now: datetime, *names: str, scope: Scope = Scope.HOST) -> Proposal:
    return Proposal(
        names=tuple((name, scope) for name in names),
        feed="si",
        reason="phishing for the Post",
        legal_ground="terms of the feed",
        expires_at=now + timedelta(days=14),
    )


async def propose(
    pool: Pool, who: Viewer, now: datetime, *names: str, scope: Scope = Scope.HOST
) -> list[block.BlockRow]:
    async with transaction(pool, now) as tx:
        return await block.propose(tx, who, proposal(now, *names, scope=scope), now, os.urandom)


async def publish(
    pool: Pool, people: People, now: datetime, *names: str, scope: Scope = Scope.HOST
) -> list[block.BlockRow]:
    rows = await propose(pool, people["ana"], now, *names, scope=scope)
    async with transaction(pool, now) as tx:
        return await block.approve(tx, people["bor"], [r.uuid for r in rows], "seen it", now)


async def rules(pool: Pool, name: str) -> dict[str, str]:
    async with pool.connection() as db:
        found = await (
            await db.execute(
                "select owner, rdata from zone_rule r join zone z on z.id = r.zone_id"
                " where z.name = %s and block_id is not null",
                (name,),
            )
        ).fetchall()
    return dict(found)


async def refusals(pool: Pool) -> list[tuple[str, str, str]]:
    async with pool.connection() as db:
        return await (
            await db.execute(
                "select actor, action, rule from audit where outcome = 'refused' order by seq"
            )
        ).fetchall()
