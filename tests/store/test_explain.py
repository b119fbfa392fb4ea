"""Why a name is blocked: the zones in order, the rule that wins, the decision behind it."""

from datetime import datetime

import pytest

from tests.blocks import people_of, publish
from zvon.model.name import BadName
from zvon.model.scope import Scope
from zvon.store.explain import Explanation, explain
from zvon.store.transaction import Pool, ZoneOp, transaction
from zvon.store.visibility import read


async def explained(pool: Pool, now: datetime, name: str) -> Explanation:
    people = await people_of(pool, now)
    rows = await publish(pool, people, now, "kit.example", scope=Scope.HOST_SUB)
    async with transaction(pool, now) as tx:
        zone = await (await tx.execute("select id from zone where name = 'hot.si.zvon'")).fetchone()
        assert zone
        tx.zone_ops.append(
            ZoneOp(zone_id=zone[0], op="add", owner="good.kit.example", rdata="rpz-passthru.",
                   block_id=rows[0].id)
        )  # fmt: skip
    async with read(pool, people["ana"]) as db:
        return await explain(db, people["ana"], name)


async def test_a_wildcard_names_the_decision_and_both_people(pool: Pool, now: datetime) -> None:
    said = await explained(pool, now, "WWW.kit.example.")
    (feed,) = said.feeds
    assert (said.name, feed.feed, feed.action) == ("www.kit.example", "si", "nxdomain")
    (rule,) = feed.rules
    assert (rule.zone, rule.owner, rule.speaks) == ("hot.si.zvon", "*.kit.example", True)
    assert rule.block is not None
    assert (rule.block.proposer, rule.block.approver) == ("ana", "bor")
    assert said.advice is not None
    assert said.advice.name == "www.kit.example"


async def test_a_name_let_pass_beats_the_wildcard_above_it(pool: Pool, now: datetime) -> None:
    said = await explained(pool, now, "good.kit.example")
    (feed,) = said.feeds
    assert feed.action == "none"
    assert [(r.owner, r.action) for r in feed.rules] == [("good.kit.example", "passthru")]


async def test_another_name_is_answered_by_the_truth_and_says_what_protects_it(
    pool: Pool, now: datetime
) -> None:
    said = await explained(pool, now, "www.posta.si")
    assert [(f.action, f.rules) for f in said.feeds] == [("none", ())]
    assert {entry.name for entry in said.protected} == {"posta.si"}
    assert said.advice is not None
    assert said.advice.name is None


async def test_an_address_is_looked_up_by_its_prefixes(pool: Pool, now: datetime) -> None:
    said = await explained(pool, now, "192.0.2.66")
    assert said.name == "192.0.2.66/32"
    assert (said.feeds[0].action, said.advice, said.protected) == ("none", None, ())


async def test_nonsense_and_unknown_feeds_and_subscribers_are_said(
    pool: Pool, now: datetime
) -> None:
    ana = (await people_of(pool, now))["ana"]
    async with read(pool, ana) as db:
        with pytest.raises(BadName):
            await explain(db, ana, "a..b")
        with pytest.raises(LookupError, match="no feed 'xx'"):
            await explain(db, ana, "a.example", feed="xx")
        with pytest.raises(LookupError, match="no subscriber 't9'"):
            await explain(db, ana, "a.example", subscriber="t9")
