"""A chain of requests ends within its bounds, and what went wrong is a fact about the page."""

import asyncio
import gzip
import ssl
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.collect.site import Answer, Site, moved, page, server_tls, site
from zvon.collect.fetch.client import Client, Fetched
from zvon.collect.fetch.guard import Guard
from zvon.collect.fetch.inflate import Body
from zvon.collect.fetch.lane import Lanes
from zvon.collect.fetch.limits import LimitHit, Limits
from zvon.model.page import Outcome, Vantage

QUICK = Limits(wait_s=1.0, total_s=1.5)
PUBLIC = "93.184.216.34"


async def resolve(host: str) -> tuple[str, ...]:
    """Names of the tests: two on loopback, one that mixes, one that the world could reach."""
    return {"edavki-vracilo.example": ("127.0.0.1",), "kratko.example": ("127.0.0.1",),
            "mixed.example": (PUBLIC, "10.0.0.1")}.get(host, ())  # fmt: skip


@asynccontextmanager
async def asking(
    here: Site, *names: str, limits: Limits = QUICK, lanes: Lanes | None = None
) -> AsyncIterator[Client]:
    allow = here.allow | {(name, here.port) for name in names}
    async with Client(Guard(resolve=resolve, allow=allow), limits, lanes=lanes) as client:
        yield client


async def fetched(answers: dict[str, Answer], path: str = "/", limits: Limits = QUICK) -> Fetched:
    async with site(answers) as here, asking(here, limits=limits) as client:
        return await client.get(here.url(path))


async def test_a_page_comes_with_its_status_type_and_headers() -> None:
    found = await fetched(
        {"/": page("<p>živjo", "Content-Type: text/html; charset=UTF-8", "X-A: b")}
    )
    assert (found.outcome, found.status, found.body.decode()) == (Outcome.SEEN, 200, "<p>živjo")
    assert (found.media_type, found.charset, found.header("x-a")) == ("text/html", "UTF-8", "b")
    assert [(hop.status, hop.via) for hop in found.hops] == [(200, "")]


async def test_every_hop_is_kept_with_how_it_led_on() -> None:
    async with site({
        "/s": moved("/b"), "/b": page("", "Refresh: 0; url=/c"),
        "/c": page('<meta http-equiv="Refresh" content="1; URL=\'/d?x=1\'">'), "/d": page("end"),
    }) as here, asking(here) as client:  # fmt: skip
        found = await client.get(here.url("/s"))
    assert [(h.url.partition(str(here.port))[2], h.status, h.via) for h in found.hops] == [
        ("/s", 302, "http"), ("/b", 200, "meta"), ("/c", 200, "meta"), ("/d?x=1", 200, "")]  # fmt: skip
    assert found.body == b"end"


async def test_a_shorteners_end_is_another_name_in_one_spelling() -> None:
    answers: dict[str, Answer] = {"/Prijava": page("<title>eDavki</title>")}
    async with (
        site(answers) as here,
        asking(here, "edavki-vracilo.example", "kratko.example") as client,
    ):
        answers["/x"] = moved(f"http://EDAVKI-vracilo.EXAMPLE:{here.port}/Prijava?a=B")
        found = await client.get(here.url("/x", host="kratko.example"))
    assert found.url == f"http://edavki-vracilo.example:{here.port}/Prijava?a=B"
    assert found.outcome is Outcome.SEEN


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://0x7f.1/", "loopback"),
        ("http://2130706433/", "loopback"),
        ("http://0177.0.0.1/", "loopback"),
        ("//[64:ff9b::7f00:1]/", "translated"),
        ("http://[2002:7f00:1::]/", "translated"),
        ("http://[::ffff:127.0.0.1]/", "loopback"),
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("https://mixed.example/", "mixed"),
        ("http://mixed.example:8080/", "port"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:70/_x", "scheme"),
        ("ftp://a.example/x", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("data:text/html,<form>", "scheme"),
        ("http://a b/", "bad_address"),
        ("http://[::1", "bad_address"),
        ("http://999.999.999.999/", "bad_address"),
        ("http://xn--a/", "bad_address"),
    ],
)
async def test_a_redirect_to_where_we_do_not_go_is_refused_and_kept(
    location: str, reason: str
) -> None:
    found = await fetched({"/": moved(location)})
    assert (found.outcome, found.reason) == (Outcome.REFUSED, reason)
    assert [hop.status for hop in found.hops] == [302, 0]
    assert found.hops[1].url
    by_page = await fetched({"/": page(f'<meta http-equiv=refresh content="0;url={location}">')})
    assert by_page.outcome is Outcome.REFUSED
    assert by_page.hops[0].via == "meta"


