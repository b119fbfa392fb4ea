"""Who may come in by which door, and what every answer says to the browser."""

from datetime import timedelta
from typing import Any

import pytest
from litestar import get
from litestar.handlers import BaseRouteHandler

from tests.web.house import NOBODY, PROBLEM, ROLES, House, filled
from zvon.access import key as keys
from zvon.access.permission import SHIPPED_ROLES, Permission
from zvon.store.transaction import transaction
from zvon.web import app as application
from zvon.web.app import create_app
from zvon.web.doorkeeper import PUBLIC, SIGNED_IN, NoPermissionNamed
from zvon.web.pages import PAGES

LIVE = "/api/v1/live"
OPEN = {
    ("POST", "/api/v1/reports"),
    ("GET", "/api/v1/receipts/{token}"),
    ("POST", "/api/v1/session"),
    ("GET", "/api/v1/status"),
    # Published counts, with noise.
    ("GET", "/api/v1/statistics"),
    ("GET", "/api/v1/statistics/csv"),
    # A webhook signs with the secret of its source.
    ("POST", "/in/{id}"),
    # Outposts sign with their own key.
    ("POST", "/api/v1/outposts/enrolment"),
    ("GET", "/api/v1/outposts/{id}/work"),
    ("POST", "/api/v1/outposts/{id}/receipts"),
    ("POST", "/api/v1/outposts/{id}/hits"),
    # So do collectors; the clock is what one with a wrong clock asks first.
    ("POST", "/api/v1/collectors/enrolment"),
    ("POST", "/api/v1/collectors/clock"),
    ("POST", "/api/v1/collectors/{id}/batches"),
    ("POST", "/api/v1/collectors/{id}/status"),
    ("GET", "/api/v1/check"),
    ("GET", "/api/v1/transparency/checkpoint"),
    ("GET", "/api/v1/transparency/consistency"),
    ("GET", "/api/v1/transparency/entries"),
    ("GET", "/api/v1/transparency/proof"),
    ("GET", "/appeal"),
    ("POST", "/appeal"),
    ("GET", "/appeal/{token}"),
    ("GET", "/check"),
    ("GET", "/favicon.ico"),
    ("GET", "/link/{token}"),
    ("POST", "/link"),
    ("POST", "/preferences"),
    ("GET", "/receipt/{token}"),
    ("GET", "/report"),
    ("POST", "/report"),
    ("GET", "/signin"),
    ("POST", "/signin"),
    # A passkey and an OpenID provider are other ways through the same door.
    ("GET", "/signin/oidc"),
    ("GET", "/signin/oidc/back"),
    ("POST", "/api/v1/passkeys/sign-in"),
    ("POST", "/api/v1/passkeys/sign-in/options"),
    ("GET", "/static/{path}"),
    ("GET", "/transparency"),
}
PAGE = {"Accept": "text/html"}


@get("/forgotten")
async def forgotten() -> str:
    """A route that nobody gave a lock."""
    return "open"


