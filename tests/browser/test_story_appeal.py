"""Story 6: a small shop is blocked by mistake, objects at nine in the evening, and is free, told, and remembered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP
from msgspec import structs
from playwright.async_api import Browser, expect

from tests.blocks import proposal
from tests.browser.conftest import database
from tests.browser.hand import Hands, uuid_of
from tests.browser.node import Served, serving
from tests.browser.screen import opened
from tests.browser.seed import subscribers
from tests.browser.steps import clicked, confirmed, shown
from tests.share.post import OWN, Sink
from zvon.formats.receipt import Statement, digest
from zvon.locale import translator
from zvon.model.scope import Scope
from zvon.model.zone import Grade
from zvon.share import mail_out
from zvon.store import audit, block, block_row
from zvon.store.receipt import Draft
from zvon.store.receipt import put as put_receipt
from zvon.store.subscriber import Subscriber
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

CET = ZoneInfo("Europe/Zagreb")
MORNING = datetime(2026, 12, 12, 8, 0, tzinfo=CET)
EVENING = datetime(2026, 12, 12, 21, 0, tzinfo=CET)
SHOP, OWNER = "sapunara-bura.example", "ivana@sapunara-bura.example"
SAID = (
    f"Vlasnica sam trgovine {SHOP}. Od jutros nam kupci javljaju upozorenje umjesto stranice."
    " OIB obrta 00000000001."
)
PHONE = {"width": 360, "height": 780}


@pytest_asyncio.fixture(loop_scope="session")
async def saturday(server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A node on the morning of the mistake."""
    with database(server) as dsn:
        async with serving(dsn, tmp_path_factory.mktemp("saturday"), MORNING) as served:
            yield served


async def mistaken(served: Served) -> list[Subscriber]:
    """Two people block the shop, and every resolver does it; those resolvers."""
    taking = await subscribers(served)
    pool, ana, bor = served.context.pool, served.people["ana"], served.people["bor"]
    async with transaction(pool, served.now) as tx:
        given = proposal(served.now, SHOP, scope=Scope.HOST_SUB)
        rows = await block.propose(tx, ana, given, served.now, served.context.random)
        await block.approve(tx, bor, [row.uuid for row in rows], "lažna trgovina", served.now)
    await prove(served, taking, "block")
    return taking


async def prove(served: Served, taking: list[Subscriber], kind: str) -> None:
    """What our probe saw at each resolver: the name is blocked, or free again."""
    async with read(served.context.pool, SYSTEM) as db:
        (row,) = await block_row.read(db, "b.name = %(name)s", {"name": SHOP})
    ordered = row.published_at if kind == "block" else row.lifted_at
    assert ordered is not None
    drafts = [
        Draft(block_id=row.id, block=row.uuid, subscriber_id=one.id, answer=b"answer",
              statement=Statement(
                  block=str(row.uuid), name=row.name, kind=kind, subscriber=one.name, prober="node",
                  zone="hot.si.zvon", serial=2, approved_at=row.approved_at, ordered_at=ordered,
                  grade=Grade.PROBED, evidence="policy", control="control.example",
                  seen_at=ordered + timedelta(milliseconds=312), answer=digest(b"answer")))
        for one in taking
    ]  # fmt: skip
    async with transaction(served.context.pool, served.now) as tx:
        await put_receipt(tx, drafts, served.context.node.signing.sign, served.now)


async def objected(browser: Browser, served: Served) -> str:
    """The owner files the appeal without an account; the address of its page."""
    async with opened(browser, served, None) as context:
        page = await shown(context, "/appeal?lang=hr")
        await page.locator("#about").fill(SHOP)
        await page.locator("#text").fill(SAID)
        await page.locator("#contact").fill(OWNER)
        async with page.expect_navigation():
            await page.locator("form.text button").click()
        return page.url


@asynccontextmanager
async def post_office(served: Served) -> AsyncIterator[Sink]:
    """The mail server that the node hands its letters to."""
    sink, loop = Sink(), asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: SMTP(sink, hostname="posta.example", loop=loop, timeout=30.0), "127.0.0.1", 0
    )
    try:
        port = listening.sockets[0].getsockname()[1]
        post = {"smtp": f"smtp://127.0.0.1:{port}", "message_address": OWN, "contact": OWN}
        settings = served.context.settings.model_copy(update=post)
        await mail_out.send(structs.replace(served.context, settings=settings), {})
        yield sink
    finally:
        listening.close()


