"""Labels: what a decision teaches, what it does not, and that it can be taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from tests.store.world import Reported, new_uuid, other_party, own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.ml.pick import Candidate, Picked, Why
from zvon.model.advice import NameAdvice
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.lifecycle import IncidentState
from zvon.model.observable import Observable, ObservableType
from zvon.model.scope import Scope
from zvon.model.verdict import Category, VerdictWord
from zvon.store import evidence, incident_decision, label, label_task, verdict
from zvon.store.ingest import SAID, Sighted, occurrences_of
from zvon.store.label import Judged
from zvon.store.party import Party
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting

BAD, OTHER = "https://posta.carina.example/i?a=1", "https://novice.example/danes"
NAME = NameAdvice(name="carina.example", scope=Scope.REGISTRABLE_SUB, reason="dedicated")


async def lure(
    pool: Pool, now: datetime, home: Party, urls: Sequence[str] = (BAD, OTHER)
) -> Reported:
    """A report with addresses, one fact and a machine's verdict."""
    from tests.store.world import verdict as judged

    found = await reported(pool, now, home, names=(NAME,))
    values = [Observable(ObservableType.URL, url) for url in urls]
    fact = Evidence(observable=values[0], code=EvidenceCode.FORM, value="card", source="page",
                    seen_at=now, stage=3)  # fmt: skip
    async with transaction(pool, now) as tx:
        await occurrences_of(tx, {found.record_id: [Sighted(v, SAID, now) for v in values]})
        await evidence.put(tx, found.record_id, [fact])
        await verdict.put_all(tx, [(found.record_id, judged(0.83), ())], now)
    return found


async def decide(
    pool: Pool, who: Viewer, found: Reported, word: VerdictWord, now: datetime
) -> None:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        current = await incident_decision.lock(tx, found.incident_uuid)
        state = IncidentState.REJECTED if word is VerdictWord.BENIGN else IncidentState.OPEN
        await incident_decision.put_verdict(tx, who, current, word, state, "because", now)


async def labels(pool: Pool) -> list[Judged]:
    async with read(pool, SYSTEM) as db:
        return await label.standing(db)


