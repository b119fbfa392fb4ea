"""The door outward: who may open it, what the analyst sees, and what never passes."""

import json
import os

import msgspec
import pytest

from tests.share.world import TEXT, World
from zvon.access.permission import Denied
from zvon.model.event import Event
from zvon.model.marking import Tlp
from zvon.privacy.engine import BadOverride
from zvon.privacy.register_entry import Entry
from zvon.share import release
from zvon.share.keys import domain
from zvon.store import constituency
from zvon.store import share as rows
from zvon.store.event import NoSuchIncident
from zvon.store.transaction import transaction


async def test_the_analyst_sees_before_and_after(world: World) -> None:
    share = await world.prepare()
    assert share.state == "waiting"
    assert share.before["parts"]["message.text"] == TEXT
    assert share.after is not None
    assert share.after["parts"] == {"message.text": TEXT.removesuffix("?t=7F3K9Q")}
    assert [o["type"] for o in share.after["observables"]] == ["url", "domain"] or [
        o["type"] for o in share.after["observables"]
    ] == ["domain", "url"]
    assert any(s["text"] == "Maja Zupanc" and s["state"] == "pseudonymise" for s in share.spans)
    assert all(s["evidence"] or s["type"] != "IP" for s in share.spans)


async def test_a_release_makes_entry_record_vault_and_audit_in_one(world: World) -> None:
    share = await world.prepare()
    released = await world.release(share)
    assert released.event["uuid"] == str(share.uuid)
    assert msgspec.convert(released.event, Event).verdict == "malicious"
    assert await world.column("select state from share") == ["released"]
    assert await world.column("select kind from feed_entry") == ["add"]
    assert await world.column("select payload->>'uuid' from record where kind = 'event'") == [
        str(share.uuid)
    ]
    actions = await world.column("select action from audit where object = %s", str(share.uuid))
    assert actions == ["share:prepare", "share:release"]
    assert await world.column("select count(*) from pseudonym") != [0]
    left = json.dumps(released.event, ensure_ascii=False)
    for secret in ("Zupanc", "Maja", "000 111", "38640000111", "7F3K9Q", "447700900123"):
        assert secret not in left


async def test_nothing_of_the_victim_is_in_the_audit(world: World) -> None:
    share = await world.prepare()
    number = next(i for i, s in enumerate(share.spans) if s["type"] == "URL")
    await world.release(share, {number: "keep"})
    trail = json.dumps(await world.column("select detail from audit"), ensure_ascii=False)
    assert str(number) in trail
    assert "Zupanc" not in trail
    assert "dostava-paketa" not in trail


async def test_an_analyst_prepares_and_cannot_release(world: World) -> None:
    share = await world.prepare()
    with pytest.raises(Denied):
        await world.release(share, viewer=world.analyst)
    assert await world.column("select state from share") == ["waiting"]
    assert await world.column("select count(*) from feed_entry") == [0]


async def test_one_open_question_holds_the_whole_item_until_it_is_decided(world: World) -> None:
    await world.say(TEXT + "\nNa seznamu je 46.123.240.11, ne vemo, čigav je.")
    share = await world.prepare()
    assert (share.state, share.after, share.open_spans) == ("held", None, 1)
    assert "46.123.240.11" not in json.dumps(share.preview)
    with pytest.raises(release.StillHeld) as held:
        await world.release(share)
    assert held.value.open_spans == 1
    number = next(i for i, s in enumerate(share.spans) if s["state"] == "ask")
    released = await world.release(share, {number: "hide"})
    assert "ip-v-" in released.event["parts"]["message.text"]
    assert "46.123.240.11" not in json.dumps(released.event)


async def test_a_person_may_keep_what_was_asked_and_never_a_card(world: World) -> None:
    await world.say(
        TEXT + "\nNa seznamu je 46.123.240.11, ne vemo, čigav je. Kartica 4111 1111 1111 1111"
    )
    share = await world.prepare()
    asked = next(i for i, s in enumerate(share.spans) if s["state"] == "ask")
    card = next(i for i, s in enumerate(share.spans) if s["type"] == "CARD")
    with pytest.raises(BadOverride):
        await world.release(share, {asked: "keep", card: "keep"})
    released = await world.release(share, {asked: "keep"})
    assert "46.123.240.11" in released.event["parts"]["message.text"]
    assert "4111" not in json.dumps(released.event)
    vault = await world.column("select token from pseudonym")
    assert not any(str(token).startswith("card-") for token in vault)


async def test_red_is_refused_and_the_refusal_is_in_the_audit(world: World) -> None:
    await world.mark(Tlp.RED)
    world.seen_by = "system"
    with pytest.raises(release.ShareRefused) as refused:
        await world.prepare()
    assert refused.value.reason == "TLP_RED"
    assert await world.column("select count(*) from share") == [0]
    assert await world.column("select rule from audit where outcome = 'refused'") == ["TLP_RED"]


