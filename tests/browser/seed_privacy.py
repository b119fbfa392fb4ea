"""What the pages of privacy show: our constituency, a held release, policies, requests, a purge."""

import os
from datetime import timedelta
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from tests.browser.node import Served
from zvon.privacy.register_entry import Entry, canonical_value
from zvon.share import constituency, release, statistics
from zvon.store import data_policy, data_request_change, legal_hold
from zvon.store.data_request import Given
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, viewer_setting

OURS = (
    ("domain", "bolnica-lipa.example", "health", False),
    ("prefix", "203.0.113.0/24", "telecom", True),
    ("organisation", "Osnovna šola Brod", "education", False),
    ("person", "Marija Kovačič", "", False),
)
MESSAGE = (
    "Spoštovani, sem Marija Kovačič iz Osnovne šole Brod. S številke +44 20 7946 0123 so me klicali"
    " zaradi paketa in poslali https://posta-si.dostava-paketa.example/i?e=marija@bolnica-lipa.example."
    " V zapisu stoji tudi 46.123.240.11. Moj telefon je 040 111 222."
)


class Privacy(Struct, frozen=True, kw_only=True):
    """Where the pages of privacy are."""

    release: UUID
    request: UUID


async def seed_privacy(served: Served, incident: UUID) -> Privacy:
    """Fill the register, prepare a release of a message with people in it, and take requests in."""
    context, now, pia = served.context, served.now, served.people["pia"]
    async with transaction(context.pool, now) as tx:
        await data_policy.ensure(tx, "SI", data_policy.configured(None), now)
    async with transaction(context.pool, now, viewer=viewer_setting(pia)) as tx:
        rows = [
            Entry(
                kind=kind,  # type: ignore[arg-type]
                value=canonical_value(kind, value),
                sector=sector,
                weak=weak,
                country="SI",
            )
            for kind, value, sector, weak in OURS
        ]
        await constituency.add(tx, pia, rows, now, source="ročno")
    return Privacy(release=await _release(served, incident), request=await _requests(served))


async def _release(served: Served, incident: UUID) -> UUID:
    context, now, ana = served.context, served.now, served.people["ana"]
    async with transaction(context.pool, now, viewer=SYSTEM) as tx:
        await tx.execute(
            "update record set payload = payload || %s where id = (select r.record_id from report r"
            " join incident i on i.id = r.incident_id where i.uuid = %s order by r.record_id limit 1)",
            (Jsonb({"text": MESSAGE}), incident),
        )
        cursor = await tx.execute("select uuid from share_group limit 1")
        [(group,)] = await cursor.fetchall()
    async with transaction(context.pool, now, viewer=viewer_setting(ana)) as tx:
        made = await release.prepare(tx, ana, incident, group, now, context.node)
    return made.uuid


async def _requests(served: Served) -> UUID:
    context, now, pia, bor = (
        served.context,
        served.now,
        served.people["pia"],
        served.people["bor"],
    )
    key = context.node.key
    made = []
    async with transaction(context.pool, now, viewer=viewer_setting(pia)) as tx:
        for kind, days in (("erasure", 3), ("access", 26), ("objection", 40)):
            one = await data_request_change.add(
                tx, pia, kind=kind, country="SI", lang="sl", contact="marija@bolnica-lipa.example",  # type: ignore[arg-type]
                given=[Given(kind="name", text="Marija Kovačič")],
                received_at=now - timedelta(days=days), now=now, key=key, random=os.urandom,
            )  # fmt: skip
            made.append(one.uuid)
        await data_request_change.identify(tx, pia, made[0], "osebna izkaznica na okencu", now)
        await data_request_change.searched(
            tx, made[0], {"report.text": 2, "audit": 1}, "system", now
        )
        held = await legal_hold.propose(
            tx, pia, country="SI", of_class="report.raw", record=None, reason="odredba sodišča",
            until=now + timedelta(days=90), now=now, random=os.urandom(10),
        )  # fmt: skip
    async with transaction(context.pool, now, viewer=viewer_setting(bor)) as tx:
        await legal_hold.approve(tx, bor, held.uuid, now)
    async with transaction(context.pool, now, viewer=SYSTEM) as tx:
        week = (now - timedelta(days=7)).isocalendar()
        await statistics.publish(
            tx, pia, "reports", f"{week.year}-W{week.week:02d}", "public", now, os.urandom
        )
    return made[0]
