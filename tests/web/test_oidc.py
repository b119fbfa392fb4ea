"""Signing in with a real OpenID provider: bound once, believed only as it should be, never twice."""

import base64
import hashlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.web import provider
from tests.web.house import PROBLEM, House
from tests.web.provider import PAGE, begin, come_back, connect, consent, sign_in

ANA: dict[str, object] = {"name": "Ana Novak", "email": "ana@bank.example"}
NEW: dict[str, object] = {
    "name": "Nova Oseba", "preferred_username": "nova", "groups": ["soc", "everybody"],
}  # fmt: skip


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a provider that serves the whole file."""
    with provider.run(ana7=ANA, new1=NEW, twin={**NEW, "preferred_username": "ana"}) as server:
        yield int(server.server_port)


@pytest.fixture
def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest_asyncio.fixture
async def wire(house: House, port: int) -> AsyncIterator[provider.Wire]:
    """The node with that provider, at the real time: the provider's tokens carry it."""
    house.clock.now = datetime.now(UTC)
    yield connect(house, port)


async def bind(house: House, subject: str, login: str = "ana") -> None:
    """An administrator says whose account at the provider it is."""
    made = await house.post(
        "ada", f"/api/v1/people/{house.ids[login]}/identities", {"subject": subject}
    )
    assert made.status_code == 201, made.text


async def refusals(house: House) -> list[tuple[str, str]]:
    """What was refused under which rule."""
    return [(what, rule) for _, _, what, rule in await house.refusals()]


async def test_a_bound_person_signs_in_and_out(house: House, wire: provider.Wire) -> None:
    await bind(house, "ana7")
    answer = await sign_in(house, "ana7")
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")
    cookies = answer.headers.get_list("set-cookie")
    session = next(c for c in cookies if c.startswith("zvon_session="))
    assert "HttpOnly" in session
    kept = {"Cookie": session.split(";")[0]}
    mine = await house.get(None, "/api/v1/sessions", headers=kept)
    assert [(s["login"], s["method"], s["here"]) for s in mine.json()["sessions"]] == [
        ("ana", "oidc", True)
    ]
    csrf = str((await house.get(None, "/you", headers={**PAGE, **kept})).text)
    token = csrf.split('name="csrf" content="')[1].split('"', maxsplit=1)[0]
    out = await house.post(None, "/api/v1/session/end", {},
                           headers={**kept, "X-CSRF-Token": token})  # fmt: skip
    assert "/oauth2/end_session" in out.json()["to"]
    assert (await house.get(None, "/api/v1/sessions", headers=kept)).status_code == 401


async def test_the_request_carries_pkce_and_a_nonce(house: House, wire: provider.Wire) -> None:
    await bind(house, "ana7")
    url, kept = await begin(house)
    asked = parse_qs(urlsplit(url).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["nonce"][0]) >= 43
    assert len(asked["state"][0]) >= 43
    await come_back(house, await consent(url, "ana7"), kept)
    verifier = wire.forms[0]["code_verifier"][0]
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    assert asked["code_challenge"] == [digest.decode()]
    assert verifier not in kept["Cookie"]


async def test_somebody_unknown_is_refused_with_a_sentence_and_a_mail_address_binds_nobody(
    house: House, wire: provider.Wire
) -> None:
    await bind(house, "ana7")
    answer = await sign_in(house, "ana@bank.example")
    assert answer.status_code == 403
    assert "Prosite skrbnika, naj poveže vaš račun." in answer.text
    assert "zvon_session=" not in str(answer.headers.get_list("set-cookie"))
    assert ("oidc:ana@bank.example", "unknown") in await refusals(house)


