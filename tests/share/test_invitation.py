"""Becoming partners, and what an invitation does not open."""

from datetime import timedelta

import msgspec
import pytest

from tests.share.two import Two
from zvon.access.permission import Denied
from zvon.formats import invitation as text
from zvon.formats import membership
from zvon.share import invitation
from zvon.share.client import Rejected, Unreachable, WrongPin
from zvon.share.group import NotAdmin
from zvon.share.invitation import Expired, OwnInvitation
from zvon.store import peer
from zvon.store.transaction import transaction

pytestmark = pytest.mark.slow  # two nodes for each test


async def test_both_know_each_other_with_their_keys(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    for here, there in ((si, hr), (hr, si)):
        known = await here.peer(there)
        assert known.signing_key == there.context.node.signing_public
        assert known.tls_pin == there.context.node.tls_pin
        assert (known.state, known.country) == ("active", there.context.node.country)
    assert await si.group() == await hr.group()
    async with hr.context.pool.connection() as db:
        group = await peer.group(db, await hr.group())
    document, _ = membership.parse(group.membership)
    assert (document.version, document.admins) == (2, (si.context.node.uuid,))
    assert group.members == 2


async def test_a_partner_account_cannot_sign_in_and_has_no_role(partners: tuple[Two, Two]) -> None:
    si, hr = partners
    (account,) = await si.rows(
        "select p.login, p.machine, p.password_hash, o.own,"
        " (select count(*) from person_role r where r.person_id = p.id) as roles"
        " from person p join party o on o.id = p.party_id where p.machine"
    )
    assert account == {
        "login": f"peer:{hr.context.node.name}", "machine": True, "password_hash": None,
        "own": False, "roles": 0,
    }  # fmt: skip


async def test_an_invitation_works_for_one_node_only(si: Two, hr: Two, third: Two) -> None:
    invited = await si.invite()
    await invitation.accept(hr.context, hr.admin, invited)
    await invitation.accept(hr.context, hr.admin, invited)  # its answer may have been lost
    with pytest.raises(Rejected) as refusal:
        await invitation.accept(third.context, third.admin, invited)
    assert refusal.value.status == 403
    assert len(await si.rows("select * from peer")) == 1
    (audit,) = await si.rows("select * from audit where outcome = 'refused'")
    assert (audit["action"], audit["rule"]) == ("peer:join", "SpentInvitation")


async def test_an_expired_invitation_is_refused_on_both_sides(si: Two, hr: Two) -> None:
    invited = await si.invite()
    hr.set_clock(timedelta(days=8))
    with pytest.raises(Expired):
        await invitation.accept(hr.context, hr.admin, invited)
    hr.set_clock(timedelta())
    si.set_clock(timedelta(days=8))
    with pytest.raises(Rejected):
        await invitation.accept(hr.context, hr.admin, invited)


async def test_a_wrong_pin_stops_before_anything_is_sent(si: Two, hr: Two) -> None:
    invited = text.read(await si.invite())
    for pin in ("00" * 32, hr.context.node.tls_pin.hex()):
        forged = text.write(msgspec.structs.replace(invited, tls_pin=pin))
        with pytest.raises(WrongPin):
            await invitation.accept(hr.context, hr.admin, forged)
    assert await si.rows("select * from peer_nonce") == []
    assert await si.rows("select * from invitation where used_at is not null") == []


async def test_a_wrong_signing_key_in_the_invitation_is_refused(si: Two, hr: Two) -> None:
    invited = text.read(await si.invite())
    forged = text.write(
        msgspec.structs.replace(invited, signing_key=hr.context.node.signing_public.hex())
    )
    with pytest.raises(ValueError, match="no admin"):
        await invitation.accept(hr.context, hr.admin, forged)
    assert await hr.rows("select * from peer") == []


async def test_a_wrong_token_learns_nothing(si: Two, hr: Two) -> None:
    invited = text.read(await si.invite())
    for change in ({"token": "00" * 32}, {"group": hr.context.node.uuid}):
        forged = text.write(msgspec.structs.replace(invited, **change))
        with pytest.raises(ValueError):
            await invitation.accept(hr.context, hr.admin, forged)
        assert await hr.rows("select * from peer") == []


async def test_one_cannot_accept_ones_own_or_without_permission(si: Two, hr: Two) -> None:
    invited = await si.invite()
    with pytest.raises(OwnInvitation):
        await invitation.accept(si.context, si.admin, invited)
    with pytest.raises(Denied):
        await invitation.accept(hr.context, hr.boss, invited)
    si.admin = si.boss
    with pytest.raises(Denied):
        await si.invite()


async def test_only_the_leading_node_invites_into_its_group(partners: tuple[Two, Two]) -> None:
    _, hr = partners
    with pytest.raises(NotAdmin):
        await hr.invite(group_uuid=await hr.group())
    shared = await hr.group()
    assert text.read(await hr.invite()).group != shared
    async with hr.context.pool.connection() as db:
        assert len(await peer.groups(db)) == 2  # it founded one of its own


async def test_a_node_that_is_off_cannot_be_accepted(si: Two, hr: Two) -> None:
    invited = await si.invite()
    await si.down()
    with pytest.raises(Unreachable):
        await invitation.accept(hr.context, hr.admin, invited)


async def test_a_removed_partner_is_shut_out_and_no_longer_pulled(
    partners: tuple[Two, Two],
) -> None:
    si, hr = partners
    async with transaction(si.context.pool, si.now) as tx:
        await invitation.remove(
            tx, si.admin, hr.context.node.uuid, "contract ended", node=si.context.node,
            now=si.now, random=si.context.random,
        )  # fmt: skip
    await si.share(await si.group())
    await si.work()
    async with transaction(hr.context.pool, hr.now) as tx:
        await hr.enqueue_poll(tx)
    await hr.work()
    assert "403" in str((await hr.peer(si)).error)
    assert await hr.rows("select * from record where kind = 'event'") == []
    assert (await si.peer(hr)).state == "revoked"
    (group,) = await si.rows("select * from share_group")
    document, _ = membership.parse(bytes(group["membership"]))
    assert document.member(hr.context.node.uuid, si.now + timedelta(seconds=1)) is None
    assert document.epoch == 2
