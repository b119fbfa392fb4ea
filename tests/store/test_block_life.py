"""What may be proposed, for how long, and how it is renewed and disputed."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from tests.blocks import People, people_of, proposal, propose, publish, refusals, rules
from tests.store.world import reported
from zvon.access.viewer import Viewer
from zvon.model.advice import NameAdvice
from zvon.model.lifecycle import BlockState, IllegalMove
from zvon.model.scope import Scope
from zvon.store import audit, block, block_proof, block_row, order, party
from zvon.store.block import BadProposal, BlockRow, GuardRefused, HeldBack, OwnProposal
from zvon.store.order import BadOrder, Order
from zvon.store.transaction import Pool, transaction

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


async def ask(pool: Pool, who: Viewer, now: datetime, *names: str, **more: Any) -> list[BlockRow]:
    wanted = structs.replace(proposal(now, *names), **{"expires_at": None, **more})
    async with transaction(pool, now) as tx:
        return await block.propose(tx, who, wanted, now, os.urandom)


async def live(pool: Pool, people: People, now: datetime, name: str, **more: Any) -> BlockRow:
    rows = await ask(pool, people["ana"], now, name, **more)
    async with transaction(pool, now) as tx:
        (row,) = await block.approve(tx, people["bor"], [r.uuid for r in rows], "seen it", now)
    return row


async def ordered(pool: Pool, who: Viewer, now: datetime, **more: Any) -> Order:
    fields: dict[str, Any] = {
        "authority": "Okrožno sodišče", "reference": "I Kpr 7/2026", "kind": "written",
        "legal_ground": "ZKP 498a", "received_at": now, "expires_at": now + 30 * DAY,
        "document_sha256": "ab" * 32, **more,
    }  # fmt: skip
    async with transaction(pool, now) as tx:
        return await order.record(tx, who, now=now, random=os.urandom, **fields)


async def test_a_block_carries_what_it_rests_on(pool: Pool, people: People, now: datetime) -> None:
    row = await live(
        pool, people, now, "evil.example", category="malware", confidence=0.5, action="nodata",
        source="abuse.example", evidence=("0a" * 32,),
    )  # fmt: skip
    assert (row.trigger, row.category, row.confidence) == ("qname", "malware", 0.5)
    assert (row.source, row.evidence, row.action) == ("abuse.example", ["0a" * 32], "nodata")
    assert row.expires_at == now + 14 * DAY
    assert row.retest_at == now + 13 * DAY
    assert await rules(pool, "hot.si.zvon") == {"evil.example": "*."}
    own = await live(pool, people, now, "other.example")
    assert (own.source, own.category, own.renewals) == ("CSIRT", "phishing", 0)


async def test_rules_on_addresses_and_name_servers_have_their_own_names(
    pool: Pool, people: People, now: datetime
) -> None:
    four = await live(pool, people, now, "203.0.113.9", trigger="ip")
    six = await live(pool, people, now, "2001:DB8:0:1::/64", trigger="nsip")
    server = await live(pool, people, now, "NS.evil.example.", trigger="nsdname")
    assert (four.name, six.name) == ("203.0.113.9/32", "2001:db8:0:1::/64")
    assert server.name == "ns.evil.example"
    assert set(await rules(pool, "ip.si.zvon")) == {
        "32.9.113.0.203.rpz-ip", "64.zz.1.0.db8.2001.rpz-nsip", "ns.evil.example.rpz-nsdname",
    }  # fmt: skip
    name = await live(pool, people, now, "ns.evil.example")  # the same name as a name
    assert name.trigger == "qname"
    with pytest.raises(block.AlreadyBlocked):
        await ask(pool, people["ana"], now, "203.0.113.9/32", trigger="ip")


async def test_hostile_fields_are_refused_before_anything_is_written(
    pool: Pool, people: People, now: datetime
) -> None:
    ana = people["ana"]
    bad: Sequence[tuple[tuple[str, ...], dict[str, Any]]] = [
        (("a.example",), {"trigger": "client-ip"}),
        (("a.example",), {"action": "drop"}),
        (("a.example",), {"action": "tcp-only"}),
        (("a.example",), {"action": "passthru"}),
        (("a.example",), {"category": "benign"}),
        (("a.example",), {"category": "nonsense"}),
        (("a.example",), {"confidence": 1.5}),
        (("a.example",), {"confidence": float("nan")}),
        (("a.example",), {"evidence": ("xyz",)}),
        (("a.example",), {"evidence": ("0A" * 32,)}),
        (("a.example",), {"evidence": ("0a" * 32,) * 21}),
        (("a.example",), {"source": "x" * 201}),
        (("a.example",), {"source": "\x00"}),
        (("a.example",), {"reason": "  x "}),
        (("a.example",), {"reason": "nul \x00"}),
        (("a.example",), {"reason": "x" * 501}),
        (("a.example",), {"legal_ground": "\ud800\ud800\ud800"}),
        (("a.example",), {"expires_at": now}),
        (("a.example",), {"expires_at": now + 367 * DAY}),
        (("0.0.0.0/0",), {"trigger": "ip"}),
        (("10.0.0.1/8",), {"trigger": "ip"}),
        (("evil.example",), {"trigger": "ip"}),
        (("203.0.113.9",), {}),
        (("203.0.113.9",), {"trigger": "nsdname"}),
        (("a" * 64 + ".example",), {}),
        (("a.*.example",), {}),
        (("*.si",), {}),
        (("a..example",), {}),
        ((".".join(["a" * 60] * 5),), {}),
        (("posta\x00.si",), {}),
        ((), {}),
    ]
    for names, more in bad:
        with pytest.raises((BadProposal, GuardRefused)):
            await ask(pool, ana, now, *names, **more)
    for text, trigger in (("10.1.2.3", "ip"), ("224.0.0.1", "nsip"), ("::1", "ip"),
                          ("203.0.0.0/8", "ip"), ("co.uk", "qname")):  # fmt: skip
        with pytest.raises(GuardRefused):
            await ask(pool, ana, now, text, trigger=trigger)
    with pytest.raises(BadProposal, match="scope"):
        await ask(pool, ana, now, trigger="nsdname", names=(("ns.a.example", Scope.HOST_SUB),))
    async with pool.connection() as db:
        assert (await block.board(db, ana)).rows == ()


async def test_an_exercise_never_reaches_a_zone(pool: Pool, people: People, now: datetime) -> None:
    async with transaction(pool, now) as tx:
        own = await party.own(tx.db)
    found = await reported(pool, now, own)
    async with transaction(pool, now) as tx:
        await tx.execute("update incident set category = 'simulation'")
    for more in ({"category": "simulation"},
                 {"incident_uuid": found.incident_uuid},
                 {"incident_uuid": found.incident_uuid, "category": "phishing"}):  # fmt: skip
        with pytest.raises(GuardRefused, match="exercise"):
            await ask(pool, people["ana"], now, "drill.example", **more)
    assert [rule for _, _, rule in await refusals(pool)] == ["exercise"] * 3


async def test_a_site_that_was_broken_into_is_blocked_narrowly_and_for_two_days(
    pool: Pool, people: People, now: datetime
) -> None:
    ana, hacked = people["ana"], {"category": "compromised_site"}
    for more in ({"expires_at": now + 49 * HOUR},
                 {"names": (("shop.example", Scope.HOST_SUB),)},
                 {"trigger": "ip", "names": (("203.0.113.9", Scope.HOST),)}):  # fmt: skip
        with pytest.raises(GuardRefused) as refused:
            await ask(pool, ana, now, "shop.example", **hacked, **more)
        assert refused.value.findings[0].rule == "compromised_site"
    stranger = structs.replace(ana, party_own=False)
    with pytest.raises(GuardRefused):
        await ask(pool, stranger, now, "shop.example", **hacked)
    row = await live(pool, people, now, "shop.example", **hacked)
    assert row.expires_at == now + 48 * HOUR
    assert row.retest_at == now + timedelta(minutes=10)
    with pytest.raises(GuardRefused, match="48 hours"):
        await renew(pool, people["bor"], now + 47 * HOUR, row, now + 49 * HOUR)
    short = await live(pool, people, now, "b.example", **hacked, expires_at=now + HOUR)
    (longer,) = await renew(pool, people["bor"], now, short, now + 48 * HOUR)
    assert longer.expires_at == now + 48 * HOUR


async def test_advice_that_a_site_was_broken_into_binds_the_proposal(
    pool: Pool, people: People, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        own = await party.own(tx.db)
    advice = NameAdvice(name="shop.example", scope=Scope.NONE, reason="compromised_site")
    found = await reported(pool, now, own, names=[advice])
    of = {"incident_uuid": found.incident_uuid, "category": "phishing"}
    with pytest.raises(GuardRefused):
        await ask(pool, people["ana"], now, "shop.example", **of, expires_at=now + 14 * DAY)
    (row,) = await ask(pool, people["ana"], now, "shop.example", **of)
    assert (row.category, row.expires_at) == ("compromised_site", now + 48 * HOUR)


async def renew(
    pool: Pool, who: Viewer, at: datetime, row: BlockRow, until: datetime
) -> list[BlockRow]:
    async with transaction(pool, at) as tx:
        return await block.renew(tx, who, [row.uuid], until, "still alive", at)


async def test_another_person_renews_and_the_gate_looks_again(
    pool: Pool, people: People, now: datetime
) -> None:
    row = await live(pool, people, now, "evil.example")
    late = now + 13 * DAY
    with pytest.raises(PermissionError):
        await renew(pool, people["ana"], late, row, late + 14 * DAY)
    (longer,) = await renew(pool, people["bor"], late, row, late + 14 * DAY)
    assert (longer.expires_at, longer.renewals) == (late + 14 * DAY, 1)
    assert (longer.retest_at, longer.state) == (late + 13 * DAY, BlockState.PUBLISHED)
    for until in (late, late + 14 * DAY, late + 367 * DAY):
        with pytest.raises(BadProposal, match="until"):
            await renew(pool, people["bor"], late, row, until)
    async with transaction(pool, late) as tx:
        await tx.execute("insert into constituency (kind, value) values ('domain','evil.example')")
    with pytest.raises(GuardRefused):
        await renew(pool, people["bor"], late, row, late + 20 * DAY)
    mine = await ask(pool, people["both"], now, "mine.example")
    async with transaction(pool, now) as tx:
        await block.approve(tx, people["bor"], [mine[0].uuid], "seen", now)
    with pytest.raises(OwnProposal):
        await renew(pool, people["both"], late, mine[0], late + 14 * DAY)
    (waiting,) = await ask(pool, people["ana"], now, "waiting.example")
    with pytest.raises(BadProposal, match="blocks now"):
        await renew(pool, people["bor"], now, waiting, now + 20 * DAY)


async def test_an_order_gives_ground_and_end(pool: Pool, people: People, now: datetime) -> None:
    said = await ordered(pool, people["ana"], now)
    row = await live(pool, people, now, "evil.example", order_uuid=said.uuid, legal_ground="")
    assert (row.order_number, row.legal_ground) == (said.number, "ZKP 498a")
    assert row.expires_at == said.expires_at
    with pytest.raises(BadProposal, match="order"):
        await ask(pool, people["ana"], now, "b.example", order_uuid=said.uuid,
                  expires_at=said.expires_at + HOUR)  # fmt: skip
    with pytest.raises(BadProposal, match="order"):
        await renew(pool, people["bor"], now, row, said.expires_at + HOUR)
    async with transaction(pool, said.expires_at) as tx:
        (ended,) = await block_proof.expire(tx, said.expires_at)
    async with pool.connection() as db:
        after = (await block.get(db, people["ana"], ended.uuid)).block
    assert after.lift_reason == f"the order {said.number} ended"
    with pytest.raises(BadOrder, match="ended"):
        await ask(pool, people["ana"], said.expires_at, "c.example", order_uuid=said.uuid)


async def test_an_order_does_not_open_the_gate(pool: Pool, people: People, now: datetime) -> None:
    said = await ordered(pool, people["ana"], now)
    with pytest.raises(GuardRefused):
        await ask(pool, people["ana"], now, "google.com", order_uuid=said.uuid)


async def test_a_disputed_block_goes_on_blocking_until_it_is_settled(
    pool: Pool, people: People, now: datetime
) -> None:
    (row,) = await publish(pool, people, now, "evil.example")
    async with transaction(pool, now) as tx:
        (held,) = await block.dispute(tx, people["bor"], [row.uuid], "is it?", now)
    assert held.state is BlockState.DISPUTED
    assert await rules(pool, "hot.si.zvon") == {"evil.example": "."}
    with pytest.raises(BadProposal, match="disputed"):
        async with transaction(pool, now) as tx:
            await block.approve(tx, people["bor"], [row.uuid], "once more", now)
    async with transaction(pool, now) as tx:
        (back,) = await block.uphold(tx, people["bor"], [row.uuid], "it is", now)
    assert (back.state, back.published_at) == (BlockState.PUBLISHED, row.published_at)
    async with transaction(pool, now) as tx:
        await block.dispute(tx, people["bor"], [row.uuid], "again", now)
        (gone,) = await block.lift(tx, people["bor"], [row.uuid], "it was not", now)
    assert gone.state is BlockState.LIFTED
    with pytest.raises(IllegalMove):
        async with transaction(pool, now) as tx:
            await block.dispute(tx, people["bor"], [row.uuid], "too late", now)


async def test_approvers_who_disagree_leave_it_to_another(
    pool: Pool, people: People, now: datetime
) -> None:
    (row,) = await propose(pool, people["ana"], now, "evil.example")
    async with transaction(pool, now) as tx:
        await block.dispute(tx, people["both"], [row.uuid], "looks like a shop", now)
    with pytest.raises(BadProposal, match="approve or reject"):
        async with transaction(pool, now) as tx:
            await block.uphold(tx, people["bor"], [row.uuid], "it is bad", now)
    async with transaction(pool, now) as tx:
        (done,) = await block.approve(tx, people["bor"], [row.uuid], "it is bad", now)
    assert done.state is BlockState.PUBLISHED


async def test_a_held_batch_is_not_let_go_by_its_own_people(
    pool: Pool, people: People, now: datetime
) -> None:
    rows = await propose(pool, people["ana"], now, *(f"d{n}.example" for n in range(51)))
    uuids = [row.uuid for row in rows]
    for act in (block.approve, block.release):
        with pytest.raises(PermissionError):
            async with transaction(pool, now) as tx:
                await act(tx, people["ana"], uuids, "mine", now)
    with pytest.raises(HeldBack):
        async with transaction(pool, now) as tx:
            await block.approve(tx, people["bor"], uuids, "all", now)


async def test_the_proof_is_a_line_in_time(pool: Pool, people: People, now: datetime) -> None:
    (row,) = await publish(pool, people, now, "evil.example")
    timed = structs.replace(
        row, published_at=now, approved_at=now, first_enforced_at=now + timedelta(seconds=2),
        enforced_at=now + timedelta(seconds=5),
    )  # fmt: skip
    assert [(s.stage, s.seconds) for s in block_row.stages(timed)] == [
        ("approved", 0.0), ("published", 0.0), ("first_enforced", 2.0), ("all_enforced", 5.0),
    ]  # fmt: skip
    later = structs.replace(timed, approved_at=now + timedelta(minutes=3), enforced_at=None)
    assert [s.seconds for s in block_row.stages(later)] == [180.0, 0.0, 2.0, None]


async def test_every_edge_is_in_the_audit_and_the_chain_holds(
    pool: Pool, people: People, now: datetime
) -> None:
    row = await live(pool, people, now, "evil.example")
    await renew(pool, people["bor"], now, row, now + 20 * DAY)
    async with transaction(pool, now) as tx:
        await block.dispute(tx, people["bor"], [row.uuid], "is it?", now)
        await block.lift(tx, people["bor"], [row.uuid], "it was not", now)
    async with pool.connection() as db:
        said = await (
            await db.execute(
                "select action, actor from audit where object = %s order by seq",
                (f"block:{row.number}",),
            )
        ).fetchall()
        detail = await block.get(db, people["ana"], row.uuid)
        assert await audit.verify(db) == []
    assert said == [
        ("block:propose", "ana"), ("block:approve", "bor"), ("block:publish", "bor"),
        ("block:renew", "bor"), ("block:dispute", "bor"), ("block:lift", "bor"),
    ]  # fmt: skip
    assert [step.new for step in detail.steps] == [
        "proposed", "validated", "approved", "published", "published", "disputed", "lifted",
    ]  # fmt: skip
