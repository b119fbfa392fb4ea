"""What a hostile page may do to our browser: show itself, and nothing else."""

import asyncio
import socket
import tempfile
from pathlib import Path

import pytest

from tests.collect.render.conftest import no_browser
from tests.collect.render.site import KIT, Answer, Page, Request, Site, sent_to, serving
from tests.collect.site import page as said
from tests.collect.site import server_tls
from tests.collect.site import site as site_of
from zvon.collect.fetch.guard import Guard
from zvon.collect.render import visit as visiting
from zvon.collect.render.process import Browser, NoBrowser, find, running
from zvon.collect.render.proxy import Proxy
from zvon.collect.render.vantage import desktop, phone
from zvon.collect.render.visit import Download, Seen, visit
from zvon.formats.dom_snapshot import read
from zvon.model.page import Hop

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
PAGE = b"<!doctype html><title>Vrt</title><p>Dober dan</p>"


async def loopback(_: str) -> tuple[str, ...]:
    return ("127.0.0.1",)


async def seen(
    browser: Browser, site: Site, path: str = "/", host: str = KIT
) -> tuple[Seen, Proxy]:
    async with Proxy(site.guard(host)) as proxy:
        return await visit(browser, site.url(path, host), phone("SI"), proxy.address), proxy


def html(look: Seen) -> str:
    assert look.snapshot is not None, look
    return read(look.snapshot).html


async def test_each_vantage_is_who_it_says_it_is(browser: Browser) -> None:
    def mirror(_: Request) -> bytes:
        return (b"<!doctype html><meta name=viewport content='width=device-width'><p id=p></p>"
                b"<script>p.textContent=[navigator.language,innerWidth,navigator.webdriver,"
                b"navigator.maxTouchPoints>0,'serviceWorker' in navigator,document.referrer,"
                b"Intl.DateTimeFormat().resolvedOptions().timeZone].join('|')</script>")  # fmt: skip

    async with serving({"/": mirror}) as site:
        for view, shown in (
            (phone("SI"), "sl-SI|390|false|true|false|https://l.facebook.com/|Europe/Ljubljana"),
            (phone("HR"), "hr-HR|390|false|true|false|https://l.facebook.com/|Europe/Zagreb"),
            (desktop(), "en-US|1280|false|false|false||America/New_York"),
        ):
            async with Proxy(site.guard()) as proxy:
                look = await visit(browser, site.url(), view, proxy.address)
            assert shown in html(look)
            asked = next(each for each in reversed(site.asked) if each.path == "/")
            agent = asked.headers["user-agent"]
            assert ("Mobile" in agent, "Headless" in agent) == (view.mobile, False)
            assert asked.headers["accept-language"].startswith(view.locale)
            assert proxy.refusals == []  # the browser asks its maker for nothing


async def test_the_whole_chain_is_kept_with_what_led_on(browser: Browser) -> None:
    pages: dict[str, Page | bytes | Answer] = {
        "/": sent_to("/meta"),
        "/meta": b'<meta http-equiv=refresh content="0;url=/script">',
        "/script": b"<script>location='/end'</script>",
        "/end": PAGE,
    }
    async with serving(pages) as site:
        look, _ = await seen(browser, site)
        assert look.hops == (
            Hop(site.url("/"), 302, "http"),
            Hop(site.url("/meta"), 200, "meta"),
            Hop(site.url("/script"), 200, "script"),
            Hop(site.url("/end"), 200, ""),
        )
    assert "Dober dan" in html(look)
    assert look.picture is not None
    assert look.picture.startswith(b"\x89PNG")
    assert (look.limited, look.failed, look.media_type) == ("", "", "text/html")


async def test_what_scripts_make_is_seen_in_frames_and_shadows_too(browser: Browser) -> None:
    page = b"""<p>Pozdravljeni</p><div id=late></div><div id=host></div>
    <iframe srcdoc="<form action='/frame'><input name=cvv></form>"></iframe><script>
    host.attachShadow({mode:'closed'}).innerHTML='<input name=shadow>'
    setTimeout(()=>{late.innerHTML='<form action=/go><input type=password></form>'},400)</script>"""
    async with serving({"/": page}) as site:
        look, _ = await seen(browser, site)
        told = html(look)
        assert '<form action="/go"><input type="password"></form>' in told
        assert f'<form action="{site.url("/frame")}"><input name="cvv"></form>' in told
        assert '<input name="shadow">' in told