async def test_a_subject_is_bound_to_one_person_once(house: House, wire: provider.Wire) -> None:
    await bind(house, "ana7")
    again = await house.post(
        "ada", f"/api/v1/people/{house.ids['bor']}/identities", {"subject": "ana7"}
    )
    assert again.status_code == 409
    assert again.headers["content-type"] == PROBLEM
    known = await house.get("ada", f"/api/v1/people/{house.ids['ana']}/identities")
    one = known.json()["identities"][0]
    assert (one["subject"], one["managed"]) == ("ana7", False)
    assert (await house.ask("bor", "DELETE", f"/api/v1/identities/{one['id']}")).status_code == 404
    assert (await house.ask("ana", "DELETE", f"/api/v1/identities/{one['id']}")).status_code == 204
    assert (await sign_in(house, "ana7")).status_code == 403


async def test_an_answer_counts_once_and_for_the_browser_that_asked(
    house: House, wire: provider.Wire
) -> None:
    await bind(house, "ana7")
    url, kept = await begin(house)
    back = await consent(url, "ana7")
    assert (await come_back(house, back, {})).status_code == 401
    _, other = await begin(house)
    assert (await come_back(house, back, other)).status_code == 401
    assert wire.forms == []
    assert (await come_back(house, back, kept)).status_code == 303
    assert (await come_back(house, back, kept)).status_code == 401
    assert len(wire.forms) == 1
    assert ("oidc", "token") in await refusals(house)


async def test_an_answer_that_comes_late_is_refused(house: House, wire: provider.Wire) -> None:
    await bind(house, "ana7")
    url, kept = await begin(house)
    back = await consent(url, "ana7")
    house.clock.forward(timedelta(minutes=11))
    assert (await come_back(house, back, kept)).status_code == 401


async def test_a_code_that_was_spent_at_the_provider_opens_nothing(
    house: House, wire: provider.Wire
) -> None:
    await bind(house, "ana7")
    url, kept = await begin(house)
    back = await consent(url, "ana7")
    assert (await come_back(house, back, kept)).status_code == 303
    code = parse_qs(urlsplit(back).query)["code"][0]
    url, kept = await begin(house)
    state = parse_qs(urlsplit(url).query)["state"][0]
    again = await come_back(house, f"/signin/oidc/back?code={code}&state={state}", kept)
    assert again.status_code == 401


def forged(token: str) -> str:
    """The same words under a key of somebody else with the name of the right one."""
    head, body, _ = token.split(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=="))
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    return jwt.encode(header, claims, RSAKey.generate_key(2048), algorithms=["RS256"])


def unsigned(token: str) -> str:
    """The same words with `alg: none`."""
    head = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    return f"{head}.{token.split('.')[1]}."


def cut(token: str) -> str:
    """The signature lost its end."""
    return token[:-8]


def other_person(token: str) -> str:
    """The words were changed and the signature was not."""
    head, body, tail = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "==")) | {"sub": "somebody"}
    said = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{said}.{tail}"


BENT: tuple[Callable[[str], str], ...] = (
    forged,
    unsigned,
    cut,
    other_person,
    lambda _: "x",
    lambda _: "a.b.c",
    lambda _: "",
)


async def test_a_token_that_is_not_the_providers_opens_nothing(
    house: House, wire: provider.Wire
) -> None:
    await bind(house, "ana7")
    for bend in BENT:
        wire.bend = bend
        answer = await sign_in(house, "ana7")
        assert answer.status_code == 401, bend
        assert "zvon_session=" not in str(answer.headers.get_list("set-cookie"))
    assert (await refusals(house)).count(("oidc", "token")) == len(BENT)


async def test_a_token_for_somebody_else_opens_nothing(house: House, wire: provider.Wire) -> None:
    await bind(house, "ana7")
    url, _ = await begin(house)
    stranger = url.replace(provider.CLIENT, "another-client")
    code = parse_qs(urlsplit(await consent(stranger, "ana7")).query)["code"][0]
    async with httpx.AsyncClient(trust_env=False) as client:
        metadata = wire.asked  # the node has asked for the provider's description
        assert any(path.endswith("openid-configuration") for path in metadata)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        given = await client.post(
            f"{origin}/oauth2/token",
            data={"grant_type": "authorization_code", "code": code,
                  "redirect_uri": parse_qs(urlsplit(url).query)["redirect_uri"][0]},
            auth=("another-client", "any"),
        )  # fmt: skip
    token = given.json()["id_token"]
    wire.bend = lambda _: str(token)
    assert (await sign_in(house, "ana7")).status_code == 401


