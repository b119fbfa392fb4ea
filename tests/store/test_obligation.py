"""Duties: started under active rules, followed by events and times, sent by a second person."""

import os
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest

from tests.obligations import Office, office, sent, started, step_of
from zvon.access.permission import Denied
from zvon.access.refusal import Refused
from zvon.model.obligation_form import BadField
from zvon.store import obligation, obligation_alarm, obligation_start, obligation_step, rule_pack
from zvon.store.obligation import NoObligation, Stale
from zvon.store.obligation_start import BadObligation
from zvon.store.obligation_step import MissingFields, NotInState, Sent
from zvon.store.rule_pack import NoPack
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import viewer_setting

CET = ZoneInfo("Europe/Ljubljana")
AWARE = datetime(2026, 12, 11, 17, 40, tzinfo=CET)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ENTITY, CSIRT = "nis2-entity-si", "nis2-csirt-eu"


@pytest.fixture
async def at(pool: Pool) -> Office:
    return await office(pool, AWARE, ENTITY, CSIRT)


async def test_n1_from_awareness_to_the_final_report_with_the_csirts_own_clock(
    pool: Pool, at: Office
) -> None:
    duty = await started(pool, at, AWARE + HOUR, aware=AWARE)
    early = await step_of(pool, duty, "early_warning")
    assert (early.state, early.due_at) == ("armed", AWARE + DAY)
    assert (await step_of(pool, duty, "notification")).due_at == AWARE + 3 * DAY
    assert (await step_of(pool, duty, "final")).why == "waits"
    nine = datetime(2026, 12, 12, 9, 5, tzinfo=CET)
    done = await sent(pool, at, duty, "early_warning", nine)
    assert (done.state, done.submitted_at, done.late) == ("submitted", nine, False)
    async with transaction(pool, nine) as tx:
        ours = next(o for o in await obligation.list_all(tx.db, at.ana) if o.pack == CSIRT)
    feedback = await step_of(pool, ours, "csirt_feedback")
    assert feedback.due_at == datetime(2026, 12, 13, 9, 5, tzinfo=CET)
    ten = datetime(2026, 12, 14, 10, 15, tzinfo=CET)
    await sent(pool, at, duty, "notification", ten)
    final, progress = await step_of(pool, duty, "final"), await step_of(pool, duty, "progress")
    assert (final.why, progress.due_at) == ("ongoing", datetime(2027, 1, 14, 10, 15, tzinfo=CET))


async def test_what_was_sent_is_kept_with_its_hash_and_cannot_change(
    pool: Pool, at: Office
) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    one = await sent(pool, at, duty, "early_warning", AWARE + HOUR)
    async with transaction(pool, AWARE + HOUR) as tx:
        (proof,) = await obligation.submissions(tx.db, duty)
    assert (proof.recipient, proof.way, proof.receipt, proof.person) == (
        "SI-CERT", "portal", "P-1", "bor",
    )  # fmt: skip
    assert proof.body["fields"]["entity"] == {"state": "unknown", "value": None,
                                              "source": "person:ana"}  # fmt: skip
    assert proof.body["pack"]["checked_by"] == "", "nobody checked it, and the proof says so"
    for change in ("fields = '{\"entity\": {}}'", "submitted_at = now()", "late = true"):
        with pytest.raises(psycopg.DatabaseError, match="what was sent does not change"):
            async with transaction(pool, AWARE) as tx:
                await tx.db.execute(
                    f"update obligation_step set {change} where id = {one.id}".encode()
                )


async def test_whoever_drafted_it_does_not_send_it_by_any_door(pool: Pool, at: Office) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    one = await step_of(pool, duty, "early_warning")
    async with transaction(pool, AWARE) as tx:
        said = {f.id: {"unknown": True} for f in (await rule_pack.form(tx.db, one.form)).fields}
        one = await obligation_step.fill(tx, at.bor, one.uuid, said, one.version, AWARE)
        one = await obligation_step.review(tx, at.bor, one.uuid, one.version, AWARE)
    proof = Sent(sent_at=AWARE, recipient="SI-CERT", way="phone")
    with pytest.raises(Refused, match="another person"):
        async with transaction(pool, AWARE) as tx:
            await obligation_step.submit(
                tx, at.bor, one.uuid, proof, one.version, AWARE, os.urandom
            )
    with pytest.raises(Denied):
        async with transaction(pool, AWARE) as tx:
            await obligation_step.submit(
                tx, at.ana, one.uuid, proof, one.version, AWARE, os.urandom
            )
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(pool, AWARE) as tx:
            await tx.execute(
                "update obligation_step set state = 'submitted', submitted_at = %s,"
                " submitted_by = drafted_by where id = %s",
                (AWARE, one.id),
            )
    async with pool.connection() as db:
        row = await (
            await db.execute("select actor, rule from audit where action = 'obligation:submit'")
        ).fetchone()
    assert row == ("bor", "four_eyes")
    async with transaction(pool, AWARE) as tx:
        done = await obligation_step.submit(
            tx, at.bea, one.uuid, proof, one.version, AWARE, os.urandom
        )
    assert done.submitted_by == "bea"


