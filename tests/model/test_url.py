"""One spelling for each web address, and only our error."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.model.url import BadUrl, canonical, defang, parse, tracking

PIECES = ["http://", "https:", "//", "\\", "a.example", "@", ":", "8080", "443", "?", "#", "/..",
          "/./", "%", "%7E", "%2e", "%zz", "č", "р", "[::1]", "[2001:DB8::7]", "0xC6336407",
          "3325256711", "1.2.3.4", " ", "\t", "\u202e", "\u200b", "t=7F3K9Q", "&", "utm_source=x",
          "javascript:", "\ud800", ".", "xn--", "|", "<>", "'"]  # fmt: skip
hostile = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=200), hostile))
def test_the_canonical_form_is_stable_and_only_our_error_is_raised(text: str) -> None:
    with suppress(BadUrl):
        once = canonical(text)
        assert canonical(once) == once


@settings(deadline=None)
@given(hostile)
def test_no_form_has_an_invisible_character_or_a_live_link_when_defanged(text: str) -> None:
    with suppress(BadUrl):
        assert canonical(text).isascii()
        assert canonical(text).isprintable()
        assert defang(text).startswith(("hxxp", "fxp"))


@settings(deadline=None)
@given(hostile)
def test_nothing_of_the_query_is_lost_when_tracking_is_split_off(text: str) -> None:
    with suppress(BadUrl):
        clean, taken = tracking(text)
        fields = [f for f in (parse(text).query or "").split("&") if f]
        kept = [f for f in (parse(clean).query or "").split("&") if f]
        assert all(f in kept or f.partition("=")[0] in taken for f in fields)
        assert tracking(clean) == (clean, {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://EVIL-fixture.example.:443/a#x", "https://evil-fixture.example/a"),
        ("https://nlb.si@198.51.100.7/", "https://198.51.100.7/"),
        ("http://0xC6336407/", "http://198.51.100.7/"),
        ("http://3325256711/", "http://198.51.100.7/"),
        ("http://0306.0x33.25607", "http://198.51.100.7/"),
        ("http://[2001:DB8:0::7]/", "http://[2001:db8::7]/"),
        ("http://[::ffff:198.51.100.7]/", "http://198.51.100.7/"),
        ("https://раypal.example/", "https://xn--ypal-43d9g.example/"),
        ("https://pošta-fixture.example/", "https://xn--pota-fixture-wnc.example/"),
        ("bit.ly/zvonfixture7", "https://bit.ly/zvonfixture7"),
        ("host.example:8080/a", "https://host.example:8080/a"),
        ("HTTP://WWW.a.example/Path/../%7eB?Q=%c4%8d", "http://www.a.example/~B?Q=%C4%8D"),
        ("https://a.example\\b\\c?d\\e", "https://a.example/b/c?d\\e"),
        ("https://a.exa\u00admple/\u202eb", "https://a.example/b"),
        ("https://a.example?", "https://a.example/"),
        ("https://eDavki-vracilo.example/prijava", "https://edavki-vracilo.example/prijava"),
    ],
)
def test_spellings_of_one_address_become_one(text: str, expected: str) -> None:
    assert canonical(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "https://", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
     "mailto:a@b.si", "https://1.2.3.4.5/", "https://a b.example/", "https://a.example:99999/",
     "https://[::1/", "https://[::g]/", "https://xn--a/", "https://a.example/" + "a" * 9000,
     "https://a.example/\ud800", "https://" + "1" * 5000, "http://08.1/"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(text: str) -> None:
    with pytest.raises(BadUrl):
        canonical(text)


def test_userinfo_and_fragment_are_kept_apart_as_evidence() -> None:
    url = parse("https://nlb.si:x@198.51.100.7:8443/a?b#c")
    assert (url.userinfo, url.host, url.host_kind) == ("nlb.si:x", "198.51.100.7", "ipv4")
    assert (url.port, url.path, url.query, url.fragment) == (8443, "/a", "b", "c")


@pytest.mark.parametrize(
    ("text", "clean", "taken"),
    [
        ("https://posta-si.dostava-paketa.example/i?t=7F3K9Q",
         "https://posta-si.dostava-paketa.example/i", {"t": "7F3K9Q"}),
        ("https://a.example/pay?e=amFuZXoua292YWNAbGlwYS5leGFtcGxl&id=A77Q&page=2",
         "https://a.example/pay?page=2",
         {"e": "amFuZXoua292YWNAbGlwYS5leGFtcGxl", "id": "A77Q"}),
        ("https://a.example/?x-mail=lucas.meyer%40brod.example&lang=sl",
         "https://a.example/?lang=sl", {"x-mail": "lucas.meyer%40brod.example"}),
        ("https://a.example/?utm_source=sms&p=2", "https://a.example/?p=2", {"utm_source": "sms"}),
        ("https://a.example/?id=7&q=paket", "https://a.example/?id=7&q=paket", {}),
    ],
)  # fmt: skip
def test_a_victims_token_is_told_from_a_page(text: str, clean: str, taken: dict[str, str]) -> None:
    assert tracking(text) == (clean, taken)


def test_a_defanged_address_shows_the_whole_address() -> None:
    assert defang("https://posta-si.dostava-paketa.example/i") == (
        "hxxps://posta-si.dostava-paketa[.]example/i"
    )
    assert defang("http://198.51.100.7/a") == "hxxp://198.51.100[.]7/a"
    assert defang("http://[2001:db8::7]/") == "hxxp://[2001:db8::7]/"
