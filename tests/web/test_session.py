"""Signing in and out: passwords, one-time links, the throttle, and where one goes on."""

from datetime import timedelta

import pytest

from tests.web.house import PASSWORD, PROBLEM, House
from zvon.access import person as people
from zvon.access.session import ATTEMPTS, WINDOW
from zvon.store.transaction import transaction

PAGE = {"Accept": "text/html"}
SESSION = "/api/v1/session"


async def link(house: House, login: str = "ana") -> str:
    """The token of a one-time link, as an administrator makes it."""
    made = await house.post("ada", f"/api/v1/people/{house.ids[login]}/link")
    assert made.status_code == 201, made.text
    return str(made.json()["link"]).rpartition("/link/")[2]


async def test_a_password_opens_a_session_until_it_is_closed(house: House) -> None:
    opened = await house.client.post(SESSION, json={"login": "ana", "password": PASSWORD})
    assert opened.status_code == 201
    assert (opened.json()["login"], opened.json()["roles"]) == ("ana", ["analyst"])
    cookie = opened.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await house.client.get("/api/v1/incidents")).status_code == 200
    kept = dict(house.client.cookies)
    token = {"X-CSRF-Token": opened.json()["csrf"]}
    assert (await house.client.delete(SESSION, headers=token)).status_code == 204
    house.client.cookies.update(kept)
    assert (await house.client.get("/api/v1/incidents")).status_code == 401


async def test_a_session_ends_by_itself(house: House) -> None:
    cookie, _ = await house.session("ana")
    house.clock.forward(timedelta(hours=11))
    assert (await house.get(None, "/api/v1/incidents", headers=cookie)).status_code == 200
    house.clock.forward(timedelta(hours=2))
    assert (await house.get(None, "/api/v1/incidents", headers=cookie)).status_code == 401


async def test_an_unknown_login_and_a_wrong_password_are_the_same_answer(house: House) -> None:
    said = set()
    for login in ("ana", "nobody", "ana\0", "", "é" * 200):
        answer = await house.client.post(
            SESSION, json={"login": login or "-", "password": "not this one"}
        )
        assert answer.status_code == 401
        assert answer.headers["content-type"] == PROBLEM
        assert "set-cookie" not in answer.headers
        said.add(answer.text)
    assert len(said) == 1


async def test_too_many_wrong_passwords_ask_to_wait_even_the_right_one(house: House) -> None:
    for _ in range(ATTEMPTS):
        answer = await house.client.post(SESSION, json={"login": "ana", "password": "wrong"})
        assert answer.status_code == 401
    right = {"login": "ana", "password": PASSWORD}
    assert (await house.client.post(SESSION, json=right)).status_code == 429
    page = await house.client.post("/signin", data=right, headers=PAGE)
    assert page.status_code == 429
    assert "set-cookie" not in page.headers
    other = {"login": "bor", "password": PASSWORD}
    assert (await house.client.post(SESSION, json=other)).status_code == 201
    house.clock.forward(WINDOW + timedelta(seconds=1))
    assert (await house.client.post(SESSION, json=right)).status_code == 201


async def test_a_link_works_once_and_for_a_day(house: House) -> None:
    token = await link(house)
    looked = await house.get(None, f"/link/{token}", headers=PAGE)
    assert looked.status_code == 200  # looking does not use it up
    used = await house.client.post("/link", data={"token": token}, headers=PAGE)
    assert used.status_code == 303
    assert used.headers["location"] == "/queue"
    assert "zvon_session=" in used.headers["set-cookie"]
    again = await house.client.post("/link", data={"token": token}, headers=PAGE)
    assert again.status_code == 401
    assert "set-cookie" not in again.headers
    assert (await house.client.post(SESSION, json={"link": token})).status_code == 401
    late = await link(house)
    house.clock.forward(timedelta(hours=25))
    assert (await house.client.post(SESSION, json={"link": late})).status_code == 401


async def test_a_newer_link_ends_the_older(house: House) -> None:
    older, newer = await link(house), await link(house)
    assert (await house.client.post(SESSION, json={"link": older})).status_code == 401
    assert (await house.client.post(SESSION, json={"link": newer})).status_code == 201


async def test_a_closed_account_has_no_session_and_no_key(house: House) -> None:
    cookie, _ = await house.session("ana")
    async with transaction(house.pool, house.clock()) as tx:
        await people.set_disabled(tx, house.viewers["ada"], house.ids["ana"], disabled=True)
    assert (await house.get(None, "/api/v1/incidents", headers=cookie)).status_code == 401
    assert (await house.get("ana", "/api/v1/incidents")).status_code == 401
    answer = await house.client.post(SESSION, json={"login": "ana", "password": PASSWORD})
    assert answer.status_code == 401


@pytest.mark.parametrize("body", [
    {}, {"login": "ana"}, {"password": PASSWORD}, {"login": "", "password": ""},
])  # fmt: skip
async def test_half_a_sign_in_is_told_what_is_missing(house: House, body: dict[str, str]) -> None:
    answer = await house.client.post(SESSION, json=body)
    assert answer.status_code == 422
    assert "login and password" in answer.json()["detail"]


ELSEWHERE = [
    "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example", "/\n/evil.example", " //evil.example", "javascript:alert(1)", "evil.example",
    "///evil.example", "/%0d%0aX-Evil:%201\r\nX-Evil: 1", "//[", "http:evil.example", "",
]  # fmt: skip


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
async def test_signing_in_leads_to_no_other_site(house: House, elsewhere: str) -> None:
    form = {"login": "ana", "password": PASSWORD, "next": elsewhere}
    answer = await house.client.post("/signin", data=form, headers=PAGE)
    chosen = await house.client.post("/preferences", data={"lang": "hr", "back": elsewhere})
    for led in (answer, chosen):
        assert led.status_code == 303, led.text
        place = led.headers["location"]
        assert place.startswith("/")
        assert not place.startswith(("//", "/\\"))
        assert place.isascii()
        assert place.isprintable()
        assert "x-evil" not in led.headers


async def test_signing_in_goes_on_where_one_was(house: House) -> None:
    form = {"login": "ana", "password": PASSWORD, "next": "/incidents/1?a=b"}
    answer = await house.client.post("/signin", data=form, headers=PAGE)
    assert answer.headers["location"] == "/incidents/1?a=b"


async def test_preferences_stay_with_the_person(house: House) -> None:
    cookie, _ = await house.session("ana")
    form = {"lang": "hr", "theme": "dark", "keys": "off", "back": "/queue"}
    answer = await house.client.post("/preferences", data=form, headers=cookie)
    assert answer.headers["location"] == "/queue"
    house.client.cookies.clear()
    page = await house.get(None, "/queue", headers={**cookie, **PAGE})
    assert page.headers["content-language"] == "hr"
    bad = await house.client.post("/preferences", data={"lang": "<x>"}, headers=cookie)
    assert bad.status_code == 303
    assert "zvon_lang" not in bad.headers.get("set-cookie", "")