async def test_a_changed_key_is_found_and_the_old_one_no_longer_counts(
    house: House, free_port: int
) -> None:
    house.clock.now = datetime.now(UTC)
    old: list[str] = []

    def remember(token: str) -> str:
        old.append(token)
        return token

    with provider.run(free_port, ana7=ANA):
        wire = connect(house, free_port)
        await bind(house, "ana7")
        wire.bend = remember
        assert (await sign_in(house, "ana7")).status_code == 303
    with provider.run(free_port, ana7=ANA):
        wire.bend = None
        house.clock.forward(timedelta(seconds=31))
        assert (await sign_in(house, "ana7")).status_code == 303
        assert sum(path == "/jwks" for path in wire.asked) == 2
        wire.bend = lambda _: old[0]
        assert (await sign_in(house, "ana7")).status_code == 401


async def test_groups_give_an_account_its_roles_and_take_them_again(
    house: House, wire: provider.Wire
) -> None:
    home = str(house.home.uuid)
    given = await house.ask("ada", "PUT", "/api/v1/sign-in-groups", json={
        "group": "soc", "roles": ["analyst"], "party": home, "reason": "the team of the SOC",
    })  # fmt: skip
    assert (given.status_code, given.json()["state"]) == (200, "in_force")
    assert (await sign_in(house, "new1")).status_code == 303
    people = {p["login"]: p for p in (await house.get("ada", "/api/v1/people")).json()["people"]}
    assert (people["nova"]["name"], people["nova"]["roles"]) == ("Nova Oseba", ["analyst"])
    assert (await sign_in(house, "new1")).status_code == 303
    assert len((await house.get("ada", "/api/v1/people")).json()["people"]) == len(people)
    taken = await house.ask("ada", "PUT", "/api/v1/sign-in-groups", json={
        "group": "soc", "roles": [], "party": home, "reason": "the team is gone",
    })  # fmt: skip
    assert taken.status_code == 200
    assert (await sign_in(house, "new1")).status_code == 403
    people = {p["login"]: p for p in (await house.get("ada", "/api/v1/people")).json()["people"]}
    assert people["nova"]["roles"] == []
    open_now = (await house.get("ada", "/api/v1/sessions/all")).json()["sessions"]
    assert [s["login"] for s in open_now if s["login"] == "nova"] == []


async def test_a_login_that_is_taken_is_not_shared(house: House, wire: provider.Wire) -> None:
    await house.ask("ada", "PUT", "/api/v1/sign-in-groups", json={
        "group": "soc", "roles": ["analyst"], "party": str(house.home.uuid), "reason": "the team",
    })  # fmt: skip
    assert (await sign_in(house, "twin")).status_code == 303
    people = (await house.get("ada", "/api/v1/people")).json()["people"]
    logins = [p["login"] for p in people if p["login"].startswith("ana")]
    assert len(logins) == 2
    assert logins != ["ana", "ana"]


async def test_a_group_that_would_approve_waits_for_a_second_person(
    house: House, wire: provider.Wire
) -> None:
    asked = await house.ask("ada", "PUT", "/api/v1/sign-in-groups", json={
        "group": "soc", "roles": ["approver"], "party": str(house.home.uuid), "reason": "leads",
    })  # fmt: skip
    assert asked.json()["state"] == "waiting"
    assert (await sign_in(house, "new1")).status_code == 403
    door = f"/api/v1/access-changes/{asked.json()['id']}/decision"
    own = await house.post("ada", door, {"agrees": True})
    assert own.status_code == 403
    assert (await house.post("bor", door, {"agrees": True})).status_code == 403
    await house.newcomer("eva", "administrator")
    agreed = await house.post("eva", door, {"agrees": True})
    assert agreed.json()["state"] == "in_force"
    assert (await sign_in(house, "new1")).status_code == 303


