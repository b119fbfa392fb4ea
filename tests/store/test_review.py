"""Reviews in the database: who may speak when, and what no code path can go around."""

import os
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from psycopg import errors

from tests.store.world import Reported, own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.model.verdict import AlertVerdict, VerdictWord
from zvon.respond import decide, life, review
from zvon.store import incident, review_count
from zvon.store import review as reviews
from zvon.store.party import Party
from zvon.store.review import OwnOpinion, Review, ReviewOver
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting


async def people(pool: Pool, now: datetime, home: Party) -> tuple[Viewer, Viewer, Viewer]:
    return (
        await somebody(pool, now, home, "ana"),
        await somebody(pool, now, home, "bor"),
        await somebody(pool, now, home, "cene", roles=("approver",)),
    )


async def critical(pool: Pool, now: datetime, home: Party) -> Reported:
    found = await reported(pool, now, home)
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set severity = 4 where id = %s", (found.incident_id,))
    return found


async def decided(
    pool: Pool, who: Viewer, found: Reported, word: VerdictWord, now: datetime
) -> None:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        seen = await incident.get(tx.db, who, found.incident_uuid)
        await decide.verdict(tx, who, found.incident_uuid, word, version=seen.version, now=now)


async def stands(pool: Pool, who: Viewer, found: Reported) -> tuple[str, str | None]:
    async with read(pool, who) as db:
        seen = await incident.get(db, who, found.incident_uuid)
    return seen.state, seen.verdict


async def only(pool: Pool, who: Viewer) -> Review:
    async with read(pool, who) as db:
        [found] = await reviews.waiting(db, who)
    return found


async def said(pool: Pool, who: Viewer, uuid: UUID, word: str, now: datetime) -> Review:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        return await review.say(tx, who, uuid, word, "", now)