async def test_red_is_not_even_there_for_those_who_are_not_named(world: World) -> None:
    share = await world.prepare()
    await world.mark(Tlp.RED)
    with pytest.raises(NoSuchIncident):
        await world.prepare()
    with pytest.raises(rows.NoShare):
        await world.release(share)


async def test_above_the_maximum_of_the_group_is_refused(world: World) -> None:
    await world.mark(Tlp.AMBER_STRICT)
    with pytest.raises(release.ShareRefused) as refused:
        await world.prepare()
    assert refused.value.reason == "TLP_ABOVE_GROUP"


async def test_an_incident_that_became_red_meanwhile_does_not_leave(world: World) -> None:
    share = await world.prepare()
    await world.mark(Tlp.RED)
    world.seen_by = "system"
    with pytest.raises(release.ShareRefused):
        await world.release(share)
    assert await world.column("select count(*) from feed_entry") == [0]


async def test_what_is_benign_is_not_shared(world: World) -> None:
    async with transaction(world.pool, world.now) as tx:
        await tx.execute("update incident set verdict = 'benign'")
    with pytest.raises(release.ShareRefused) as refused:
        await world.prepare()
    assert refused.value.reason == "NOT_MALICIOUS"


async def test_a_release_happens_once_and_can_be_taken_back_once(world: World) -> None:
    share = await world.prepare()
    await world.release(share)
    with pytest.raises(release.NotOpen):
        await world.release(share)
    async with transaction(world.pool, world.now) as tx:
        gone = await release.revoke(
            tx, world.approver, share.uuid, "a mistake", world.now, world.node
        )
    assert (gone.state, gone.revoke_reason) == ("revoked", "a mistake")
    assert await world.column("select kind from feed_entry order by n") == ["add", "revoke"]
    with pytest.raises(release.NotOpen):
        async with transaction(world.pool, world.now) as tx:
            await release.revoke(tx, world.approver, share.uuid, "again", world.now, world.node)


async def test_only_the_door_makes_a_released_value(world: World) -> None:
    released = await world.release(await world.prepare())
    with pytest.raises(TypeError):
        release.Released(
            object(),  # type: ignore[arg-type]
            share_id=1, group_uuid=world.group, policy=released.policy, event={},
        )  # fmt: skip
    with pytest.raises(AttributeError):
        released.event = {}


async def test_a_key_that_cannot_be_opened_lets_nothing_leave(world: World) -> None:
    share = await world.prepare()
    wrong = msgspec.structs.replace(world.node, key=bytes(32))
    with pytest.raises(ValueError, match=r"pseudonym\.key"):
        async with transaction(world.pool, world.now) as tx:
            await release.release(tx, world.approver, share.uuid, {}, world.now, wrong)
    assert await world.column("select state from share") == ["waiting"]
    assert await world.column("select count(*) from feed_entry") == [0]


async def test_the_constituency_is_never_an_attacker(world: World) -> None:
    await world.say(TEXT + "\nPovezave na lipa-primer.si in 46.123.240.11 so nevarne.")
    async with transaction(world.pool, world.now) as tx:
        await constituency.put(
            tx,
            [Entry(kind="domain", value="lipa-primer.si"),
             Entry(kind="prefix", value="46.123.240.0/24")],
            world.now,
        )  # fmt: skip
    share = await world.prepare()
    gone = {s["text"] for s in share.spans if s["state"] == "pseudonymise"}
    assert {"lipa-primer.si", "46.123.240.11"} <= gone


async def test_keys_of_two_epochs_and_groups_differ_and_are_sealed(world: World) -> None:
    async with transaction(world.pool, world.now) as tx:
        a = await domain(tx, world.group, "2026-11", world.node, world.now, os.urandom)
        again = await domain(tx, world.group, "2026-11", world.node, world.now, os.urandom)
        later = await domain(tx, world.group, "2026-12", world.node, world.now, os.urandom)
    assert a == again
    assert a.key != later.key
    stored = await world.column("select key_sealed from pseudonym_key")
    assert all(a.key not in bytes(s) for s in stored)  # type: ignore[call-overload]
    assert a.key.hex() not in repr(a)


async def test_a_share_is_listed_and_read_by_those_who_may(world: World) -> None:
    share = await world.prepare()
    async with transaction(world.pool, world.now) as tx:
        assert [s.uuid for s in await release.list_all(tx.db, world.analyst)] == [share.uuid]
        assert (await release.get(tx.db, world.analyst, share.uuid)).incident_uuid == world.incident
        other = await release.list_all(tx.db, world.analyst, incident_uuid=share.uuid)
        assert other == []
        with pytest.raises(rows.NoShare):
            await release.get(tx.db, world.analyst, world.incident)
        stranger = msgspec.structs.replace(world.analyst, permissions=frozenset())
        with pytest.raises(Denied):
            await release.list_all(tx.db, stranger)
