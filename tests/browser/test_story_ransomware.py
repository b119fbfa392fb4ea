"""Story 8: ransomware at an energy firm, told on a Friday evening; what the law asks, until when, by whom."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pypdfium2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import database
from tests.browser.hand import Hands, newcomer, uuid_of
from tests.browser.node import Served, serving
from tests.browser.screen import opened
from tests.browser.steps import clicked, confirmed, filled, pressed, shown
from tests.obligations import activate
from zvon.locale import translator
from zvon.model.report import Channel
from zvon.respond.jobs import JOBS as RESPOND

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

CET = ZoneInfo("Europe/Ljubljana")
AWARE = datetime(2026, 12, 11, 17, 40, tzinfo=CET)
TOLD = (
    "Elektro Primer, d. d.: od 17.10 so datoteke na strežnikih za obračun zaklenjene, na zaslonu"
    " zahteva za odkupnino. Dobava teče. Stranke ne morejo do portala. Kontakt: Simon Vidic,"
    " simon.vidic@elektro-primer.example, 10.8.4.12. Podizvajalec ima sistem tudi v Zagrebu."
)
PACKS = ("nis2-entity-si", "nis2-csirt-eu")
ABROAD = "Elektro Primer Zagreb d.o.o."


def said(day: int, hour: int, minute: int, month: int = 12, year: int = 2026) -> str:
    """A moment as the console says it to a Slovenian reader."""
    return translator("sl").moment(datetime(year, month, day, hour, minute, tzinfo=CET))


@pytest_asyncio.fixture(loop_scope="session")
async def friday(server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A node five minutes after the firm knew, with active rules and the report."""
    begins = AWARE.replace(minute=45)
    with database(server) as dsn:
        async with serving(dsn, tmp_path_factory.mktemp("friday"), begins) as served:
            await newcomer(served, "adi", "administrator")
            ada, adi = served.people["ada"], served.people["adi"]
            await activate(served.context.pool, ada, adi, served.now, *PACKS)
            await served.report(TOLD.encode(), channel=Channel.WEB)
            yield served


async def step(page: Page, name: str) -> None:
    """Open a report of the duty that is on the page."""
    async with page.expect_navigation():
        await page.get_by_role("link", name=name, exact=True).first.click()


async def given_to_the_second(page: Page, more: dict[str, str]) -> str:
    """Fill a draft from the incident, say the rest, and hand it over; where it is."""
    await pressed(page, "f")
    form = page.locator('form[data-form$="/fields"]')
    await filled(page, form, {f"fields.{name}": value for name, value in more.items()})
    await expect(page.locator("#form + p")).to_have_text("nič ne manjka")
    await clicked(page, page.locator("button[data-post$='/review']"))
    await expect(page.locator("form[data-form$='/submission']")).to_have_count(0)
    return page.url


async def sent(page: Page, at: str, receipt: str) -> None:
    """The second person looks at it and says that it went through the portal."""
    await page.goto(at)
    await filled(page, page.locator("form[data-form$='/submission']"),
                 {"recipient": "SI-CERT", "way": "portal", "receipt": receipt})  # fmt: skip
    await expect(page.locator("#proofs")).to_be_visible()


