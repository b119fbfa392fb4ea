"""A duty that becomes urgent: reminders, tasks for who has to act, letters to our own desk; each once."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.obligations import Office, office, sent, started
from zvon.access.node import Node
from zvon.config import Settings
from zvon.jobs import Context
from zvon.locale import LANGS, translator
from zvon.locale.sentence import sentence
from zvon.respond import obligation_jobs
from zvon.store import contact_change
from zvon.store.contact_change import NewContact
from zvon.store.transaction import Pool, transaction

AWARE = datetime(2026, 12, 11, 17, 40, tzinfo=ZoneInfo("Europe/Ljubljana"))
HOUR = timedelta(hours=1)
ENTITY = "nis2-entity-si"


class Watch:
    """The office with a clock; `at` runs the job at an hour after awareness."""

    def __init__(self, pool: Pool, office: Office, context: Context, clock: list[datetime]) -> None:
        self.pool, self.office, self.context, self._clock = pool, office, context, clock

    async def at(self, hours: float) -> None:
        self._clock[0] = AWARE + hours * HOUR
        for _ in range(2):
            await obligation_jobs.watch(self.context, {})

    async def rows(self, query: Any) -> list[Any]:
        async with self.pool.connection() as db, db.transaction():
            await db.execute("select set_config('zvon.viewer', 'system', true)")
            return await (await db.execute(query)).fetchall()

    async def tasks(self) -> list[Any]:
        return await self.rows(
            "select t.code, t.params->>'step', p.login, t.due_at from task t"
            " left join person p on p.id = t.assignee_id order by t.id"
        )


@pytest_asyncio.fixture
async def watch(pool: Pool, tmp_path: Path) -> Watch:
    at = await office(pool, AWARE, ENTITY)
    settings = Settings(root=tmp_path, name="SI-CERT")
    signing = Ed25519PrivateKey.generate()
    me = Node(uuid=uuid4(), name="SI-CERT", country="SI", signing=signing, key=bytes(32),
              signing_public=signing.public_key().public_bytes_raw(), tls_certificate="", tls_key="")  # fmt: skip
    async with transaction(pool, AWARE) as tx:
        await tx.execute("update incident set owner_id = %s where id = %s", (at.ana.person_id, at.incident_id))  # fmt: skip
    clock = [AWARE]
    return Watch(pool, at, Context(pool, settings, me, lambda: clock[0], os.urandom), clock)


async def desk(watch: Watch, **said: Any) -> None:
    new = NewContact(**{"name": "Dežurstvo", "address": "dezurni@cert.example", "lang": "sl",
                        "kind": "duty", "tlp": 3, **said})  # fmt: skip
    async with transaction(watch.pool, AWARE) as tx:
        await contact_change.put(tx, new, AWARE, os.urandom)


async def test_the_lengths_of_the_rules_remind_once_each(watch: Watch) -> None:
    await started(watch.pool, watch.office, AWARE, aware=AWARE)
    said = "select before from obligation_reminder r join obligation_step s on s.id = r.step_id where s.step = 'early_warning' order by r.at"  # fmt: skip
    await watch.at(11)
    assert await watch.rows(said) == []
    await watch.at(13)
    assert await watch.rows(said) == [("PT12H",)]
    await watch.at(23)
    assert await watch.rows(said) == [("PT12H",), ("PT2H",)]
    lines = await watch.rows("select params from timeline where code = 'OBLIGATION_REMINDER'")
    assert len(lines) == 2
    for lang in LANGS:
        told = sentence(translator(lang), "OBLIGATION_REMINDER", lines[0][0])
        assert "early_warning" not in told, "the step is said in words"
        assert "N-26-000001" in told


async def test_a_reminder_is_a_task_of_whoever_has_the_incident(watch: Watch) -> None:
    duty = await started(watch.pool, watch.office, AWARE, aware=AWARE)
    await watch.at(13)
    await watch.at(23)
    (one, *_) = await watch.tasks()
    assert one == ("OBLIGATION_TASK", "early_warning", "ana", AWARE + 24 * HOUR)
    assert len([t for t in await watch.tasks() if t[0] == "OBLIGATION_TASK"]) == 1
    assert duty.number == "N-26-000001"


async def test_an_alarm_beyond_the_owner_is_a_task_for_the_role(watch: Watch) -> None:
    await started(watch.pool, watch.office, AWARE, aware=AWARE)
    await watch.at(18)
    assert [t[0] for t in await watch.tasks()] == ["OBLIGATION_TASK"], "the owner knows, no more"
    await watch.at(22)
    await watch.at(24.5)
    roles = [t for t in await watch.tasks() if t[0] == "OBLIGATION_TASK_ROLE"]
    assert [(t[1], t[2]) for t in roles] == [("early_warning", None)] * 2, "at 90 % and when due"
    assert roles[1][3] is None, "what is late has no date to wait for"
    ((params,), *_) = await watch.rows(
        "select params from task where code = 'OBLIGATION_TASK_ROLE'"
    )
    assert "za: odobrit" in sentence(translator("sl"), "OBLIGATION_TASK_ROLE", params).lower()


async def test_our_desk_gets_a_letter_when_there_is_one(watch: Watch) -> None:
    await started(watch.pool, watch.office, AWARE, aware=AWARE)
    await desk(watch)
    await desk(watch, address="nihce@cert.example", kind="cert")
    await watch.at(22)
    found = await watch.rows(
        "select state, template, recipients, fields->>'step', remind from message"
    )
    assert [(s, t, r, m) for s, t, r, _, m in found] == [
        ("queued", "duty", ["dezurni@cert.example"], False)
    ]
    assert found[0][3] != "early_warning"


async def test_without_a_desk_nothing_is_written_and_the_task_is_made(watch: Watch) -> None:
    await started(watch.pool, watch.office, AWARE, aware=AWARE)
    await watch.at(22)
    assert await watch.rows("select 1 from message") == []
    assert "OBLIGATION_TASK_ROLE" in [t[0] for t in await watch.tasks()]


async def test_what_was_sent_is_not_reminded_of(watch: Watch) -> None:
    duty = await started(watch.pool, watch.office, AWARE, aware=AWARE)
    await sent(watch.pool, watch.office, duty, "early_warning", AWARE + HOUR)
    await watch.at(23)
    assert [t for t in await watch.tasks() if t[1] == "early_warning"] == []


@pytest.mark.parametrize("lang", LANGS)
def test_words_of_a_sentence_are_said_in_the_readers_language(lang: str) -> None:
    params = {"number": "N-1", "percent": 50, "step": "x", "words": {"step": {"en": "the step", "sl": "korak"}}}  # fmt: skip
    told = sentence(translator(lang), "OBLIGATION_ALARM", params)
    assert ("korak" if lang == "sl" else "the step") in told
    assert "words" not in told
