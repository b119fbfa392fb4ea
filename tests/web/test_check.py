"""Is a name blocked? The same words for a name under investigation as for one nobody knows."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.blocks import propose, publish
from tests.web.house import PROBLEM, House
from zvon.model.name import BadName, canonical
from zvon.model.scope import Scope
from zvon.store import block
from zvon.store.transaction import transaction
from zvon.web.api.check import name_in
from zvon.web.turns import APPEALS, CHECKS, TooOften, Turns, caller

API = "/api/v1/check"
EVIL = "posta-dostava.example"


async def blocked(house: House, *names: str, scope: Scope = Scope.HOST_SUB) -> list[block.BlockRow]:
    return await publish(house.pool, house.viewers, house.clock(), *names, scope=scope)


async def test_a_blocked_name_is_answered_with_reason_time_rule_and_decision(house: House) -> None:
    (row,) = await blocked(house, EVIL)
    told = (await house.get(None, f"{API}?name=www.{EVIL}")).json()
    assert told["name"] == f"www.{EVIL}"
    assert told["blocked"] is True
    assert told["blocks"] == [{
        "reference": row.number, "name": EVIL, "scope": "host_sub", "category": "phishing",
        "rule": f"*.{EVIL}", "feeds": ["si"], "countries": ["SI"], "ground": "terms",
        "since": "2026-11-22T09:00:00Z", "until": "2026-12-06T09:00:00Z",
    }]  # fmt: skip


async def test_a_host_block_leaves_the_names_below_alone(house: House) -> None:
    await blocked(house, EVIL, scope=Scope.HOST)
    assert (await house.get(None, f"{API}?name={EVIL}")).json()["blocked"] is True
    assert (await house.get(None, f"{API}?name=www.{EVIL}")).json()["blocked"] is False
    assert (await house.get(None, f"{API}?name=other.example")).json()["blocked"] is False


async def test_what_is_not_published_is_like_what_nobody_knows(house: House) -> None:
    pool, now = house.pool, house.clock()
    await propose(pool, house.viewers["ana"], now, "waits.example")
    rejected = await propose(pool, house.viewers["ana"], now, "no.example")
    (lifted,) = await blocked(house, "lifted.example")
    async with transaction(pool, now) as tx:
        await block.reject(tx, house.viewers["bor"], [r.uuid for r in rejected], "no fraud", now)
        await block.lift(tx, house.viewers["bor"], [lifted.uuid], "a mistake", now)
    for path in (API, "/check"):
        unknown = await house.get(None, f"{path}?name=nobody.example")
        for name in ("waits.example", "no.example", "lifted.example"):
            answer = await house.get(None, f"{path}?name={name}")
            shown = answer.text.replace(name, "nobody.example")
            shown = shown.replace(name.replace(".", "[.]"), "nobody[.]example")
            assert shown == unknown.text, name


async def test_the_page_speaks_the_visitors_language_and_keeps_nothing(house: House) -> None:
    (row,) = await blocked(house, EVIL)
    for lang, said in (("sl", "Ime posta-dostava[.]example je blokirano"),
                       ("hr", "Ime posta-dostava[.]example je blokirano"),
                       ("en", "posta-dostava[.]example is blocked")):  # fmt: skip
        answer = await house.get(None, f"/check?name={EVIL}&lang={lang}")
        assert answer.status_code == 200
        assert said in answer.text
        assert f"/appeal?ref={row.number}&amp;lang={lang}" in answer.text
        assert "set-cookie" not in answer.headers
    assert "ana" not in {word.strip(".,") for word in answer.text.split()}
    assert "phishing for the Post" not in answer.text


async def test_what_is_no_name_is_said_to_be_none(house: House) -> None:
    for text in ("..", "a b c", "127.0.0.1", "https:///", "<b>.example", "a" * 70):
        page = await house.get(None, "/check", params={"name": text})
        assert page.status_code == 422, text
        assert 'role="alert"' in page.text
        told = await house.get(None, API, params={"name": text})
        assert told.status_code == 422
        assert told.headers["content-type"] == PROBLEM
    assert (await house.get(None, "/check")).status_code == 200
    assert (await house.get(None, API)).status_code == 400


@pytest.mark.parametrize(("typed", "name"), [
    ("Posta-Dostava.example", EVIL),
    (f"https://{EVIL}/prijava?id=1", EVIL),
    ("hxxps://posta-dostava[.]example/a", EVIL),
    (f"http://ana:geslo@{EVIL}:8080/x", EVIL),
    (f"https://posta.si@{EVIL}\\@dobro.example", EVIL),
    (f"{EVIL}.", EVIL),
    (f"{EVIL}:443", EVIL),
    ("pošta.example", "xn--pota-h6a.example"),
])  # fmt: skip
def test_a_name_is_found_in_what_people_type(typed: str, name: str) -> None:
    assert name_in(typed) == name


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_that_it_is_no_name(text: str) -> None:
    try:
        name = name_in(text)
    except BadName:
        return
    assert canonical(name) == name


async def test_who_asks_too_often_is_asked_to_wait(house: House) -> None:
    def ask(of: str) -> dict[str, str]:
        return {"X-Forwarded-For": f"198.51.100.1, {of}"}

    for _ in range(int(CHECKS.burst)):
        answer = await house.get(None, f"{API}?name={EVIL}", headers=ask("203.0.113.7"))
        assert answer.status_code == 200
    answer = await house.get(None, f"{API}?name={EVIL}", headers=ask("203.0.113.7"))
    assert answer.status_code == 429
    assert "wait" in answer.json()["detail"]
    page = {"Accept": "text/html"}
    same = await house.get(None, f"/check?name={EVIL}", headers=ask("203.0.113.7") | page)
    assert same.status_code == 429
    other = await house.get(None, f"{API}?name={EVIL}", headers=ask("203.0.113.8"))
    assert other.status_code == 200
    house.clock.forward(timedelta(seconds=2 / CHECKS.rate))
    again = await house.get(None, f"{API}?name={EVIL}", headers=ask("203.0.113.7"))
    assert again.status_code == 200


def test_one_caller_does_not_use_up_the_turns_of_all() -> None:
    turns = Turns(b"k" * 16)
    refused = 0
    for _ in range(1000):
        try:
            turns.take(APPEALS, "203.0.113.7", 0.0)
        except TooOften:
            refused += 1
    assert refused == 1000 - APPEALS.burst
    turns.take(APPEALS, "203.0.113.8", 0.0)
    assert b"203.0.113.7" not in repr(turns.__dict__).encode()


def test_a_caller_is_an_address_or_a_network_behind_our_own_proxy_only() -> None:
    assert caller("192.0.2.1", "203.0.113.9") == "192.0.2.1"  # a stranger's header says nothing
    assert caller("127.0.0.1", "1.2.3.4, 203.0.113.9") == "203.0.113.9"
    assert caller("2001:db8::1", "") == caller("2001:db8::2", "")
    assert caller("2001:db8::1", "") != caller("2001:db8:0:1::1", "")
    assert caller("::ffff:192.0.2.1", "") == "192.0.2.1"
    assert caller("127.0.0.1", "") is None
    assert caller("", "") is None
    assert caller("127.0.0.1", "unknown") is None
