"""Every try at the door is one line of the ledger, without an original, also when it was stopped."""

import hashlib
import json
import logging
import os

import msgspec
import pytest
import structlog
from psycopg import OperationalError

from tests.share.world import REMARK, TEXT, World
from zvon.model.disclosure import Door, Outcome
from zvon.model.marking import Tlp
from zvon.privacy.carrier.item import structured_item
from zvon.privacy.engine import Part
from zvon.privacy.facts import Facts
from zvon.share import disclosure, feed, outgoing, release
from zvon.share.doors import door_policy
from zvon.share.keys import current_epoch, domain
from zvon.share.ledger import NotReleased, Recipient, canonical
from zvon.share.passage import facts_of, policy_of
from zvon.share.released import ReleasedText
from zvon.store.disclosure import Disclosure, Wanted
from zvon.store.transaction import Tx, transaction

HELD = f"{TEXT}\nNa seznamu je 46.123.240.11, ne vemo, čigav je."
SECRETS = ("Zupanc", "000 111", "38640000111", "46.123.240.11")


async def lines(world: World, wanted: Wanted | None = None) -> list[Disclosure]:
    """The ledger as the privacy officer reads it, oldest first."""
    officer = msgspec.structs.replace(
        world.approver, permissions=frozenset({*world.approver.permissions})
    )
    async with transaction(world.pool, world.now) as tx:
        found = await disclosure.page(tx.db, officer, wanted or Wanted())
    dump = json.dumps(msgspec.to_builtins(found), ensure_ascii=False)
    assert not any(secret in dump for secret in SECRETS)
    return found[::-1]


async def test_what_left_is_one_line_with_its_hash_policy_and_counts(world: World) -> None:
    share = await world.prepare()
    assert await lines(world) == []
    released = await world.release(share)
    (line,) = await lines(world)
    assert (line.door, line.outcome, line.recipient) == (Door.PEER, Outcome.RELEASED, "slo-cro")
    assert (line.subject, line.share, line.by_login) == (share.incident_number, share.uuid, "bor")
    assert line.policy_sha256 == released.policy.sha256
    assert line.epoch == share.policy["epoch"]
    assert line.content_sha256 == hashlib.sha256(canonical(released.event)).digest()
    assert line.spans["pseudonymise"]["NAME"] == 1
    assert sum(line.spans["keep"].values()) >= 2
    assert line.revoked_at is None


async def test_a_line_says_when_it_was_taken_back_and_the_reason_left_without_names(
    world: World,
) -> None:
    share = await world.prepare()
    await world.release(share)
    async with transaction(world.pool, world.now) as tx:
        await release.revoke(tx, world.approver, share.uuid, "prosila je Maja Zupanc", world.now,
                             world.node)  # fmt: skip
    event, reason = await lines(world)
    assert event.revoked_at == world.now
    assert reason.revoked_at is None
    assert reason.spans["pseudonymise"]["NAME"] == 1
    body = await world.column("select convert_from(body, 'UTF8') from feed_entry order by n")
    assert "Zupanc" not in str(body[-1])
    assert "person-" in str(body[-1])
    assert await world.column("select revoke_reason from share") == ["prosila je Maja Zupanc"]


async def test_a_reason_that_the_gate_stops_leaves_empty_and_nothing_waits_for_it(
    world: World,
) -> None:
    share = await world.prepare()
    await world.release(share)
    async with transaction(world.pool, world.now) as tx:
        await release.revoke(tx, world.approver, share.uuid,
                             "Na seznamu je 46.123.240.11, ne vemo, čigav je.", world.now,
                             world.node)  # fmt: skip
    assert [line.outcome for line in await lines(world)] == [Outcome.RELEASED, Outcome.HELD]
    body = str(
        (await world.column("select convert_from(body, 'UTF8') from feed_entry order by n"))[-1]
    )
    assert '"reason":""' in body.replace(" ", "")


async def test_what_was_stopped_is_a_line_although_its_transaction_was_undone(
    world: World,
) -> None:
    await world.say(HELD)
    share = await world.prepare()
    with pytest.raises(release.StillHeld):
        await world.release(share)
    await world.mark(Tlp.AMBER_STRICT)
    with pytest.raises(release.ShareRefused):
        await world.release(share)
    found = await lines(world)
    assert [(line.outcome, line.reason) for line in found] == [
        (Outcome.HELD, "ASKED"), (Outcome.HELD, "ASKED"), (Outcome.REFUSED, "TLP_ABOVE_GROUP"),
    ]  # fmt: skip
    assert all(line.content_sha256 is None for line in found)
    assert [line.outcome for line in await lines(world, Wanted(outcome=Outcome.REFUSED))] == [
        Outcome.REFUSED
    ]


async def test_pages_follow_one_another_without_a_gap(world: World) -> None:
    await world.say(HELD)
    for _ in range(5):
        await world.prepare()
    everything = (await lines(world))[::-1]
    got: list[Disclosure] = []
    async with transaction(world.pool, world.now) as tx:
        while True:
            after = (got[-1].at, got[-1].id) if got else None
            page = await disclosure.page(tx.db, world.approver, Wanted(), after=after, limit=2)
            if not page:
                break
            got += page
    assert [line.id for line in got] == [line.id for line in everything]
    async with transaction(world.pool, world.now) as tx:
        counted = await disclosure.counts(tx.db, world.approver, Wanted(door=Door.PEER))
        assert counted == {"peer": {"held": 5}}
        with pytest.raises(PermissionError):
            await disclosure.page(tx.db, world.analyst, Wanted())


