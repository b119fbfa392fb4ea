"""Decisions of people: what they change, that none is lost, that each can be undone."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.store.test_incident_queue import block
from tests.store.world import Reported, new_uuid, own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.model.lifecycle import IllegalMove
from zvon.model.marking import Tlp
from zvon.model.report import Channel, Lang, Message
from zvon.model.verdict import VerdictWord
from zvon.respond import decide
from zvon.respond.decide import BadDuplicate, BadReason, NothingToUndo, Stale
from zvon.store import answer as answers
from zvon.store import incident, incident_decision
from zvon.store.incident import IncidentDetail, NotFound, Tab
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting


async def seen(pool: Pool, viewer: Viewer, uuid: UUID) -> IncidentDetail:
    async with read(pool, viewer) as db:
        return await incident.get(db, viewer, uuid)


async def say(
    pool: Pool, now: datetime, viewer: Viewer, uuid: UUID, word: str, version: int | None = None
) -> None:
    if version is None:
        version = (await seen(pool, viewer, uuid)).version
    async with transaction(pool, now, viewer=viewer_setting(viewer)) as tx:
        await decide.verdict(tx, viewer, uuid, word, version=version, reason="clear", now=now)


async def audit(pool: Pool) -> list[tuple[str, str, str]]:
    async with pool.connection() as db:
        return await (
            await db.execute("select actor, action, outcome from audit order by seq")
        ).fetchall()


async def answered(pool: Pool, now: datetime, record_id: int, answer: str) -> None:
    async with transaction(pool, now) as tx:
        await tx.execute(
            "update report set status = 'answered', answer = %s, answered_at = %s where record_id = %s",
            (answer, now, record_id),
        )


async def answer_of(pool: Pool, record_id: int) -> str:
    async with read(pool, SYSTEM) as db:
        row = await (
            await db.execute("select answer from report where record_id = %s", (record_id,))
        ).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("malicious", "open"),
        ("benign", "rejected"),
        ("suspicious", "triage"),
        ("undetermined", "triage"),
    ],
)
async def test_a_verdict_moves_the_incident_and_leaves_its_rows(
    pool: Pool, now: datetime, word: str, state: str
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    await say(pool, now, ana, found.incident_uuid, word)
    after = await seen(pool, ana, found.incident_uuid)
    assert (after.state, after.verdict, after.decided_by, after.owner) == (
        state,
        word,
        "ana",
        "ana",
    )
    assert after.timeline[-1].code == f"VERDICT_{word.upper()}"
    assert after.verdicts[0].person == "ana"
    assert [r.code for r in after.reasons] == ["BRAND_NOT_OFFICIAL"]
    assert (await audit(pool))[-1] == ("ana", f"incident:verdict_{word}", "done")
    async with read(pool, ana) as db:
        row = await (
            await db.execute("select kind, subject from change order by seq desc limit 1")
        ).fetchone()
        waiting = (await incident.counts(db, ana)).all
    assert row == ("incident", found.incident_uuid)
    assert waiting == (0 if word == "benign" else 1)


async def test_a_verdict_on_an_old_version_is_refused_with_how_it_stands(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana, bor = await somebody(pool, now, home, "ana"), await somebody(pool, now, home, "bor")
    found = await reported(pool, now, home)
    version = (await seen(pool, ana, found.incident_uuid)).version
    await say(pool, now, bor, found.incident_uuid, "malicious", version)
    with pytest.raises(Stale) as refused:
        await say(pool, now, ana, found.incident_uuid, "benign", version)
    current = refused.value.current
    assert (current.version, current.state, current.decided_by) == (version + 1, "open", "bor")
    assert (await seen(pool, ana, found.incident_uuid)).verdict == "malicious"


@pytest.mark.parametrize("word", list(VerdictWord))
async def test_undo_puts_verdict_owner_and_answers_back(
    pool: Pool, now: datetime, word: VerdictWord
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    await answered(pool, now, found.record_id, "looking")
    before = await seen(pool, ana, found.incident_uuid)
    await say(pool, now, ana, found.incident_uuid, word)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.undo(tx, ana, found.incident_uuid, now)
    after = await seen(pool, ana, found.incident_uuid)
    assert (after.verdict, after.category, after.decided_by, after.owner) == (
        before.verdict, before.category, None, None,
    )  # fmt: skip
    assert after.state == "triage"
    assert await answer_of(pool, found.record_id) == "looking"
    with pytest.raises(NothingToUndo):
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            await decide.undo(tx, ana, found.incident_uuid, now)


async def test_undo_takes_decisions_back_one_by_one(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    await say(pool, now, ana, found.incident_uuid, "malicious")
    await say(pool, now + timedelta(minutes=1), ana, found.incident_uuid, "benign")
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.undo(tx, ana, found.incident_uuid, now)
    after = await seen(pool, ana, found.incident_uuid)
    assert (after.state, after.verdict, after.verdict_at) == ("open", "malicious", now)


@pytest.mark.parametrize(
    ("word", "first", "then"),
    [("malicious", "looking", "dangerous"), ("malicious", "no_sign", "dangerous"),
     ("benign", "dangerous", "no_sign"), ("benign", "official", "official"),
     ("suspicious", "looking", "looking"), ("undetermined", "dangerous", "dangerous")],
)  # fmt: skip
async def test_the_citizens_answer_follows_the_persons_verdict(
    pool: Pool, now: datetime, word: str, first: str, then: str
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    await answered(pool, now, found.record_id, first)
    await say(pool, now, ana, found.incident_uuid, word)
    assert await answer_of(pool, found.record_id) == then


async def test_a_new_report_does_not_overrule_a_person(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    await say(pool, now, ana, found.incident_uuid, "benign")
    await reported(pool, now, home, campaign_id=found.campaign_id)
    after = await seen(pool, ana, found.incident_uuid)
    assert (after.verdict, after.state, after.report_count) == ("benign", "rejected", 2)


async def test_a_duplicate_leaves_the_queue_and_comes_back_as_it_was(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    one, two = await reported(pool, now, home), await reported(pool, now, home)
    before = await seen(pool, ana, two.incident_uuid)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.duplicate(tx, ana, two.incident_uuid, one.incident_uuid,
                               version=before.version, reason="same kit", now=now)  # fmt: skip
    merged = await seen(pool, ana, two.incident_uuid)
    assert (merged.state, merged.duplicate_uuid) == ("merged", one.incident_uuid)
    with pytest.raises(IllegalMove):
        await say(pool, now, ana, two.incident_uuid, "malicious")
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.undo(tx, ana, two.incident_uuid, now)
    after = await seen(pool, ana, two.incident_uuid)
    assert (after.state, after.duplicate_uuid, after.report_count) == ("new", None, 1)
    assert [r.uuid for r in after.reports] == [two.uuid]


async def test_an_incident_is_no_duplicate_of_itself_or_of_a_duplicate(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    one, two, three = [await reported(pool, now, home) for _ in range(3)]

    async def merge(what: UUID, into: UUID) -> None:
        version = (await seen(pool, ana, what)).version
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            await decide.duplicate(tx, ana, what, into, version=version, now=now)

    with pytest.raises(BadDuplicate):
        await merge(one.incident_uuid, one.incident_uuid)
    await merge(two.incident_uuid, one.incident_uuid)
    with pytest.raises(BadDuplicate):
        await merge(three.incident_uuid, two.incident_uuid)


async def test_a_note_is_a_line_of_the_story(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.note(tx, ana, found.incident_uuid, " called the registrar ", now)
    line = (await seen(pool, ana, found.incident_uuid)).timeline[-1]
    assert (line.kind, line.actor, line.params) == ("note", "ana", {"text": "called the registrar"})


@pytest.mark.parametrize("text", ["", "  ", "x" * 4001, "a\x00b", "half \ud83d"])
async def test_a_note_that_cannot_be_kept_is_refused(pool: Pool, now: datetime, text: str) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    with pytest.raises(BadReason):
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            await decide.note(tx, ana, found.incident_uuid, text, now)


async def test_who_may_not_decide_is_refused_and_audited(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    eva = await somebody(pool, now, home, "eva", roles=["auditor"])
    found = await reported(pool, now, home)
    with pytest.raises(Denied):
        await say(pool, now, eva, found.incident_uuid, "benign")
    assert (await audit(pool))[-1] == ("eva", "incident:decide", "refused")
    assert (await seen(pool, eva, found.incident_uuid)).decided_by is None


async def test_deciding_on_what_one_may_not_see_is_deciding_on_nothing(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home, tlp=Tlp.RED)
    messages = []
    for uuid in (found.incident_uuid, new_uuid(now)):
        with pytest.raises(NotFound) as refused:
            await say(pool, now, ana, uuid, "benign", version=1)
        messages.append(str(refused.value).replace(str(uuid), ""))
    assert messages[0] == messages[1]


async def test_taking_over_fills_the_own_tab(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor = await somebody(pool, now, home, "ana"), await somebody(pool, now, home, "bor")
    found = await reported(pool, now, home)
    await reported(pool, now, home)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.claim(tx, ana, found.incident_uuid, now)
    async with read(pool, ana) as db:
        page = await incident.queue(db, ana, tab=Tab.MINE)
        other = await incident.queue(db, bor, tab=Tab.MINE)
    assert [r.uuid for r in page.rows] == [found.incident_uuid]
    assert (page.counts.mine, page.counts.all, other.rows) == (1, 2, ())


async def states(pool: Pool) -> dict[str, str]:
    async with pool.connection() as db:
        return dict(await (await db.execute("select name, state from block")).fetchall())


async def test_benign_withdraws_what_waits(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor = await somebody(pool, now, home, "ana"), await somebody(pool, now, home, "bor")
    found, other = await reported(pool, now, home), await reported(pool, now, home)
    await block(pool, now, found, bor, "validated", "a.example")
    await block(pool, now, found, bor, "held", "b.example")
    await block(pool, now, other, bor, "validated", "c.example")
    await say(pool, now, ana, found.incident_uuid, "suspicious")
    assert set((await states(pool)).values()) == {"validated", "held"}
    await say(pool, now, ana, found.incident_uuid, "benign")
    assert await states(pool) == {
        "a.example": "withdrawn",
        "b.example": "withdrawn",
        "c.example": "validated",
    }
    codes = [line.code for line in (await seen(pool, ana, found.incident_uuid)).timeline]
    assert codes.count("BLOCK_WITHDRAWN") == 2


async def enforced(
    pool: Pool, now: datetime, found: Reported, proposer: Viewer, approver: Viewer
) -> None:
    """A block that went its whole way."""
    await block(pool, now, found, proposer, "validated")
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into approval (block_id, proposer_id, person_id, approves, reason, at)"
            " select id, proposer_id, %s, true, 'seen', %s from block",
            (approver.person_id, now),
        )
        for state in ("approved", "published", "enforced"):
            await tx.execute("update block set state = %s", (state,))


async def test_a_live_block_is_not_left_behind_by_a_benign_verdict(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana, bor = (
        await somebody(pool, now, home, "ana"),
        await somebody(pool, now, home, "bor", roles=["approver"]),
    )
    eva = await somebody(pool, now, home, "eva")
    found = await reported(pool, now, home)
    await enforced(pool, now, found, ana, bor)
    with pytest.raises(Denied, match="block:lift"):
        await say(pool, now, eva, found.incident_uuid, "benign")
    assert await states(pool) == {"a.example": "enforced"}
    assert (await seen(pool, eva, found.incident_uuid)).decided_by is None


async def test_incidents_follow_their_blocks(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor = (
        await somebody(pool, now, home, "ana"),
        await somebody(pool, now, home, "bor", roles=["approver"]),
    )
    found, untouched = await reported(pool, now, home), await reported(pool, now, home)
    await say(pool, now, ana, found.incident_uuid, "malicious")

    async def settle() -> tuple[int, str]:
        async with transaction(pool, now) as tx:
            moved = await incident_decision.settle(tx, now)
        return moved, (await seen(pool, ana, found.incident_uuid)).state

    assert await settle() == (0, "open")
    await enforced(pool, now, found, ana, bor)
    await block(pool, now, found, ana, "validated", "b.example")
    assert await settle() == (0, "open")
    async with transaction(pool, now) as tx:
        await tx.execute("update block set state = 'withdrawn' where name = 'b.example'")
    assert await settle() == (1, "contained")
    assert await settle() == (0, "contained")
    async with transaction(pool, now) as tx:
        await tx.execute("update block set state = 'lifted' where name = 'a.example'")
    assert await settle() == (1, "resolved")
    assert (await seen(pool, ana, untouched.incident_uuid)).state == "new"


async def test_a_disputed_block_is_not_left_behind_by_a_benign_verdict_either(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    bor = await somebody(pool, now, home, "bor", roles=["approver"])
    found = await reported(pool, now, home)
    await enforced(pool, now, found, ana, bor)
    async with transaction(pool, now) as tx:
        await tx.execute("update block set published_at = %s", (now,))
        await tx.execute("update block set state = 'disputed'")
    await say(pool, now, bor, found.incident_uuid, "benign")
    async with pool.connection() as db:
        rows = await (await db.execute("select state, lift_reason from block")).fetchall()
    assert rows == [("lifted", "clear")]


@pytest.mark.parametrize(
    ("word", "answer"),
    [("malicious", "dangerous"), ("benign", "no_sign"), ("suspicious", "official")],
)
async def test_what_a_machine_finds_later_does_not_change_what_a_person_told(
    pool: Pool, now: datetime, word: str, answer: str
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    await answered(pool, now, found.record_id, "looking")
    await say(pool, now, ana, found.incident_uuid, word)
    later = now + timedelta(minutes=10)
    waiting = answers.Waiting(
        record_id=found.record_id, uuid=found.uuid, number="Z", lang=Lang.SL, received_at=now,
        tlp=Tlp.AMBER, message=Message(channel=Channel.SMS, text=""),
    )  # fmt: skip
    async with transaction(pool, later) as tx:
        given = answers.Given(report=waiting, kind="official", addons=("card",))
        await answers.give(tx, [given], later)
    assert await answer_of(pool, found.record_id) == answer
    async with read(pool, SYSTEM) as db:
        row = await (
            await db.execute(
                "select changed_at from report where record_id = %s", (found.record_id,)
            )
        ).fetchone()
    assert row == (later if word == "suspicious" else now,)
