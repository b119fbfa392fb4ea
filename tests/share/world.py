"""A node with people, a group, and one incident whose message leaves or does not."""

import os
from datetime import datetime
from pathlib import Path
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.store.world import Reported, reported, somebody
from zvon.access import node as identity
from zvon.access.node import Node
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.formats.membership import GroupPolicy
from zvon.model.marking import Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.share import group, release
from zvon.store import ingest, party, person
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import viewer_setting

TEXT = (
    "Pošta Slovenije: vašega paketa nismo mogli dostaviti. Podatke dopolnite: "
    "https://posta-si.dostava-paketa.example/i?t=7F3K9Q"
)
REMARK = "Ali je to res? Maja Zupanc, 040 000 111"


class World:
    """A node with people, a group, and one incident of one report."""

    def __init__(self, pool: Pool, now: datetime, node: Node, group_uuid: UUID) -> None:
        self.pool, self.now, self.node, self.group = pool, now, node, group_uuid
        self.seen_by = ""
        self.analyst: Viewer
        self.approver: Viewer
        self.incident: UUID
        self.found: Reported

    async def prepare(self, viewer: Viewer | None = None) -> release.Share:
        who = viewer or self.analyst
        async with transaction(
            self.pool, self.now, viewer=self.seen_by or viewer_setting(who)
        ) as tx:
            return await release.prepare(tx, who, self.incident, self.group, self.now, self.node)

    async def release(
        self,
        share: release.Share,
        overrides: dict[int, str] | None = None,
        viewer: Viewer | None = None,
    ) -> release.Released:
        who = viewer or self.approver
        async with transaction(
            self.pool, self.now, viewer=self.seen_by or viewer_setting(who)
        ) as tx:
            return await release.release(tx, who, share.uuid, overrides or {}, self.now, self.node)

    async def column(self, query: str, *params: object) -> list[object]:
        async with transaction(self.pool, self.now) as tx:
            return [row[0] for row in await (await tx.db.execute(query, params)).fetchall()]

    async def say(self, text: str, remark: str = REMARK) -> None:
        payload = {"text": text, "remark": remark, "channel": "imessage", "lang": "sl"}
        async with transaction(self.pool, self.now) as tx:
            await tx.execute(
                "update record set payload = %s where id = %s",
                (Jsonb(payload), self.found.record_id),
            )

    async def mark(self, tlp: Tlp) -> None:
        async with transaction(self.pool, self.now) as tx:
            await tx.execute(
                "update record set tlp = %s where id = (select record_id from incident where uuid = %s)",
                (int(tlp), self.incident),
            )


async def world_of(pool: Pool, now: datetime, tmp_path: Path) -> World:
    """The world, made on an empty database."""
    settings = Settings(root=tmp_path, name="si", country="SI")
    key = identity.node_key(settings.key_file, os.urandom)
    async with transaction(pool, now) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
        await identity.create_node(tx, settings, now, os.urandom)
        node = await identity.node(tx.db, key)
        home = await party.own(tx.db)
        terms = group.Terms(name="slo-cro", policy=GroupPolicy(max_tlp="amber"))
        made = await group.found(tx, terms, node, "https://si.example", now, os.urandom)
    world = World(pool, now, node, made.group)
    world.analyst = await somebody(pool, now, home, "ana", ["analyst"])
    world.approver = await somebody(pool, now, home, "bor", ["approver"])
    world.found = await reported(pool, now, home)
    world.incident = world.found.incident_uuid
    await world.say(TEXT)
    seen = [
        ingest.Sighted(Observable(kind, value), role, now)
        for kind, value, role in (
            (ObservableType.URL, "https://posta-si.dostava-paketa.example/i?t=7F3K9Q", 1),
            (ObservableType.DOMAIN, "posta-si.dostava-paketa.example", 1),
            (ObservableType.PHONE, "+447700900123", 1),
            (ObservableType.PHONE, "+38640000111", 4),
        )
    ]
    async with transaction(pool, now) as tx:
        await ingest.occurrences(tx, world.found.record_id, seen)
    return world
