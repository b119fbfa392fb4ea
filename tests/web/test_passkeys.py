"""Passkeys by the API: added when fresh, used once each, and nothing that is bent is taken."""

import copy
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from httpx import Response

from tests.access.authenticator import PRESENT, Authenticator
from tests.web.house import PROBLEM, House

ORIGIN, SITE = "https://node.example", "node.example"


class Hand:
    """A person at a browser: a session and a passkey."""

    def __init__(self, house: House, login: str) -> None:
        self.house, self.login = house, login
        self.key = Authenticator(ORIGIN, SITE)
        self.headers: dict[str, str] = {}

    async def arrive(self) -> None:
        """Sign in with the password."""
        cookie, csrf = await self.house.session(self.login)
        self.headers = {**cookie, "X-CSRF-Token": csrf}

    async def post(self, path: str, body: Any) -> Response:
        answer = await self.house.post(None, f"/api/v1/{path}", body, headers=self.headers)
        self.house.client.cookies.clear()
        return answer

    async def add(self, name: str = "phone") -> Response:
        """Add the passkey."""
        asked = await self.post("passkeys/options", {})
        assert asked.status_code == 201, asked.text
        return await self.post(
            "passkeys", {"name": name, "credential": self.key.made(asked.json()["options"])}
        )

    async def options(self) -> dict[str, Any]:
        """What the sign-in page asks."""
        asked = await self.house.client.post("/api/v1/passkeys/sign-in/options", json={})
        assert asked.status_code == 201
        found: dict[str, Any] = asked.json()["options"]
        return found

    async def sign_in(self, credential: dict[str, Any] | None = None) -> Response:
        """Sign in with it."""
        sent = credential or self.key.answer(await self.options())
        answer = await self.house.client.post("/api/v1/passkeys/sign-in", json={"credential": sent})
        self.house.client.cookies.clear()
        return answer


@pytest_asyncio.fixture
async def ana(house: House) -> Hand:
    """Ana, signed in, at a node with a name."""
    house.context.settings.public_url = ORIGIN
    hand = Hand(house, "ana")
    await hand.arrive()
    return hand


async def test_a_passkey_is_added_and_signs_in_without_a_name(house: House, ana: Hand) -> None:
    assert (await ana.add()).status_code == 201
    asked = await ana.options()
    assert asked["userVerification"] == "required"
    assert not asked.get("allowCredentials")
    answer = await ana.sign_in()
    assert answer.status_code == 201, answer.text
    assert answer.json()["login"] == "ana"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-zvon_session=")
    kept = {"Cookie": cookie.split(";")[0]}
    rows = (await house.get(None, "/api/v1/sessions", headers=kept)).json()["sessions"]
    here = next(r for r in rows if r["here"])
    assert (here["method"], here["strong_at"] is not None) == ("passkey", True)
    assert (await ana.sign_in()).status_code == 201


async def test_several_passkeys_and_each_can_be_removed(house: House, ana: Hand) -> None:
    await ana.add("phone")
    first, ana.key = ana.key, Authenticator(ORIGIN, SITE)
    await ana.add("stick")
    known = await house.get(None, "/api/v1/passkeys", headers=ana.headers)
    names = {k["name"]: k["id"] for k in known.json()["passkeys"]}
    assert set(names) == {"phone", "stick"}
    bor = Hand(house, "bor")
    await bor.arrive()
    door = f"/api/v1/passkeys/{names['phone']}"
    assert (await house.ask(None, "DELETE", door, headers=bor.headers)).status_code == 404
    assert (await house.ask(None, "DELETE", door, headers=ana.headers)).status_code == 204
    assert (await ana.sign_in()).status_code == 201
    ana.key = first
    assert (await ana.sign_in()).status_code == 401


async def test_the_same_passkey_is_kept_once(house: House, ana: Hand) -> None:
    assert (await ana.add()).status_code == 201
    bor = Hand(house, "bor")
    await bor.arrive()
    bor.key = ana.key
    assert (await bor.add()).status_code == 409


async def test_an_answer_counts_once(house: House, ana: Hand) -> None:
    asked = (await ana.post("passkeys/options", {})).json()["options"]
    made = {"name": "phone", "credential": ana.key.made(asked)}
    assert (await ana.post("passkeys", made)).status_code == 201
    assert (await ana.post("passkeys", made)).status_code in {409, 422}
    credential = ana.key.answer(await ana.options())
    assert (await ana.sign_in(credential)).status_code == 201
    assert (await ana.sign_in(credential)).status_code == 401


async def test_a_counter_that_goes_back_is_a_copy_and_refused(house: House, ana: Hand) -> None:
    await ana.add()
    for _ in range(3):
        assert (await ana.sign_in()).status_code == 201
    ana.key.count = 1
    assert (await ana.sign_in()).status_code == 401
    assert ("anonymous", "session:sign_in", "ana", "passkey") in await house.refusals()