async def test_a_shop_blocked_by_mistake_is_free_told_and_not_blocked_again(
    browser: Browser, saturday: Served
) -> None:
    served, hands = saturday, Hands(saturday)
    taking = await mistaken(served)
    block_uuid = await uuid_of(served, "select uuid from block where name = %s", SHOP)
    assert (await hands.get("bor", f"/blocks/{block_uuid}"))["state"] == "enforced"
    served.forward(EVENING)
    status = await objected(browser, served)

    # Whoever is on call decides on a telephone.
    async with opened(browser, served, "bor", viewport=PHONE) as context:
        page = await shown(context, "/appeals")
        one = page.locator("main section", has_text="sapunara-bura[.]example")
        await expect(one).to_contain_text("Vlasnica sam trgovine")
        await expect(one).to_contain_text(
            translator("sl").moment(EVENING + timedelta(hours=24))[:13]
        )
        await expect(one).not_to_contain_text(OWNER)
        wide = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, "nothing to scroll sideways"
        await one.locator("button.btn--primary").click()
        await confirmed(page, "trgovina je prava, napako smo naredili mi")
        await prove(served, taking, "lift")

        await page.goto(f"/blocks/{block_uuid}")
        await expect(page.locator(".head")).to_contain_text("Umaknjeno")
        free = page.locator("td[data-label='Spet prosto']")
        await expect(free).to_have_count(len(taking))
        for cell in await free.all():
            await expect(cell).to_contain_text("20:00")  # UTC
        assert await served.column("select count(*) from zone_rule where owner like 'sapunara%%'") == [0]  # fmt: skip

        # The apology is in the owner's language, and a person sends it.
        await page.goto("/appeals?decided=true")
        await page.locator("button[data-post$='/letter']").click()
        await confirmed(page)
        await page.get_by_role("link", name="Naše opravičilo").click()
        letter = page.locator("section", has=page.locator("#leaves"))
        await expect(letter).to_contain_text("greškom smo zatvarali pristup do")
        await expect(letter).to_contain_text("Ispričavamo se")
        asked = page.locator(".t-spans tr", has_text="odloči človek")
        await expect(asked).to_have_count(1)
        await expect(asked).to_contain_text("sapunara-bura[.]example")
        await clicked(page, asked.get_by_role("button", name="Ohrani"))
        await clicked(page, page.get_by_role("button", name="Pošlji"))
    async with post_office(served) as sink:
        assert sink.recipients == [OWNER]
        (mail,) = sink.letters
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert SHOP in text
        assert "od 12. pro 2026. do 12. pro 2026." in text
        assert "P-26-000001" in text
        assert "00000000001" not in mail.as_string()
    async with opened(browser, served, None) as context:
        page = await context.new_page()
        await page.goto(status)
        await expect(page.locator("main")).to_contain_text("napako smo naredili mi")

    # The gate has learned the name: the same mistake is refused, by whatever door.
    again = await hands.ask("ana", "POST", "/blocks", {
        "names": [{"name": SHOP, "scope": "host"}], "reason": "lažna trgovina",
        "legal_ground": "dogovor z naročniki"})  # fmt: skip
    assert again.status_code == 422, again.text
    assert [(e["rule"], e["name"]) for e in again.json()["errors"]] == [("appeal", SHOP)]
    assert await served.column("select word from label where source = 'appeal'") == ["benign"]

    async with opened(browser, served, "avgust") as context:
        page = await shown(context, "/audit")
        decided = page.locator("tr", has_text="appeal:decide")
        await expect(decided).to_contain_text("bor")
        await expect(page.locator("tr", has_text="appeal:contact")).to_contain_text("bor")
        await expect(page.locator("tr", has_text="appeal:file")).to_have_count(1)
        refused = page.locator("tr", has_text="refused").or_(page.locator("tr", has_text="zavrn"))
        await expect(refused.first).to_contain_text("ana")
    why = await served.column(
        "select detail->>'reason' from audit where action = 'appeal:decide'"
    )  # fmt: skip
    assert why == ["trgovina je prava, napako smo naredili mi"]
    async with read(served.context.pool, SYSTEM) as db:
        assert await audit.verify(db) == [], "the chain is whole"