async def gate(world: World, tx: Tx, text: str) -> ReleasedText:
    marked = {"tlp": Tlp.AMBER, "pap": 1}
    epoch = await current_epoch(tx.db, world.group, world.now)
    return await outgoing.release_text(
        tx, [Part("question", text)],
        Recipient(door=Door.QUESTION, name="slo-cro", subject="q-1", group_uuid=world.group),
        world.now, facts=await facts_of(tx.db, world.node, world.now),
        policy=await policy_of(tx.db, world.group, marked),
        keys=await domain(tx, world.group, epoch, world.node, world.now, os.urandom), by="ana",
    )  # fmt: skip


async def test_a_text_to_a_partner_leaves_gated_or_not_at_all(world: World) -> None:
    async with transaction(world.pool, world.now) as tx:
        same = await gate(world, tx, "Ali je bila prizadeta banka?")
        changed = await gate(world, tx, "Piše nam Maja Zupanc, 040 000 111.")
    assert same.whole == {"question"}
    assert not changed.whole
    assert "Zupanc" not in changed.texts["question"]
    with pytest.raises(NotReleased) as stopped:
        async with transaction(world.pool, world.now) as tx:
            await gate(world, tx, HELD)
    assert stopped.value.reason == "ASKED"
    assert [line.outcome.value for line in await lines(world)] == ["released", "released", "held"]
    assert "ASKED" in await world.column("select rule from audit where outcome = 'refused'")


async def test_a_standard_door_gives_rebuilt_bytes_of_a_misp_event(world: World) -> None:
    event = {"Event": {"uuid": "01940000-0000-4000-8000-000000000001", "info": "Phishing",
                       "date": "2026-11-22", "Attribute": [
        {"type": "domain", "category": "Network activity", "value": "dostava-paketa.example",
         "to_ids": True, "uuid": "01940000-0000-4000-8000-000000000002"},
        {"type": "target-email", "category": "Targeting data", "value": "maja.zupanc@lipa-primer.si",
         "to_ids": False, "uuid": "01940000-0000-4000-8000-000000000003"}]}}  # fmt: skip
    policy = door_policy(Door.EXPORT, [Tlp.AMBER])
    async with transaction(world.pool, world.now) as tx:
        files = await outgoing.release_item(
            tx, structured_item(json.dumps(event).encode(), "misp"),
            Recipient(door=Door.MISP, name="misp.example", subject="event-1"), world.now,
            facts=Facts(), policy=policy, keys=outgoing.key_for_once(policy, os.urandom), by="ana",
        )  # fmt: skip
    (body,) = files.files.values()
    assert b"dostava-paketa.example" in body
    assert b"zupanc" not in body.lower()
    (line,) = await lines(world)
    assert (line.door, line.outcome, line.epoch) == (Door.MISP, Outcome.RELEASED, "once")


@pytest.mark.parametrize("fault", [OperationalError("the connection is lost"),
                                   OSError(28, "No space left on device")])  # fmt: skip
async def test_a_fault_in_the_middle_lets_nothing_leave_and_logs_no_original(
    world: World, fault: Exception, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    share = await world.prepare()

    async def broken(*_: object, **__: object) -> int:
        raise fault

    monkeypatch.setattr(feed, "append", broken)
    with (
        caplog.at_level(logging.DEBUG),
        structlog.testing.capture_logs() as logged,
        pytest.raises(type(fault)) as raised,
    ):
        await world.release(share)
    assert await world.column("select state from share") == ["waiting"]
    for table in ("feed_entry", "pseudonym"):
        assert await world.column(f"select count(*) from {table}") == [0], table
    lines_of = await world.column("select outcome || ' ' || reason from disclosure")
    assert lines_of == ([] if isinstance(fault, OperationalError) else ["refused FAULT"])
    said = f"{caplog.text} {logged} {raised.value} {raised.value!r}"
    assert not any(secret in said for secret in (*SECRETS, REMARK))


async def test_a_missing_key_and_a_policy_with_an_unknown_word_close_the_gate(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    share = await world.prepare()
    wrong = msgspec.structs.replace(world.node, key=bytes(32))
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(ValueError, match=r"pseudonym\.key") as sealed:
            async with transaction(world.pool, world.now) as tx:
                await release.release(tx, world.approver, share.uuid, {}, world.now, wrong)
        async with transaction(world.pool, world.now) as tx:
            await tx.execute("update share_group set policy = policy || '{\"let_all\": true}'")
        with pytest.raises(ValueError, match="let_all") as unknown:
            await world.release(share)
    assert await world.column("select count(*) from feed_entry") == [0]
    assert await world.column("select outcome || ' ' || reason from disclosure order by id") == [
        "refused FAULT_KEY", "refused FAULT_POLICY",
    ]  # fmt: skip
    said = f"{caplog.text} {sealed.value} {unknown.value}"
    assert not any(secret in said for secret in (*SECRETS, REMARK))
