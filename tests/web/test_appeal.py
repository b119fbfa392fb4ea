"""Objecting to a block: no account, no cookie, and one answer whether the name is blocked or not."""

import re
from datetime import timedelta
from typing import Any

from httpx import Response

from tests.blocks import propose, publish
from tests.web.house import House
from zvon.store import appeal
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read
from zvon.web.turns import APPEALS

EVIL = "posta-dostava.example"
WORDS = "To je naša spletna trgovina, odprta od leta 2011."
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def sent(house: House, about: str, *, lang: str = "sl", **fields: str) -> Response:
    data: dict[str, Any] = {"about": about, "text": WORDS, "contact": "", "homepage": "", **fields}
    return await house.client.post(f"/appeal?lang={lang}", data=data)


async def status(house: House, filed: Response) -> Response:
    assert filed.status_code == 303, filed.text
    assert re.fullmatch(r"/appeal/[0-9a-f]{32}\?lang=\w\w", filed.headers["location"])
    return await house.client.get(filed.headers["location"])


async def test_an_objection_leads_to_a_page_with_number_and_time(house: House) -> None:
    await publish(house.pool, house.viewers, house.clock(), EVIL)
    page = await status(house, await sent(house, f"https://{EVIL}/kosarica"))
    assert page.status_code == 200
    assert "Vaš ugovor imamo" in page.text
    assert "P-26-000001" in page.text
    assert "posta-dostava[.]example" in page.text
    assert "23. nov. 2026, 09:00 UTC" in page.text
    assert "set-cookie" not in page.headers
    assert WORDS not in page.text


async def test_the_answer_is_the_same_for_every_name(house: House) -> None:
    now = house.clock()
    await publish(house.pool, house.viewers, now, "blocked.example")
    await propose(house.pool, house.viewers["ana"], now, "waits.example")
    pages = []
    for name in ("blocked.example", "waits.example", "nobody.example"):
        filed = await sent(house, name)
        assert "set-cookie" not in filed.headers
        page = (await status(house, filed)).text
        for gone in (name.replace(".", "[.]"), filed.headers["location"].partition("?")[0]):
            page = page.replace(gone, "")
        pages.append(re.sub(r"P-26-\d+", "", page))
    assert len(set(pages)) == 1


async def test_the_reference_of_a_block_stands_for_its_name(house: House) -> None:
    (row,) = await publish(house.pool, house.viewers, house.clock(), EVIL)
    (waits,) = await propose(house.pool, house.viewers["ana"], house.clock(), "waits.example")
    form = await house.client.get(f"/appeal?ref={row.number}&lang=sl")
    assert f'value="{row.number}"' in form.text
    assert (
        "posta-dostava[.]example"
        in (await status(house, await sent(house, row.number.lower()))).text
    )
    # A number that was never public is like one that nobody gave out.
    secret, made_up = await sent(house, waits.number), await sent(house, "B-26-999999")
    assert secret.status_code == made_up.status_code == 422
    assert secret.text.replace(waits.number, "") == made_up.text.replace("B-26-999999", "")


async def test_the_outcome_appears_on_its_page(house: House) -> None:
    await publish(house.pool, house.viewers, house.clock(), EVIL)
    for granted, said in ((False, "zavrnili"), (True, "ugodili")):
        filed = await sent(house, EVIL)
        async with read(house.pool, SYSTEM) as db:
            (one,) = await appeal.open_list(db, house.viewers["bor"])
        async with transaction(house.pool, house.clock()) as tx:
            await appeal.decide(tx, house.viewers["bor"], one.uuid, granted=granted,
                                reason="Poklicali smo lastnika <b>.", now=house.clock())  # fmt: skip
        page = (await status(house, filed)).text
        assert said in page
        assert "Poklicali smo lastnika &lt;b&gt;." in page
        assert "bor" not in re.findall(r"\w+", page)


