"""What was said of the work on an incident ends with its time, and a person can be taken out of it."""

import os
from datetime import datetime, timedelta

from tests.store.world import own_party, reported, somebody
from zvon.model.verdict import Severity
from zvon.respond import task
from zvon.store import incident_life, retention_other, subject_place
from zvon.store.retention import Gone, Scope
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting


async def test_words_of_finished_work_go_and_the_rows_stay(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        made = await task.add(
            tx, found.incident_uuid, text="Call Maja Zupan", by=ana, now=now, random=os.urandom
        )
        await task.move(tx, ana, made, "done", version=1, result="Maja was told", now=now)
        await incident_life.set_severity(
            tx, ana, found.incident_uuid, Severity.MEDIUM, version=1,
            reason="Maja says so", now=now,
        )  # fmt: skip
    later = now + timedelta(days=3000)
    async with transaction(pool, later) as tx:
        for of_class in ("incident", "decision", "exhibit"):
            scope = Scope(
                country="SI", of_class=of_class, cut_off=later, now=later, after="destroy"
            )
            await retention_other.emptied(tx, scope, Gone())
        rows = await (await tx.execute("select text, result, state from task")).fetchall()
    assert rows == [("…", "", "done")]


async def test_a_person_is_found_in_tasks(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await task.add(
            tx, found.incident_uuid, text="Call Maja Zupan", by=ana, now=now, random=os.urandom
        )
    async with read(pool, SYSTEM) as db:
        hits = await subject_place.find(db, "maja zupan")
    assert [(hit.of_class, hit.table) for hit in hits] == [("incident", "task")]
