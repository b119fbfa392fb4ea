"""Brands over the API: a desk sees and changes its own brands, and no report."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

from tests.store.world import ADVICE, new_uuid, reported, somebody
from tests.web.house import House
from zvon.access import key as keys
from zvon.model.advice import Action, NameAdvice
from zvon.model.marking import Tlp
from zvon.model.scope import Scope
from zvon.store import party
from zvon.store.transaction import transaction

POSTA = "/api/v1/brands/si.posta"
HACKED = NameAdvice(name="skola.example", scope=Scope.NONE, reason="path", action=Action.NONE)


@pytest.fixture
async def desk(house: House) -> str:
    """A person at the Post's desk, with a key."""
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        post = await party.put(tx, uuid=new_uuid(now), name="Pošta", kind="post", country="SI")
        await tx.execute("update party set brands = %s where id = %s", (["si.posta"], post.id))
    viewer = await somebody(house.pool, now, post, "desk", roles=("desk",))
    async with transaction(house.pool, now) as tx:
        row = await (
            await tx.execute("select uuid from person where id = %s", (viewer.person_id,))
        ).fetchone()
        assert row is not None
        house.keys["desk"] = await keys.create(tx, viewer, row[0], "test", now, lambda n: b"7" * n,
                                               now + timedelta(days=1))  # fmt: skip
    return "desk"


