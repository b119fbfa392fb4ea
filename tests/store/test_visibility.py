"""Who sees which rows: markings, parties, named people; and that nothing of the rest leaks."""

import hashlib
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.store.world import (
    new_uuid,
    other_party,
    own_party,
    report,
    reported,
    somebody,
)
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store import (
    campaign,
    change,
    disclosure,
    event,
    evidence,
    incident,
    observable,
    quarantine,
    raw,
    report_page,
    share,
    verdict,
    visibility,
)
from zvon.store.disclosure import Wanted
from zvon.store.incident import Tab
from zvon.store.ingest import SAID, Sighted, occurrences
from zvon.store.party import Db
from zvon.store.transaction import Pool, Tx, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting

SECURED = {
    "incident_fact", "obligation",
    "comment", "handover_item", "handover_note",
    "alert", "alert_group", "alert_hub", "incident_step",
    "bulk_item", "claim", "queue_sample", "rank_due", "snooze",
    "alert_verdict", "countersign", "exhibit", "incident_time", "promotion", "task",
    "campaign_apart", "campaign_member", "capture", "classification", "change", "disclosure", "document", "edge", "evidence", "incident",
    "incident_decision", "incident_name", "label", "label_task", "legal_hold", "mail_reply", "message", "notice_fact", "occurrence", "quarantine",
    "raw_input", "receipt_again", "record", "record_audience", "record_version", "report",
    "report_key", "review", "run", "share", "subject_key", "suggestion", "tag_use", "takedown", "thread", "timeline", "verdict",
}  # fmt: skip
# Point to a record and yet have no row security, each with its reason.
OPEN_BY_INTENT = {
    "block",  # a published block is seen in the DNS; its incident is joined under row security
    "search_record",  # its index is useless under row security; every search joins `record`, which has it
    "feed_entry",  # holds what was released to a group, and is read by the peer door alone
    "watch",  # a name, shown to its brand's desk; the report that it became is seen by itself
    "url_rule",  # as a block: published ones are in the lists; its incident is joined like a block's
}
SHARED_VALUE = Observable(ObservableType.DOMAIN, "dostava-paketa.example")


async def test_the_policy_in_the_database_is_the_predicate_of_the_code(pool: Pool) -> None:
    async with read(pool, SYSTEM) as db:
        row = await (
            await db.execute("select zvon_predicate('r'), zvon_predicate('i', 'record_id')")
        ).fetchone()
    assert row == (visibility.predicate("r"), visibility.predicate("i", "record_id"))


async def test_every_table_that_points_to_a_record_has_forced_row_security(pool: Pool) -> None:
    async with pool.connection() as db:
        rows = await (
            await db.execute(
                """
                select distinct c.relname, c.relrowsecurity and c.relforcerowsecurity
                from pg_class c join pg_attribute a on a.attrelid = c.oid
                where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
                  and (a.attname in ('record_id', 'incident_id', 'raw_sha256')
                       or c.relname in ('record', 'raw_input'))
                """
            )
        ).fetchall()
    assert {name for name, secured in rows if secured} == SECURED
    assert {name for name, secured in rows if not secured} == OPEN_BY_INTENT


@pytest.mark.parametrize(
    "setting", [None, "", "1", "x", "1 1 1", "1 1 1 9", "1 1 1 3 ", "System", "1 1 1 3; x"]
)
async def test_without_a_viewer_nothing_is_seen_and_nothing_written(
    pool: Pool, now: datetime, setting: str | None
) -> None:
    home = await own_party(pool, now)
    await reported(pool, now, home)
    async with pool.connection() as db, db.transaction(force_rollback=True):
        if setting is not None:
            await db.execute("select set_config('zvon.viewer', %s, true)", (setting,))
        for table in sorted(SECURED):
            row = await (await db.execute(f"select count(*) from {table}".encode())).fetchone()
            assert row == (0,), table
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await db.execute(
                "insert into timeline (incident_id, at, kind, actor, code) values (1, now(), 'note', 'x', 'NOTE')"
            )


