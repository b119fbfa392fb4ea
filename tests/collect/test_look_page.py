"""A report's pages are looked at once, what they show is kept, and the report is judged again."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import structs

from tests.assess.message import message
from tests.assess.stored import context, row, stored
from tests.collect.site import Answer, Site, moved, page, site
from tests.store.world import own_party
from zvon.collect.fetch.guard import Guard
from zvon.collect.jobs import JOBS
from zvon.collect.look_page import fetch_pages
from zvon.jobs import Context
from zvon.model.evidence import EvidenceCode
from zvon.model.page import Outcome, Vantage
from zvon.store import capture, evidence, evidence_file
from zvon.store.transaction import Pool
from zvon.store.visibility import SYSTEM, read

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
KEY = bytes(range(32))
LURE = """<!doctype html><html lang="sl"><head><title>Posta Slovenije - placilo carine</title>
<link rel="icon" href="/i.png"><script src="/a.js"></script><link rel=stylesheet href="/a.css">
<script src="https://cdn.example/jq.js"></script></head><body><div class="glava"><h1>Dostava</h1></div>
<p>Prosimo, vpišite podatke kartice, da vam lahko dostavimo paket.</p>
<form action="https://zbiralec.example/x.php"><input name="ime"><input autocomplete="cc-number">
<input placeholder="Koda iz SMS"></form></body></html>"""
ICON = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


async def resolve(host: str) -> tuple[str, ...]:
    return ("127.0.0.1",) if host.endswith(".example") else ()


def guard(here: Site, *names: str) -> Guard:
    return Guard(resolve=resolve, allow={(n, here.port) for n in ("127.0.0.1", *names)})


def working(pool: Pool, at: datetime = AT, **settings: Any) -> Context:
    node = cast(Any, SimpleNamespace(key=KEY))
    return structs.replace(context(pool, lambda: at, **settings), node=node)


def lure() -> dict[str, Answer]:
    return {"/i": page(LURE), "/i.png": page(ICON, "Content-Type: image/png"),
            "/a.js": page("var a = 1;", "Content-Type: text/javascript"),
            "/a.css": page("p{}", "Content-Type: text/css")}  # fmt: skip


async def report(pool: Pool) -> int:
    return await stored(pool, AT, message("Vaš paket čaka: https://www.lipa.example/a"))


async def facts(pool: Pool, record_id: int) -> dict[tuple[EvidenceCode, str], dict[str, str | int]]:
    async with read(pool, SYSTEM) as db:
        return {(e.code, e.value): e.params for e in await evidence.of_record(db, record_id)}


async def test_a_page_becomes_a_capture_a_kept_file_and_evidence(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with site(lure()) as here:
        url = here.url("/i")
        await fetch_pages(working(pool), {"record_id": record_id, "urls": [url]}, guard=guard(here))
        assert sorted(here.paths()) == ["/a.css", "/a.js", "/i", "/i.png"]
    async with read(pool, SYSTEM) as db:
        (seen,) = await capture.of_record(db, record_id)
        assert seen.html is not None
        kept = await evidence_file.get(db, KEY, bytes.fromhex(seen.html))
        rows = await evidence.of_record(db, record_id)
    assert (seen.url, seen.stage, seen.outcome, seen.at) == (url, 3, Outcome.SEEN, AT)
    assert seen.facts is not None
    assert seen.facts.title == "Posta Slovenije - placilo carine"
    assert "dostavimo paket" in seen.facts.text
    assert seen.facts.favicon is not None
    assert (kept.body.decode(), kept.kind) == (LURE, "html")
    assert {(each.observable.value, each.stage, each.source) for each in rows} == {(url, 3, "page")}
    said = {(each.code, each.value): each.params for each in rows}
    assert said[EvidenceCode.FORM, "card"] == {"target": "zbiralec.example"}
    assert (EvidenceCode.FORM, "code") in said
    assert said[EvidenceCode.FORM_TARGET, "zbiralec.example"] == {"how": "form"}
    assert said[EvidenceCode.FINAL, url] == {"hops": 1, "via": ""}
    assert said[EvidenceCode.SKELETON, seen.facts.skeleton] == {"nodes": seen.facts.nodes}
    assert (EvidenceCode.LANG, "sl") in said
    assert (EvidenceCode.FAVICON, str(seen.facts.favicon)) in said
    (hashes,) = (each.value for each in rows if each.code is EvidenceCode.RESOURCES)
    assert len(hashes.split()) == 2
    jobs = "select entrypoint, payload from pgqueuer"
    name, payload = await row(pool, jobs)
    assert (name, b'"again":true' in bytes(payload)) == ("assess.report", True)


async def test_what_is_kept_is_sealed(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with site(lure()) as here:
        await fetch_pages(working(pool), {"record_id": record_id, "urls": [here.url("/i")]},
                          guard=guard(here))  # fmt: skip
    (sealed,) = await row(pool, "select sealed from evidence_file")
    assert b"Dostava" not in bytes(sealed)


async def test_a_second_report_takes_the_look_of_the_first_and_a_later_look_does_not(
    pool: Pool,
) -> None:
    await own_party(pool, AT)
    first, second = await report(pool), await report(pool)
    async with site(lure()) as here:
        job = {"urls": [here.url("/i")]}
        for record_id, look, at in ((first, 0, AT), (second, 0, AT + timedelta(minutes=5)),
                                    (first, 0, AT + timedelta(minutes=6))):  # fmt: skip
            await fetch_pages(working(pool, at), {**job, "record_id": record_id, "look": look},
                              guard=guard(here))  # fmt: skip
        assert here.paths().count("/i") == 1
        await fetch_pages(working(pool, AT + timedelta(minutes=7)),
                          {**job, "record_id": first, "look": 1}, guard=guard(here))  # fmt: skip
        assert here.paths().count("/i") == 2
        await fetch_pages(working(pool, AT + timedelta(minutes=30)),
                          {**job, "record_id": second, "look": 0}, guard=guard(here))  # fmt: skip
        assert here.paths().count("/i") == 3
    async with read(pool, SYSTEM) as db:
        looks = await capture.of_records(db, [first, second])
    assert [each.at for each in looks[first]] == [AT, AT + timedelta(minutes=7)]
    assert [each.at for each in looks[second]] == [AT, AT + timedelta(minutes=30)]
    shared = await facts(pool, second)
    assert (EvidenceCode.FORM, "card") in shared


async def test_reports_at_once_share_one_look(pool: Pool) -> None:
    await own_party(pool, AT)
    ids = [await report(pool) for _ in range(4)]
    async with site(lure()) as here:
        await asyncio.gather(*(
            fetch_pages(working(pool), {"record_id": each, "urls": [here.url("/i")]},
                        guard=guard(here)) for each in ids
        ))  # fmt: skip
        assert here.paths().count("/i") == 1
    for each in ids:
        assert (EvidenceCode.FORM, "card") in await facts(pool, each)


async def test_what_is_refused_or_silent_is_evidence_and_the_next_job_runs(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with site({"/r": moved("http://169.254.169.254/latest"), "/f": moved("file:///etc/passwd"),
                     "/x": page("gone", status="404 Not Found"), **lure()}) as here:  # fmt: skip
        urls = [here.url("/r"), here.url("/f"), here.url("/x"), "http://0x7f.1/", "ne naslov"]
        await JOBS["collect.fetch"](working(pool), {"record_id": record_id, "urls": []})
        await fetch_pages(working(pool), {"record_id": record_id, "urls": urls}, guard=guard(here))
        await fetch_pages(working(pool), {"record_id": record_id, "urls": [here.url("/i")]},
                          guard=guard(here))  # fmt: skip
    said = await facts(pool, record_id)
    assert said[EvidenceCode.REFUSED, "metadata"]["url"] == "http://169.254.169.254/latest"
    assert said[EvidenceCode.REFUSED, "scheme"]["url"] == "file:///etc/passwd"
    assert (EvidenceCode.REFUSED, "loopback") in said
    assert (EvidenceCode.UNREACHABLE, "http_404") in said
    assert (EvidenceCode.FORM, "card") in said


async def test_in_production_loopback_stays_shut(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with site(lure()) as here:
        await JOBS["collect.fetch"](
            working(pool), {"record_id": record_id, "urls": [here.url("/i"), "http://127.0.0.1/"]}
        )
        assert here.asked == []
    said = await facts(pool, record_id)
    assert {value for code, value in said if code is EvidenceCode.REFUSED} == {"port", "loopback"}


async def test_with_the_setting_off_nothing_is_fetched(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with site(lure()) as here:
        await fetch_pages(working(pool, fetch=False),
                          {"record_id": record_id, "urls": [here.url("/i")]}, guard=guard(here))  # fmt: skip
        assert here.asked == []
    assert await facts(pool, record_id) == {}


async def test_a_kept_token_is_in_the_audit(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with site(lure()) as here:
        job = {"record_id": record_id, "urls": [here.url("/i?t=7F3K9Q")]}
        await fetch_pages(working(pool), job, guard=guard(here))
        await fetch_pages(working(pool), {**job, "keep_token": True, "by": "ana"},
                          guard=guard(here))  # fmt: skip
        assert [each for each in here.paths() if each.startswith("/i?") or each == "/i"] == [
            "/i", "/i?t=7F3K9Q"]  # fmt: skip
    assert await row(pool, "select actor, rule from audit where action = 'page:look'") == (
        "ana", "token_kept")  # fmt: skip


async def test_a_listing_names_the_archives_that_are_really_there(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    listing = (
        '<title>Index of /p</title><h1>Index of /p</h1><a href="kit.zip">k</a><a href="b.rar">b</a>'
    )
    there = b"HTTP/1.1 200 OK\r\nContent-Type: application/zip\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"  # fmt: skip
    async with site({"/p/": page(listing), "/p/kit.zip": there, "/p/i": page(LURE),
                     "/p.zip": there}) as here:  # fmt: skip
        await fetch_pages(working(pool), {"record_id": record_id, "urls": [here.url("/p/")]},
                          guard=guard(here))  # fmt: skip
        assert [h.split()[0] for h in here.asked if "kit.zip" in h] == ["HEAD"]
        assert "/p.zip" not in here.paths()
        await fetch_pages(working(pool, probe_kits=True),
                          {"record_id": record_id, "urls": [here.url("/p/i")]}, guard=guard(here))  # fmt: skip
    said = await facts(pool, record_id)
    assert {value for code, value in said if code is EvidenceCode.KIT_ARCHIVE} == {
        "/p/kit.zip", "/p.zip"}  # fmt: skip
    assert (EvidenceCode.EMPTY, "listing") in said


async def test_a_file_is_a_download_and_is_not_opened(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with site(
        {"/a.apk": page(b"PK\x03\x04" + bytes(500), "Content-Type: text/html")}
    ) as here:
        await fetch_pages(working(pool), {"record_id": record_id, "urls": [here.url("/a.apk")]},
                          guard=guard(here))  # fmt: skip
    said = await facts(pool, record_id)
    assert (EvidenceCode.DOWNLOAD, "application/octet-stream") in said
    assert not any(code is EvidenceCode.FORM for code, _ in said)


async def test_the_end_of_a_shortener_is_the_final_address(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    answers = {"/Prijava": page(LURE)}
    async with site(answers) as here:
        final = f"http://edavki-vracilo.example:{here.port}/Prijava"
        answers["/k3"] = moved(f"http://Edavki-VRACILO.example:{here.port}/Prijava")
        url = here.url("/k3", host="kratko.example")
        await fetch_pages(working(pool), {"record_id": record_id, "urls": [url]},
                          guard=guard(here, "kratko.example", "edavki-vracilo.example"))  # fmt: skip
    said = await facts(pool, record_id)
    assert said[EvidenceCode.FINAL, final] == {"hops": 2, "via": "http"}


def for_phones(shown: bytes, others: bytes) -> Answer:
    """A page that telephones get, and what everybody else gets."""

    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(shown if "Android" in head else others)

    return answer


@pytest.mark.parametrize(
    ("others", "rows"),
    [
        (page("", status="404 Not Found"), {"form"}),
        (page("<p>Stran je v izdelavi"), {"form"}),
        (moved("https://www.nikjer.example/"), None),
    ],
)
async def test_what_only_telephones_are_shown_is_seen_and_is_a_cloak(
    pool: Pool, others: bytes, rows: set[str] | None
) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with site({**lure(), "/i": for_phones(page(LURE), others)}) as here:
        job = {"record_id": record_id, "urls": [here.url("/i")]}
        await fetch_pages(working(pool), job, guard=guard(here))
        second = await report(pool)
        await fetch_pages(working(pool), {**job, "record_id": second}, guard=guard(here))
        assert here.paths().count("/i") == (2 if rows else 1)
    for each in (record_id, second):
        said = await facts(pool, each)
        cloak = {
            value: params for (code, value), params in said.items() if code is EvidenceCode.CLOAK
        }
        async with read(pool, SYSTEM) as db:
            looks = await capture.of_record(db, each)
        if rows is None:  # refused: nobody answered, and a telephone is led to the same place
            assert (cloak, len(looks)) == ({}, 1)
            continue
        assert rows <= cloak.keys()
        assert cloak["form"] == {"vantage": "phone", "hidden_from": "desktop"}
        assert (EvidenceCode.FORM, "card") in said
        assert not any(code in {EvidenceCode.UNREACHABLE, EvidenceCode.EMPTY} for code, _ in said)
        assert [look.vantage for look in looks] == [Vantage.PLAIN, Vantage.PHONE]


async def test_a_page_that_is_as_bare_for_telephones_is_no_cloak(pool: Pool) -> None:
    await own_party(pool, AT)
    record_id = await report(pool)
    async with site({"/x": page("Kmalu.")}) as here:
        await fetch_pages(working(pool), {"record_id": record_id, "urls": [here.url("/x")]},
                          guard=guard(here))  # fmt: skip
        assert here.paths().count("/x") == 2
    said = await facts(pool, record_id)
    assert not any(code is EvidenceCode.CLOAK for code, _ in said)
    async with read(pool, SYSTEM) as db:
        assert len(await capture.of_record(db, record_id)) == 1
