"""What stories do beside the browser: calls of the API, sensors that deliver, jobs, more people."""

import json
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from tests.browser.node import Served
from tests.store.world import somebody
from zvon.access import key as keys
from zvon.access import node as identity
from zvon.access.seal import NONCE_BYTES
from zvon.assess.alerts import assess
from zvon.assess.classify_job import classify
from zvon.collect.intake import intake
from zvon.collect.take import take
from zvon.model.ids import RANDOM_BYTES
from zvon.model.marking import Tlp
from zvon.respond.run_jobs import JOBS as RUNS
from zvon.respond.run_trigger import watch
from zvon.respond.run_work import Worker
from zvon.store import party, person, source_change
from zvon.store.source_change import NewSource
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read


class Hands:
    """Everybody of a node with a key of the API."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self._keys: dict[str, str] = {}

    async def ask(
        self, who: str, method: str, path: str, body: Any = None, **more: Any
    ) -> Response:
        """What the API answers to this person; `body` is sent as JSON."""
        headers = {"Authorization": f"Bearer {await self._key(who)}"}
        if body is not None:
            more["json"] = body
        async with AsyncClient(base_url=self.served.url, timeout=30) as client:
            return await client.request(method, f"/api/v1{path}", headers=headers, **more)

    async def post(self, who: str, path: str, body: Any = None, **more: Any) -> Any:
        """Post, and give what came back; anything but a success is an error."""
        answer = await self.ask(who, "POST", path, body, **more)
        if not answer.is_success:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    async def get(self, who: str, path: str, **more: Any) -> Any:
        """What stands there."""
        answer = await self.ask(who, "GET", path, **more)
        if not answer.is_success:
            raise AssertionError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def _key(self, who: str) -> str:
        if who not in self._keys:
            served, now = self.served, self.served.now
            async with transaction(served.context.pool, now) as tx:
                (uuid,) = [p.uuid for p in await person.list_all(tx.db) if p.login == who]
                self._keys[who] = await keys.create(
                    tx,
                    served.people[who],
                    uuid,
                    "stories",
                    now,
                    os.urandom,
                    now + timedelta(days=9),
                )
        return self._keys[who]


async def newcomer(served: Served, login: str, role: str) -> None:
    """One more person of the operator."""
    async with read(served.context.pool, SYSTEM) as db:
        home = await party.own(db)
    served.people[login] = await somebody(served.context.pool, served.now, home, login, [role])


async def run(served: Served) -> None:
    """Playbooks begin by themselves where they say so, and go as far as they can."""
    for _ in range(2):  # what a step asked for in the queue of jobs lets it go on
        await watch(served.context, {})
        await Worker(served.context, "story").drain()
        await served.work(RUNS)
    await watch(served.context, {})
    await Worker(served.context, "story").drain()


def wazuh(
    at: datetime, rule: str, words: str, *, actor: str, user: str, host: str = "vpn01",
    level: int = 5, groups: Sequence[str] = ("sshd", "authentication_failed"),
) -> str:  # fmt: skip
    """A line as Wazuh writes it about what sshd said."""
    said = {
        "timestamp": at.isoformat(timespec="milliseconds"), "id": f"{at.timestamp():.6f}",
        "rule": {"level": level, "description": words, "id": rule, "groups": list(groups)},
        "agent": {"id": "001", "name": host}, "manager": {"name": "siem"},
        "data": {"srcip": actor, "srcuser": user}, "location": "/var/log/auth.log",
        "full_log": f"sshd[811]: {words} {user} from {actor} port 40122 ssh2",
    }  # fmt: skip
    return json.dumps(said) + "\n"


async def sensor(served: Served, name: str) -> int:
    """A source that hands alerts over; its id."""
    context = served.context
    key = identity.node_key(context.settings.key_file, os.urandom)
    async with transaction(context.pool, served.now) as tx:
        made = await source_change.create(
            tx, served.people["ada"], NewSource(name=name, kind="syslog", tlp=Tlp.AMBER),
            key, served.now, os.urandom(RANDOM_BYTES), os.urandom(NONCE_BYTES),
        )  # fmt: skip
    return made.id


async def deliver(served: Served, source: int, body: str) -> None:
    """What a sensor wrote comes in, is read, and its alerts are counted, joined and classified."""
    made = await take(served.context, source, body.encode(), name="alerts.json")
    (delivery,) = await served.column("select id from delivery where uuid = %s", made)
    await intake(served.context, {"delivery_id": int(delivery)})
    await assess(served.context, {})
    await classify(served.context, {})


async def uuid_of(served: Served, query: str, *params: Any) -> UUID:
    """The one identifier that a query finds."""
    (found,) = await served.column(query, *params)
    return UUID(str(found))
