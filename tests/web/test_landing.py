"""The page that visitors of blocked names see: 451, three languages, and nothing of the visitor."""

import asyncio
import base64
import hashlib
import os
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from httpx import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from tests.blocks import People, people_of, propose, publish
from tests.share.two import free_port
from tests.web.house import Clock, House
from tests.web.visitors import CONSOLE, Seconds, Visitors, lead_here, visitors
from zvon.access.node import create_node, node, node_key
from zvon.config import Settings
from zvon.model.name import canonical
from zvon.model.scope import Scope
from zvon.store import block, landing_hour
from zvon.store.pool import open_pool
from zvon.store.transaction import Pool, transaction
from zvon.web.landing import Landing
from zvon.web.landing_help import BadHelpFile, read_help
from zvon.web.landing_listener import NoLanding, listeners
from zvon.web.landing_names import KEPT_S, Names, host_name

EVIL = "posta-dostava.example"
SPECIFIC = "ker krade podatke"
NEUTRAL = "Ta naslov je blokiran ali pa sem vodi po pomoti"


@pytest_asyncio.fixture
async def people(pool: Pool, now: datetime) -> People:
    return await people_of(pool, now)


@pytest_asyncio.fixture
async def landing(
    pool: Pool, now: datetime, tmp_path: Path, people: People
) -> AsyncIterator[Visitors]:
    await lead_here(pool, people, now, EVIL)
    async with visitors(pool, now, tmp_path) as made:
        yield made


async def test_every_path_and_method_is_unavailable_for_legal_reasons(landing: Visitors) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
        for path in ("/", "/posta?id=7", "/.zvon/x", "/%ff/../../etc", "/favicon.ico"):
            answer = await landing.visit(EVIL, path, method=method, content=b"geslo=skrivno")
            assert answer.status_code == 451, (method, path)
            assert answer.headers["link"] == f'<{CONSOLE}>; rel="blocked-by"'
            assert SPECIFIC in answer.text, (method, path)
            assert "geslo=skrivno" not in answer.text


async def test_head_has_the_headers_and_no_body(landing: Visitors) -> None:
    full = await landing.visit(EVIL)
    head = await landing.visit(EVIL, method="HEAD")
    assert head.status_code == 451
    assert head.content == b""
    assert head.headers["content-length"] == full.headers["content-length"]


async def test_the_page_says_why_since_when_and_what_to_do(
    landing: Visitors, now: datetime
) -> None:
    text = (await landing.visit(f"www.{EVIL}")).text
    number = re.search(r"B-26-\d{6}", text)
    assert number is not None
    assert "Lažno predstavljanje" in text
    assert "22. nov. 2026, 09:00" in text  # since
    assert "6. dec. 2026, 09:00" in text  # it ends by itself
    assert "posta-dostava[.]example" in text
    assert "takoj pokličite banko" in text
    assert f'href="{CONSOLE}/appeal?lang=sl&amp;ref={number[0]}"' in text
    assert f'href="{CONSOLE}/report?lang=sl"' in text


SPOKEN = [
    ("sl", "/", "ker krade podatke", "sl"),
    ("hr-HR,hr;q=0.9,en;q=0.5", "/", "jer krade podatke", "hr"),
    ("de, sr;q=0.4, en;q=0.2", "/", "jer krade podatke", "hr"),
    ("en-GB", "/", "because it steals data", "en"),
    ("de", "/", "because it steals data", "en"),
    ("", "/", "because it steals data", "en"),
    ("sl", "/.zvon/hr", "jer krade podatke", "hr"),
    ("sl", "/.zvon/xx", "ker krade podatke", "sl"),
    ("\xff;q=x" * 50, "/", "because it steals data", "en"),
]


async def test_the_visitor_reads_it_in_a_language_of_theirs(landing: Visitors) -> None:
    for accept, path, said_so, lang in SPOKEN:
        answer = await landing.client.get(
            path, headers={b"Host": EVIL.encode(), b"Accept-Language": accept.encode("latin-1")}
        )
        assert said_so in answer.text, accept
        assert answer.headers["content-language"] == lang
        assert f'<html lang="{lang}">' in answer.text


async def test_each_kind_has_words_of_its_own(
    pool: Pool, now: datetime, tmp_path: Path, people: People
) -> None:
    kinds = ("phishing", "fake_shop", "scam", "malware", "compromised_site", "unsure")
    for kind in kinds:
        name = f"{kind.replace('_', '-')}.example"
        await lead_here(pool, people, now, name, category=kind, scope=Scope.HOST, days=2)
    async with visitors(pool, now, tmp_path) as landing:
        for lang in ("sl", "hr", "en"):
            pages = [
                (await landing.visit(f"{k.replace('_', '-')}.example", lang=lang)).text
                for k in kinds
            ]
            assert len({re.search(r"<h1>(.*)</h1>", page)[1] for page in pages}) == len(kinds)  # type: ignore[index]
            assert not any(kind in page for kind in kinds if "_" in kind for page in pages)


