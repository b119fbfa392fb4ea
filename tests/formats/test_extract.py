"""What is found in text, where, and what only looks like it."""

import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats.extract import extract
from zvon.formats.limit import MAX_MENTIONS
from zvon.model.observable import Observable
from zvon.model.observable import ObservableType as T

WORDS = ["https://", "hxxps://", "a.example", "posta[.]si", "evil (dot) top", "bit.ly/x",
         "ana@lipa.example", "ana [at] lipa [dot] example", "+44 7700 900123", "040 000 111",
         "SI56 9900 0000 0000 068", "192.0.2.7", "2001:db8::7", "d41d8cd98f00b204e9800998ecf8427e",
         "čšž", "раypal.example", " ", "\n", ".", ",", "(", ")", "[.]", "//", ":", "@", "\u202e",
         "1.2.3", "8.12.2026", "\ud800", "CVE-2026-12345", "_dmarc.a.example", "xn--"]  # fmt: skip
soup = st.lists(st.sampled_from(WORDS), max_size=20).map("".join)


def values(text: str, **options: str) -> set[tuple[T, str]]:
    return {(m.observable.type, m.observable.value) for m in extract(text, **options)}


@settings(deadline=None)
@given(st.one_of(st.text(max_size=200), soup))
def test_every_mention_is_where_it_says_and_canonical(text: str) -> None:
    end = 0
    for mention in extract(text):
        assert mention.span is not None
        assert mention.raw == text[mention.span.start : mention.span.end] != ""
        assert mention.span.start >= end
        end = mention.span.end
        assert isinstance(mention.observable, Observable)
        assert "\x00" not in mention.observable.value


@settings(deadline=None)
@given(soup, soup)
def test_what_is_found_in_a_text_is_found_in_a_longer_one(one: str, other: str) -> None:
    assert values(one) | values(other) <= values(f"{one}\n\n;;\n\n{other}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://a.example/b.", {(T.URL, "https://a.example/b")}),
        ("(https://a.example/b(c)d).", {(T.URL, "https://a.example/b(c)d")}),
        ("„https://a.example/b“", {(T.URL, "https://a.example/b")}),
        ("bit.ly/zvonprimer", {(T.URL, "https://bit.ly/zvonprimer")}),
        ("www.lipa.example, lipa.example. Konec", {(T.DOMAIN, "www.lipa.example"), (T.DOMAIN, "lipa.example")}),
        ("hxxps://nlb-varnost[.]top/klik.php?id=8812", {(T.URL, "https://nlb-varnost.top/klik.php?id=8812")}),
        ("evil-fixture(dot)example", {(T.DOMAIN, "evil-fixture.example")}),
        ("evil-fixture dot example", {(T.DOMAIN, "evil-fixture.example")}),
        ("https://posta-si .dostava-paketa. example/i tukaj", {(T.URL, "https://posta-si.dostava-paketa.example/i")}),
        ("https: //posta-si.example/i", {(T.URL, "https://posta-si.example/i")}),
        ("https://nlb.si@198.51.100.7/", {(T.URL, "https://198.51.100.7/")}),
        ("http://0xC6336407/ http://3325256711/", {(T.URL, "http://198.51.100.7/")}),
        ("раypal.example", {(T.DOMAIN, "xn--ypal-43d9g.example")}),
        ("Ana.Kos@lipa.example,", {(T.EMAIL, "ana.kos@lipa.example")}),
        ("first[.]last[@]lipa[.]example", {(T.EMAIL, "first.last@lipa.example")}),
        ("ana at lipa dot example", {(T.EMAIL, "ana@lipa.example")}),
        ("+386 1 200 45 67, 091/000-0111", {(T.PHONE, "+38612004567"), (T.PHONE, "+385910000111")}),
        ("0038640000111", {(T.PHONE, "+38640000111")}),
        ("IBAN SI56 9900 0000 0000 068 NLB", {(T.IBAN, "SI56990000000000068")}),
        ("185.220.101[.]47 in 172.16.40.0/22", {(T.IPV4, "185.220.101.47"), (T.CIDR, "172.16.40.0/22")}),
        ("91.240.118[.]172:8080/x", {(T.URL, "https://91.240.118.172:8080/x")}),
        ("2001:db8::7 ob 12:30:45", {(T.IPV6, "2001:db8::7")}),
        ("cve-2026-12345.", {(T.CVE, "CVE-2026-12345")}),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", {(T.WALLET, "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")}),
        ("MD5 D41D8CD98F00B204E9800998ECF8427E", {(T.MD5, "d41d8cd98f00b204e9800998ecf8427e")}),
        ("xn--pota-h6a.dostava-danes.example", {(T.DOMAIN, "xn--pota-h6a.dostava-danes.example")}),
    ],
)  # fmt: skip
def test_what_people_write_is_found_in_its_canonical_form(
    text: str, found: set[tuple[T, str]]
) -> None:
    assert values(text) == found
    assert found <= values(f"Poglejte {text} prosim")