async def test_a_connection_forgets_its_viewer(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    await reported(pool, now, home)
    for _ in range(10):
        async with read(pool, SYSTEM) as db:
            pass
        async with pool.connection() as db:
            row = await (await db.execute("select count(*) from record")).fetchone()
            assert row == (0,)


async def test_reading_cannot_write(pool: Pool, now: datetime) -> None:
    await own_party(pool, now)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        async with read(pool, SYSTEM) as db:
            await db.execute("update party set name = 'x'")


@pytest.mark.parametrize(
    ("who", "ceiling", "seen"),
    [
        ("own", Tlp.RED, {"clear", "green", "amber", "strict", "group", "bank", "bank-red"} - {"bank-red"}),
        ("own", Tlp.AMBER_STRICT, {"clear", "green", "amber", "strict", "group", "bank"}),
        ("own", Tlp.AMBER, {"clear", "green", "amber", "group", "bank"}),
        ("own", Tlp.GREEN, {"clear", "green", "group"}),
        ("own", Tlp.CLEAR, {"clear"}),
        ("bank", Tlp.AMBER_STRICT, {"clear", "green", "bank"}),
        ("bank", Tlp.GREEN, {"clear", "green"}),
        ("shop", Tlp.RED, {"clear", "green"}),
    ],
)  # fmt: skip
async def test_markings_and_parties(
    pool: Pool, now: datetime, who: str, ceiling: Tlp, seen: set[str]
) -> None:
    own = await own_party(pool, now)
    homes = {
        "own": own,
        "bank": await other_party(pool, now),
        "shop": await other_party(pool, now, "Shop"),
    }
    viewer = await somebody(pool, now, homes[who], "viewer", ceiling=ceiling)
    made: dict[UUID, str] = {}
    async with transaction(pool, now) as tx:
        for name, home, tlp in (
            ("clear", own, Tlp.CLEAR), ("green", own, Tlp.GREEN), ("amber", own, Tlp.AMBER),
            ("strict", own, Tlp.AMBER_STRICT), ("red", own, Tlp.RED), ("group", own, Tlp.GREEN),
            ("bank", homes["bank"], Tlp.AMBER), ("bank-red", homes["bank"], Tlp.RED),
        ):  # fmt: skip
            record_id, uuid = await report(tx, now, home, tlp=tlp)
            made[uuid] = name
            if name == "group":
                await tx.execute(
                    "update record set group_uuid = %s where id = %s", (new_uuid(now), record_id)
                )
    async with read(pool, viewer) as db:
        records = {
            made[r[0]] for r in await (await db.execute("select uuid from record")).fetchall()
        }
        reports = await (
            await db.execute("select r.uuid from report p join record r on r.id = p.record_id")
        ).fetchall()
    assert records == seen
    assert {made[r[0]] for r in reports} == seen


async def test_a_red_record_is_for_the_people_named_on_it(pool: Pool, now: datetime) -> None:
    own = await own_party(pool, now)
    ana = await somebody(pool, now, own, "ana", ceiling=Tlp.CLEAR)
    bor = await somebody(pool, now, own, "bor", ceiling=Tlp.RED)
    async with transaction(pool, now) as tx:
        _, uuid = await report(tx, now, own, tlp=Tlp.RED, audience=[ana.person_id])
    for viewer, rows in ((ana, [(uuid,)]), (bor, [])):
        async with read(pool, viewer) as db:
            assert await (await db.execute("select uuid from record")).fetchall() == rows


class Red:
    """A TLP:RED report with everything that can hang on one, made when asked."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.report = self.incident = new_uuid(now)
        self.share = new_uuid(now)
        self.record_id = self.incident_id = self.quarantine_id = 2**40
        self.campaign_id = 2**40
        self.raw = hashlib.sha256(b"red").digest()

    async def make(self, pool: Pool) -> None:
        home = await _own(pool)
        found = await reported(pool, self.now, home, tlp=Tlp.RED, raw=self.raw)
        self.report, self.incident = found.uuid, found.incident_uuid
        self.record_id, self.incident_id = found.record_id, found.incident_id
        self.campaign_id = found.campaign_id
        async with transaction(pool, self.now) as tx:
            await self._hang(tx)

    async def _hang(self, tx: Tx) -> None:
        await occurrences(tx, self.record_id, [Sighted(SHARED_VALUE, SAID, self.now)])
        await raw.put(tx, b"red", "text/plain", self.now)
        self.quarantine_id = await quarantine.put(
            tx, self.raw, position="0", reason="x", now=self.now, record_id=self.record_id
        )
        await tx.execute(
            "insert into evidence (record_id, stage, code, value, source, seen_at)"
            " values (%s, 1, 'rdap.registered', 'x', 'rdap', %s)",
            (self.record_id, self.now),
        )
        await tx.execute(
            "insert into verdict (record_id, word, category, reasons, at)"
            " values (%s, 'malicious', 'phishing', '[]', %s)",
            (self.record_id, self.now),
        )
        group = new_uuid(self.now)
        await tx.execute(
            "insert into share_group (uuid, name, max_tlp, policy, membership, version)"
            " values (%s, 'red', 4, '{}', '', 1)",
            (group,),
        )
        await tx.execute(
            "insert into share (uuid, incident_id, group_uuid, state, policy, before, decisions,"
            " prepared_at) values (%s, %s, %s, 'held', '{}', '{\"text\": \"red\"}', '[]', %s)",
            (self.share, self.incident_id, group, self.now),
        )
        await tx.execute(
            "insert into disclosure (uuid, door, subject, record_id, recipient, policy_sha256, tlp,"
            " outcome, at) values (gen_random_uuid(), 'peer', 'I-1', %s, 'slo-cro', '', 4, 'held',"
            " %s)",
            (self.record_id, self.now),
        )
        await tx.execute(
            "insert into edge (src, type, dst, reason, record_id, at)"
            " values (%s, 'about', %s, '{}', %s, %s)",
            (self.report, self.incident, self.record_id, self.now),
        )


async def _own(pool: Pool) -> Any:
    from zvon.store import party

    async with pool.connection() as db:
        return await party.own(db)


Question = Callable[[Db, Viewer, Red], Awaitable[object]]
QUESTIONS: dict[str, Question] = {
    "incident.get": lambda db, v, red: incident.get(db, v, red.incident),
    "incident.counts": lambda db, v, red: incident.counts(db, v),
    **{
        f"incident.queue {tab}": lambda db, v, red, tab=tab: incident.queue(db, v, tab=tab)  # type: ignore[misc]
        for tab in Tab
    },
    "report_page.page": lambda db, v, red: report_page.page(db, v),
    "report_page.get": lambda db, v, red: report_page.get(db, v, red.report),
    "raw.get": lambda db, v, red: raw.get(db, red.raw),
    "quarantine.waiting": lambda db, v, red: quarantine.waiting(db, v),
    "evidence.of_record": lambda db, v, red: evidence.of_record(db, red.record_id),
    "verdict.latest": lambda db, v, red: verdict.latest(db, red.record_id),
    "campaign.get": lambda db, v, red: campaign.get(db, 1),
    "observable.of_record": lambda db, v, red: observable.of_record(db, red.record_id),
    "observable.related": lambda db, v, red: observable.related(db, 1),
    "share.newest": lambda db, v, red: share.newest(db),
    "share.newest of": lambda db, v, red: share.newest(db, incident_uuid=red.incident),
    "share.get": lambda db, v, red: share.get(db, red.share),
    "share.incident_of": lambda db, v, red: share.incident_of(db, red.incident),
    "share.standing": lambda db, v, red: share.standing(db, red.share),
    "disclosure.newest": lambda db, v, red: disclosure.newest(db, Wanted()),
    "disclosure.counts": lambda db, v, red: disclosure.counts(db, Wanted()),
    "event.incident_facts": lambda db, v, red: event.incident_facts(db, red.incident),
    "event.incident_names": lambda db, v, red: event.incident_names(db, red.incident_id),
    "event.incident_messages": lambda db, v, red: event.incident_messages(db, red.incident_id),
    "event.incident_observables": lambda db, v, red: event.incident_observables(db, red.incident_id, 9),
    "event.incident_uuid": lambda db, v, red: event.incident_uuid(db, red.incident_id),
    "event.event_payload": lambda db, v, red: event.event_payload(db, red.report),
    "change.since": lambda db, v, red: change.since(db, v, 0),
}  # fmt: skip


async def answers(pool: Pool, viewer: Viewer, red: Red) -> dict[str, str]:
    """What each question answers, or how it refuses, without the identifiers that were asked."""
    given: dict[str, str] = {}
    asked = [str(x) for x in (red.report, red.incident, red.share, red.incident_id, red.record_id)]
    for name, ask in QUESTIONS.items():
        try:
            async with read(pool, viewer) as db:
                found = repr(await ask(db, viewer, red))
        except (LookupError, PermissionError, ValueError, AssertionError) as refusal:
            found = f"{type(refusal).__name__}: {refusal}"
            for value in asked:
                found = re.sub(rf"\b{value}\b", "…", found)
        given[name] = found
    for table in sorted(SECURED):
        async with read(pool, viewer) as db:
            row = await (await db.execute(f"select count(*) from {table}".encode())).fetchone()
            given[f"rows of {table}"] = str(row)
    return given


@pytest.mark.parametrize("role", [*SHIPPED_ROLES, "guest"])
async def test_a_red_record_is_as_absent_as_one_that_never_was(
    pool: Pool, now: datetime, role: str
) -> None:
    home = await own_party(pool, now)
    bank = await other_party(pool, now)
    if role == "guest":
        viewer = await somebody(pool, now, bank, "guest", roles=["analyst", "approver"])
    else:
        viewer = await somebody(pool, now, home, "own", roles=[role], ceiling=Tlp.AMBER_STRICT)
    seen = await reported(pool, now, home)
    async with transaction(pool, now) as tx:
        await occurrences(tx, seen.record_id, [Sighted(SHARED_VALUE, SAID, now)])
    red = Red(now)
    before = await answers(pool, viewer, red)
    await red.make(pool)
    after = await answers(pool, viewer, red)
    if role in {
        "auditor",
        "privacy_officer",
    }:  # the ones who may know that something is hidden, and how much
        for tab in Tab:
            name = f"incident.queue {tab}"
            assert "hidden=1" in after[name]
            after[name] = after[name].replace("hidden=1", "hidden=0")
    assert after == before


async def test_the_number_of_hidden_rows_is_for_the_highest_ceiling_and_for_auditors(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    bank = await other_party(pool, now)
    people = {
        "low": await somebody(pool, now, home, "low"),
        "high": await somebody(pool, now, home, "high", ceiling=Tlp.RED),
        "auditor": await somebody(pool, now, home, "auditor", roles=["auditor"]),
        "named": await somebody(pool, now, home, "named", ceiling=Tlp.RED),
        "guest": await somebody(pool, now, bank, "guest", ceiling=Tlp.RED),
    }
    await reported(pool, now, home)
    await reported(pool, now, home, tlp=Tlp.RED)
    await reported(pool, now, home, tlp=Tlp.RED, audience=[people["named"].person_id])
    hidden = {}
    for name, viewer in people.items():
        async with read(pool, viewer) as db:
            hidden[name] = (await incident.queue(db, viewer)).hidden
    assert hidden == {"low": None, "high": 2, "auditor": 2, "named": 1, "guest": 0}


async def test_a_person_cannot_raise_a_record_out_of_their_own_sight(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            await tx.execute("update record set tlp = 4 where id = %s", (found.record_id,))
