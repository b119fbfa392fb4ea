"""Classes in the database: rules follow what changed, a person's word stands, suggestions wait."""

import os
from datetime import datetime

import pytest

from tests.store.world import own_party, reported, somebody
from zvon.access.permission import Denied
from zvon.model.advice import NameAdvice
from zvon.model.rsit import NoType
from zvon.model.scope import Scope
from zvon.model.verdict import VerdictWord
from zvon.respond import decide
from zvon.store import classification, classifying, incident, incident_similar, suggestion
from zvon.store.classification import Found, NoTaxonomy, Term
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting

SHARED = NameAdvice(name="dostava.example", scope=Scope.HOST, reason="dedicated")
PHISHING = Found(taxonomy="rsit", term="fraud/phishing", rule="category",
                 reason={"code": "CLASS_BY_CATEGORY", "params": {"what": "phishing"}})  # fmt: skip
SCAN = Found(taxonomy="rsit", term="information-gathering/scanner", rule="classtype", reason={})


async def main_type(pool: Pool, incident_id: int) -> str | None:
    async with read(pool, SYSTEM) as db:
        row = await (
            await db.execute("select rsit from incident where id = %s", (incident_id,))
        ).fetchone()
    assert row is not None
    return None if row[0] is None else str(row[0])


async def test_rules_are_replaced_and_a_persons_word_stands(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    found = await reported(pool, now, home)
    async with transaction(pool, now) as tx:
        assert await classification.put_found(tx, found.incident_id, [PHISHING, SCAN], now)
        assert not await classification.put_found(tx, found.incident_id, [PHISHING, SCAN], now)
    assert await main_type(pool, found.incident_id) == "fraud/phishing"
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await classification.say(
            tx, ana, found.incident_uuid, "rsit", ["fraud/masquerade", "fraud/phishing"], now
        )
    async with transaction(pool, now) as tx:
        assert await classification.put_found(tx, found.incident_id, [SCAN], now)
    assert await main_type(pool, found.incident_id) == "fraud/masquerade"
    async with read(pool, ana) as db:
        said = await classification.of_incident(db, ana, found.incident_id)
        seen = await incident.get(db, ana, found.incident_uuid)
    assert [(c.term, c.source, c.login) for c in said] == [
        ("fraud/masquerade", "person", "ana"), ("fraud/phishing", "person", "ana"),
        ("information-gathering/scanner", "rule", None),
    ]  # fmt: skip
    assert "CLASS_SAID" in [line.code for line in seen.timeline]
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        await classification.say(tx, ana, found.incident_uuid, "rsit", [], now)
    assert await main_type(pool, found.incident_id) == "information-gathering/scanner"


async def test_terms_that_no_taxonomy_has_and_people_who_may_not_are_refused(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    cit = await somebody(pool, now, home, "cit", roles=("auditor",))
    found = await reported(pool, now, home)
    for taxonomy, term, error in (("rsit", "fraud/none", NoType), ("attack", "T1", ValueError),
                                  ("si-cert", "x", NoTaxonomy)):  # fmt: skip
        with pytest.raises(error):
            async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
                await classification.say(tx, ana, found.incident_uuid, taxonomy, [term], now)
    with pytest.raises(Denied):
        async with transaction(pool, now, viewer=viewer_setting(cit)) as tx:
            await classification.say(tx, cit, found.incident_uuid, "rsit", ["test/test"], now)
    assert await main_type(pool, found.incident_id) is None


async def test_a_national_taxonomy_is_data_and_maps_from_rsit(pool: Pool, now: datetime) -> None:
    home = await own_party(pool, now)
    boss = await somebody(pool, now, home, "boss", roles=("administrator",))
    terms = [Term(term="A1", names={"sl": "Prevara", "en": "Fraud"}, rsit=("fraud/phishing",))]
    async with transaction(pool, now, viewer=viewer_setting(boss)) as tx:
        await classification.load(tx, boss, name="si-national", version="1", country="SI",
                                  terms=terms, checked_by="", now=now)  # fmt: skip
        await classification.load(tx, boss, name="si-national", version="2", country="SI",
                                  terms=terms, checked_by="Ana Kos", now=now)  # fmt: skip
        [stands] = await classification.taxonomies(tx.db)
        with pytest.raises(NoType):
            await classification.load(
                tx, boss, name="hr-national", version="1", country="HR",
                terms=[Term(term="x", names={}, rsit=("fraud/none",))], checked_by="", now=now,
            )  # fmt: skip
    assert (stands.version, stands.checked_by) == ("2", "Ana Kos")
    assert [t.term for t in stands.of(["fraud/phishing"])] == ["A1"]
    assert stands.of(["availability/dos"]) == ()


async def test_changed_incidents_come_once(pool: Pool, now: datetime) -> None:
    found = await reported(pool, now, await own_party(pool, now))
    async with transaction(pool, now) as tx:
        assert await classifying.changed(tx) == [found.incident_id]
        assert await classifying.changed(tx) == []
        [declared] = await classifying.declaring(tx, [found.incident_id])
    assert (declared.category, declared.alerts, declared.tags) == ("phishing", [], [])


async def test_similar_decided_incidents_suggest_and_a_person_takes_it(
    pool: Pool, now: datetime
) -> None:
    home = await own_party(pool, now)
    ana = await somebody(pool, now, home, "ana")
    past = [await reported(pool, now, home, names=(SHARED,)) for _ in range(3)]
    for each in past:
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            seen = await incident.get(tx.db, ana, each.incident_uuid)
            await decide.verdict(tx, ana, each.incident_uuid, VerdictWord.MALICIOUS,
                                 version=seen.version, now=now)  # fmt: skip
            await classification.put_found(tx, each.incident_id, [PHISHING], now)
    fresh = await reported(pool, now, home, names=(SHARED,))
    async with read(pool, ana) as db:
        like = await incident_similar.similar(db, ana, fresh.incident_id)
    assert {each.uuid for each in like} == {each.incident_uuid for each in past}
    assert {(each.said, each.rsit) for each in like} == {("malicious", "fraud/phishing")}
    assert like[0].shared == ["dostava.example"]
    async with transaction(pool, now) as tx:
        await suggestion.by_likeness(tx, fresh.incident_id, now, os.urandom)
        await suggestion.by_likeness(tx, fresh.incident_id, now, os.urandom)
    assert await main_type(pool, fresh.incident_id) is None
    async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
        [waits] = await suggestion.open_of(tx.db, ana, fresh.incident_id)
        assert (waits.what, waits.value, waits.probability) == ("class", "fraud/phishing", 0.8)
        await suggestion.answer(tx, ana, waits.uuid, accept=True, now=now)
    assert await main_type(pool, fresh.incident_id) == "fraud/phishing"
    with pytest.raises(suggestion.NoSuggestion):
        async with transaction(pool, now, viewer=viewer_setting(ana)) as tx:
            await suggestion.answer(tx, ana, waits.uuid, accept=True, now=now)