async def test_what_is_bent_opens_nothing_and_says_nothing(house: House, ana: Hand) -> None:
    await ana.add()
    good = ana.key

    async def bent(**changes: Any) -> Response:
        for name, value in changes.items():
            setattr(good, name, value)
        try:
            return await ana.sign_in()
        finally:
            good.origin, good.site, good.flags, good.user = ORIGIN, SITE, 5, house.ids["ana"].bytes

    said = set()
    for changes in (
        {"origin": "https://evil.example"}, {"site": "evil.example"}, {"flags": PRESENT},
        {"flags": 4}, {"user": house.ids["bor"].bytes}, {"user": b""},
    ):  # fmt: skip
        answer = await bent(**changes)
        assert answer.status_code == 401, changes
        assert answer.headers["content-type"] == PROBLEM
        said.add(answer.text)
    stranger = Authenticator(ORIGIN, SITE)
    stranger.user = house.ids["ana"].bytes
    said.add((await ana.sign_in(stranger.answer(await ana.options()))).text)
    assert len(said) == 1
    assert (await ana.sign_in()).status_code == 201


async def test_a_challenge_of_another_purpose_time_or_node_is_refused(
    house: House, ana: Hand
) -> None:
    await ana.add()
    confirm = (await ana.post("passkeys/confirm/options", {})).json()["options"]
    assert (await ana.sign_in(ana.key.answer(confirm))).status_code == 401
    late = await ana.options()
    house.clock.forward(timedelta(minutes=6))
    assert (await ana.sign_in(ana.key.answer(late))).status_code == 401
    made_up = {**late, "challenge": "A" * 54}
    assert (await ana.sign_in(ana.key.answer(made_up))).status_code == 401


async def test_changing_passkeys_wants_a_fresh_session_and_never_a_key(
    house: House, ana: Hand
) -> None:
    await ana.add()
    house.clock.forward(timedelta(minutes=6))
    late = await ana.post("passkeys/options", {})
    assert late.status_code == 403
    assert late.json()["errors"] == [{"rule": "step_up", "name": "session"}]
    asked = (await ana.post("passkeys/confirm/options", {})).json()["options"]
    done = await ana.post("passkeys/confirm", {"credential": ana.key.answer(asked)})
    assert done.json() == {"minutes": 5}
    assert (await ana.post("passkeys/options", {})).status_code == 201
    by_key = await house.post("ana", "/api/v1/passkeys/options", {})
    assert by_key.status_code == 403
    again = (await ana.post("passkeys/confirm/options", {})).json()["options"]
    sent = {"credential": ana.key.answer(again)}
    assert (await house.post("ana", "/api/v1/passkeys/confirm", sent)).status_code == 403


async def test_somebody_elses_passkey_confirms_nothing(house: House, ana: Hand) -> None:
    await ana.add()
    bor = Hand(house, "bor")
    await bor.arrive()
    assert (await bor.post("passkeys/confirm/options", {})).status_code == 404
    asked = (await ana.post("passkeys/confirm/options", {})).json()["options"]
    sent = {"credential": ana.key.answer(asked)}
    assert (await bor.post("passkeys/confirm", sent)).status_code == 401


async def test_a_closed_account_and_too_many_attempts(house: House, ana: Hand) -> None:
    await ana.add()
    door = f"/api/v1/people/{house.ids['ana']}/account"
    await house.ask("ada", "PUT", door, json={"disabled": True})
    assert (await ana.sign_in()).status_code == 401
    await house.ask("ada", "PUT", door, json={"disabled": False})
    ana.key.flags = PRESENT
    for _ in range(9):
        assert (await ana.sign_in()).status_code == 401
    ana.key.flags = 5
    assert (await ana.sign_in()).status_code == 429
    house.clock.forward(timedelta(minutes=16))
    assert (await ana.sign_in()).status_code == 201


@pytest.mark.parametrize("path", [
    ("rawId",), ("response",), ("response", "clientDataJSON"), ("response", "authenticatorData"),
    ("response", "signature"), ("id",), ("type",),
])  # fmt: skip
async def test_hostile_answers_are_refused_in_words(
    house: House, ana: Hand, path: tuple[str, ...]
) -> None:
    await ana.add()
    good = ana.key.answer(await ana.options())
    values: tuple[Any, ...] = (
        None,
        "",
        "\0",
        "=",
        "é",
        7,
        [],
        {},
        "A" * 20_000,
        "\ud800"[:0] + "x" * 3,
    )
    for value in values:
        bad = copy.deepcopy(good)
        place: Any = bad
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value
        answer = await house.client.post("/api/v1/passkeys/sign-in", json={"credential": bad})
        house.client.cookies.clear()
        assert answer.status_code in {400, 401, 422, 429}, (path, value, answer.text)
        house.clock.forward(timedelta(minutes=3))


async def test_a_node_without_a_name_has_no_passkeys(house: House) -> None:
    answer = await house.client.post("/api/v1/passkeys/sign-in/options", json={})
    assert answer.status_code == 422
    page = await house.client.get("/signin", headers={"Accept": "text/html"})
    assert "passkey" not in page.text
