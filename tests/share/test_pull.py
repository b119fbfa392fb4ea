"""A partner that does not keep to the protocol: refused with a reason, and nothing half-taken."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.share.two import Two
from zvon.formats import checkpoint, membership
from zvon.formats.checkpoint import Checkpoint
from zvon.formats.membership import GroupPolicy
from zvon.formats.merkle import Frontier, leaf_hash
from zvon.formats.note import PeerError
from zvon.formats.peer import EntryKind, Marking, genesis, write_entry
from zvon.model.marking import Pap, Tlp
from zvon.share import group, invitation
from zvon.share.group import KeyChanged
from zvon.share.pull import Forked, Frozen, Shrunk, pull
from zvon.store import peer
from zvon.store.transaction import transaction

pytestmark = pytest.mark.slow  # two nodes for each test


async def fetch(hr: Two, si: Two) -> int:
    return (await pull(hr.context, await hr.peer(si))).received


async def rewrite(
    si: Two, entries: list[dict[str, Any]], *, key: Ed25519PrivateKey | None = None
) -> None:
    """Replace SI's feed by another one, well formed and signed, as a dishonest node could."""
    group, node = await si.group(), si.context.node
    await si.rows("delete from feed_entry returning n")
    await si.rows("delete from checkpoint returning size")
    frontier, prev = Frontier(), genesis(group, node.uuid)
    for n, change in enumerate(entries):
        fields: dict[str, Any] = {"n": n, "prev": prev} | change
        data = fields.pop("data", None) or write_entry(
            EntryKind.ADD, UUID(int=n + 1), {"forged": n}, salt=bytes(16), at=si.now,
            policy=Marking.of(Tlp.AMBER, Pap.GREEN), **fields,
        )  # fmt: skip
        leaf = leaf_hash(data)
        frontier.add(leaf)
        prev = leaf
        await si.rows(
            "insert into feed_entry (group_uuid, origin, n, leaf, kind, object, body, state, at)"
            " values (%s, %s, %s, %s, 'add', %s, %s, 'own', %s) returning n",
            group, node.uuid, n, leaf, UUID(int=n + 1), data, si.now,
        )  # fmt: skip
    at = si.now.replace(microsecond=0)
    head = Checkpoint(group=group, origin=node.uuid, size=frontier.size, root=frontier.root(),
                      at=at, membership=2)  # fmt: skip
    note = checkpoint.write(head, key or node.signing)
    await si.rows(
        "insert into checkpoint (group_uuid, origin, size, root, note, at)"
        " values (%s, %s, %s, %s, %s, %s) returning size",
        group, node.uuid, head.size, head.root, note, at,
    )  # fmt: skip


async def nothing_came(hr: Two) -> None:
    assert await hr.rows("select * from feed_entry") == []
    assert await hr.rows("select * from record") == []


async def test_several_batches_are_each_verified_and_kept(
    partners: tuple[Two, Two], monkeypatch: pytest.MonkeyPatch
) -> None:
    si, hr = partners
    for n in range(7):
        await si.share(await si.group(), names=(f"a{n}.paket-naslov.example",))
    monkeypatch.setattr("zvon.share.door.MAX_BATCH_ENTRIES", 3)
    assert await fetch(hr, si) == 7
    rows = await hr.rows("select n, state from feed_entry order by n")
    assert [(r["n"], r["state"]) for r in rows] == [(n, "applied") for n in range(7)]
    ends = [await node.rows("select size, peaks, last_leaf from share_feed where origin = %s",
                            si.context.node.uuid) for node in (si, hr)]  # fmt: skip
    assert ends[0] == ends[1]
    assert await fetch(hr, si) == 0


async def test_a_batch_cut_off_in_the_middle_is_resumed(
    partners: tuple[Two, Two], monkeypatch: pytest.MonkeyPatch
) -> None:
    si, hr = partners
    for n in range(5):
        await si.share(await si.group(), names=(f"a{n}.paket-naslov.example",))
    monkeypatch.setattr("zvon.share.door.MAX_BATCH_ENTRIES", 2)
    monkeypatch.setattr("zvon.share.pull.apply_stored", _dies)
    with pytest.raises(RuntimeError, match="killed"):
        await fetch(hr, si)
    assert len(await hr.rows("select * from feed_entry where state = 'stored'")) == 5
    monkeypatch.undo()
    assert await fetch(hr, si) == 0
    assert len(await hr.rows("select * from record where kind = 'event'")) == 5


async def _dies(*_: object) -> int:
    raise RuntimeError("killed")


async def test_an_entry_changed_on_the_way_is_refused(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await si.share(await si.group())
    await si.rows(
        "update feed_entry set body = convert_to(replace(convert_from(body, 'UTF8'), 'paket',"
        " 'promet'), 'UTF8') returning n"
    )
    with pytest.raises(PeerError, match="does not belong to the signed feed"):
        await fetch(hr, si)
    await nothing_came(hr)


async def test_a_checkpoint_of_another_key_is_refused(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await rewrite(si, [{}], key=Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    with pytest.raises(PeerError, match="not signed by its origin"):
        await fetch(hr, si)
    await nothing_came(hr)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"prev": bytes(32)}, "does not follow"),
        ({"n": 4}, "says that it is entry 4"),
        ({"data": b"{}"}, "malformed"),
        ({"data": b"\xff" * 50}, "malformed"),
        ({"data": b"[" * 100_000}, "deeply|malformed"),
    ],
)
async def test_a_signed_feed_with_a_bad_entry_is_refused_whole(
    partners: tuple[Two, Two], entry: dict[str, Any], reason: str
) -> None:
    si, hr = partners
    await rewrite(si, [{}, entry])
    with pytest.raises(PeerError, match=reason):
        await fetch(hr, si)
    await nothing_came(hr)