async def test_late_is_a_flag_and_blocks_nothing(pool: Pool, at: Office) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    late = AWARE + 2 * DAY
    async with transaction(pool, late) as tx:
        raised = await obligation_alarm.raise_due(tx, late)
        assert await obligation_alarm.raise_due(tx, late) == []
    assert {(s.step, percent, to) for s, percent, to in raised} == {
        ("early_warning", 100, "approver"), ("notification", 50, "owner"),
    }  # fmt: skip
    assert (await step_of(pool, duty, "early_warning")).late
    done = await sent(pool, at, duty, "early_warning", late)
    assert (done.state, done.late) == ("submitted", True)
    in_time = await started(pool, at, late)
    corrected = await sent(pool, at, in_time, "early_warning", late, sent_at=AWARE + HOUR)
    assert not corrected.late, "it was sent in time and written down later"


async def test_alarms_at_each_part_of_the_time_once_and_the_clock_may_jump_back(
    pool: Pool, at: Office
) -> None:
    await started(pool, at, AWARE, aware=AWARE)
    seen = []
    for hours in (1, 12, 11, 13, 18, 22, 24, 25):
        now = AWARE + hours * HOUR
        async with transaction(pool, now) as tx:
            raised = await obligation_alarm.raise_due(tx, now)
        seen += [(hours, percent, to) for s, percent, to in raised if s.step == "early_warning"]
    assert seen == [
        (12, 50, "owner"),
        (18, 75, "owner"),
        (22, 90, "approver"),
        (24, 100, "approver"),
    ]
    async with transaction(pool, AWARE + 26 * HOUR) as tx:
        (first, *_) = await obligation_alarm.open_alarms(tx.db, at.bor)
        assert (first.name, first.percent, first.seen_by) == ("early_warning", 100, None)
        await obligation_alarm.seen(tx, at.bor, first.step, AWARE + 26 * HOUR)
        (first, *_) = await obligation_alarm.open_alarms(tx.db, at.bor)
        assert first.seen_by == "bor"
        assert await obligation_alarm.overdue(tx.db, AWARE + 26 * HOUR) == [
            f"{first.number} early_warning"
        ]


async def test_awareness_that_is_said_replaces_the_provisional_clock(
    pool: Pool, at: Office
) -> None:
    async with transaction(pool, AWARE) as tx:
        await tx.execute(
            "insert into incident_time (incident_id, what, at, source, set_at)"
            " values (%s, 'detected', %s, 'report', %s)",
            (at.incident_id, AWARE - 6 * HOUR, AWARE),
        )
    duty = await started(pool, at, AWARE)
    early = await step_of(pool, duty, "early_warning")
    assert (early.provisional, early.due_at) == (True, AWARE - 6 * HOUR + DAY)
    async with transaction(pool, AWARE) as tx:
        await tx.execute(
            "insert into incident_time (incident_id, what, at, source, set_at)"
            " values (%s, 'aware', %s, 'person', %s)",
            (at.incident_id, AWARE, AWARE),
        )
        assert await obligation_start.follow_incident(tx, at.incident, AWARE, os.urandom) == 1
    early = await step_of(pool, duty, "early_warning")
    assert (early.provisional, early.due_at) == (False, AWARE + DAY)


async def test_after_a_merge_the_earliest_awareness_counts_and_the_duty_stays(
    pool: Pool, at: Office
) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    async with transaction(pool, AWARE) as tx:
        (other,) = await (
            await tx.execute(
                """
                insert into incident (uuid, number, record_id, title, first_at, last_at, tlp, org_id,
                                      orgc_id, state, duplicate_of)
                select gen_random_uuid(), 'I-26-999999', record_id, title, first_at, last_at, tlp,
                       org_id, orgc_id, 'new', id from incident where id = %s returning id
                """,
                (at.incident_id,),
            )
        ).fetchone() or (0,)
        await tx.execute("update incident set state = 'merged' where id = %s", (other,))
        await tx.execute(
            "insert into incident_time (incident_id, what, at, source, set_at)"
            " values (%s, 'aware', %s, 'person', %s)",
            (other, AWARE - 5 * HOUR, AWARE),
        )
        await obligation_start.follow_all(tx, AWARE, os.urandom)
    assert (await step_of(pool, duty, "early_warning")).due_at == AWARE - 5 * HOUR + DAY
    async with transaction(pool, AWARE) as tx:  # taken apart again: each its own
        await tx.execute(
            "update incident set state = 'open', duplicate_of = null where id = %s", (other,)
        )
        await obligation_start.follow_all(tx, AWARE, os.urandom)
    assert (await step_of(pool, duty, "early_warning")).due_at == AWARE + DAY