async def test_an_application_with_a_route_without_a_permission_does_not_start(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: tuple[BaseRouteHandler, ...] = (*PAGES, forgotten)
    monkeypatch.setattr(application, "PAGES", pages)
    with pytest.raises(NoPermissionNamed, match="forgotten"):
        create_app(house.context)


async def test_only_the_doors_that_we_mean_are_open_to_everybody(house: House) -> None:
    assert {(m, p) for m, p, wanted in house.routes() if wanted == PUBLIC} == OPEN
    assert len(house.routes()) > 50


@pytest.mark.parametrize("who", ROLES)
async def test_a_role_is_refused_exactly_where_it_lacks_the_permission(
    house: House, who: str
) -> None:
    refused = []
    for method, path, wanted in house.routes():
        if wanted in {PUBLIC, SIGNED_IN}:
            continue
        lacks = Permission(wanted) not in SHIPPED_ROLES[ROLES[who]]
        if path == LIVE and not lacks:
            continue  # it does not end; `test_live.py` reads it
        answer = await house.ask(who, method, filled(path), json={} if method == "POST" else None)
        assert (answer.status_code == 403) is lacks, (method, path, answer.text)
        assert answer.status_code != 401
        if lacks:
            assert answer.headers["content-type"] == PROBLEM
            assert str(wanted) in answer.json()["detail"]
            refused.append((who, str(wanted), filled(path), "permission"))
    assert await house.refusals() == refused


async def test_nobody_comes_in_without_a_key(house: House) -> None:
    for method, path, wanted in house.routes():
        if wanted == PUBLIC:
            continue
        answer = await house.ask(None, method, filled(path), json={} if method == "POST" else None)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["content-type"] == PROBLEM
        assert answer.headers["www-authenticate"] == 'Bearer realm="zvon"'


async def test_a_person_without_a_session_is_led_to_the_door(house: House) -> None:
    answer = await house.get(None, "/queue", headers=PAGE)
    assert answer.status_code in {302, 303, 307}
    assert answer.headers["location"] == "/signin?next=/queue"


@pytest.mark.parametrize("header", [
    "Bearer", "Bearer ", "Bearer zvon_", "Bearer zvon__", "Bearer zvon_0_0", "Bearer x_y_z",
    "Basic YTpi", "Bearer \xff\xfe", "bearer zvon_%00_%00", "Bearer zvon_é_é",
])  # fmt: skip
async def test_a_key_that_is_none_opens_nothing(house: House, header: str) -> None:
    answer = await house.client.get(
        "/api/v1/incidents", headers={b"Authorization": header.encode("latin-1")}
    )
    assert answer.status_code == 401


async def test_a_wrong_an_expired_and_a_revoked_key_open_nothing(house: House) -> None:
    key = house.keys["ana"]
    last = "0" if key[-1] != "0" else "1"
    house.keys["wrong"] = key[:-1] + last
    assert (await house.get("ana", "/api/v1/incidents")).status_code == 200
    assert (await house.get("wrong", "/api/v1/incidents")).status_code == 401
    async with transaction(house.pool, house.clock()) as tx:
        await keys.revoke(tx, house.viewers["ana"], key.split("_")[1], house.clock())
    assert (await house.get("ana", "/api/v1/incidents")).status_code == 401
    assert (await house.get("bor", "/api/v1/incidents")).status_code == 200
    house.clock.forward(timedelta(days=31))
    assert (await house.get("bor", "/api/v1/incidents")).status_code == 401


async def test_a_wrong_key_beside_a_good_session_is_nobody(house: House) -> None:
    cookie, _ = await house.session("ana")
    assert (await house.get(None, "/api/v1/incidents", headers=cookie)).status_code == 200
    both = {**cookie, "Authorization": "Bearer zvon_00_00"}
    assert (await house.get(None, "/api/v1/incidents", headers=both)).status_code == 401


async def test_a_narrowed_key_may_less_than_its_owner(house: House) -> None:
    made = await house.post(
        "ana", f"/api/v1/people/{house.ids['ana']}/keys",
        {"name": "reads", "permissions": ["incident:read"]},
    )  # fmt: skip
    house.keys["narrow"] = made.json()["key"]
    assert (await house.get("narrow", "/api/v1/incidents")).status_code == 200
    assert (await house.get("narrow", "/api/v1/reports")).status_code == 403


async def noted(house: House, **headers: str) -> int:
    """The status of a note with these headers; 404 is the answer of an opened door."""
    path = f"/api/v1/incidents/{NOBODY}/notes"
    answer = await house.client.post(path, json={"text": "seen"}, headers=headers)
    assert answer.headers["content-type"] == PROBLEM
    return answer.status_code


async def test_a_session_needs_its_token_and_a_key_needs_none(house: House) -> None:
    cookie, csrf = await house.session("ana")
    _, foreign = await house.session("bor")
    assert await noted(house, **cookie) == 403
    assert await noted(house, **cookie, **{"X-CSRF-Token": "0" * 64}) == 403
    assert await noted(house, **cookie, **{"X-CSRF-Token": foreign}) == 403
    assert await noted(house, **cookie, **{"X-CSRF-Token": csrf}) == 404
    key = {"Authorization": f"Bearer {house.keys['ana']}"}
    assert await noted(house, **key) == 404
    assert await noted(house, **key, Origin="https://elsewhere.example") == 404


@pytest.mark.parametrize(("headers", "status"), [
    ({"Origin": "http://node.example"}, 404),
    ({"Origin": "http://node.example", "Sec-Fetch-Site": "same-origin"}, 404),
    ({"Sec-Fetch-Site": "none"}, 404),
    ({"Origin": "https://elsewhere.example"}, 403),
    ({"Origin": "http://node.example.evil.example"}, 403),
    ({"Origin": "http://node.example:81"}, 403),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": "http://node.example", "Sec-Fetch-Site": "cross-site"}, 403),
    ({"Origin": "http://[bad"}, 403),
])  # fmt: skip
async def test_an_unsafe_request_of_another_site_is_refused(
    house: House, headers: dict[str, str], status: int
) -> None:
    cookie, csrf = await house.session("ana")
    assert await noted(house, **cookie, **{"X-CSRF-Token": csrf}, **headers) == status


@pytest.mark.parametrize("path", ["/api/v1/session", "/signin", "/link", "/preferences"])
async def test_no_other_site_signs_somebody_in_or_chooses_for_them(house: House, path: str) -> None:
    form: dict[str, Any] = {"login": "ana", "password": "x", "token": "x", "lang": "hr"}
    given: dict[str, Any] = {"data": form}
    if path == "/api/v1/session":
        given = {"json": {"login": "ana", "password": "x"}}
    answer = await house.client.post(path, headers={"Origin": "https://elsewhere.example"}, **given)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("path", "headers", "status"), [
    ("/signin", PAGE, 200),
    ("/report", PAGE, 200),
    ("/queue", PAGE, None),
    ("/nowhere", PAGE, 404),
    ("/nowhere", {}, 404),
    ("/api/v1/status", {}, 200),
    ("/api/v1/incidents", {}, 401),
    ("/api/schema", {}, 200),
    ("/api/v1/%ff", {}, 404),
    ("/receipt/%ff", {}, 400),
    ("/api/v1/session", {}, 405),
])  # fmt: skip
async def test_every_answer_carries_the_security_headers(
    house: House, path: str, headers: dict[str, str], status: int | None
) -> None:
    answer = await house.get(None, path, headers=headers)
    assert status is None or answer.status_code == status
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"


async def test_static_files_may_be_kept_and_nothing_beside_them_is_read(house: House) -> None:
    good = await house.get(None, "/static/console.css")
    assert good.status_code == 200
    assert "immutable" in good.headers["cache-control"]
    for path in (
        "/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/.hidden.css",
        "/static//etc/passwd.css", "/static/console.py", "/static/..%5capp.css", "/static/",
    ):  # fmt: skip
        answer = await house.get(None, path)
        assert answer.status_code in {404, 405}, path


async def test_a_page_carries_nothing_that_the_policy_would_stop(house: House) -> None:
    cookie, _ = await house.session("bor")
    for path in ("/", "/queue", "/blocks", "/sharing", "/admin", "/signin", "/report"):
        answer = await house.get(None, path, headers={**cookie, **PAGE})
        assert answer.status_code == 200, path
        assert "<style" not in answer.text, path
        assert " style=" not in answer.text, path
        assert " onclick=" not in answer.text, path
        assert "<script>" not in answer.text, path