async def test_an_entry_of_another_group_or_origin_is_refused(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await rewrite(si, [{"prev": genesis(UUID(int=1), si.context.node.uuid)}])
    with pytest.raises(PeerError, match="does not follow"):
        await fetch(hr, si)
    await nothing_came(hr)


async def test_a_fork_freezes_the_feed_and_keeps_both_notes(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await si.share(await si.group())
    await fetch(hr, si)
    first = (await hr.rows("select note from checkpoint where size = 1"))[0]["note"]
    await rewrite(si, [{}])
    with pytest.raises(Forked):
        await fetch(hr, si)
    partner = await hr.peer(si)
    assert partner.state == "frozen"
    assert partner.state_reason.startswith("EQUIVOCATION")
    (evidence,) = await hr.rows("select first_note, second_note from equivocation")
    (forged,) = await si.rows("select note from checkpoint")
    assert evidence == {"first_note": first, "second_note": forged["note"]}
    (audit,) = await hr.rows("select outcome from audit where rule = 'equivocation'")
    assert audit["outcome"] == "refused"
    with pytest.raises(Frozen):
        await fetch(hr, si)


async def test_a_longer_fork_is_found_by_the_missing_proof(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    await si.share(await si.group())
    await fetch(hr, si)
    await rewrite(si, [{}, {}, {}])
    with pytest.raises(Forked):
        await fetch(hr, si)
    assert len(await hr.rows("select * from feed_entry")) == 1
    assert len(await hr.rows("select * from equivocation")) == 1


async def test_a_feed_that_shrinks_is_refused_but_not_called_a_fork(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    group = await si.group()
    await si.share(group)
    await si.share(group, names=("b.paket-naslov.example",))
    await fetch(hr, si)
    await si.rows("delete from checkpoint where size = 2 returning size")
    with pytest.raises(Shrunk):
        await fetch(hr, si)
    assert await hr.rows("select * from equivocation") == []
    assert (await hr.peer(si)).state == "active"


async def test_a_membership_that_swaps_a_known_key_is_refused(
    partners: tuple[Two, Two], third: Two
) -> None:
    """An admin of one group must not be able to speak as a member of another."""
    si, hr = partners
    await invitation.accept(third.context, third.admin, await si.invite())
    for node in (si, hr, third):
        await node.work()
    async with hr.context.pool.connection() as db:
        member = await group.self_as_member(db, hr.context.node, "https://127.0.0.1:1", hr.now)
    forged = msgspec.structs.replace(member, signing_key="ab" * 32)
    with pytest.raises(KeyChanged):
        async with transaction(third.context.pool, third.now) as tx:
            await group._partner(tx, forged, third.now, third.context.random)
    assert (await third.peer(hr)).signing_key == hr.context.node.signing_public


async def test_two_pulls_at_once_apply_an_entry_once(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    for n in range(4):
        await si.share(await si.group(), names=(f"a{n}.paket-naslov.example",))
    await asyncio.gather(*(fetch(hr, si) for _ in range(3)))
    rows = await hr.rows("select state, problem from feed_entry")
    assert [tuple(r.values()) for r in rows] == [("applied", "")] * 4
    assert len(await hr.rows("select * from incident")) == 4


async def test_the_leader_of_a_group_cannot_make_its_rules_laxer_later(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    (before,) = await hr.rows("select max_tlp, policy from share_group")
    async with transaction(si.context.pool, si.now) as tx:
        stored = await peer.lock_group(tx, await si.group())
        document, _ = membership.parse(stored.membership)
        lax = GroupPolicy(max_tlp="amber+strict", agreement={"url_query": "keep"})
        following = msgspec.structs.replace(
            document, version=3, previous=membership.fingerprint(stored.membership), policy=lax
        )
        node = si.context.node
        note = membership.write(following, [(node.uuid, node.signing)])
        await group.adopt(tx, following, note, node, si.now, si.context.random)
    await fetch(hr, si)
    (after,) = await hr.rows("select version, max_tlp, policy from share_group")
    assert after == {"version": 3, **before}


async def test_the_leader_renews_a_membership_before_it_expires(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    for node in (si, hr):
        node.set_clock(timedelta(days=340))
        async with transaction(node.context.pool, node.now) as tx:
            await node.enqueue_poll(tx)
        await node.work()
    assert [r["version"] for r in await hr.rows("select version from share_group")] == [3]
    for node in (si, hr):
        node.set_clock(timedelta(days=366))
    assert await fetch(hr, si) == 0
    for node in (si, hr):
        node.set_clock(timedelta(days=720))
    with pytest.raises(PeerError, match="403"):
        await fetch(hr, si)
