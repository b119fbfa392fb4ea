"""Two nodes, each with a database, keys and a real HTTPS listener, in one event loop."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server
from litestar import Litestar
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from zvon.access import node as identity
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.config import Settings
from zvon.jobs import Context, Handler, enqueue
from zvon.model.ids import uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.policy import Agreement, compile_policy
from zvon.share import door, feed, invitation
from zvon.share.jobs import JOBS
from zvon.share.released import PASS, Released
from zvon.store import neverblock, party, peer, person, zone
from zvon.store.data_key import DataKeys
from zvon.store.pool import open_pool
from zvon.store.transaction import Tx, transaction

NAMES = ("posta-si.dostava-paketa.example", "paket.azuriraj-naslov.example")


class Two:
    """One node of a test: its context, its people, and its listener that can be switched off."""

    def __init__(self, context: Context, folder: Path, ahead: list[timedelta]) -> None:
        self.context = context
        self._ahead = ahead
        self.folder = folder
        self.admin = self._viewer("administrator")
        self.boss = self._viewer("approver")
        self.analyst = self._viewer("analyst")
        self.jobs: dict[str, Handler] = dict(JOBS)
        self._server: Server | None = None
        self._task: asyncio.Task[None] | None = None

    def _viewer(self, role: str) -> Viewer:
        return Viewer(
            person_id=0, login=f"{role}@{self.context.node.name}", name=role, party_id=1,
            party_own=True, country=self.context.node.country, roles=(role,),
            permissions=SHIPPED_ROLES[role], tlp_ceiling=Tlp.AMBER_STRICT,
        )  # fmt: skip

    @property
    def now(self) -> datetime:
        return self.context.clock()

    async def people(self) -> None:
        async with transaction(self.context.pool, self.now) as tx:
            own = await party.own(tx.db)
            await person.put_roles(tx, SHIPPED_ROLES)
            for name in ("admin", "boss", "analyst"):
                viewer: Viewer = getattr(self, name)
                made = await person.add(
                    tx, uuid=uuid7(self.now, os.urandom(10)), party_id=own.id,
                    login=viewer.login, name=viewer.name, lang="en", roles=viewer.roles,
                    password_hash=None, now=self.now,
                )  # fmt: skip
                setattr(
                    self, name,
                    msgspec.structs.replace(viewer, person_id=made, party_id=own.id),
                )  # fmt: skip

    async def up(self) -> None:
        port = int(self.context.settings.peer.rpartition(":")[2])
        certificate, key = self.folder / "tls.pem", self.folder / "tls.key"
        certificate.write_text(self.context.node.tls_certificate)
        key.write_text(self.context.node.tls_key)
        app = Litestar([door.router(self.context)], openapi_config=None)
        self._server = Server(
            app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, ssl_cert=certificate,
            ssl_key=key, http=HTTPModes.http1, log_enabled=False, websockets=False,
        )  # fmt: skip
        self._task = asyncio.create_task(self._server.serve())
        for _ in range(200):
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.02)
        raise AssertionError("the listener did not come up")

    async def down(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.stop()  # type: ignore[no-untyped-call]
            await asyncio.wait_for(self._task, 10)
            self._server = self._task = None

    async def work(self, *names: str) -> list[str]:
        """Run what is due in the queue until nothing is; returns the names of the jobs."""
        done: list[str] = []
        while True:
            async with self.context.pool.connection() as db:
                rows = await (
                    await db.execute(
                        "delete from pgqueuer where id in (select id from pgqueuer where"
                        " execute_after <= now() order by id) returning id, entrypoint, payload"
                    )
                ).fetchall()
            if not rows:
                return done
            for _, name, payload in sorted(rows):
                if name in self.jobs and (not names or name in names):
                    await self.jobs[name](self.context, msgspec.json.decode(payload))
                    done.append(name)

    async def rows(self, query: str, *params: Any) -> list[dict[str, Any]]:
        async with (
            transaction(self.context.pool, self.now) as tx,
            tx.db.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(query, params)
            return await cursor.fetchall()

    async def invite(self, **given: Any) -> str:
        async with transaction(self.context.pool, self.now) as tx:
            return await invitation.create(
                tx, self.admin, node=self.context.node, settings=self.context.settings,
                now=self.now, random=os.urandom, **given,
            )  # fmt: skip

    async def share(
        self, group: UUID, *, names: tuple[str, ...] = NAMES, tlp: Tlp = Tlp.AMBER,
        pap: Pap = Pap.GREEN, word: str = "malicious", share_uuid: UUID | None = None,
        **event: Any,
    ) -> UUID:  # fmt: skip
        """Release an event into the group's feed, as the gate would."""
        made = share_uuid or uuid7(self.now, os.urandom(10))
        body = an_event(made, names=names, tlp=tlp, pap=pap, word=word, now=self.now) | event
        async with transaction(self.context.pool, self.now) as tx:
            row = await (
                await tx.execute(
                    "insert into share (uuid, group_uuid, state, policy, before, after, decisions,"
                    " prepared_at, released_at) values (%s, %s, 'released', %s, %s, %s, '[]', %s, %s)"
                    " on conflict (uuid) do update set after = excluded.after returning id",
                    (made, group, Jsonb({"tlp": int(tlp), "pap": int(pap)}), Jsonb({}),
                     Jsonb(body), self.now, self.now),
                )
            ).fetchone()  # fmt: skip
            assert row is not None
            policy = compile_policy(Agreement(), group=str(group), tlp=[tlp], pap=[pap])
            released = Released(PASS, share_id=row[0], group_uuid=group, policy=policy, event=body)
            await feed.append(tx, released, self.now, self.context.node)
        return made

    async def revoke(self, share: UUID, reason: str = "a mistake") -> int | None:
        async with transaction(self.context.pool, self.now) as tx:
            return await feed.revoke(tx, share, reason, self.now, self.context.node)

    def set_clock(self, ahead: timedelta) -> None:
        """Let this node's clock run ahead of the real time."""
        self._ahead[0] = ahead

    async def enqueue_poll(self, tx: Tx) -> None:
        """What the schedule does each minute."""
        await enqueue(tx, "share.poll", {})

    async def release_held(self, other: "Two") -> None:
        """Take in what was held of a partner."""
        await JOBS["share.take_held"](self.context, {"peer_id": (await self.peer(other)).id})

    async def peer(self, other: "Two") -> peer.Peer:
        async with self.context.pool.connection() as db:
            return await peer.get(db, other.context.node.uuid)

    async def group(self) -> UUID:
        async with self.context.pool.connection() as db:
            return (await peer.groups(db))[0].uuid