async def test_the_law_is_kept_from_friday_evening_on(browser: Browser, friday: Served) -> None:
    incident, hands = await uuid_of(friday, "select uuid from incident"), Hands(friday)
    async with opened(browser, friday, "ana") as context:
        page = await shown(context, f"/incidents/{incident}")
        await filled(page, page.locator('form[data-form$="/classes"]'),
                     {"terms": "malicious-code/infected-system"})  # fmt: skip
        await filled(page, page.locator('form[data-form$="/times"]'),
                     {"what": "aware", "at": "2026-12-11T16:40"})  # fmt: skip
        await page.locator("summary", has_text="Začnite dolžnost").click()
        await filled(page, page.locator('form[data-form="/api/v1/obligations"]'),
                     {"pack": "nis2-entity-si", "entity": "Elektro Primer, d. d.",
                      "entity_kind": "energy"})  # fmt: skip
        duties = page.locator("section", has=page.locator("#obligations"))
        await expect(duties).to_contain_text(said(12, 17, 40))
        await expect(duties).to_contain_text(said(14, 17, 40))
        await step(page, "Zgodnje opozorilo")
        early = await given_to_the_second(page, {
            "contact": "Simon Vidic, 01 000 00 00", "suspected_malicious": "true",
            "cross_border": "true", "states": "HR"})  # fmt: skip

    # On Saturday the second person sends it. The node is a CSIRT: what it received runs a duty of
    # its own, and another state is concerned.
    friday.forward(datetime(2026, 12, 12, 9, 5, tzinfo=CET))
    async with opened(browser, friday, "bor") as context:
        page = await context.new_page()
        await sent(page, early, "77")
        for form in ("json", "html"):
            export = f"/obligation-steps/{early.split('/')[-1]}/export?format={form}"
            assert "Elektro Primer, d. d." in (await hands.ask("bor", "GET", export)).text, form
        await page.goto("/obligations")
        due = page.locator("section", has=page.locator("#due"))
        await expect(due.locator("tr", has_text="Odziv zavezancu")).to_contain_text(said(13, 9, 5))
        own = await uuid_of(friday, "select o.uuid from obligation o join rule_pack p on p.id ="
                                    " o.pack_id where p.pack = 'nis2-csirt-eu'")  # fmt: skip
        await page.goto(f"/obligations/{own}")
        await page.locator("button", has_text="Je čezmejni").click()
        await confirmed(page)
        await expect(page.locator("tr", has_text="drugim državam")).to_contain_text(
            "brez odlašanja"
        )

    # The notification on Monday starts the month until the final report.
    friday.forward(datetime(2026, 12, 14, 9, 30, tzinfo=CET))
    async with opened(browser, friday, "ana") as context:
        page = await shown(context, f"/incidents/{incident}")
        await step(page, "Priglasitev incidenta")
        notified = await given_to_the_second(page, {
            "contact": "Simon Vidic, 01 000 00 00", "suspected_malicious": "true",
            "cross_border": "true", "severity": "high", "impact": "Portal ne dela."})  # fmt: skip
    friday.forward(datetime(2026, 12, 14, 10, 15, tzinfo=CET))
    async with opened(browser, friday, "bor") as context:
        page = await context.new_page()
        await sent(page, notified, "78")
        await page.goto("/obligations")
        month = said(14, 10, 15, month=1, year=2027)
        await expect(page.locator("tr", has_text="Poročilo o napredku")).to_contain_text(month)
        # It is handled: no report of progress, but the final one, in the same month.
        await page.goto(f"/incidents/{incident}")
        await filled(page, page.locator('form[data-form$="/times"]'),
                     {"what": "resolved", "at": "2026-12-14T09:10"})  # fmt: skip
        await RESPOND["respond.obligation_aware"](friday.context, {"incident": str(incident)})
        await page.goto("/obligations")
        await expect(page.locator("tr", has_text="Končno poročilo")).to_contain_text(month)
    done = await hands.get("bor", "/obligations", params={"done": True})
    assert [each["late"] for each in done["steps"]] == [False, False]


async def taken(page: Page, name: str) -> tuple[str, bytes]:
    """Take a file along by its link: what it is called, and what is in it."""
    async with page.expect_download(timeout=60_000) as coming:
        await page.get_by_role("link", name=name, exact=True).click()
    file = await coming.value
    return file.suggested_filename, Path(await file.path()).read_bytes()


def read(pdf: bytes) -> str:
    """The words on all pages of a PDF."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


async def test_the_form_is_printed_and_the_croatian_entry_point_gets_its_file(
    browser: Browser, friday: Served
) -> None:
    ada, adi = friday.people["ada"], friday.people["adi"]
    await activate(friday.context.pool, ada, adi, friday.now, "nis2-entity-hr")
    incident = await uuid_of(friday, "select uuid from incident")
    async with opened(browser, friday, "ana") as context:
        page = await shown(context, f"/incidents/{incident}")
        await filled(page, page.locator('form[data-form$="/times"]'),
                     {"what": "aware", "at": "2026-12-11T16:40"})  # fmt: skip
        await page.locator("summary", has_text="Začnite dolžnost").click()
        await filled(page, page.locator('form[data-form="/api/v1/obligations"]'),
                     {"pack": "nis2-entity-hr", "entity": ABROAD, "entity_kind": "energy"})  # fmt: skip
        duties = page.locator("section", has=page.locator("#obligations"))
        await clicked(page, duties.locator("a[href^='/obligations/steps/']").first)
        await given_to_the_second(page, {
            "contact": "Simon Vidic, 01 000 00 00", "suspected_malicious": "true",
            "cross_border": "true", "states": "SI"})  # fmt: skip
        name, pdf = await taken(page, "kot PDF")
        assert (name[-4:], pdf[:5]) == (".pdf", b"%PDF-")
        (number,) = await friday.column("select number from incident")
        words = read(pdf)
        for said_there in (number, name.split("-early")[0], ABROAD, "Simon Vidic"):
            assert said_there in words, said_there

        name, file = await taken(page, "Datoteka za PiXi")
    assert name.endswith("-portal.json")
    portal = msgspec.json.decode(file)
    assert (portal["country"], portal["entity"], portal["incident"]) == ("HR", ABROAD, number)
    assert portal["reference"] in name
    assert (portal["report"], portal["fields"]["states"]) == ("early_warning", ["SI"])