@pytest.mark.parametrize(
    "text",
    ["Racun.pdf.exe", "skripta install.sh", "v 1.2.3.4", "različica 10.0.0.1", "8.12.2026",
     "ob 10.in 12.uro", "poglejte naslov.To je vse", "d.o.o. npr. itd. t.i.", "OIB 00000000001",
     "davčna 99999994", "4111 1111 1111 1111", "12:30:45", "8.8.8.8.8", "1.1.1.300",
     "SI56990000000000069", "https://", "https://lokalno/", "javascript:alert(1)", "host.local",
     "a" * 200, "11111111111111111111111111111111", "we met at noon", "xn--a.example",
     "001.002.003.004", "si", "co.uk", "datoteka program.app"],
)  # fmt: skip
def test_what_only_looks_like_an_address_is_left_out(text: str) -> None:
    assert values(text) == set()


def test_local_numbers_are_read_in_the_country_of_the_text() -> None:
    assert values("091 000 0111", region="SI") == {(T.PHONE, "+385910000111")}
    assert values("01 2004 567", region="HR") == {(T.PHONE, "+38512004567")}


def test_an_emptied_or_crowded_text_ends_at_the_limit() -> None:
    assert extract("") == []
    assert len(extract("a.example " * (MAX_MENTIONS + 50))) == MAX_MENTIONS


@pytest.mark.parametrize(
    "piece",
    ["a.a.", "[.][.]", "(", "a", "a@", "1 ", "+38 ", "http://", "::", "SI56 ", "a dot ", "a-",
     "http://a.b@", "č."],
)  # fmt: skip
def test_text_made_to_be_slow_is_not(piece: str) -> None:
    def spent(size: int) -> float:
        text = piece * (size // len(piece))
        began = time.process_time()
        extract(text)
        return time.process_time() - began

    # Linear, with room for a busy machine: four times the text, less than twelve times the time.
    assert spent(80_000) < 12 * max(spent(20_000), 0.02)


def _hosts() -> Iterable[str]:
    return (f"n{i}-posta.lipa.example" for i in range(50))


@pytest.mark.parametrize("dot", [".", "[.]", "(.)", "{.}", "[dot]", "(dot)", " [.] ", "[pika]"])
def test_a_list_is_found_whole_in_every_spelling(dot: str) -> None:
    text = "\n".join(host.replace(".", dot) for host in _hosts())
    assert values(text) == {(T.DOMAIN, host) for host in _hosts()}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["https://a.example/č", "b.example"]), min_size=1, max_size=3))
def test_positions_count_code_points(parts: list[str]) -> None:
    text = "🙏 ž " + " 🙏 ".join(parts)
    assert [m.raw for m in extract(text)] == parts


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("klik na posta-si . paket . example / i ali", "https://posta-si.paket.example/i"),
        ("https://posta-si . paket . example / i?t=1 takoj", "https://posta-si.paket.example/i?t=1"),
        ("posta-si .paket. example/i", "https://posta-si.paket.example/i"),
        ("Pišite na www . posta-si . example.", "www.posta-si.example"),
        ("Glej posta.si. Potem pojdi na a/b", "posta.si"),
        ("www.posta.si. Hvala / lep pozdrav", "www.posta.si"),
        ("Obiščite posta.si/abc. Hvala", "https://posta.si/abc"),
        ("naslov ni popoln. Podatke / naslov posljite", None),
        ("št. 12. si / je", None),
        ("vem. To / ono", None),
    ],
)  # fmt: skip
def test_an_address_pulled_apart_by_blanks_is_told_from_sentences(
    text: str, value: str | None
) -> None:
    found = extract(text)
    assert [m.observable.value for m in found] == ([] if value is None else [value])
    for mention in found:
        assert mention.span is not None
        assert text[mention.span.start : mention.span.end] == mention.raw