@pytest.mark.parametrize(("url", "reason"), [
    ("file:///etc/passwd", "scheme"), ("javascript:1", "scheme"), ("ftp://a.example/", "scheme"),
    ("http://127.0.0.1/", "loopback"), ("http://localhost/", "loopback"), ("", "bad_address"),
    ("http://0/", "this_network"), ("https://mixed.example/", "mixed"),
])  # fmt: skip
async def test_what_is_asked_for_is_judged_as_well(url: str, reason: str) -> None:
    async def inner(host: str) -> tuple[str, ...]:
        return ("127.0.0.1",) if host == "localhost" else await resolve(host)

    async with Client(Guard(resolve=inner)) as client:
        found = await client.get(url)
    assert (found.outcome, found.reason) == (Outcome.REFUSED, reason)


async def test_a_circle_of_redirects_ends_after_eight() -> None:
    async with site({"/a": moved("/b"), "/b": moved("/a")}) as here, asking(here) as client:
        found = await client.get(here.url("/a"))
        assert (found.outcome, found.reason) == (Outcome.LIMITED, "redirects")
        assert len(here.asked) == 9


async def test_a_page_that_reloads_itself_is_at_its_end() -> None:
    found = await fetched({"/": page('<meta http-equiv="refresh" content="30">text')})
    late = await fetched({"/": page('<meta http-equiv=refresh content="300;url=/x">text')})
    assert found.outcome is late.outcome is Outcome.SEEN
    assert len(found.hops) == len(late.hops) == 1


async def test_cookies_stay_in_one_chain_and_with_their_host() -> None:
    answers: dict[str, Answer] = {"/end": page("end")}
    async with site(answers) as here, asking(here, "kratko.example") as client:
        answers["/"] = moved("/two", "302 Found", "Set-Cookie: sid=1; HttpOnly", "Set-Cookie: b=2")
        answers["/two"] = moved(here.url("/end", host="kratko.example"))
        await client.get(here.url("/"))
        await client.get(here.url("/end"))
        assert ["Cookie: sid=1; b=2" in head for head in here.asked] == [False, True, False, False]


async def test_the_victims_token_is_taken_off_unless_somebody_wants_it() -> None:
    async with site({"/i": page("x")}) as here, asking(here) as client:
        await client.get(here.url("/i?t=7F3K9Q&page=2&e=ana%40primer.example"))
        await client.get(here.url("/i?t=7F3K9Q"), keep_token=True)
        assert here.paths() == ["/i?page=2", "/i?t=7F3K9Q"]


async def test_what_we_send_looks_like_a_visitor_and_holds_no_secret() -> None:
    async with site({"/": page("x")}) as here:
        guard = Guard(resolve=resolve, allow=here.allow)
        async with Client(guard, vantage=Vantage.PHONE, country="HR") as client:
            await client.get(here.url(), referrer="https://www.example/")
        (head,) = here.asked
    assert "Android" in head
    assert "hr-HR" in head
    assert "Referer: https://www.example/" in head
    assert "zvon" not in head.lower()
    assert "Authorization" not in head