async def test_the_contact_is_kept_sealed(house: House) -> None:
    await status(house, await sent(house, EVIL, contact="lastnik@trgovina.example"))
    async with house.pool.connection() as db:
        (kept,) = await (await db.execute("select t::text from appeal t")).fetchone() or ("",)
    assert "lastnik" not in kept
    assert "127.0.0.1" not in kept


UNFIT: list[tuple[dict[str, str], str]] = [
    ({"about": ""}, "za katero ime gre"),
    ({"about": "ni ime"}, "ni ne ime ne oznaka"),
    ({"about": "localhost"}, "ni ne ime ne oznaka"),
    ({"about": "127.0.0.1"}, "ni ne ime ne oznaka"),
    ({"about": "a" * 3000}, "predolgo"),
    ({"text": "kratko"}, "desetih znakih"),
    ({"text": "x" * 4001}, "predolgo"),
    ({"contact": "x" * 321}, "predolgo"),
    ({"homepage": "http://spam.example"}, "mora ostati prazno"),
    ({"text": "NUL \x00 v besedilu"}, "ne ustreza"),
]


async def test_what_is_missing_is_said_beside_the_form(house: House) -> None:
    for fields, said in UNFIT:
        answer = await sent(house, **{"about": EVIL, **fields})
        assert answer.status_code == 422, fields
        assert said in answer.text, fields
        assert "text" in fields or WORDS in answer.text  # nothing has to be typed again
    assert await house.count("appeal") == 0


async def test_a_form_that_is_none_is_refused(house: House) -> None:
    for body, kind, wanted in (
        (b"{}", "application/json", {400, 415, 422}),
        (b"about=" + b"x" * 200_000, FORM["Content-Type"], {413}),
        (b"\xff\xfe=%ff", FORM["Content-Type"], {400, 422}),
        (b"about=a.example&about=b.example&text=12345678901", FORM["Content-Type"], {303, 400, 422}),
    ):  # fmt: skip
        answer = await house.client.post("/appeal", content=body, headers={"Content-Type": kind})
        assert answer.status_code in wanted, body[:20]


async def test_too_many_at_once_keep_their_words(house: House) -> None:
    headers = {"X-Forwarded-For": "203.0.113.5"}
    data = {"about": EVIL, "text": WORDS}
    for _ in range(int(APPEALS.burst)):
        assert (await house.client.post("/appeal", data=data, headers=headers)).status_code == 303
    answer = await house.client.post("/appeal?lang=sl", data=data, headers=headers)
    assert answer.status_code == 429
    assert "Preveč ugovorov" in answer.text
    assert WORDS in answer.text
    house.clock.forward(timedelta(hours=1))
    assert (await house.client.post("/appeal", data=data, headers=headers)).status_code == 303


async def test_a_link_that_nobody_was_given_leads_nowhere(house: House) -> None:
    for token in ("0" * 32, "x", "%00", "P-26-000001"):
        answer = await house.client.get(f"/appeal/{token}", headers={"Accept": "text/html"})
        assert answer.status_code in {400, 404}, token


async def test_the_page_of_the_record_shows_what_was_decided(house: House) -> None:
    from zvon.store import transparency

    empty = await house.client.get("/transparency?lang=sl")
    assert "Odločitev še ni." in empty.text
    (row,) = await publish(house.pool, house.viewers, house.clock(), EVIL)
    async with transaction(house.pool, house.clock()) as tx:
        await transparency.follow(tx, house.clock())
    for lang, said in (("sl", "Javni dnevnik blokad"), ("hr", "Javni dnevnik blokada"),
                       ("en", "Public record of blocks")):  # fmt: skip
        page = await house.client.get(f"/transparency?lang={lang}")
        assert page.status_code == 200
        assert said in page.text
        assert row.number in page.text
        assert house.context.node.signing_public.hex() in page.text
        assert "posta-dostava" not in page.text
        assert "set-cookie" not in page.headers