HOSTILE = [
    "", " ", ".", "..", "-", "a" * 64 + ".example", ".".join(["a" * 60] * 5), "x" * 9000,
    "127.0.0.1", "[::1]", "[::1]:80", "evil.example:port", "evil.example:999999", "a b.example",
    "<script>alert(1)</script>.example", "evil.example/../x", "evil.example\\", "évil.example",
    "xn--.example", "xn--a.example", "' or 1=1--", "evil.example@other.example", "%00.example",
    "posta-dostava.example.", "POSTA-DOSTAVA.EXAMPLE",
]  # fmt: skip


async def test_a_hostile_host_is_never_repeated(landing: Visitors) -> None:
    for host in HOSTILE:
        answer = await landing.client.get(
            "/", headers={b"Host": host.encode("latin-1"), b"Accept-Language": b"sl"}
        )
        assert answer.status_code == 451
        same = host.lower().rstrip(".") == EVIL
        assert (SPECIFIC if same else NEUTRAL) in answer.text, host
        if len(host.strip()) > 4 and not same:
            assert host.strip() not in answer.text
            assert host.strip().replace("<", "&lt;") not in answer.text


async def test_two_hosts_and_none_are_neutral(landing: Visitors) -> None:
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        raise AssertionError("the body of a request is never read")

    for headers in ([], [(b"host", EVIL.encode())] * 2):
        sent.clear()
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        await landing.page(scope, receive, send)
        assert sent[0]["status"] == 451
        assert b"leads here by mistake" in sent[1]["body"]  # type: ignore[operator]


async def test_what_is_not_published_here_is_like_what_nobody_knows(
    landing: Visitors, pool: Pool, people: People, now: datetime
) -> None:
    unknown = await landing.visit("never-heard-of.example")
    await propose(pool, people["ana"], now, "under-investigation.example")
    await publish(pool, people, now, "nxdomain-block.example")
    (lifted,) = await publish(pool, people, now, "lifted.example")
    async with transaction(pool, now) as tx:
        await block.lift(tx, people["bor"], [lifted.uuid], "a mistake", now)
    for name in ("under-investigation.example", "nxdomain-block.example", "lifted.example",
                 "example", "test.si.zvon.example"):  # fmt: skip
        answer = await landing.visit(name)
        assert answer.content == unknown.content, name
        assert sorted(answer.headers.items()) == sorted(unknown.headers.items())


async def test_a_lifted_block_leaves_the_page_within_seconds(
    landing: Visitors, pool: Pool, people: People, now: datetime
) -> None:
    assert SPECIFIC in (await landing.visit(EVIL)).text
    async with pool.connection() as db:
        (row,) = await (await db.execute("select uuid from block")).fetchall()
    async with transaction(pool, now) as tx:
        await block.lift(tx, people["bor"], [row[0]], "a mistake", now)
    assert SPECIFIC in (await landing.visit(EVIL)).text  # from memory
    landing.seconds.now += KEPT_S
    assert NEUTRAL in (await landing.visit(EVIL)).text


async def test_a_name_in_other_letters_is_shown_in_both_ways(
    pool: Pool, now: datetime, tmp_path: Path, people: People
) -> None:
    name = canonical("pošta-dostava.example")
    await lead_here(pool, people, now, name)
    async with visitors(pool, now, tmp_path) as landing:
        text = (await landing.visit(name)).text
    assert name.replace(".example", "[.]example") in text
    assert "pošta-dostava[.]example" in text
    assert f'href="http://{name}' not in text