async def test_an_endless_slow_body_ends_and_keeps_what_came() -> None:
    async def drip(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>pred</title>")
        for __ in range(100):
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(b"x")

    found = await fetched({"/": drip}, limits=Limits(wait_s=5.0, total_s=0.4))
    assert (found.outcome, found.reason) == (Outcome.LIMITED, "time")
    assert found.body.startswith(b"<title>pred</title>")


async def test_silence_is_unreachable() -> None:
    async def silent(_: str, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    found = await fetched({"/": silent}, limits=Limits(wait_s=0.2, total_s=5.0))
    assert (found.outcome, found.reason) == (Outcome.UNREACHABLE, "read_time")
    async with site({}) as here:
        pass
    async with asking(here) as client:
        gone = await client.get(here.url())
    assert (gone.outcome, gone.reason) == (Outcome.UNREACHABLE, "no_answer")
    async with Client(Guard(resolve=resolve)) as client:
        nowhere = await client.get("https://nikjer.example/")
    assert (nowhere.outcome, nowhere.reason) == (Outcome.UNREACHABLE, "no_address")


async def test_bodies_stop_at_two_megabytes() -> None:
    found = await fetched({"/": page(b"<p>" + b"a" * 2_100_000)}, limits=Limits())
    assert (found.outcome, found.reason) == (Outcome.LIMITED, "size")
    assert len(found.body) == 2_000_000


async def test_a_gzip_bomb_is_cut_by_its_ratio() -> None:
    small = gzip.compress(bytes(1_500_000))
    found = await fetched({"/": page(small, "Content-Encoding: gzip")}, limits=Limits())
    assert (found.outcome, found.reason) == (Outcome.LIMITED, "ratio")
    assert len(found.body) < 100 * len(small) + 200_000
    bomb = gzip.compress(bytes(50_000_000))
    found = await fetched({"/": page(bomb, "Content-Encoding: gzip")}, limits=Limits())
    assert (found.outcome, len(found.body)) == (Outcome.LIMITED, 2_000_000)


async def test_a_bomb_in_many_members_is_cut_as_well() -> None:
    bomb = gzip.compress(bytes(1000)) * 50_000
    found = await fetched({"/": page(bomb, "Content-Encoding: gzip")}, limits=Limits())
    assert (found.outcome, len(found.body)) == (Outcome.LIMITED, 2_000_000)


async def test_encodings_are_undone_and_lies_about_them_are_said() -> None:
    text = b"<p>pozdrav " * 50
    raw = zlib.compressobj(wbits=-15)
    deflated = raw.compress(text) + raw.flush()
    for header, body in (("gzip", gzip.compress(text)), ("x-gzip", gzip.compress(text)),
                         ("deflate", zlib.compress(text)), ("deflate", deflated),
                         ("gzip", gzip.compress(text[:300]) + gzip.compress(text[300:]))):  # fmt: skip
        found = await fetched({"/": page(body, f"Content-Encoding: {header}")})
        assert (found.body, found.warnings) == (text, ()), header
    lie = await fetched({"/": page(text, "Content-Encoding: gzip")})
    assert (lie.body, lie.warnings) == (text, ("bad-encoding",))
    broken = await fetched({"/": page(gzip.compress(text)[:30] + b"\xff" * 40,
                                      "Content-Encoding: gzip")})  # fmt: skip
    assert broken.warnings == ("bad-encoding",)
    other = await fetched({"/": page(text, "Content-Encoding: br")})
    assert other.warnings == ("unknown-encoding",)


@given(
    st.lists(st.integers(0, 200_000), min_size=1, max_size=5),
    st.integers(1, 3000),
    st.binary(max_size=3),
)
@example([1 << 20] * 5, 700, b"")
@example([65_536, 65_536], 1, b"\x1f")
def test_members_come_through_however_they_are_cut(sizes: list[int], cut: int, tail: bytes) -> None:
    packed = b"".join(gzip.compress(bytes(size)) for size in sizes) + tail
    body = Body("gzip", Limits(body=10_000_000, ratio=2000))
    for at in range(0, len(packed), cut):
        body.feed(packed[at : at + cut])
    assert len(body.data) == sum(sizes)


@given(st.lists(st.binary(max_size=300), max_size=8), st.sampled_from(["gzip", "deflate", ""]))
def test_no_bytes_break_the_decoder(pieces: list[bytes], encoding: str) -> None:
    body = Body(encoding, Limits(body=1000, floor=100))
    try:
        for piece in pieces:
            body.feed(piece)
    except LimitHit:
        pass
    assert len(body.data) <= 1000


async def test_headers_are_bounded() -> None:
    many = [f"X-{n}: {'a' * 100}" for n in range(700)]
    found = await fetched({"/": page("x", *many)}, limits=Limits())
    assert (found.outcome, found.reason) == (Outcome.LIMITED, "headers")
    one = await fetched({"/": page("x", "X-A: " + "a" * 300_000)}, limits=Limits())
    assert (one.outcome, one.reason) == (Outcome.LIMITED, "headers")


async def test_an_answer_that_is_no_http_is_said() -> None:
    found = await fetched({"/": b"SSH-2.0-OpenSSH_9.9\r\n\r\n"})
    assert (found.outcome, found.reason) == (Outcome.UNREACHABLE, "protocol")
    cut = await fetched({"/": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<p>half"})
    assert (cut.outcome, cut.reason, cut.body) == (Outcome.LIMITED, "protocol", b"<p>half")


async def test_a_redirect_without_words_is_an_answer() -> None:
    found = await fetched({"/": page("moved where?", status="302 Found")})
    assert (found.outcome, found.status, found.body) == (Outcome.SEEN, 302, b"moved where?")


async def test_head_asks_for_no_body() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nContent-Type: application/zip\r\nConnection: close\r\n\r\n"  # fmt: skip
    async with site({"/a.zip": answer}) as here, asking(here) as client:
        found = await client.get(here.url("/a.zip"), method="HEAD")
    assert (found.outcome, found.media_type, found.body) == (Outcome.SEEN, "application/zip", b"")


async def test_one_request_at_a_time_reaches_a_host() -> None:
    async def slow(_: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.write(page("x"))

    lanes = Lanes()
    async with site({"/": slow}) as here, asking(here, lanes=lanes) as one, asking(here, lanes=lanes) as two:  # fmt: skip
        found = await asyncio.gather(*(c.get(here.url()) for c in (one, two) for _ in range(3)))
        assert here.busiest == 1
        assert {each.outcome for each in found} == {Outcome.SEEN}


async def test_waiting_for_a_turn_takes_nothing_of_the_time() -> None:
    async def slow(_: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.25)
        writer.write(page("x"))

    async with site({"/": slow}) as here, asking(here, limits=Limits(total_s=0.8)) as client:
        found = await asyncio.gather(*(client.get(here.url()) for _ in range(5)))
    assert {each.outcome for each in found} == {Outcome.SEEN}


async def test_turns_are_given_back() -> None:
    lanes = Lanes(per_host=1, at_once=2)
    seen: list[int] = []
    running = 0

    async def one(host: str) -> None:
        nonlocal running
        async with lanes.turn(host):
            running += 1
            seen.append(running)
            await asyncio.sleep(0.01)
            running -= 1

    await asyncio.gather(*(one(host) for host in "aaabbbccc"))
    assert max(seen) == 2
    assert lanes._hosts == {}


Made = Callable[..., ssl.SSLContext]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Makes the TLS context of a server with a certificate of its own."""
    return partial(server_tls, tmp_path)


async def test_a_bad_certificate_is_a_fact_and_the_page_is_read(made: Made) -> None:
    tls = made("kratko.example", "*.kratko.example")
    answers: dict[str, Answer] = {"/": page("skrito"), "/b": page("tudi")}
    async with site(answers, tls) as here, asking(here, "kratko.example") as client:
        found = await client.get(here.url(host="kratko.example", scheme="https"))
        again = await client.get(here.url("/b", host="kratko.example", scheme="https"))
    assert (found.body, again.body) == (b"skrito", b"tudi")
    assert found.warnings == ("tls:self_signed",)
    assert found.certificate is not None
    assert found.certificate.names == ("*.kratko.example", "kratko.example")
    assert found.certificate.issuer == "Preizkus d.o.o."
    assert found.certificate.not_before == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.certificate.problem == "self_signed"
    assert found.certificate == again.certificate


async def test_an_expired_certificate_is_told_from_an_unknown_one(made: Made) -> None:
    tls = made("kratko.example", start=datetime(2020, 1, 1, tzinfo=UTC), days=10)
    async with site({"/": page("x")}, tls) as here, asking(here, "kratko.example") as client:
        found = await client.get(here.url(host="kratko.example", scheme="https"))
    assert found.outcome is Outcome.SEEN
    assert found.warnings[0] in {"tls:expired", "tls:self_signed"}


async def test_plain_text_behind_https_is_unreachable() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    here = Site(server.sockets[0].getsockname()[1], [])
    async with server, asking(here) as client:
        found = await client.get(here.url(scheme="https"))
    assert (found.outcome, found.reason) == (Outcome.UNREACHABLE, "tls")