async def test_a_critical_incident_is_rejected_by_two_people_who_say_the_same(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana, bor, _ = await people(pool, now, home)
    found = await critical(pool, now, home)
    await decided(pool, ana, found, VerdictWord.BENIGN, now)
    assert (await stands(pool, ana, found))[0] == "new"
    waits = await only(pool, bor)
    assert (waits.kind, waits.state, waits.rule, waits.to_state) == (
        "required", "open", "critical", "rejected",
    )  # fmt: skip
    with pytest.raises(OwnOpinion):
        await decided(pool, ana, found, VerdictWord.BENIGN, now)
    await decided(pool, bor, found, VerdictWord.BENIGN, now + timedelta(minutes=1))
    assert await stands(pool, ana, found) == ("rejected", "benign")
    async with read(pool, ana) as db:
        [after] = await reviews.of_incident(db, ana, found.incident_id)
    assert after.state == "applied"
    assert [(o.login, o.word) for o in after.opinions] == [("ana", "benign"), ("bor", "benign")]


async def test_no_statement_goes_around_the_second_person(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    found = await critical(pool, now, home)
    with pytest.raises(errors.CheckViolation, match="second person"):
        async with transaction(pool, now) as tx:
            await tx.execute(
                "update incident set state = 'rejected', verdict = 'benign' where id = %s",
                (found.incident_id,),
            )
    ana, _, _ = await people(pool, now, home)
    await decided(pool, ana, found, VerdictWord.BENIGN, now)
    with pytest.raises(errors.CheckViolation, match="opinions do not say"):
        async with transaction(pool, now) as tx:
            await tx.execute("update review set state = 'agreed'")
    assert (await stands(pool, ana, found))[0] == "new"


async def test_where_two_differ_a_third_settles_who_may(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor, cene = await people(pool, now, home)
    dora = await somebody(pool, now, home, "dora")
    found = await critical(pool, now, home)
    await decided(pool, ana, found, VerdictWord.BENIGN, now)
    await decided(pool, bor, found, VerdictWord.MALICIOUS, now)
    waits = await only(pool, cene)
    assert waits.state == "disputed"
    with pytest.raises(Denied):
        await said(pool, dora, waits.uuid, "benign", now)
    with pytest.raises(Denied):
        await said(pool, bor, waits.uuid, "benign", now)
    settled = await said(pool, cene, waits.uuid, "malicious", now)
    assert settled.state == "applied"
    assert await stands(pool, ana, found) == ("open", "malicious")
    with pytest.raises(ReviewOver):
        await said(pool, dora, waits.uuid, "benign", now)


async def test_one_takes_back_a_word_that_waits_for_a_second(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor, _ = await people(pool, now, home)
    found = await critical(pool, now, home)
    await decided(pool, ana, found, VerdictWord.BENIGN, now)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await decide.undo(tx, ana, found.incident_uuid, now)
    async with read(pool, bor) as db:
        assert await reviews.waiting(db, bor) == []
    await decided(pool, bor, found, VerdictWord.MALICIOUS, now)
    assert await stands(pool, ana, found) == ("open", "malicious")


async def test_a_second_opinion_is_asked_for_and_holds_the_closing(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana, bor, _ = await people(pool, now, home)
    found = await reported(pool, now, home)
    with pytest.raises(review.NothingToReview):
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            await review.ask(tx, ana, found.incident_uuid, "is it ours?", now)
    await decided(pool, ana, found, VerdictWord.MALICIOUS, now)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        asked = await review.ask(tx, ana, found.incident_uuid, "is it ours?", now)
    async with transaction(pool, now) as tx:
        await tx.execute(
            "update incident set state = 'resolved' where id = %s", (found.incident_id,)
        )
    with pytest.raises(errors.CheckViolation, match="second opinion"):
        async with transaction(pool, now) as tx:
            await tx.execute(
                "update incident set state = 'closed' where id = %s", (found.incident_id,)
            )
    with pytest.raises(OwnOpinion):
        await said(pool, ana, asked, "malicious", now)
    assert (await said(pool, bor, asked, "malicious", now)).state == "agreed"
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set state = 'closed' where id = %s", (found.incident_id,))
    assert await stands(pool, ana, found) == ("closed", "malicious")


async def test_a_sample_is_blind_and_counts_as_agreement(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor, cene = await people(pool, now, home)
    found = await reported(pool, now, home)
    await decided(pool, ana, found, VerdictWord.MALICIOUS, now)
    async with transaction(pool, now) as tx:
        [drawn] = await reviews.undrawn(tx)
        await reviews.draw(tx, drawn, now, os.urandom)
        assert await reviews.undrawn(tx) == []
    blind = await only(pool, bor)
    assert (blind.blind, blind.opinions, blind.asked_by) == (True, (), None)
    seen = await said(pool, bor, blind.uuid, "suspicious", now)
    assert (seen.state, [o.word for o in seen.opinions]) == (
        "disputed",
        ["malicious", "suspicious"],
    )
    assert (await stands(pool, ana, found))[1] == "malicious"
    await said(pool, cene, blind.uuid, "suspicious", now)
    assert (await stands(pool, ana, found))[1] == "suspicious"
    async with read(pool, cene) as db:
        everything = (await review_count.agreement(db, cene, now - timedelta(days=1)))[0]
        load = await review_count.load(db, cene, now - timedelta(days=1))
        own = await review_count.load(db, bor, now - timedelta(days=1))
    assert (everything.category, everything.kappa.pairs, everything.kappa.agreed) == ("", 1, 0)
    assert {(each.name, each.decisions, each.opinions) for each in load} >= {(ana.name, 1, 0)}
    assert [each.name for each in own] == [bor.name]


async def test_what_nobody_may_see_is_no_review(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor, _ = await people(pool, now, home)
    found = await critical(pool, now, home)
    await decided(pool, ana, found, VerdictWord.BENIGN, now)
    waits = await only(pool, bor)
    async with transaction(pool, now) as tx:
        await tx.execute("update record set tlp = 4 where id = (select record_id from incident"
                         " where id = %s)", (found.incident_id,))  # fmt: skip
    async with read(pool, bor) as db:
        assert await reviews.waiting(db, bor) == []
        with pytest.raises(reviews.NoReview):
            await reviews.get(db, bor, waits.uuid)
    async with read(pool, SYSTEM) as db:
        row = await (await db.execute("select count(*) from opinion")).fetchone()
    assert row == (1,)


async def test_two_people_also_reject_by_an_alert_verdict(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor, _ = await people(pool, now, home)
    found = await critical(pool, now, home)
    for who in (ana, bor):
        assert (await stands(pool, ana, found))[0] == "new"
        async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
            seen = await incident.get(tx.db, who, found.incident_uuid)
            await life.alert_verdict(
                tx, who, found.incident_uuid, AlertVerdict.FALSE_POSITIVE, version=seen.version,
                now=now,
            )  # fmt: skip
    assert (await stands(pool, ana, found))[0] == "rejected"
    async with read(pool, ana) as db:
        [after] = await reviews.of_incident(db, ana, found.incident_id)
    assert (after.scale, after.state) == ("alert_verdict", "applied")