def row(brand: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """The body of an edit: a brand as it was read, changed."""
    kept = {k: v for k, v in brand.items() if k not in {"id", "verified_by"}}
    return kept | {"reason": "a test of an edit"} | changed


async def put(house: House, who: str, path: str, body: dict[str, Any]) -> Any:
    return await house.ask(who, "PUT", path, json=body)


async def test_a_desk_sees_its_own_brand_and_no_other_by_any_door(house: House, desk: str) -> None:
    said = (await house.get(desk, "/api/v1/brands")).json()
    assert [one["id"] for one in said["brands"]] == ["si.posta"]
    assert len((await house.get("ana", "/api/v1/brands")).json()["brands"]) > 200
    for door in ("", "/versions", "/words", "/attacks"):
        assert (await house.get(desk, f"{POSTA}{door}")).status_code == 200, door
        assert (await house.get(desk, f"/api/v1/brands/hr.posta{door}")).status_code == 404, door
    checked = (await house.get(desk, "/api/v1/brands/check?name=nlb-posta-klik.example")).json()
    assert {hit["brand"] for hit in checked["hits"]} <= {"si.posta"}
    assert (await house.get(desk, "/api/v1/brands/check?name=nlb.si")).json()["official"] is None
    for path in ("reports", "incidents", "blocks", "campaigns/" + str(new_uuid(house.clock()))):
        assert (await house.get(desk, f"/api/v1/{path}")).status_code == 403, path


async def test_a_desk_changes_its_own_brand_only(house: House, desk: str) -> None:
    mine = (await house.get(desk, POSTA)).json()
    other = (await house.get("ana", "/api/v1/brands/hr.posta")).json()
    assert (await put(house, desk, "/api/v1/brands/hr.posta", row(other))).status_code == 403
    for door, body in (("words", {"name": "a.example", "ours": True}), ("verification", {})):
        answer = await house.post(desk, f"/api/v1/brands/hr.posta/{door}", body)
        assert answer.status_code == 403, door
    official = {**mine["official"], "posta-novo.example": "c"}
    said = await put(house, desk, POSTA, row(mine, official=official))
    assert said.status_code == 200
    assert said.json()["brand"]["official"] == official
    assert (await house.post(desk, f"{POSTA}/verification", {})).json()["verified_by"] == "desk"
    assert {rule for *_, rule in await house.refusals()} == {"own_brand"}


async def test_an_edit_is_undone_and_its_history_is_shown(house: House) -> None:
    mine = (await house.get("ana", POSTA)).json()
    assert (await put(house, "ana", POSTA, row(mine, called=["pošta"]))).status_code == 200
    back = await house.post("ana", f"{POSTA}/restoration", {"reason": "it was right"})
    assert back.json()["brand"]["called"] == mine["called"]
    versions = (await house.get("aud", f"{POSTA}/versions")).json()["versions"]
    assert [one["by"] for one in versions] == ["ana", "ana", None]
    again = {"reason": "no such version", "version": 12345}
    assert (await house.post("ana", f"{POSTA}/restoration", again)).status_code == 404


async def test_a_bad_row_names_its_fields(house: House) -> None:
    mine = (await house.get("ana", POSTA)).json()
    answer = await put(house, "ana", POSTA, row(mine, official={"com.hr": "b"}, words=["p"]))
    assert answer.status_code == 422
    assert {one["field"] for one in answer.json()["errors"]} == {"official", "words"}
    assert (await put(house, "ana", POSTA, row(mine, colour="red"))).status_code == 400


def picture(**size: int) -> bytes:
    """A sign with a bar and a corner."""
    image = pytest.importorskip("PIL.Image").new("L", (size.get("wide", 160), 60), 255)
    image.paste(0, (10, 10, 60, 50))
    image.paste(90, (80, 20, 150, 30))
    out = BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


async def test_a_logo_is_kept_as_its_hash(house: House, desk: str) -> None:
    said = await house.ask(desk, "POST", f"{POSTA}/logos", content=picture())
    assert said.status_code == 201, said.text
    (logo,) = said.json()["brand"]["logos"]
    assert len(logo) == 16
    again = await house.ask(desk, "POST", f"{POSTA}/logos", content=picture(wide=161))
    assert logo in again.json()["brand"]["logos"]
    other = await house.ask(desk, "POST", "/api/v1/brands/hr.posta/logos", content=picture())
    assert other.status_code == 403
    for body, status in ((b"no picture", 422), (b"", 422), (b"x" * 600_000, 413)):
        answer = await house.ask(desk, "POST", f"{POSTA}/logos", content=body)
        assert answer.status_code == status, answer.text


async def test_a_word_about_a_name_is_said_and_taken_back(house: House, desk: str) -> None:
    said = await house.post(desk, f"{POSTA}/words", {"name": "posta-natecaj.example", "ours": True})
    assert said.status_code == 201
    (word,) = (await house.get(desk, f"{POSTA}/words")).json()["words"]
    assert (word["name"], word["ours"], word["by"]) == ("posta-natecaj.example", True, "desk")
    checked = await house.get("ana", "/api/v1/brands/check?name=www.posta-natecaj.example")
    assert checked.json() == {
        "name": "www.posta-natecaj.example",
        "official": "si.posta",
        "hits": [],
    }
    path = f"{POSTA}/words/posta-natecaj.example"
    assert (await house.ask(desk, "DELETE", path)).status_code == 200
    assert (await house.ask(desk, "DELETE", path)).status_code == 404
    bad = {"name": "com.hr", "ours": True}
    assert (await house.post(desk, f"{POSTA}/words", bad)).status_code == 422
    assert (await house.get("ana", "/api/v1/brands/check?name=a..b")).status_code == 422


async def test_a_desk_learns_numbers_and_names_of_attacks_and_nothing_else(
    house: House, desk: str
) -> None:
    now = house.clock()
    first = await reported(house.pool, now, house.home, names=(ADVICE, HACKED))
    await reported(house.pool, now, house.home, campaign_id=first.campaign_id, names=(ADVICE,))
    await reported(house.pool, now, house.home, tlp=Tlp.RED,
                   names=(NameAdvice(name="secret.example", scope=Scope.HOST, reason="x"),))  # fmt: skip
    word = {"name": ADVICE.name, "ours": False}
    assert (await house.post(desk, f"{POSTA}/words", word)).status_code == 201
    said = (await house.get(desk, f"{POSTA}/attacks")).json()
    (campaign,) = said["campaigns"]
    assert (campaign["reports"], campaign["names"]) == (2, 1)
    (name,) = said["names"]
    assert (name["name"], name["reports"], name["ours"]) == (ADVICE.name, 2, False)
    assert name["campaign"] == campaign["number"]
    assert name["block"] is None
    assert (await house.get(desk, f"/api/v1/campaigns/{campaign['id']}")).status_code == 403