async def test_a_closed_account_stays_closed_by_this_way_too(
    house: House, wire: provider.Wire
) -> None:
    await bind(house, "ana7")
    door = f"/api/v1/people/{house.ids['ana']}/account"
    assert (await house.ask("ada", "PUT", door, json={"disabled": True})).status_code == 204
    assert (await sign_in(house, "ana7")).status_code == 403
    assert ("oidc:ana7", "closed") in await refusals(house)


async def test_one_binds_ones_own_account_from_a_fresh_session_only(
    house: House, wire: provider.Wire
) -> None:
    cookie, csrf = await house.session("bor")
    door = "/api/v1/identities/connect"
    begun = await house.post(None, door, {}, headers={**cookie, "X-CSRF-Token": csrf})
    assert begun.status_code == 201
    kept = begun.headers["set-cookie"].split(";")[0]
    house.client.cookies.clear()
    both = {"Cookie": f"{cookie['Cookie']}; {kept}"}
    back = await consent(begun.json()["url"], "bor-at-provider")
    ana, _ = await house.session("ana")
    wrong = {"Cookie": f"{ana['Cookie']}; {kept}"}
    assert (await come_back(house, back, wrong)).status_code == 401
    begun = await house.post(None, door, {}, headers={**cookie, "X-CSRF-Token": csrf})
    both = {"Cookie": f"{cookie['Cookie']}; {begun.headers['set-cookie'].split(';')[0]}"}
    house.client.cookies.clear()
    back = await consent(begun.json()["url"], "bor-at-provider")
    done = await come_back(house, back, both)
    assert (done.status_code, done.headers["location"]) == (303, "/you")
    assert (await sign_in(house, "bor-at-provider")).status_code == 303
    house.clock.forward(timedelta(minutes=6))
    late = await house.post(None, door, {}, headers={**cookie, "X-CSRF-Token": csrf})
    assert late.status_code == 403
    assert (await house.post("bor", door, {})).status_code == 403


STRANGE: tuple[Callable[[], httpx.Response], ...] = (
    lambda: httpx.Response(500),
    lambda: httpx.Response(302, headers={"Location": "http://127.0.0.1/"}),
    lambda: httpx.Response(200, text="<html>"),
    lambda: httpx.Response(200, json={"issuer": "http://localhost:1"}),
    lambda: httpx.Response(200, content=b"{" + b" " * 300_000),
    lambda: httpx.Response(200, content=b"[" * 90_000),
)


async def test_a_provider_that_is_away_or_strange_says_so_and_passwords_still_work(
    house: House, wire: provider.Wire
) -> None:
    for number, strange in enumerate(STRANGE):
        wire.answer = strange()
        said = await house.client.get("/signin/oidc", headers=PAGE)
        assert said.status_code == 502, number
        assert 'name="password"' in said.text


async def test_the_secret_goes_to_the_provider_and_nowhere_else(
    house: House, port: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house.clock.now = datetime.now(UTC)
    secret = tmp_path / "oidc.secret"
    secret.write_text("very secret word\n")
    connect(house, port, oidc_client_secret=secret)
    await bind(house, "ana7")
    assert (await sign_in(house, "ana7")).status_code == 303
    assert "very secret word" not in caplog.text
    secret.unlink()
    assert (await sign_in(house, "ana7")).status_code == 502


async def test_without_a_provider_there_is_no_such_way(house: House) -> None:
    page = await house.client.get("/signin", headers=PAGE)
    assert "/signin/oidc" not in page.text
    assert (await house.client.get("/signin/oidc", headers=PAGE)).status_code == 404
    assert (await house.client.get("/signin/oidc/back?code=1&state=2")).status_code == 404
    bound = await house.post(
        "ada", f"/api/v1/people/{house.ids['ana']}/identities", {"subject": "x"}
    )
    assert bound.status_code == 422


async def test_the_sign_in_page_names_the_provider(house: House, wire: provider.Wire) -> None:
    page = await house.client.get("/signin?next=/blocks", headers=PAGE)
    assert "/signin/oidc?next=/blocks" in page.text