async def test_the_page_asks_for_nothing_and_sets_nothing(landing: Visitors) -> None:
    answer = await landing.visit(EVIL)
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    style = re.search(r"<style>(.*)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    for word in ("<script", " style=", " src=", "@import", "url(", "<form", "<iframe"):
        assert word not in answer.text, word
    links = set(re.findall(r'href="([^"]+)"', answer.text))
    assert all(link.startswith((f"{CONSOLE}/", "/.zvon/", "#main", "data:,")) for link in links)
    assert len(answer.content) < 16_384


async def test_a_picture_of_a_blocked_name_costs_nothing(landing: Visitors) -> None:
    answer = await landing.visit(EVIL, "/logo.png", headers={"Sec-Fetch-Dest": "image"})
    assert answer.status_code == 451
    assert answer.content == b""


async def test_only_visits_by_hour_and_block_are_kept(
    landing: Visitors, pool: Pool, now: datetime
) -> None:
    marked = {"X-Forwarded-For": "203.0.113.77", "User-Agent": "Brskalnik/77",
              "Cookie": "kdo=jaz77", "Referer": "https://od-kod-77.example/"}  # fmt: skip
    for _ in range(3):
        await landing.visit(f"zrtev77.{EVIL}", "/pot77?zeton=skrivno77", headers=marked)
    await landing.visit("neznano77.example", headers=marked)
    await landing.visit(EVIL, "/a.png", headers={"Sec-Fetch-Dest": "image"})
    await landing.page.flush()
    await landing.page.flush()
    async with pool.connection() as db:
        counted = await landing_hour.since(db, now - timedelta(hours=1))
        (number,) = await (await db.execute("select number from block")).fetchone() or ("",)
        tables = await (
            await db.execute("select tablename from pg_tables where schemaname = 'public'")
        ).fetchall()
    assert counted == {number: 3, "": 1}
    for (table,) in tables:
        async with transaction(pool, now) as tx:
            rows = await (await tx.db.execute(f"select t::text from {table} t".encode())).fetchall()
        found = [r for (r,) in rows if "77" in r and ("zrtev" in r or "113.77" in r or "skrivno" in r
                 or "Brskalnik" in r or "kdo=" in r or "neznano" in r)]  # fmt: skip
        assert found == [], table


async def test_without_a_database_there_is_a_page_all_the_same(
    dsn: str, now: datetime, tmp_path: Path
) -> None:
    nowhere = psycopg.conninfo.make_conninfo("host=/nonexistent dbname=none")
    async with open_pool(nowhere, size=1) as pool, visitors(pool, now, tmp_path) as landing:
        answer = await landing.visit(EVIL)
        assert answer.status_code == 451
        assert NEUTRAL in answer.text
        await landing.page.flush()  # counted on, and no error


async def test_an_answer_outlives_the_database(dsn: str, server: str, now: datetime, tmp_path: Path) -> None:  # fmt: skip
    async with open_pool(dsn, size=3) as pool:
        await lead_here(pool, await people_of(pool, now), now, EVIL)
        async with visitors(pool, now, tmp_path) as landing:
            assert SPECIFIC in (await landing.visit(EVIL)).text
            name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
            with psycopg.connect(server, autocommit=True) as db:
                db.execute(f"alter database {name} with allow_connections false")
                db.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s",
                    (name,),
                )
            landing.seconds.now += KEPT_S
            assert SPECIFIC in (await landing.visit(EVIL)).text
            assert NEUTRAL in (await landing.visit(f"www.{EVIL}")).text
            with psycopg.connect(server, autocommit=True) as db:
                db.execute(f"alter database {name} with allow_connections true")


async def test_a_crowd_asks_the_database_once(pool: Pool, now: datetime, people: People) -> None:
    await lead_here(pool, people, now, EVIL)
    names = Names(pool, Seconds())
    found = await asyncio.gather(*(names.find(EVIL) for _ in range(200)))
    assert {one.number for one in found if one} == {found[0].number if found[0] else ""}
    strangers = await asyncio.gather(*(names.find(f"s{n}.example") for n in range(500)))
    assert strangers == [None] * 500
    assert await names.find(EVIL) == found[0]


async def test_those_who_read_hits_see_the_visits(house: House) -> None:
    hour = house.clock().replace(minute=0)
    async with transaction(house.pool, house.clock()) as tx:
        await landing_hour.add(tx, {(hour, "B-26-000001"): 7, (hour, ""): 2,
                                    (hour - timedelta(hours=5), "B-26-000001"): 30})  # fmt: skip
    told = (await house.get("ana", "/api/v1/landing/visits?hours=2")).json()
    assert (told["blocks"], told["other"]) == ({"B-26-000001": 7}, 2)
    whole = (await house.get("ana", "/api/v1/landing/visits")).json()
    assert whole["blocks"] == {"B-26-000001": 37}
    assert (await house.get("rita", "/api/v1/landing/visits")).status_code == 403
    assert (await house.get("ana", "/api/v1/landing/visits?hours=0")).status_code == 400


@given(st.binary(max_size=300))
def test_no_host_raises(raw: bytes) -> None:
    name = host_name(raw)
    assert name is None or canonical(name) == name


def test_the_numbers_of_banks_come_from_the_operator(tmp_path: Path) -> None:
    file = tmp_path / "banks.toml"
    file.write_text('[[bank]]\nname = "Banka"\nphone = "+386 1 234 56 78"\n', "utf-8")
    (bank,) = read_help(file)
    assert (bank.name, bank.dial) == ("Banka", "+38612345678")
    assert read_help(None) == ()
    for wrong in ("[[bank]]\nname = 1\n", "[bank", '[[bank]]\nname="x"\nphone="1"\nurl="x"\n'):
        file.write_text(wrong, "utf-8")
        with pytest.raises(BadHelpFile, match=r"banks\.toml"):
            read_help(file)
    with pytest.raises(BadHelpFile):
        read_help(tmp_path / "none.toml")


async def test_the_numbers_are_on_the_page(pool: Pool, now: datetime, tmp_path: Path) -> None:
    file = tmp_path / "banks.toml"
    file.write_text('[[bank]]\nname = "Banka <1>"\nphone = "+386 1 234 56 78"\n', "utf-8")
    async with visitors(pool, now, tmp_path, landing_help=file) as landing:
        text = (await landing.visit("any.example")).text
    assert 'Banka &lt;1&gt;: <a href="tel:+38612345678">+386 1 234 56 78</a>' in text


def test_half_a_certificate_and_no_address_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NoLanding, match="ZVON_LANDING says"):
        list(listeners(None, Settings(root=tmp_path)))
    with pytest.raises(NoLanding, match="belong together"):
        list(listeners(None, Settings(root=tmp_path, landing="127.0.0.1:80",
                                      landing_tls_cert=tmp_path / "c.pem")))  # fmt: skip


