"""Two nodes over real HTTPS: what one releases becomes an incident and proposals at the other."""

import os
from datetime import timedelta

import msgspec
import pytest

from tests.share.two import NAMES, Two
from zvon.formats.ack import read as read_ack
from zvon.model.marking import Pap, Tlp
from zvon.share import feed as own_feed
from zvon.share import invitation
from zvon.store import block, feed, peer
from zvon.store import event as events
from zvon.store.transaction import transaction

pytestmark = pytest.mark.slow  # two nodes for each test


async def shared(si: Two, hr: Two, **event: object) -> object:
    uuid = await si.share(await si.group(), **event)  # type: ignore[arg-type]
    await si.work()
    await hr.work()
    return uuid


async def approve(node: Two) -> None:
    """Let the approver of `node` publish all that waits."""
    waiting = await node.rows("select uuid from block where state = 'validated'")
    async with transaction(node.context.pool, node.now) as tx:
        await block.approve(tx, node.boss, [w["uuid"] for w in waiting], "checked", node.now)


async def states(node: Two) -> dict[str, str]:
    return {b["name"]: b["state"] for b in await node.rows("select name, state from block")}


async def test_a_released_event_becomes_an_incident_and_waiting_blocks(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    uuid = await si.share(await si.group())
    assert await si.work() == ["share.hint", "share.hint"]
    done = await hr.work()
    assert done.count("share.pull") == 1
    (record,) = await hr.rows("select * from record where uuid = %s", uuid)
    assert (record["kind"], record["tlp"], record["pap"], record["deleted"]) == (
        "event",
        2,
        1,
        False,
    )
    (incident,) = await hr.rows("select * from incident")
    assert (incident["origin"], incident["verdict"], incident["brand"]) == (
        "peer", "malicious", "si.posta",
    )  # fmt: skip
    blocks = await hr.rows("select name, state, proposer_id from block order by name")
    assert [(b["name"], b["state"]) for b in blocks] == [(n, "validated") for n in sorted(NAMES)]
    partner = await hr.peer(si)
    assert {b["proposer_id"] for b in blocks} == {partner.person_id}
    assert partner.error is None
    assert partner.synced_at is not None
    (row,) = await si.rows("select * from ack")
    signed = read_ack(row["body"], by=hr.context.node.uuid, key=hr.context.node.signing_public)
    assert (signed.state, signed.outputs) == ("applied", {"records": 1, "proposed": 2})


async def test_the_incident_is_seen_with_the_partner_as_its_maker(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    uuid = await shared(si, hr)
    (record,) = await hr.rows(
        "select o.name, o.country, s.kind from record r join party o on o.id = r.orgc_id"
        " join source s on s.id = r.source_id where r.uuid = %s", uuid,
    )  # fmt: skip
    assert record == {"name": "csirt-si", "country": "SI", "kind": "peer"}
    (edge,) = await hr.rows("select type from edge where dst = %s", uuid)
    assert edge["type"] == "derived-from"
    seen = await hr.rows(
        "select o.value from occurrence c join observable o on o.id = c.observable_id"
        " join record r on r.id = c.record_id where r.uuid = %s", uuid,
    )  # fmt: skip
    assert {NAMES[0], f"https://{NAMES[0]}/i?t="} <= {row["value"] for row in seen}


async def test_a_revoked_event_is_lifted_erased_and_acknowledged(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    uuid = await shared(si, hr)
    await approve(hr)
    assert set((await states(hr)).values()) == {"published"}
    assert (
        await hr.rows(
            "select count(*) as n from zone_rule where rdata = '.' and block_id is not null"
        )
    )[0]["n"] == 4
    assert await si.revoke(uuid) == 1  # type: ignore[arg-type]
    await si.work()
    await hr.work()
    assert set((await states(hr)).values()) == {"lifted"}
    assert (
        await hr.rows(
            "select count(*) as n from zone_rule where rdata = '.' and block_id is not null"
        )
    )[0]["n"] == 0
    (record,) = await hr.rows("select deleted, payload from record where uuid = %s", uuid)
    assert record["deleted"]
    assert NAMES[0] not in str(record["payload"])
    bodies = await hr.rows("select n, body, state from feed_entry order by n")
    assert [(b["n"], b["body"] is None, b["state"]) for b in bodies] == [
        (0, True, "erased"), (1, False, "applied"),
    ]  # fmt: skip
    acks = await si.rows("select n, state from ack order by n")
    assert [(a["n"], a["state"]) for a in acks] == [(0, "applied"), (1, "erased")]
    own = await si.rows("select n, body from feed_entry order by n")
    assert own[0]["body"] is None
    assert await si.revoke(uuid) is None  # type: ignore[arg-type]


async def test_a_revocation_reaches_a_partner_who_was_off(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    uuid = await shared(si, hr)
    await approve(hr)
    await hr.down()
    await si.revoke(uuid)  # type: ignore[arg-type]
    await si.work()
    (retry,) = await si.rows(
        "select payload from pgqueuer where entrypoint = 'share.hint' and execute_after > now()"
    )
    assert msgspec.json.decode(retry["payload"])["attempt"] == 1
    assert set((await states(hr)).values()) == {"published"}
    await hr.up()
    async with transaction(hr.context.pool, hr.now) as tx:
        await hr.enqueue_poll(tx)
    await hr.work()
    assert set((await states(hr)).values()) == {"lifted"}


async def test_an_add_that_was_revoked_before_it_was_pulled_never_appears(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    uuid = await si.share(await si.group())
    await si.revoke(uuid)
    await si.work()
    await hr.work()
    assert await hr.rows("select * from record where kind = 'event'") == []
    assert await states(hr) == {}
    assert (await hr.peer(si)).error is None
    assert [r["kind"] for r in await hr.rows("select kind from feed_entry order by n")] == [
        "add", "revoke",
    ]  # fmt: skip


async def test_a_revocation_of_an_unknown_event_wins_when_the_event_comes(
    partners: tuple[Two, Two],
) -> None:
    """In one group the event is revoked, then an `add` of the same object comes in the feed."""
    si, hr = partners
    group = await si.group()
    first = await si.share(group)
    await si.revoke(first)
    await si.work()
    await hr.work()
    await si.share(group, share_uuid=first)
    await si.work()
    await hr.work()
    assert await hr.rows("select * from record where kind = 'event'") == []
    entries = await hr.rows("select kind, state, problem from feed_entry order by n")
    assert entries[2] == {"kind": "supersede", "state": "erased", "problem": "REVOKED"}
    assert await states(hr) == {}


async def test_a_name_lifted_at_the_origin_is_lifted_at_the_partner(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    await shared(si, hr)
    await approve(hr)
    (share,) = await si.rows("select id, uuid, group_uuid from share")
    async with transaction(si.context.pool, si.now) as tx:
        released = await events.share(tx.db, share["uuid"])
        await own_feed.narrow(
            tx, released, [NAMES[0]], "lifted", si.now, si.context.node, random=os.urandom
        )
    await si.work()
    await hr.work()
    assert await states(hr) == {NAMES[0]: "lifted", NAMES[1]: "published"}
    (record,) = await hr.rows("select payload from record where kind = 'event'")
    assert [n["name"] for n in record["payload"]["names"]] == [NAMES[1]]


async def test_a_superseding_event_lifts_what_it_dropped_and_proposes_what_is_new(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    uuid = await shared(si, hr)
    await approve(hr)
    new = (NAMES[0], "novi.paket-naslov.example")
    await si.share(await si.group(), share_uuid=uuid, names=new)  # type: ignore[arg-type]
    await si.work()
    await hr.work()
    assert await states(hr) == {NAMES[0]: "published", NAMES[1]: "lifted", new[1]: "validated"}
    assert len(await hr.rows("select * from record where kind = 'event'")) == 1
    assert len(await hr.rows("select * from record_version")) == 1


@pytest.mark.parametrize(
    ("event", "state", "problem", "blocks"),
    [
        ({"tlp": Tlp.AMBER_STRICT}, "refused", "TLP", 0),
        ({"names": ("google.com", NAMES[0])}, "applied", "GUARD", 1),
        ({"names": ("UPPER.example",)}, "refused", "NAME", 0),
        ({"pap": Pap.AMBER}, "applied", "", 0),
        ({"word": "suspicious"}, "applied", "", 0),
        ({"title": {"code": "TITLE_PHISHING_BRAND", "params": {"x": 1}}}, "applied", "", 2),
        ({"title": {"code": "{0.__class__}", "params": {}}}, "refused", "BODY", 0),
        ({"unknown": 1}, "refused", "BODY", 0),
        ({"tlp_in_body": 3}, "refused", "BODY", 0),
    ],
)
async def test_what_a_partner_sends_meets_our_own_gates(
    partners: tuple[Two, Two], event: dict[str, object], state: str, problem: str, blocks: int
) -> None:
    si, hr = partners
    await shared(si, hr, **event)
    await shared(si, hr, names=("drugi.naslov-paketa.example",))
    entries = await hr.rows("select state, problem from feed_entry order by n")
    assert (entries[0]["state"], entries[0]["problem"].partition(":")[0]) == (state, problem)
    assert entries[1]["state"] == "applied"  # one bad entry does not stop the next
    assert len(await states(hr)) == blocks + 1
    acks = await si.rows("select state from ack order by n")
    assert [a["state"] for a in acks] == ["partial" if problem else "applied", "applied"]


async def test_an_event_cannot_take_the_identifier_of_a_record_of_ours(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    await shared(si, hr)
    (mine,) = await hr.rows("select uuid, payload from record where kind = 'incident'")
    await shared(si, hr, share_uuid=mine["uuid"], names=("drugo.naslov-paketa.example",))
    entries = await hr.rows("select state, problem from feed_entry order by n")
    assert entries[1]["state"] == "refused"
    assert entries[1]["problem"].startswith("ID")
    assert await hr.rows("select uuid, payload from record where kind = 'incident'") == [mine]
    assert len(await states(hr)) == 2


async def test_more_than_the_hourly_limit_is_held(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await hr.rows(
        "insert into policy (name, version, body, at) values"
        " ('share', 1, '{\"events_per_hour\": 2}', now()) returning name"
    )
    group = await si.group()
    uuids = [await si.share(group, names=(f"a{n}.paket-naslov.example",)) for n in range(4)]
    await si.revoke(uuids[3])
    await si.work()
    await hr.work()
    entries = await hr.rows("select kind, state, problem from feed_entry order by n")
    assert [e["state"] for e in entries] == ["applied", "applied", "held", "erased", "applied"]
    assert (await hr.peer(si)).held == 1
    hr.set_clock(timedelta(hours=2))
    await hr.release_held(si)
    assert (await hr.peer(si)).held == 0
    assert len(await states(hr)) == 3


async def test_a_replayed_pull_changes_nothing(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await shared(si, hr)
    before = await hr.rows("select * from feed_entry")
    for _ in range(2):
        async with transaction(hr.context.pool, hr.now) as tx:
            await hr.enqueue_poll(tx)
        await hr.work()
    assert await hr.rows("select * from feed_entry") == before
    assert len(await hr.rows("select * from incident")) == 1


async def test_a_pull_that_died_after_storing_goes_on_with_applying(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    await shared(si, hr)
    await hr.rows("update feed_entry set state = 'stored', applied_at = null returning n")
    async with transaction(hr.context.pool, hr.now) as tx:
        await hr.enqueue_poll(tx)
    await hr.work()
    assert [r["state"] for r in await hr.rows("select state from feed_entry")] == ["applied"]
    assert len(await hr.rows("select * from incident")) == 1


async def test_hints_are_folded_and_none_is_lost(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    partner = await hr.peer(si)
    async with transaction(hr.context.pool, hr.now) as tx:
        first = await peer.want(tx, partner.id, hr.now)
        second = await peer.want(tx, partner.id, hr.now)
        await peer.pull_begins(tx, partner.id, hr.now)
        third = await peer.want(tx, partner.id, hr.now)
    assert (first, second, third) == (True, False, True)


async def test_a_feed_that_is_silent_for_a_day_is_stale(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await shared(si, hr)
    await si.down()
    hr.set_clock(timedelta(hours=25))
    async with transaction(hr.context.pool, hr.now) as tx:
        await hr.enqueue_poll(tx)
    await hr.work()
    partner = await hr.peer(si)
    assert partner.stale
    assert partner.error is not None
    assert partner.error.startswith("UNREACHABLE")


async def test_acks_that_did_not_arrive_are_sent_by_the_poll(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await si.share(await si.group())
    await si.work()
    await hr.work("share.pull")
    await si.down()
    assert await si.rows("select * from ack") == []
    await si.up()
    async with transaction(hr.context.pool, hr.now) as tx:
        await hr.enqueue_poll(tx)
    await hr.work()
    assert len(await si.rows("select * from ack")) == 1
    async with hr.context.pool.connection() as db:
        assert await feed.unsent_acks(db, si.context.node.uuid, hr.context.node.uuid, 9) == []


async def test_a_third_node_learns_of_the_others(partners: tuple[Two, Two], third: Two) -> None:
    si, hr = partners
    await invitation.accept(third.context, third.admin, await si.invite())
    for node in (si, hr, third, si, hr, third):
        await node.work()
    assert {p.name for p in (await hr.peer(third), await third.peer(hr))} == {
        "csirt-hr", "csirt-at",
    }  # fmt: skip
    uuid = await hr.share(await hr.group())
    await hr.work()
    for node in (si, third):
        await node.work()
        assert len(await node.rows("select * from record where uuid = %s", uuid)) == 1
    await hr.work()
    assert len(await hr.rows("select * from ack")) == 2
