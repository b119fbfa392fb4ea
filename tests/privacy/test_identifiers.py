"""Machine identifiers: every shape is found once, and ordinary numbers stay alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy import identifiers
from zvon.privacy.identifiers import is_private, owner, refang, url_host
from zvon.privacy.mentions import Reading


def found(text: str, lang: str | None = "sl") -> list[tuple[str, str]]:
    reading = Reading("text", text, lang)
    identifiers.detect(reading)
    return [(m.type, m.raw) for m in sorted(reading.mentions, key=lambda m: m.start)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("na 185.220.101[.]47.", ("IP", "185.220.101[.]47")),
        ("z 2a0b:f4c2::7 in", ("IP", "2a0b:f4c2::7")),
        ("omrežje 10.60.0.0/16", ("CIDR", "10.60.0.0/16")),
        ("hxxps://evil[.]top/a?b=1, nato", ("URL", "hxxps://evil[.]top/a?b=1")),
        ("(glej https://evil.example/a_(b))", ("URL", "https://evil.example/a_(b)")),
        ("bit.ly/zvonfixture7 je", ("URL", "bit.ly/zvonfixture7")),
        ("petra.matić@skola.hr", ("EMAIL", "petra.matić@skola.hr")),
        ("ana[at]skola[.]hr", ("EMAIL", "ana[at]skola[.]hr")),
        ("xn--pota-h6a.dostava-danes.example", ("HOST", "xn--pota-h6a.dostava-danes.example")),
        ("evil-fixture(dot)example", ("DOMAIN", "evil-fixture(dot)example")),
        ("Racun_2026.pdf.exe", ("FILE", "Racun_2026.pdf.exe")),
        ("CVE-2024-21762", ("CVE", "CVE-2024-21762")),
        ("AS51852", ("ASN", "AS51852")),
        ("0d960613c22f0ffe4715bc11ceb0a93d", ("HASH", "0d960613c22f0ffe4715bc11ceb0a93d")),
        ("SI56 9383 4992 7229 031 je", ("IBAN", "SI56 9383 4992 7229 031")),
        ("kartica 4111 1111 1111 1111", ("CARD", "4111 1111 1111 1111")),
        ("EMŠO 1205990501003", ("EMSO", "1205990501003")),
        ("OIB 00000000001", ("OIB", "00000000001")),
        ("davčna 99999994", ("TAX", "99999994")),
        ("SI99999994", ("TAX", "SI99999994")),
        ("paket AA000000005SI", ("TRACK", "AA000000005SI")),
        ("pošiljka SI-4471-9920", ("TRACK", "SI-4471-9920")),
        ("(01) 478 10 00", ("PHONE", "(01) 478 10 00")),
        ("(041 332 118)", ("PHONE", "041 332 118")),
        ("(+44 7700 900123)", ("PHONE", "+44 7700 900123")),
        ("00386 41 332 118", ("PHONE", "00386 41 332 118")),
        ("C:\\Users\\ana\\a.exe", ("PATH", "C:\\Users\\ana\\a.exe")),
        ("BLUEGATE\\pnovak.", ("USER", "BLUEGATE\\pnovak")),
        ("a4:5e:60:c2:11:0f", ("MAC", "a4:5e:60:c2:11:0f")),
        ("46.05108, 14.50513", ("PLACE", "46.05108, 14.50513")),
        ("AKIAIOSFODNN7EXAMPLE", ("SECRET", "AKIAIOSFODNN7EXAMPLE")),
        ("rojen 12. 3. 1980", ("DATE", "12. 3. 1980")),
        (
            "bWFqYS5ocmliYXJAZ3JhZG5qZS1saXBhLnNp",
            ("ENCODED", "bWFqYS5ocmliYXJAZ3JhZG5qZS1saXBhLnNp"),
        ),
    ],
)
def test_a_shape_is_found(text: str, expected: tuple[str, str]) -> None:
    assert expected in found(text)


@pytest.mark.parametrize(
    "text",
    ["prijava 12345678", "zahtevek 34167211068", "ob 02:10:33", "5. 12. 2026", "različica 1.2.3.4",
     "38 Gb/s", "14.221 poskusov", "konec.Na cesti", "npr. tako d.o.o.", "Z-26-004117", "1,89 EUR"],
)  # fmt: skip
def test_ordinary_numbers_and_words_are_no_identifiers(text: str) -> None:
    assert found(text) == []


def test_a_password_after_an_address_is_a_secret() -> None:
    assert found("ana@skola.hr:Zima2024!") == [("EMAIL", "ana@skola.hr"), ("SECRET", "Zima2024!")]


def test_private_addresses_are_never_kept_and_documentation_ones_are_ordinary() -> None:
    from ipaddress import ip_address

    for private in ("10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "127.0.0.1"):
        assert is_private(ip_address(private))
    for public in ("203.0.113.25", "172.32.0.1", "2001:db8::1", "8.8.8.8"):
        assert not is_private(ip_address(public))


def test_owners_stop_at_the_registry() -> None:
    assert owner("a.b.gov-demo.si") == "gov-demo.si"
    assert owner("x.pages.dev") == "x.pages.dev"
    assert owner("dc1.hq.lipa.local") == "lipa.local"


def test_the_host_of_a_url_is_not_its_user() -> None:
    assert url_host("https://nlb.si@198.51.100.7/") == ("198.51.100.7", "ip")
    assert url_host("hxxps://evil[.]top:8080/a") == ("evil.top", "name")


def test_refanging_undoes_the_usual_forms() -> None:
    assert refang("hxxps[:]//a[.]b(dot)example") == "https://a.b.example"
    assert refang("ana[at]b{.}example") == "ana@b.example"


def test_hidden_characters_do_not_hide_an_address() -> None:
    reading = Reading("text", "ana\u200b.novak&#64;lipa.example", "sl")
    identifiers.detect(reading)
    (mention,) = reading.mentions
    start, end = reading.view.source(mention.start, mention.end)
    assert reading.source[start:end] == "ana\u200b.novak&#64;lipa.example"
    assert mention.value == "ana.novak@lipa.example"


@given(st.text())
def test_any_text_is_read_without_error_and_without_overlap(text: str) -> None:
    reading = Reading("text", text, None)
    identifiers.detect(reading)
    at = 0
    for mention in sorted(reading.mentions, key=lambda m: m.start):
        assert at <= mention.start < mention.end <= len(reading.text)
        at = mention.end
