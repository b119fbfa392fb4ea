"""The registry of a node: desks change their own brands, and every change is a version and audited."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tests.blocks import People, people_of, propose, publish, refusals
from tests.store.world import new_uuid, somebody
from zvon.access.permission import SHIPPED_ROLES, Denied
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.brand import shipped
from zvon.model.brand_check import BadBrand
from zvon.store import brand, brand_change, party, person
from zvon.store.block import GuardRefused
from zvon.store.desk import NoSuchBrand
from zvon.store.transaction import Pool, transaction

NLB = shipped().by_id["si.nlb"]
LONGER = replace(NLB, official={"nlb.si": "b", "nlb-klik.example": "c"})


@pytest.fixture
async def people(pool: Pool, now: datetime) -> People:
    found = await people_of(pool, now)
    async with transaction(pool, now) as tx:
        await person.put_roles(tx, SHIPPED_ROLES)
    return found


@pytest.fixture
async def desk(pool: Pool, now: datetime, people: People) -> Viewer:
    """A person at the desk of NLB."""
    async with transaction(pool, now) as tx:
        bank = await party.put(tx, uuid=new_uuid(now), name="NLB", kind="bank", country="SI")
        await tx.execute("update party set brands = %s where id = %s", (["si.nlb"], bank.id))
    return await somebody(pool, now, bank, "desk@nlb", roles=("desk",))


async def edited(pool: Pool, who: Viewer, row: Any, now: datetime) -> brand_change.Changed:
    async with transaction(pool, now) as tx:
        return await brand_change.edit(tx, who, row, "a new bank page", now)


async def said(
    pool: Pool, who: Viewer, name: str, now: datetime, *, of: str = "si.nlb", ours: bool = True
) -> brand_change.Changed:
    async with transaction(pool, now) as tx:
        return await brand_change.say(tx, who, of, name, ours=ours, now=now)


async def test_without_changes_the_registry_is_the_one_that_ships(
    pool: Pool, people: People
) -> None:
    async with pool.connection() as db:
        found = await brand.current(db)
        assert found.brands == shipped().brands
        assert await brand.current(db) is found


async def test_an_edit_of_a_desk_counts_at_once_and_is_audited(
    pool: Pool, now: datetime, desk: Viewer
) -> None:
    changed = await edited(pool, desk, LONGER, now)
    assert changed.brand.official == LONGER.official
    async with pool.connection() as db:
        found = await brand.current(db)
        assert found.official("www.nlb-klik.example") == found.by_id["si.nlb"]
        assert found.version != shipped().version
        row = await (
            await db.execute("select actor, detail from audit where action = 'brand:edit'")
        ).fetchone()
    assert row is not None
    assert row[0] == "desk@nlb"
    assert row[1]["added"] == ["nlb-klik.example"]


async def test_what_a_desk_calls_official_can_no_longer_be_blocked(
    pool: Pool, now: datetime, people: People, desk: Viewer
) -> None:
    await edited(pool, desk, LONGER, now)
    await said(pool, desk, "nlb-natecaj.example", now)
    for name in ("nlb-klik.example", "www.nlb-natecaj.example"):
        with pytest.raises(GuardRefused):
            await propose(pool, people["ana"], now, name)
    await propose(pool, people["ana"], now, "nlb-drug.example")


async def test_a_desk_changes_nothing_of_another_brand(
    pool: Pool, now: datetime, desk: Viewer
) -> None:
    other = replace(shipped().by_id["hr.pbz"], words=("pbz", "pbznet"))
    with pytest.raises(Refused):
        await edited(pool, desk, other, now)
    with pytest.raises(Refused):
        await said(pool, desk, "pbz-klik.example", now, of="hr.pbz")
    with pytest.raises(Refused):
        async with transaction(pool, now) as tx:
            await brand_change.verify(tx, desk, "hr.pbz", now)
    with pytest.raises(Refused):
        await edited(pool, desk, replace(NLB, id="si.nova", official={"nova.example": "c"}), now)
    async with pool.connection() as db:
        assert [one.id for one in await brand.visible(db, desk)] == ["si.nlb"]
        for read in (brand.get, brand.history, brand.words):
            with pytest.raises(NoSuchBrand):
                await read(db, desk, "hr.pbz")
        assert (await brand.current(db)).brands == shipped().brands
    assert {row[2] for row in await refusals(pool)} == {"own_brand"}


async def test_a_person_of_a_firm_without_brands_sees_none(
    pool: Pool, now: datetime, people: People
) -> None:
    async with transaction(pool, now) as tx:
        firm = await party.put(tx, uuid=new_uuid(now), name="ISP", kind="isp", country="SI")
    guest = await somebody(pool, now, firm, "guest", roles=("desk",))
    async with pool.connection() as db:
        assert await brand.visible(db, guest) == []
        with pytest.raises(NoSuchBrand):
            await brand.get(db, guest, "si.nlb")


async def test_without_the_permission_nothing_is_changed(
    pool: Pool, now: datetime, people: People
) -> None:
    with pytest.raises(Denied):
        await edited(pool, people["bor"], LONGER, now)  # an approver edits no brands
    with pytest.raises(Denied):
        await said(pool, people["bor"], "nlb-klik.example", now)


async def test_the_operator_adds_a_brand_and_a_bad_row_is_refused(
    pool: Pool, now: datetime, people: People
) -> None:
    new = replace(NLB, id="si.nova", name="Nova", official={"nova.example": "b"},
                  distinctive=("novabanka",), words=(), called=("nova banka",))  # fmt: skip
    await edited(pool, people["ana"], new, now)
    async with pool.connection() as db:
        assert (await brand.current(db)).by_id["si.nova"] == new
        assert [one.version > 0 for one in await brand.history(db, people["ana"], "si.nova")] == [
            True
        ]
    with pytest.raises(BadBrand):
        await edited(pool, people["ana"], replace(new, official={"com.hr": "b"}), now)


async def test_a_change_of_official_names_ends_the_verification(
    pool: Pool, now: datetime, desk: Viewer
) -> None:
    async with transaction(pool, now) as tx:
        assert (await brand_change.verify(tx, desk, "si.nlb", now)).verified_by == "desk@nlb"
        await brand.verify(tx, "hr.zaba", "iva", now)
    await edited(pool, desk, replace(NLB, called=("nlb", "banka nlb")), now)
    async with pool.connection() as db:
        assert await brand.verified(db) == {"si.nlb": "desk@nlb", "hr.zaba": "iva"}
    await edited(pool, desk, LONGER, now)
    async with pool.connection() as db:
        assert await brand.verified(db) == {"hr.zaba": "iva"}
        assert (await brand.current(db)).by_id["si.nlb"].verified_by == ""


async def test_an_edit_is_undone_by_one_more_version(
    pool: Pool, now: datetime, desk: Viewer
) -> None:
    await edited(pool, desk, LONGER, now)
    await edited(pool, desk, replace(LONGER, called=("nlb",)), now + timedelta(hours=1))
    async with transaction(pool, now) as tx:
        back = await brand_change.restore(tx, desk, "si.nlb", "a mistake", now)
        assert back.brand == LONGER
        first = await brand_change.restore(tx, desk, "si.nlb", "all of it", now, version=0)
        assert first.brand == NLB
        with pytest.raises(NoSuchBrand):
            await brand_change.restore(tx, desk, "si.nlb", "what", now, version=99)
    async with pool.connection() as db:
        versions = await brand.history(db, desk, "si.nlb")
    assert [one.by for one in versions] == ["desk@nlb"] * 4 + [None]
    assert versions[-1].version == 0
    assert versions[0].reason == "all of it"


async def test_a_word_about_a_name_counts_until_it_is_taken_back(
    pool: Pool, now: datetime, desk: Viewer
) -> None:
    await said(pool, desk, "NLB-natečaj.example", now)
    async with pool.connection() as db:
        (word,) = await brand.words(db, desk, "si.nlb")
        assert (word.name, word.ours, word.by) == ("xn--nlb-nateaj-tjb.example", True, "desk@nlb")
        assert (await brand.current(db)).official(word.name) is not None
    # The word stays beside the row when the row is edited.
    await edited(pool, desk, LONGER, now)
    async with pool.connection() as db:
        assert (await brand.current(db)).official(word.name) is not None
    async with transaction(pool, now) as tx:
        await brand_change.unsay(tx, desk, "si.nlb", word.name, now)
        with pytest.raises(NoSuchBrand):
            await brand_change.unsay(tx, desk, "si.nlb", word.name, now)
        assert (await brand.current(tx.db)).official(word.name) is None


async def test_not_ours_is_kept_and_says_nothing_of_official_names(
    pool: Pool, now: datetime, desk: Viewer
) -> None:
    await said(pool, desk, "nlb-nagrada.example", now, ours=False)
    async with pool.connection() as db:
        names = ["nlb-nagrada.example", "nlb.si"]
        assert await brand.said_not_ours(db, names) == {"nlb-nagrada.example": "si.nlb"}
        assert (await brand.current(db)).official("nlb-nagrada.example") is None
    for name in ("nlb.si", "www.posta.si"):
        with pytest.raises(BadBrand):
            await said(pool, desk, name, now, ours=False)


@pytest.mark.parametrize("name", ["a..b", "com.hr", "pages.dev", "posta.si", "www.posta.si", "si"])
async def test_a_name_that_is_not_one_brands_cannot_be_called_ours(
    pool: Pool, now: datetime, desk: Viewer, name: str
) -> None:
    with pytest.raises(BadBrand):
        await said(pool, desk, name, now)


async def test_the_word_of_a_desk_alone_lifts_no_block(
    pool: Pool, now: datetime, people: People, desk: Viewer
) -> None:
    await publish(pool, people, now, "nlb-prijava.example")
    changed = await said(pool, desk, "nlb-prijava.example", now)
    assert (changed.blocked, changed.lifted) == (("nlb-prijava.example",), ())
    changed = await said(pool, people["ana"], "nlb-prijava.example", now)
    assert (changed.blocked, changed.lifted) == ((), ("nlb-prijava.example",))


async def test_a_brand_that_is_not_in_the_registry_is_refused(
    pool: Pool, now: datetime, people: People
) -> None:
    with pytest.raises(NoSuchBrand):
        async with transaction(pool, now) as tx:
            await brand.verify(tx, "si.nikogar", "ana", now)
    with pytest.raises(NoSuchBrand):
        await said(pool, people["ana"], "a.example", now, of="si.nikogar")
