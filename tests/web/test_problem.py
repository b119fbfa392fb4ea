"""A refusal is said to people in their language, and to programs by a code that stays."""

from http import HTTPStatus
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient
from litestar import get

from tests.web.house import NOBODY, PROBLEM, House
from zvon.locale import translator
from zvon.model.guard import GuardNotReady
from zvon.store import person
from zvon.store.rule_pack import NotInState
from zvon.store.transaction import transaction
from zvon.web.app import _litestar
from zvon.web.problem import problem_of

MISSING = f"/api/v1/incidents/{NOBODY}"
SAID = {
    "sl": "Takega incidenta ni ali pa ni za vas.",
    "hr": "Takvog incidenta nema ili nije za vas.",
    "en": "There is no such incident, or it is not for you.",
}
HOSTILE = [b"", b"xx", b";;q=,,", b"sl;q=nan", b"\xff", b"hr" * 5000]


@get("/broken")
async def broken() -> str:
    """A route that fails for a reason that concerns nobody outside."""
    raise RuntimeError("the password is hunter2")


async def spoken_by(house: House, lang: str) -> dict[str, str]:
    """The cookie of a session of somebody who speaks `lang`."""
    cookie, _ = await house.session("ana")
    async with transaction(house.pool, house.clock()) as tx:
        ana = house.viewers["ana"].person_id
        await person.set_preferences(tx, ana, lang=lang, theme="system", keys_on=True)
    return cookie


@pytest.mark.parametrize("lang", SAID)
async def test_a_person_is_told_in_their_language(house: House, lang: str) -> None:
    cookie = await spoken_by(house, lang)
    answer = await house.get(None, MISSING, headers={**cookie, "Accept-Language": "en"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM
    assert answer.headers["content-language"] == lang
    said = answer.json()
    assert (said["title"], said["code"]) == (SAID[lang], "not_found")
    assert said["detail"] == (await house.get("ana", MISSING)).json()["detail"]


@pytest.mark.parametrize(("headers", "lang"), [
    ({}, "en"),
    ({"Accept-Language": "de"}, "en"),
    ({"Accept-Language": "hr-HR,hr;q=0.9,en;q=0.1"}, "hr"),
    ({"Accept-Language": "sl"}, "sl"),
    ({"Accept-Language": "sl", "Cookie": "zvon_lang=hr"}, "sl"),
])  # fmt: skip
async def test_a_key_is_told_in_the_language_that_it_asks_for(
    house: House, headers: dict[str, str], lang: str
) -> None:
    await spoken_by(house, "sl")
    answer = await house.get("ana", MISSING, headers=headers)
    assert answer.json()["title"] == SAID[lang]
    assert answer.headers["content-language"] == lang


@pytest.mark.parametrize(("headers", "title"), [
    ({}, "Please sign in."),
    ({"Cookie": "zvon_lang=sl"}, "Prijavite se."),
    ({"Cookie": "zvon_lang=xx", "Accept-Language": "hr"}, "Prijavite se."),
])  # fmt: skip
async def test_who_is_not_signed_in_yet_is_told_in_the_language_of_the_page(
    house: House, headers: dict[str, str], title: str
) -> None:
    said = (await house.get(None, MISSING, headers=headers)).json()
    assert (said["title"], said["code"]) == (title, "sign_in_needed")


@pytest.mark.parametrize("asked", HOSTILE)
async def test_a_language_that_is_none_is_english(house: House, asked: bytes) -> None:
    answer = await house.client.get(MISSING, headers={b"Accept-Language": asked})
    assert (answer.status_code, answer.json()["title"]) == (401, "Please sign in.")
    bad = await house.client.get("/receipt/%ff", headers={b"Accept-Language": asked})
    assert (bad.status_code, bad.json()["title"]) == (400, "The request could not be read.")


async def test_an_address_that_is_no_text_is_refused_in_the_language_asked_for(
    house: House,
) -> None:
    answer = await house.get(None, "/receipt/%ff", headers={"Accept-Language": "sl"})
    said = answer.json()
    assert (said["status"], said["code"]) == (400, "http_400")
    assert said["title"] == "Zahteve ni bilo mogoče prebrati."


async def test_a_page_says_the_sentence_and_below_it_what_exactly(house: House) -> None:
    cookie = await spoken_by(house, "sl")
    wants = {**cookie, "Accept": "text/html"}
    page = (await house.get(None, f"/incidents/{NOBODY}", headers=wants)).text
    exact = (await house.get("ana", MISSING)).json()["detail"]
    assert f"<h1>{SAID['sl']}</h1>" in page
    assert f'<p class="hint" lang="en">{exact}</p>' in page
    part = await house.get(None, f"/incidents/{NOBODY}", headers={**cookie, "HX-Request": "true"})
    assert SAID["sl"] in part.text
    assert f'<small lang="en">{exact}</small>' in part.text
    nowhere = (await house.get(None, "/nowhere", headers=wants)).text
    assert "Tu ni ničesar ali pa ni za vas." in nowhere
    assert "Not Found" not in nowhere


async def test_an_error_of_ours_tells_nothing_of_itself(house: House) -> None:
    app = _litestar(house.context, [broken])
    transport = ASGITransport(app=app)  # type: ignore[arg-type]
    async with AsyncClient(transport=transport, base_url="http://node.example") as client:
        answer = await client.get("/broken", headers={"Accept-Language": "hr"})
    assert answer.status_code == 500
    assert answer.json() == {
        "status": 500,
        "code": "http_500",
        "title": "Pogreška je naša. Zapisali smo je.",
        "detail": "an error of ours; it was logged",
    }


@pytest.mark.parametrize(("error", "told"), [
    (NotInState("draft, wanted active"), (409, "not_in_state", "draft, wanted active")),
    (GuardNotReady("tranco is missing"), (503, "guard_not_ready", "tranco is missing")),
    (LookupError("no such thing"), (404, "http_404", "no such thing")),
    (ValueError("no"), (422, "http_422", "no")),
    (KeyError("x"), (404, "http_404", "x")),
    (RecursionError("deep"), (400, "http_400", "the body is nested too deeply")),
    (ZeroDivisionError("x"), (500, "http_500", "an error of ours; it was logged")),
])  # fmt: skip
def test_what_is_ours_has_a_code_of_its_own(error: Exception, told: tuple[Any, ...]) -> None:
    said = problem_of(error, translator("sl"))
    assert (HTTPStatus(said.status), said.code, said.detail) == told
    assert said.title.endswith(".")
