"""What an address carries: behind wrappers, in parameters and paths, encoded or not."""

from base64 import urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.text import read, with_inner
from zvon.formats.wrapper import MAX_INNER, inner, unwrap
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Channel, Mention
from zvon.model.url import canonical

TARGET = "https://paket.lipa.example/a?b=1"
Q = quote(TARGET, safe="")
B = urlsafe_b64encode(TARGET.encode()).decode().rstrip("=")

WRAPPED = [
    f"https://eur02.safelinks.protection.outlook.com/?url={Q}&data=05",
    f"https://www.google.com/url?q={Q}&sa=D",
    f"https://www.google.si/url?sa=t&url={Q}",
    f"https://l.facebook.com/l.php?u={Q}&h=AT0",
    f"https://l.instagram.com/?u={Q}&e=AT0",
    f"https://www.youtube.com/redirect?event=x&q={Q}",
    f"https://linkprotect.cudasvc.com/url?a={Q}&c=E,1",
    f"https://www.linkedin.com/safety/go?url={Q}",
    f"https://urldefense.proofpoint.com/v1/url?u={Q}&k=x",
    "https://urldefense.proofpoint.com/v2/url?u=https-3A__paket.lipa.example_a-3Fb-3D1&d=DwM",
    f"https://urldefense.com/v3/__{TARGET}__;!!x",
    f"https://secure-web.cisco.com/1abcDEF/{Q}",
    f"https://r.search.yahoo.com/_ylt=Aw/RV=2/RE=1/RO=10/RU={Q}/RK=2/RS=x",
    f"https://www.bing.com/ck/a?!&&p=abc&u=a1{B}&ntb=1",
    f"https://eu-central-1.protection.sophos.com/?d=lipa.example&u={B}&i=x",
    f"https://web.archive.org/web/20260101000000/{TARGET}",
    f"https://adclick.g.doubleclick.net/pcs/click?xai=A&adurl={Q}",
    f"https://t.umblr.com/redirect?z={Q}&t=x",
    f"https://duckduckgo.com/l/?uddg={Q}",
    f"https://urldefense.com/v3/__https://www.google.com/url?q={Q}__;!!x",
]


@pytest.mark.parametrize("outer", WRAPPED)
def test_a_wrapper_gives_its_target(outer: str) -> None:
    found = inner(canonical(outer))
    assert (TARGET, True) in found
    assert unwrap(canonical(outer)) is not None


def test_the_translator_gives_the_page_that_it_translates() -> None:
    outer = "https://posta--si-lipa-example.translate.goog/a?_x_tr_sl=sl"
    assert inner(outer) == (("https://posta-si.lipa.example/a", True),)


@pytest.mark.parametrize("field", [Q, quote(Q, safe=""), B, TARGET])
@pytest.mark.parametrize("form", ["https://x.brod.example/r?next={}", "https://x.brod.example/{}"])
def test_an_address_inside_another_is_found_however_it_is_written(field: str, form: str) -> None:
    if form.endswith("/{}") and field == TARGET:
        pytest.skip("slashes end the part of a path")
    assert inner(canonical(form.format(field))) == ((TARGET, False),)


def test_an_official_address_that_another_one_carries_is_no_target() -> None:
    message = read("https://x.brod.example/r?next=https%3A%2F%2Fwww.posta.si%2F", Channel.SMS)
    assert {m.observable.value: m.side for m in message.mentions} == {
        "https://x.brod.example/r?next=https%3A%2F%2Fwww.posta.si%2F": "attacker",
        "https://www.posta.si/": "link_text",
    }


def test_wrappers_in_wrappers_end() -> None:
    outer = TARGET
    for _ in range(12):
        outer = f"https://x.brod.example/?u={quote(outer, safe='')}"[:8000]
    assert len(inner(canonical(outer))) <= MAX_INNER


@given(st.text(max_size=200))
def test_no_address_raises(tail: str) -> None:
    for head in ("https://urldefense.com/v3/__", "https://a-b.translate.goog/", "https://x.brod.example/?u=",
                 "https://www.bing.com/ck/a?u=a1"):  # fmt: skip
        mention = Mention(observable=Observable(ObservableType.URL, head + tail))
        assert with_inner([mention])[0] == mention