def an_event(
    uuid: UUID, *, names: tuple[str, ...] = NAMES, tlp: Tlp = Tlp.AMBER, pap: Pap = Pap.GREEN,
    word: str = "malicious", now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """A shared event as JSON values."""
    at = now.isoformat().replace("+00:00", "Z")
    return {
        "uuid": str(uuid),
        "title": {"code": "TITLE_PHISHING_BRAND", "params": {"brand": "si.posta"}},
        "parts": {"message.text": "Vašega paketa nismo mogli dostaviti. [ime] [telefon]"},
        "names": [{"name": n, "scope": "host_sub", "reason": "OWN_REGISTRATION"} for n in names],
        "observables": [{"type": "domain", "value": n} for n in names]
        + [{"type": "url", "value": f"https://{n}/i?t="} for n in names],
        "reasons": [{"code": "BRAND_NOT_OFFICIAL", "params": {"brand": "Pošta", "official": "posta.si"},
                     "weight": 2.5, "source": "brand"}],
        "verdict": word,
        "category": "phishing",
        "brand": "si.posta",
        "probability": 0.99,
        "counts": {"reports": 41, "names": len(names)},
        "first": at,
        "last": at,
        "countries": ["SI"],
        "tlp": int(tlp),
        "pap": int(pap),
        "lang": "sl",
    }  # fmt: skip


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def open_two(dsn: str, name: str, country: str, folder: Path) -> AsyncIterator[Two]:
    """A node on the database `dsn`, listening."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(root=folder, name=name, country=country, peer=f"127.0.0.1:{free_port()}")
    key = identity.node_key(settings.key_file, os.urandom)
    async with open_pool(dsn, size=6, keys=DataKeys(key, os.urandom)) as pool:
        ahead = [timedelta()]

        def clock() -> datetime:
            return datetime.now(UTC) + ahead[0]

        async with transaction(pool, clock()) as tx:
            await identity.create_node(tx, settings, clock(), os.urandom)
            await zone.ensure_feed(tx, country.lower(), country)
            await neverblock.load(tx, clock())
        async with transaction(pool, clock()) as tx:
            me = await identity.node(tx.db, key)
        two = Two(Context(pool, settings, me, clock, os.urandom), folder, ahead)
        await two.people()
        await two.up()
        try:
            yield two
        finally:
            await two.down()


__all__ = ["NAMES", "Two", "an_event", "open_two"]
