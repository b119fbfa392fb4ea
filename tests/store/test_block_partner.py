"""A trusted partner's hour: what one person of a bank or the Post may block alone, and no more."""

import os
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from msgspec import Struct, structs

from tests.blocks import People, people_of, proposal, propose, refusals, rules
from tests.store.world import new_uuid, reported, somebody
from zvon.access.permission import SHIPPED_ROLES
from zvon.access.viewer import Viewer
from zvon.model.advice import NameAdvice
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.lifecycle import BlockState
from zvon.model.observable import Observable, ObservableType
from zvon.model.scope import Scope
from zvon.store import block, block_proof, evidence, observable, party, person, trusted
from zvon.store.block import BlockRow, NotTrusted, OwnProposal, Proposal
from zvon.store.observable import code_of, digest
from zvon.store.transaction import Pool, Tx, transaction
from zvon.store.visibility import viewer_setting

NAME = "posta-si.dostava-paketa.example"
HOUR = timedelta(minutes=60)


class Post(Struct, frozen=True):
    """The Post as a trusted partner: one of its people, and an incident about its brand."""

    eva: Viewer
    incident: UUID
    party: UUID


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


@pytest.fixture
async def post(pool: Pool, people: People, now: datetime) -> Post:
    async with transaction(pool, now) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
        own = await party.own(tx.db)
        home = await party.put(tx, uuid=new_uuid(now), name="Pošta", kind="post", country="SI")
        await trusted.trust(tx, people["ada"], home.uuid, ["si.posta"])
        await aged(tx, "dostava-paketa.example", now - timedelta(days=5), now)
    eva = await somebody(pool, now, home, "eva")
    advice = NameAdvice(name=NAME, scope=Scope.HOST, reason="narrow")
    found = await reported(pool, now, own, names=[advice])
    async with transaction(pool, now) as tx:
        await tx.execute(
            "insert into record_audience select record_id, %s from incident where id = %s",
            (eva.person_id, found.incident_id),
        )
    return Post(eva, found.incident_uuid, home.uuid)


async def aged(tx: Tx, domain: str, since: datetime, now: datetime) -> None:
    """RDAP said when a domain was registered."""
    about = Observable(ObservableType.REGISTERED, domain)
    await observable.known_ids(
        tx, [(digest(code_of(about), domain.encode()), code_of(about), domain)]
    )
    fact = Evidence(observable=about, code=EvidenceCode.REGISTERED, value=since.isoformat(),
                    source="rdap", seen_at=now, expires_at=now + timedelta(days=1))  # fmt: skip
    await evidence.put(tx, None, [fact])


def asked(now: datetime, post: Post, *names: str, scope: Scope = Scope.HOST) -> Proposal:
    return structs.replace(
        proposal(now, *(names or (NAME,)), scope=scope), incident_uuid=post.incident
    )


async def urgent(pool: Pool, who: Viewer, now: datetime, wanted: Proposal) -> list[BlockRow]:
    async with transaction(pool, now, viewer=viewer_setting(who)) as tx:
        return await block.urgent(tx, who, wanted, now, os.urandom)


async def seen(pool: Pool, people: People, uuid: UUID) -> BlockRow:
    async with transaction(pool, datetime.now().astimezone()) as tx:
        return (await block.get(tx.db, people["ana"], uuid)).block


async def test_one_person_of_the_post_blocks_at_once_and_it_lifts_itself(
    pool: Pool, people: People, post: Post, now: datetime
) -> None:
    (row,) = await urgent(pool, post.eva, now, asked(now, post))
    assert (row.state, row.confirm_by, row.approver) == (BlockState.PUBLISHED, now + HOUR, None)
    assert row.expires_at == row.confirm_by
    assert await rules(pool, "hot.si.zvon") == {NAME: "."}
    for at, ended in ((now + HOUR - timedelta(seconds=1), 0), (now + HOUR, 1)):
        async with transaction(pool, at) as tx:  # what `dns` does, with no job queue at all
            assert len(await block_proof.expire(tx, at)) == ended
    after = await seen(pool, people, row.uuid)
    assert after.state is BlockState.LIFTED
    assert after.lift_reason == "not confirmed by a second person in time"
    assert await rules(pool, "hot.si.zvon") == {}


async def test_a_second_person_confirms_and_it_lives_as_any_other(
    pool: Pool, people: People, post: Post, now: datetime
) -> None:
    (row,) = await urgent(pool, post.eva, now, asked(now, post))
    with pytest.raises(block.BadProposal, match="second person"):
        async with transaction(pool, now) as tx:
            await block.renew(tx, people["bor"], [row.uuid], now + 2 * HOUR, "longer", now)
    later = now + timedelta(minutes=59)
    async with transaction(pool, later) as tx:
        (sure,) = await block.approve(tx, people["bor"], [row.uuid], "seen it", later)
    assert (sure.state, sure.confirm_by, sure.approver) == (BlockState.PUBLISHED, None, "bor")
    assert sure.expires_at == now + timedelta(days=14)
    async with transaction(pool, now + HOUR) as tx:
        assert await block_proof.expire(tx, now + HOUR) == []
    async with transaction(pool, later) as tx:
        told = await (
            await tx.execute("select code from timeline where kind = 'block' order by id")
        ).fetchall()
        done = await (await tx.execute("select action from audit order by seq")).fetchall()
    assert [code for (code,) in told][-2:] == ["BLOCK_TO_CONFIRM", "BLOCK_CONFIRMED"]
    assert ("block:confirm",) in done


