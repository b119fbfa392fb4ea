"""Patterns come from campaigns that a person confirmed, and only those that say enough."""

from datetime import UTC, datetime, timedelta

from tests.assess.stored import context
from tests.store.world import own_party, reported, somebody
from zvon.assess.watch import shipped
from zvon.assess.watch_rules import derive, rules_of
from zvon.model.observable import Observable, ObservableType
from zvon.store import campaign, watch_rule
from zvon.store.campaign import Key
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read
from zvon.store.watch_rule import Confirmed

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CAMPAIGN = Confirmed(campaign_id=7, number="C-26-7", brand="si.posta")
NAMES = [f"posta-si-paket{n}.top" for n in range(1, 6)] + ["posta-si-paket9.cfd"]


def test_names_in_a_row_give_a_pattern_with_its_suffixes_and_an_end() -> None:
    made = rules_of(CAMPAIGN, NAMES, AT)
    assert made
    first = made[0]
    assert (first.pattern, tuple(first.tlds)) == ("posta-si-paket{#}", ("cfd", "top"))
    assert first.expires_at == AT + timedelta(days=shipped().rule_days)
    assert "6 names of C-26-7" in first.reason


def test_names_without_a_pattern_give_no_rule() -> None:
    assert rules_of(CAMPAIGN, ["lipa.example", "x-b.test", "brod-24.example"], AT) == []


def test_no_campaign_gives_more_rules_than_the_limit() -> None:
    names = [
        f"{word}-paket-{'x' * n}{n}.top"
        for word in ("posta", "dhlsi", "glsis", "dpdsi")
        for n in range(9)
    ]
    assert len(rules_of(CAMPAIGN, names, AT)) <= shipped().rules_of_campaign


async def test_without_a_confirmed_campaign_there_are_no_rules(pool: Pool) -> None:
    await derive(context(pool, lambda: AT), {})
    async with read(pool, SYSTEM) as db:
        assert await watch_rule.live(db, AT) == []


async def test_a_campaign_gives_rules_once_a_person_has_confirmed_it(pool: Pool) -> None:
    home = await own_party(pool, AT)
    ana = await somebody(pool, AT, home, "ana")
    joined = None
    for name in NAMES:
        one = await reported(pool, AT, home, campaign_id=joined)
        joined = one.campaign_id
        value = Observable(ObservableType.REGISTERED, name)
        async with transaction(pool, AT) as tx:
            joining = campaign.Joining(record_id=one.record_id, uuid=one.uuid, at=AT,
                                       keys=(Key(value, True, "SAME_DOMAIN"),))  # fmt: skip
            await campaign.note_keys(tx, [joining])
            await campaign.join_all(tx, [joining], AT)
    await derive(context(pool, lambda: AT), {})
    assert await live(pool, AT) == []
    async with transaction(pool, AT) as tx:
        await tx.execute("update incident set verdict = 'malicious', brand = 'si.posta',"
                         " verdict_by = %s", (ana.person_id,))  # fmt: skip
    later = AT + timedelta(days=1)
    await derive(context(pool, lambda: AT), {})
    await derive(context(pool, lambda: later), {})
    assert await live(pool, later) == ["posta-si-paket{#}"]
    end = AT + timedelta(days=shipped().rule_days)
    assert await live(pool, end + timedelta(hours=1)) == ["posta-si-paket{#}"]
    assert await live(pool, end + timedelta(days=2)) == []


async def live(pool: Pool, at: datetime) -> list[str]:
    async with read(pool, SYSTEM) as db:
        return [rule.pattern for rule in await watch_rule.live(db, at)]