async def test_a_malicious_verdict_labels_what_the_incident_blames_and_nothing_else(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await lure(pool, now, home)
    await decide(pool, ana, found, VerdictWord.MALICIOUS, now)
    [one] = await labels(pool)
    assert (one.url, one.registered) == ("https://posta.carina.example/i?a=1", "carina.example")
    assert (one.word, one.category, one.stratum) == ("malicious", "phishing", "deep")
    assert one.score == 0.83


async def test_a_benign_verdict_labels_every_address(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await lure(pool, now, home)
    await decide(pool, ana, found, VerdictWord.BENIGN, now)
    assert {(each.url, each.word) for each in await labels(pool)} == {
        (BAD, "benign"), (OTHER, "benign")
    }  # fmt: skip


async def test_undetermined_teaches_nothing(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    await decide(pool, ana, await lure(pool, now, home), VerdictWord.UNDETERMINED, now)
    assert await labels(pool) == []


async def test_a_name_below_another_one_is_not_meant(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    urls = ("https://mojacarina.example/a", "https://carinaXexample.example/")
    found = await lure(pool, now, home, urls)
    await decide(pool, ana, found, VerdictWord.MALICIOUS, now)
    assert await labels(pool) == []


async def test_features_are_those_that_were_known_then(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await lure(pool, now, home)
    await decide(pool, ana, found, VerdictWord.MALICIOUS, now)
    late = Evidence(observable=Observable(ObservableType.URL, BAD), code=EvidenceCode.PARKED,
                    value="1", source="page", seen_at=now, stage=3)  # fmt: skip
    async with transaction(pool, now) as tx:
        await evidence.put(tx, found.record_id, [late])
        row = await (await tx.execute("select features from label")).fetchone()
    assert row is not None
    assert row[0] == {"facts": [[3, "page.form", "card"]]}


async def test_a_decision_that_is_taken_back_teaches_nothing_any_more(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await lure(pool, now, home)
    await decide(pool, ana, found, VerdictWord.SUSPICIOUS, now)
    later = now + timedelta(hours=1)
    await decide(pool, ana, found, VerdictWord.BENIGN, later)
    assert {each.word for each in await labels(pool)} == {"benign"}
    async with transaction(pool, later, viewer=viewer_setting(ana)) as tx:
        current = await incident_decision.lock(tx, found.incident_uuid)
        await incident_decision.undo(tx, ana, current, later)
    assert {each.word for each in await labels(pool)} == {"suspicious"}


async def asked(pool: Pool, found: Reported, now: datetime, why: Why = Why.UNCERTAIN) -> None:
    async with read(pool, SYSTEM) as db:
        row = await (
            await db.execute("select id from observable where value = %s", (BAD,))
        ).fetchone()
    assert row is not None
    picked = Picked(Candidate(row[0], "k", 0.5), why, 1.0)
    async with transaction(pool, now) as tx:
        assert await label_task.ask(tx, [picked], now, lambda n: new_uuid(now).bytes[:n]) == 1
        assert await label_task.ask(tx, [picked], now, lambda n: new_uuid(now).bytes[:n]) == 0


async def test_questions_are_found_asked_once_and_answered_once(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor = await somebody(pool, now, home, "ana"), await somebody(pool, now, home, "bor")
    found = await lure(pool, now, home)
    async with read(pool, SYSTEM) as db:
        candidates = await label_task.candidates(db, now - timedelta(days=1))
    assert {each.probability for each in candidates} == {0.83}
    assert len(candidates) == 2
    await asked(pool, found, now)
    async with read(pool, ana) as db:
        [task] = await label_task.open_list(db, ana)
    assert (task.url, task.why, task.report) == (BAD, "uncertain", found.uuid)
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await label_task.answer(tx, ana, task.uuid, VerdictWord.MALICIOUS, Category.PHISHING,
                                sure=True, now=now)  # fmt: skip
    with pytest.raises(label_task.NoTask):
        async with transaction(pool, now, viewer=viewer_setting(bor)) as tx:
            await label_task.answer(tx, bor, task.uuid, VerdictWord.BENIGN, Category.BENIGN,
                                    sure=True, now=now)  # fmt: skip
    assert [(each.word, each.source) for each in await labels(pool)] == [("malicious", "queue")]


async def test_a_second_opinion_is_not_the_first_persons(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana, bor = await somebody(pool, now, home, "ana"), await somebody(pool, now, home, "bor")
    found = await lure(pool, now, home)
    await asked(pool, found, now)
    for who, word in ((ana, VerdictWord.MALICIOUS), (bor, VerdictWord.BENIGN)):
        async with read(pool, who) as db:
            [task] = await label_task.open_list(db, who)
        async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
            await label_task.answer(tx, who, task.uuid, word, Category.UNSURE, sure=True,
                                    now=now)  # fmt: skip
        if who is ana:
            async with read(pool, SYSTEM) as db:
                assert len(await label_task.once_judged(db, now - timedelta(days=1))) == 1
            await asked(pool, found, now, Why.DOUBLE)
            async with read(pool, ana) as db:
                assert await label_task.open_list(db, ana) == []
    async with read(pool, SYSTEM) as db:
        assert (await label_task.agreement(db))[0] == 1


async def test_who_may_not_teach(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    eva = await somebody(pool, now, home, "eva", roles=("auditor",))
    bank = await other_party(pool, now)
    desk = await somebody(pool, now, bank, "dora", roles=("desk",))
    found = await lure(pool, now, home)
    await asked(pool, found, now)
    with pytest.raises(Denied):
        async with transaction(pool, now, viewer=viewer_setting(eva)) as tx:
            await label_task.answer(tx, eva, found.uuid, VerdictWord.BENIGN, Category.BENIGN,
                                    sure=True, now=now)  # fmt: skip
    async with read(pool, desk) as db:
        with pytest.raises(Denied):
            await label_task.open_list(db, desk)