async def test_the_listener_bounds_what_it_reads(pool: Pool, now: datetime, tmp_path: Path) -> None:
    port = free_port()
    settings = Settings(root=tmp_path, landing=f"127.0.0.1:{port}", public_url=CONSOLE)
    page = Landing(pool, settings, clock=Clock(now), seconds=Seconds())
    ((_, server),) = list(listeners(page, settings))
    task = asyncio.create_task(server.serve())
    try:
        assert b" 451 " in await said(port, b"GET / HTTP/1.1\r\nHost: any.example\r\n\r\n")
        assert b" 451 " in await said(port, b"GET / HTTP/1.0\r\n\r\n")
        large = b"GET / HTTP/1.1\r\nHost: a.example\r\nX: " + b"x" * 20_000 + b"\r\n\r\n"
        assert b" 431 " in await said(port, large)
        # A second request behind the first one, or inside its body, is never answered.
        hidden = b"GET /hidden HTTP/1.1\r\nHost: b.example\r\n\r\n"
        for first in (
            b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
            CHUNKED,
            b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n",
        ):
            assert (await said(port, first + hidden)).count(b"HTTP/1.1 ") == 1
    finally:
        server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(task, 10)


async def test_a_certificate_opens_the_page_over_https_too(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with transaction(pool, now) as tx:
        await create_node(tx, Settings(root=tmp_path), now, os.urandom)
    async with pool.connection() as db:
        me = await node(db, node_key(tmp_path / "node.key", os.urandom))
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_text(me.tls_certificate, "ascii")
    key.write_text(me.tls_key, "ascii")
    plain, secure = free_port(), free_port()
    settings = Settings(
        root=tmp_path, landing=f"127.0.0.1:{plain}", landing_https=f"127.0.0.1:{secure}",
        landing_tls_cert=cert, landing_tls_key=key, public_url=CONSOLE,
    )  # fmt: skip
    page = Landing(pool, settings, clock=Clock(now), seconds=Seconds())
    served = list(listeners(page, settings))
    tasks = [asyncio.create_task(server.serve()) for _, server in served]
    try:
        await said(secure, b"")
        async with AsyncClient(verify=False) as client:
            answer = await client.get(f"https://127.0.0.1:{secure}/", headers={"Host": EVIL})
        assert answer.status_code == 451
        assert "leads here by mistake" in answer.text
    finally:
        for _, server in served:
            server.stop()  # type: ignore[no-untyped-call]
        await asyncio.wait_for(asyncio.gather(*tasks), 10)


CHUNKED = (
    b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
)


async def said(port: int, request: bytes) -> bytes:
    """Everything that the server says until it closes."""
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except OSError:
            await asyncio.sleep(0.02)
    writer.write(request)
    if not request:
        writer.write_eof()
    answer = await asyncio.wait_for(_rest(reader), 10)
    writer.close()
    return answer


async def _rest(reader: asyncio.StreamReader) -> bytes:
    got = b""
    try:
        while more := await reader.read(65536):
            got += more
    except ConnectionResetError:
        pass
    return got