async def test_the_partner_cannot_confirm_their_own(pool: Pool, post: Post, now: datetime) -> None:
    (row,) = await urgent(pool, post.eva, now, asked(now, post))
    both = structs.replace(post.eva, permissions=SHIPPED_ROLES["approver"])
    with pytest.raises(OwnProposal):
        async with transaction(pool, now) as tx:
            await block.approve(tx, both, [row.uuid], "my own", now)


WIDE: list[tuple[dict[str, object], str]] = [
    ({"names": ((NAME, Scope.HOST_SUB),)}, "wide"),
    ({"names": (("dostava-paketa.example", Scope.REGISTRABLE_SUB),)}, "wide"),
    ({"names": (("other.example", Scope.HOST),)}, "not_of_incident"),
    ({"trigger": "ip", "names": (("203.0.113.9", Scope.HOST),)}, "wide"),
    ({"trigger": "nsdname"}, "wide"),
    ({"incident_uuid": None}, "no_incident"),
    ({"category": "compromised_site"}, "compromised_site"),
    ({"category": "simulation"}, "exercise"),
]


async def test_what_needs_four_eyes_is_refused_and_written_down(
    pool: Pool, post: Post, now: datetime
) -> None:
    for change, _ in WIDE:
        with pytest.raises((NotTrusted, block.GuardRefused)):
            await urgent(pool, post.eva, now, structs.replace(asked(now, post), **change))
    assert [said[2] for said in await refusals(pool)] == [rule for _, rule in WIDE]
    assert await rules(pool, "hot.si.zvon") == {}


async def test_a_protected_name_is_refused_to_the_partner_too(
    pool: Pool, post: Post, now: datetime
) -> None:
    with pytest.raises(block.GuardRefused):
        await urgent(pool, post.eva, now, asked(now, post, "posta.si"))


async def test_nobody_else_has_that_hour(
    pool: Pool, people: People, post: Post, now: datetime
) -> None:
    with pytest.raises(NotTrusted):  # our own analyst
        await urgent(pool, people["ana"], now, asked(now, post))
    async with transaction(pool, now) as tx:  # the same party for another brand
        await trusted.trust(tx, people["ada"], post.party, ["si.nlb"])
    with pytest.raises(NotTrusted):
        await urgent(pool, post.eva, now, asked(now, post))
    async with transaction(pool, now) as tx:  # trust taken away
        await trusted.trust(tx, people["ada"], post.party, [])
    with pytest.raises(NotTrusted):
        await urgent(pool, post.eva, now, asked(now, post))
    assert [rule for _, _, rule in await refusals(pool)] == [
        "not_trusted", "other_brand", "not_trusted",
    ]  # fmt: skip