async def test_an_incident_on_hold_stops_no_clock(pool: Pool, at: Office) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    async with transaction(pool, AWARE) as tx:
        await tx.execute(
            "update incident set state = 'on_hold', hold_until = %s where id = %s",
            (AWARE + 9 * DAY, at.incident_id),
        )
        await obligation_start.follow_all(tx, AWARE + 13 * HOUR, os.urandom)
        raised = await obligation_alarm.raise_due(tx, AWARE + 13 * HOUR)
    assert [(s.step, percent) for s, percent, _ in raised] == [("early_warning", 50)]
    assert (await step_of(pool, duty, "early_warning")).due_at == AWARE + DAY


async def test_that_a_step_does_not_apply_takes_two_people(pool: Pool, at: Office) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    one = await step_of(pool, duty, "early_warning")
    async with transaction(pool, AWARE) as tx:
        one = await obligation_step.ask_not_applicable(
            tx, at.bor, one.uuid, "not significant after all", one.version, AWARE
        )
        assert one.state == "armed", "asking changes nothing yet"
    for who in (at.bor, at.ana):
        with pytest.raises(PermissionError):
            async with transaction(pool, AWARE) as tx:
                await obligation_step.answer_not_applicable(
                    tx, who, one.uuid, agree=True, version=one.version, now=AWARE
                )
    async with transaction(pool, AWARE) as tx:
        one = await obligation_step.answer_not_applicable(
            tx, at.bea, one.uuid, agree=True, version=one.version, now=AWARE
        )
    assert (one.state, one.na_by) == ("not_applicable", "bea")
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(pool, AWARE) as tx:
            await tx.execute(
                "update obligation_step set na_by = na_asked_by where id = %s", (one.id,)
            )
    async with transaction(pool, AWARE) as tx:
        again = await obligation_step.take_up(
            tx, at.ana, one.uuid, "it grew", one.version, AWARE, os.urandom
        )
    assert (again.state, again.due_at) == ("armed", AWARE + DAY)


async def test_events_of_others_start_steps_and_bad_ones_are_refused(
    pool: Pool, at: Office
) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    given: dict[str, Any] = {
        "due_at": AWARE + DAY,
        "note": "",
        "now": AWARE + HOUR,
        "random": os.urandom,
    }
    async with transaction(pool, AWARE + HOUR) as tx:
        for _ in range(2):
            await obligation_start.event(tx, at.ana, duty.uuid, "requested", AWARE, **given)
        assert len(await obligation.events(tx.db, duty)) == 1
    asked = await step_of(pool, duty, "intermediate")
    assert (asked.state, asked.due_at) == ("armed", AWARE + DAY)
    for kind, when, more in (
        ("raining", AWARE, {}), ("sent:final", AWARE, {}), ("received:", AWARE, {}),
        ("decision:\x00", AWARE, {}), ("requested", AWARE + 2 * HOUR, {}),
        ("requested", AWARE, {"due_at": AWARE - DAY}), ("requested", AWARE, {"note": "\ud800"}),
    ):  # fmt: skip
        with pytest.raises(BadObligation):
            async with transaction(pool, AWARE + HOUR) as tx:
                await obligation_start.event(tx, at.ana, duty.uuid, kind, when, **{**given, **more})


async def test_a_draft_is_reviewed_whole_and_two_writers_do_not_overwrite(
    pool: Pool, at: Office
) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    one = await step_of(pool, duty, "early_warning")
    async with transaction(pool, AWARE) as tx:
        first = await obligation_step.fill(
            tx, at.ana, one.uuid, {"entity": "Elektro Primer"}, one.version, AWARE
        )
        with pytest.raises(Stale):
            await obligation_step.fill(tx, at.bor, one.uuid, {"entity": "?"}, one.version, AWARE)
        with pytest.raises(MissingFields) as refused:
            await obligation_step.review(tx, at.ana, one.uuid, first.version, AWARE)
        with pytest.raises(BadField):
            await obligation_step.fill(tx, at.ana, one.uuid, {"x": 1}, first.version, AWARE)
        with pytest.raises(NotInState):
            await obligation_step.accept(
                tx, at.ana, one.uuid, "P-1", AWARE, first.version, AWARE, os.urandom
            )
    assert {"contact", "cross_border"} <= {each["field"] for each in refused.value.errors}
    assert "entity" not in {each["field"] for each in refused.value.errors}