async def test_nothing_inside_is_reached_by_any_door(browser: Browser) -> None:
    """Pictures, scripts, frames, sockets, workers, prefetch, WebRTC, redirects: all are refused."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.setblocking(False)
        stun = udp.getsockname()[1]

        async with serving({}) as inside:
            there = f"127.0.0.1:{inside.port}"
            doors = f"""<link rel=prefetch href="http://{there}/prefetch">
            <link rel=preconnect href="http://{there}"><link rel=dns-prefetch href="//{there}">
            <img src="http://{there}/picture"><script src="http://{there}/script"></script>
            <iframe src="http://{there}/frame"></iframe><iframe src="file:///etc/passwd"></iframe>
            <img src="http://169.254.169.254/latest/meta-data/"><img src="/moved">
            <img src="http://localhost:{inside.port}/localhost"><img src="http://0x7f.1/hex">
            <script>
            fetch('http://{there}/fetch',{{mode:'no-cors'}}).catch(()=>0)
            navigator.sendBeacon('http://{there}/beacon','x')
            new WebSocket('ws://{there}/socket')
            new EventSource('http://{there}/events')
            new Worker(URL.createObjectURL(new Blob(["fetch('http://{there}/worker',{{mode:'no-cors'}})"])))
            const c=new RTCPeerConnection({{iceServers:[{{urls:'stun:127.0.0.1:{stun}'}}]}})
            c.createDataChannel('x');c.createOffer().then(o=>c.setLocalDescription(o))
            </script><p>Dober dan</p>"""
            pages: dict[str, Page | bytes | Answer] = {
                "/": doors.encode(),
                "/moved": sent_to(f"http://{there}/after-redirect"),
            }
            async with serving(pages) as site:
                look, proxy = await seen(browser, site)
            assert inside.asked == []
            assert "Dober dan" in html(look)
            assert "root:" not in html(look)
            assert proxy.reached == {KIT}
            assert proxy.refused("127.0.0.1") == "port"
            assert proxy.refused("169.254.169.254") == "metadata"
            assert proxy.refused("localhost") == "port"
        with pytest.raises(BlockingIOError):
            udp.recv(100)


@pytest.mark.parametrize("to", ["http://127.0.0.1/", "http://169.254.169.254/latest/",
                                "http://[::ffff:10.0.0.1]/"])  # fmt: skip
async def test_a_page_that_leads_inside_ends_there(browser: Browser, to: str) -> None:
    async with serving({"/": sent_to(to)}) as site:
        look, proxy = await seen(browser, site)
        assert look.hops[0] == Hop(site.url("/"), 302, "http")
        assert proxy.refusals


async def test_what_a_page_throws_at_us_is_dropped_and_noted(
    browser: Browser, tmp_path: Path
) -> None:
    page = b"""<p>Dober dan</p><iframe name=f></iframe><a id=a href=/file download></a>
    <form id=s action=/post method=post target=f><input name=x value=1></form><script>
    alert('one'); confirm('two'); prompt('three');
    for(let n=0;n<5;n++) window.open('/popup'+n)
    a.click(); s.submit(); onbeforeunload=()=>'stay'
    navigator.geolocation&&navigator.geolocation.getCurrentPosition(()=>{document.title='found'})
    </script>"""
    file = Answer(b"MZ" * 999, headers=(("Content-Type", "application/octet-stream"),
                                        ("Content-Disposition", "attachment; filename=a.exe")))  # fmt: skip
    async with serving({"/": page, "/file": file}) as site:
        look, _ = await seen(browser, site)
        assert look.dialogs == ("one", "two", "three")
        assert look.submitted == (site.url("/post"),)
        assert look.downloads == (Download(site.url("/file"), "a.exe"),)
        assert not any(each.path.startswith(("/popup", "/post")) for each in site.asked)
    assert "Dober dan" in html(look)
    assert not list(Path(tempfile.gettempdir()).glob("zvon-look-*/**/*a.exe*"))


async def test_a_service_worker_is_not_installed(browser: Browser) -> None:
    """On `localhost`, where a page without a certificate may ask for one."""
    page = (b"<p>Dober dan</p><script>try{navigator.serviceWorker.register('/sw.js')}"
            b"catch(e){document.title='none'}</script>")  # fmt: skip
    script = Answer(b"self.x=1", headers=(("Content-Type", "text/javascript"),))
    async with serving({"/": page, "/sw.js": script}) as site:
        look, _ = await seen(browser, site, host="localhost")
        assert "<title>none</title>" in html(look)
        assert "/sw.js" not in {each.path for each in site.asked}


async def test_a_bad_certificate_is_noted_and_the_page_is_seen(
    browser: Browser, tmp_path: Path
) -> None:
    tls = server_tls(tmp_path, KIT, "www.kit.example")
    async with site_of({"/": said("<p>Dober dan</p><img src=/a>")}, tls) as there:
        guard = Guard(resolve=loopback, allow={(KIT, there.port)})
        async with Proxy(guard) as proxy:
            url = there.url(host=KIT, scheme="https")
            look = await visit(browser, url, desktop(), proxy.address)
    assert "Dober dan" in html(look)
    assert look.hops == (Hop(url, 200, ""),)
    assert look.certificate == ("kit.example", "www.kit.example")
    assert look.insecure


async def test_one_look_leaves_nothing_for_the_next(browser: Browser) -> None:
    def cookie(request: Request) -> Answer:
        said = request.headers.get("cookie", "no cookie").encode()
        return Answer(said, headers=(("Content-Type", "text/html"), ("Set-Cookie", "who=1")))

    async with serving({"/": cookie}) as site:
        for _ in range(2):
            look, _ = await seen(browser, site)
            assert "no cookie" in html(look)


async def test_a_chain_without_end_is_stopped(browser: Browser) -> None:
    count = iter(range(10_000))
    pages: dict[str, Page | bytes | Answer] = {
        "/": lambda _: b"<script>location='/?%d'</script>" % next(count)
    }
    async with serving(pages) as site:
        look, _ = await seen(browser, site)
        assert look.limited == "redirects"
        assert len(look.hops) <= visiting.MOST_HOPS + 3


@pytest.mark.parametrize(("script", "why"), [
    ("for(;;);", "time"),
    ("for(;;) alert('more')", "dialogs"),
])  # fmt: skip
async def test_a_script_without_end_is_ended(
    script: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visiting, "SETTLE_S", 1.5)
    monkeypatch.setattr(visiting, "SNAPSHOT_S", 1.5)
    monkeypatch.setattr(visiting, "LOOK_S", 6.0)
    page = f"<p>Dober dan</p><script>setTimeout(()=>{{{script}}},50)</script>".encode()
    async with serving({"/": page}) as site:
        try:
            async with running(find(None)) as browser:
                look, _ = await seen(browser, site)
        except NoBrowser as problem:
            no_browser(problem)
        assert look.limited == why
        assert browser.process.poll() is not None


async def test_a_page_that_eats_memory_is_killed_with_its_browser() -> None:
    page = b"""<p>Dober dan</p><script>const all=[];
    setInterval(()=>{all.push(new Uint8Array(3e7).fill(7))},20)</script>"""
    async with serving({"/": page}) as site:
        try:
            async with running(find(None), most_memory=400_000_000) as browser:
                look, _ = await seen(browser, site)
        except NoBrowser as problem:
            no_browser(problem)
        assert look.limited == "memory"


async def test_nobody_there_is_said(browser: Browser) -> None:
    async with serving({}) as site:
        pass
    look, proxy = await seen(browser, site)
    await asyncio.sleep(0)
    assert look.failed or look.hops[-1].status == 502
    assert proxy.absent == [(KIT, site.port, "no_answer")]