async def test_an_old_domain_and_one_of_unknown_age_need_two_people(
    pool: Pool, people: People, post: Post, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        await tx.execute("delete from evidence")
    with pytest.raises(NotTrusted, match="how old"):
        await urgent(pool, post.eva, now, asked(now, post))
    async with transaction(pool, now) as tx:
        await aged(tx, "dostava-paketa.example", now - timedelta(days=366), now)
    with pytest.raises(NotTrusted, match="older than a year"):
        await urgent(pool, post.eva, now, asked(now, post))


async def test_the_hour_is_not_taken_again_and_again(pool: Pool, post: Post, now: datetime) -> None:
    await urgent(pool, post.eva, now, asked(now, post))
    async with transaction(pool, now + HOUR) as tx:
        await block_proof.expire(tx, now + HOUR)
    with pytest.raises(NotTrusted, match="two people"):
        await urgent(pool, post.eva, now + HOUR, asked(now + HOUR, post))


async def test_only_a_bank_or_the_post_is_trusted(
    pool: Pool, people: People, post: Post, now: datetime
) -> None:
    async with transaction(pool, now) as tx:
        own = await party.own(tx.db)
    for wrong, brands in ((own.uuid, ["si.posta"]), (post.party, ["no.such"])):
        with pytest.raises(trusted.BadTrust):
            async with transaction(pool, now) as tx:
                await trusted.trust(tx, people["ada"], wrong, brands)
    with pytest.raises(PermissionError):
        async with transaction(pool, now) as tx:
            await trusted.trust(tx, people["ana"], post.party, ["si.nlb"])
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(pool, now) as tx:
            await tx.execute("update party set brands = '{si.posta}' where own")


PUBLISHED = "state = 'published', published_at = proposed_at"
FORGED = [
    # an ordinary proposal, of an analyst or of the partner
    ("ana", PUBLISHED),
    ("ana", PUBLISHED + ", confirm_by = proposed_at + interval '1 hour'"),
    ("eva", PUBLISHED),
    ("eva", "state = 'approved'"),
    # the partner's hour: longer, earlier, later, without an end, wider, elsewhere
    ("hour", PUBLISHED + " - interval '1 minute'"),
    ("hour", PUBLISHED + " + interval '1 hour'"),
    ("hour", PUBLISHED + ", confirm_by = proposed_at + interval '2 hours'"),
    ("hour", PUBLISHED + ", expires_at = proposed_at + interval '2 hours'"),
    ("hour", PUBLISHED + ", confirm_by = null"),
    ("hour", PUBLISHED + ", order_id = 1"),
    ("hour", "state = 'published'"),
    ("hour", "state = 'approved', published_at = proposed_at"),
    ("hour", "scope = 'host_sub'"),
    ("hour", "trigger = 'nsdname'"),
    ("hour", "name = 'other.example'"),
    ("hour", "incident_id = null"),
]


async def test_the_database_lets_exactly_this_case_by(
    pool: Pool, people: People, post: Post, now: datetime
) -> None:
    """Whoever writes past our functions is stopped by the database itself."""
    (ana,) = await propose(pool, people["ana"], now, "a.example")
    (eva,) = await propose(pool, post.eva, now, "b.example")
    ids = {"ana": ana.id, "eva": eva.id, "hour": await waiting_hour(pool, post, now)}
    async with transaction(pool, now) as tx:
        await tx.execute(
            """
            insert into authority_order (uuid, number, authority, reference, kind, state,
              legal_ground, received_at, written_due, expires_at, person_id)
            overriding system value select %s, 'O-26-000001', 'court', 'I 1/26', 'oral',
              'announced', 'law', %s, %s, %s, %s
            """,
            (new_uuid(now), now, now, now + HOUR, people["ana"].person_id),
        )
    for which, change in FORGED:
        with pytest.raises(psycopg.errors.CheckViolation):
            async with transaction(pool, now) as tx:
                await tx.db.execute(f"update block set {change} where id = {ids[which]}".encode())
                pytest.fail(f"{which}: {change}")
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(pool, now) as tx:
            await tx.execute(
                "insert into zone_rule select id, 'x.example', '.', %s, 9 from zone"
                " where kind = 'hot'",
                (ids["hour"],),
            )


@pytest.mark.parametrize("ground", ["brand", "kind", "disabled", "name"])
async def test_the_hour_ends_with_its_ground(
    pool: Pool, post: Post, now: datetime, ground: str
) -> None:
    """Between proposal and publication something of what it rests on went away."""
    hour = await waiting_hour(pool, post, now)
    gone = {
        "brand": "update party set brands = '{si.nlb}' where not own",
        "kind": "update party set brands = '{}', kind = 'company' where not own",
        "disabled": "update person set disabled = true where login = 'eva'",
        "name": "update incident_name set scope = 'none'",
    }[ground]
    async with transaction(pool, now) as tx:
        await tx.db.execute(gone.encode())
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(pool, now) as tx:
            await tx.db.execute(f"update block set {PUBLISHED} where id = {hour}".encode())


async def waiting_hour(pool: Pool, post: Post, now: datetime) -> int:
    """A partner's block for an hour that waits as `validated`."""
    async with transaction(pool, now) as tx:
        row = await (
            await tx.execute(
                """
                insert into block (uuid, number, name, scope, feed_id, incident_id, reason,
                                   legal_ground, proposer_id, proposed_at, expires_at, confirm_by)
                select %s, 'B-26-999999', %s, 'host', f.id, i.id, 'urgent', 'terms', %s, %s, %s, %s
                from feed f, incident i where i.uuid = %s returning id
                """,
                (
                    new_uuid(now),
                    NAME,
                    post.eva.person_id,
                    now,
                    now + HOUR,
                    now + HOUR,
                    post.incident,
                ),
            )
        ).fetchone()
        assert row is not None
        await tx.execute("update block set state = 'validated' where id = %s", (row[0],))
    return int(row[0])


async def test_the_database_takes_that_case_and_never_prolongs_it(
    pool: Pool, post: Post, now: datetime
) -> None:
    hour = await waiting_hour(pool, post, now)
    async with transaction(pool, now) as tx:
        await tx.execute(
            "update block set state = 'published', published_at = %s where id = %s", (now, hour)
        )
    for change in ("expires_at = expires_at + interval '1 hour'", "confirm_by = null",
                   "confirm_by = confirm_by + interval '1 minute'",
                   "published_at = published_at + interval '1 minute'"):  # fmt: skip
        with pytest.raises(psycopg.errors.CheckViolation):
            async with transaction(pool, now) as tx:
                await tx.db.execute(f"update block set {change} where id = {hour}".encode())
    for state in ("enforced", "disputed", "enforced", "expiring", "lifted"):
        async with transaction(pool, now) as tx:
            await tx.execute("update block set state = %s where id = %s", (state, hour))