async def test_a_duty_keeps_its_version_until_somebody_takes_it_over(
    pool: Pool, at: Office
) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    async with transaction(pool, AWARE) as tx:
        row = await rule_pack.active(tx.db, ENTITY)
        text = row.body.replace('"2026-11-1"', '"2027-1"').replace('due = "PT72H"', 'due = "PT96H"')
        (new,) = await rule_pack.load(tx, {"new.toml": text}, {}, AWARE, os.urandom, by=at.ada)
        await rule_pack.propose(tx, at.ada, new.uuid, "new law", AWARE)
        await rule_pack.approve(tx, at.adi, new.uuid, AWARE)
        await obligation_start.follow_all(tx, AWARE, os.urandom)
    assert (await step_of(pool, duty, "notification")).due_at == AWARE + 3 * DAY
    with pytest.raises(Denied):
        async with transaction(pool, AWARE) as tx:
            await obligation_start.migrate(tx, at.ana, duty.uuid, AWARE, os.urandom)
    async with transaction(pool, AWARE) as tx:
        moved = await obligation_start.migrate(tx, at.bor, duty.uuid, AWARE, os.urandom)
    assert moved.pack_version == "2027-1"
    assert (await step_of(pool, duty, "notification")).due_at == AWARE + 4 * DAY


async def test_a_duty_closes_when_nothing_is_left_and_begins_only_under_active_rules(
    pool: Pool, at: Office
) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    with pytest.raises(BadObligation, match="early_warning, notification"):
        async with transaction(pool, AWARE) as tx:
            await obligation_start.close(tx, at.ana, duty.uuid, "done with it", AWARE)
    quiet = await started(pool, at, AWARE, "nis2-csirt-eu")
    async with transaction(pool, AWARE) as tx:
        over = await obligation_start.close(tx, at.ana, quiet.uuid, "nothing came", AWARE)
        assert over.closed_at == AWARE
    for pack, problem in (("gdpr-eu", NoPack), ("nothing", NoPack)):
        with pytest.raises(problem):
            await started(pool, at, AWARE, pack)
    with pytest.raises(BadObligation, match="entity_kind"):
        await started(pool, at, AWARE, kind="castle")


async def test_a_run_starts_a_duty_once_and_nobody_sees_that_of_a_hidden_incident(
    pool: Pool, at: Office
) -> None:
    async with transaction(pool, AWARE) as tx:
        made = [
            await obligation_start.start(
                tx, None, incident_uuid=at.incident, pack=ENTITY, entity="Elektro Primer",
                entity_kind="", now=AWARE, random=os.urandom, key="run:1:0", by="run R-1",
            )
            for _ in range(2)
        ]  # fmt: skip
    assert made[0] == made[1]
    async with transaction(pool, AWARE) as tx:
        await tx.execute("update record set tlp = 4 where id = (select record_id from incident"
                         " where id = %s)", (at.incident_id,))  # fmt: skip
    async with transaction(pool, AWARE, viewer=viewer_setting(at.ana)) as tx:
        assert await obligation.list_all(tx.db, at.ana) == []
        assert await obligation.due_list(tx.db, at.ana) == []
        with pytest.raises(NoObligation):
            await obligation.get(tx.db, at.ana, made[0])
        for table in (
            "obligation_step",
            "obligation_event",
            "obligation_submission",
            "obligation_alarm",
        ):
            row = await (await tx.db.execute(f"select count(*) from {table}".encode())).fetchone()
            assert row == (0,), table


async def test_hostile_proof_is_refused_and_nothing_is_half_done(pool: Pool, at: Office) -> None:
    duty = await started(pool, at, AWARE, aware=AWARE)
    one = await step_of(pool, duty, "early_warning")
    async with transaction(pool, AWARE) as tx:
        said = {f.id: {"unknown": True} for f in (await rule_pack.form(tx.db, one.form)).fields}
        one = await obligation_step.fill(tx, at.ana, one.uuid, said, one.version, AWARE)
        one = await obligation_step.review(tx, at.ana, one.uuid, one.version, AWARE)
    good = Sent(sent_at=AWARE, recipient="SI-CERT", way="portal")
    for bad in (
        {"sent_at": AWARE + DAY}, {"sent_at": AWARE - 400 * DAY}, {"recipient": ""},
        {"recipient": "x" * 301}, {"recipient": "a\x00b"}, {"receipt": "\u202e"}, {"recipient": "\ud800"},
    ):  # fmt: skip
        with pytest.raises(BadObligation):
            async with transaction(pool, AWARE) as tx:
                await obligation_step.submit(
                    tx, at.bor, one.uuid, msgspec.structs.replace(good, **bad), one.version, AWARE,
                    os.urandom,
                )  # fmt: skip
    again = await step_of(pool, duty, "early_warning")
    assert (again.state, again.version) == ("in_review", one.version)
