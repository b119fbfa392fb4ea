"""How a look ended is told in our words, and a hostile end leaves what was seen so far."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.collect.render.conftest import no_browser
from tests.collect.render.site import KIT, Answer, Page, sent_to, serving
from zvon.collect.render import visit as visiting
from zvon.collect.render.look import Looker, Taken, _why
from zvon.collect.render.process import NoBrowser
from zvon.model.brand import shipped
from zvon.model.page import Outcome, Vantage

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ENDLESS = b"<p>Dober dan</p><form><input type=password></form><script>setTimeout(()=>{for(;;);},50)</script>"
FILE = Answer(b"PK\x03\x04" * 99, headers=(("Content-Type", "application/zip"),))


def looker(guard: Any, **more: Any) -> Looker:
    return Looker(guard, registry=shipped(), country="SI", clock=lambda: AT, **more)


def ended(taken: tuple[Taken, ...]) -> list[tuple[Outcome, str]]:
    if taken[0].capture.outcome is Outcome.UNAVAILABLE:
        no_browser(NoBrowser(taken[0].capture.reason))
    return [(each.capture.outcome, each.capture.reason) for each in taken]


@pytest.mark.browser
async def test_each_end_has_its_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visiting, "SETTLE_S", 1.5)
    monkeypatch.setattr(visiting, "SNAPSHOT_S", 1.5)
    pages: dict[str, Page | bytes | Answer] = {
        "/in": sent_to("http://127.0.0.1/"),
        "/file": FILE,
        "/endless": ENDLESS,
        "/gone": Answer(b"<p>Strani ni</p>", 404),
    }
    async with serving(pages) as site:
        here = looker(site.guard())
        here.views = here.views[1:]  # nothing is read aloud
        assert ended(await here.look(site.url("/in"))) == [(Outcome.REFUSED, "loopback")]
        file = await here.look(site.url("/file"))
        assert ended(file) == [(Outcome.LIMITED, "download")]
        assert [each.url for each in file[0].downloads] == [site.url("/file")]
        (gone,) = await here.look(site.url("/gone"))
        assert gone.capture.outcome is Outcome.SEEN
        assert gone.capture.facts is not None
        assert gone.capture.facts.status == 404
        (endless,) = await here.look(site.url("/endless"))
        assert (endless.capture.outcome, endless.capture.reason) == (Outcome.LIMITED, "time")
        assert endless.capture.facts is not None
        assert endless.capture.facts.forms  # what was there before the script never ended
        assert endless.html is not None


@pytest.mark.browser
async def test_the_victims_token_stays_with_the_victim_unless_asked() -> None:
    async with serving({"/i": b"<p>Dober dan</p>"}) as site:
        here = looker(site.guard())
        here.views = here.views[1:]
        (taken,) = await here.look(site.url("/i?t=7F3K9Q"))
        ended((taken,))
        assert taken.capture.url == site.url("/i?t=7F3K9Q")
        assert taken.capture.vantage is Vantage.DESKTOP
        await here.look(site.url("/i?t=7F3K9Q"), keep_token=True)
        asked = [each.path for each in site.asked if each.path.startswith("/i")]
        assert asked == ["/i", "/i?t=7F3K9Q"]


async def test_where_nobody_is_and_where_nobody_may_go_no_browser_is_needed(tmp_path: Path) -> None:
    async with serving({}) as site:
        guard = site.guard()
        here = looker(guard, program=tmp_path / "none")
        assert ended(await here.look("http://10.0.0.1/")) == [(Outcome.REFUSED, "private")]
        assert ended(await here.look("ftp://kit.example/")) == [(Outcome.REFUSED, "scheme")]
        assert ended(await here.look("javascript:alert(1)")) == [(Outcome.REFUSED, "bad_address")]

        async def nothing(_: str) -> tuple[str, ...]:
            return ()

        guard.resolve = nothing
        assert ended(await here.look(site.url())) == [(Outcome.UNREACHABLE, "no_address")]
        (none,) = await looker(site.guard(), program=tmp_path / "none").look(site.url())
        assert (none.capture.outcome, none.capture.reason) == (Outcome.UNAVAILABLE, "missing")
        assert structs.replace(none.capture, took_ms=0).facts is None
        assert KIT in none.capture.url


@pytest.mark.parametrize(("said", "word"), [
    ("net::ERR_SSL_PROTOCOL_ERROR", "tls"), ("net::ERR_CERT_INVALID", "tls"),
    ("net::ERR_TIMED_OUT", "read_time"), ("net::ERR_CONNECTION_TIMED_OUT", "read_time"),
    ("net::ERR_EMPTY_RESPONSE", "broken_off"), ("net::ERR_CONNECTION_RESET", "broken_off"),
    ("net::ERR_TUNNEL_CONNECTION_FAILED", "no_answer"),
    ("net::ERR_TOO_MANY_REDIRECTS", "redirects"), ("net::ERR_INVALID_RESPONSE", "protocol"),
])  # fmt: skip
def test_the_browsers_words_become_ours(said: str, word: str) -> None:
    assert _why(said) == word
