"""Accounts, keys and links over the API, and who may not make them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.web.house import NOBODY, PROBLEM, ROLES, House

NEW = {"login": "nina", "name": "Nina Novak", "roles": ["analyst"], "lang": "sl"}


async def test_an_administrator_makes_an_account_that_signs_in_once_by_link(house: House) -> None:
    made = await house.post("ada", "/api/v1/people", NEW)
    assert made.status_code == 201, made.text
    person = made.json()
    assert (person["login"], person["roles"], person["machine"]) == ("nina", ["analyst"], False)
    link = (await house.post("ada", f"/api/v1/people/{person['id']}/link")).json()["link"]
    assert link.startswith("http://127.0.0.1:8080/link/")
    signed = await house.client.post("/api/v1/session", json={"link": link.rpartition("/")[2]})
    assert (signed.status_code, signed.json()["login"]) == (201, "nina")
    listed = (await house.get("aud", "/api/v1/people")).json()["people"]
    assert {p["login"] for p in listed} >= {*ROLES, "nina"}
    assert "password" not in str(listed)


@pytest.mark.parametrize(("given", "status"), [
    ({"login": "ana"}, 409),
    ({"login": "N"}, 422),
    ({"login": "UPPER"}, 422),
    ({"login": "a b"}, 422),
    ({"login": "a\0b"}, 422),
    ({"login": ""}, 400),
    ({"name": "a\nb"}, 422),
    ({"name": " "}, 422),
    ({"roles": []}, 400),
    ({"roles": ["king"]}, 422),
    ({"roles": ["a\0"]}, 400),
    ({"lang": "xx"}, 400),
    ({"password": "short"}, 422),
    ({"tlp_ceiling": 4}, 400),
])  # fmt: skip
async def test_an_account_that_does_not_fit_is_refused(
    house: House, given: dict[str, Any], status: int
) -> None:
    before = await house.count("person")
    answer = await house.post("ada", "/api/v1/people", {**NEW, **given})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert await house.count("person") == before


async def test_everybody_makes_keys_for_themselves_and_only_administrators_for_others(
    house: House,
) -> None:
    for who in ROLES:
        own = await house.post(who, f"/api/v1/people/{house.ids[who]}/keys", {"name": "mine"})
        assert own.status_code == 201, who
        assert own.json()["key"].startswith("zvon_")
        other = "bor" if who == "ana" else "ana"
        theirs = await house.post(who, f"/api/v1/people/{house.ids[other]}/keys", {"name": "x"})
        assert (theirs.status_code == 201) is (ROLES[who] == "administrator"), who
        if who != "ada":
            assert theirs.status_code == 403
            assert "key" not in theirs.json()
    refused = [(actor, action) for actor, action, _, _ in await house.refusals()]
    assert refused == [(who, "key:create") for who in ROLES if who != "ada"]


async def test_a_key_is_never_more_than_its_owner(house: House) -> None:
    path = f"/api/v1/people/{house.ids['ana']}/keys"
    strong = {"name": "x", "permissions": ["block:approve"]}
    for who in ("ana", "ada"):
        answer = await house.post(who, path, strong)
        assert answer.status_code == 403, who
    unknown = await house.post("ana", path, {"name": "x", "permissions": ["all"]})
    assert unknown.status_code == 400


async def test_a_key_ends_on_its_day(house: House) -> None:
    path = f"/api/v1/people/{house.ids['ana']}/keys"
    house.keys["short"] = (await house.post("ana", path, {"name": "x", "days": 1})).json()["key"]
    assert (await house.get("short", "/api/v1/incidents")).status_code == 200
    house.clock.forward(timedelta(days=1, seconds=1))
    assert (await house.get("short", "/api/v1/incidents")).status_code == 401
    for days in (0, 731, -1):
        assert (await house.post("ana", path, {"name": "x", "days": days})).status_code == 400


async def test_a_narrow_key_makes_no_wide_one(house: House) -> None:
    path = f"/api/v1/people/{house.ids['ana']}/keys"
    narrow = await house.post("ana", path, {"name": "x", "permissions": ["key:own", "report:read"]})
    house.keys["narrow"] = narrow.json()["key"]
    wide = await house.post("narrow", path, {"name": "y"})
    assert wide.status_code == 403


async def test_a_key_or_a_link_for_nobody_is_not_found(house: House) -> None:
    assert (await house.post("ada", f"/api/v1/people/{NOBODY}/link")).status_code == 404
    answer = await house.post("ada", f"/api/v1/people/{NOBODY}/keys", {"name": "x"})
    assert answer.status_code == 404
    assert (
        await house.post("ana", f"/api/v1/people/{NOBODY}/keys", {"name": "x"})
    ).status_code == 404
