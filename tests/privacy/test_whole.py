"""Values whose type the format says: canonical as in running text, hidden names found."""

import pytest

from tests.privacy.conftest import demo, key
from zvon.privacy.engine import Outcome, Part, share_text
from zvon.privacy.facts import Facts, with_brands


def through(*parts: Part) -> Outcome:
    return share_text(parts, facts=with_brands(Facts(lang="sl")), policy=demo(), keys=key())


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("EMAIL", "Igor.Kos@LIPA-primer.si", "Pišite na igor.kos@lipa-primer.si."),
        ("NAME", "Kos, Igor", "Prijavil je Igor Kos."),
        ("PHONE", "+386 41 332 118", "Kontakt: 041/332-118"),
        ("IP", "10.1.2.3", "Računalnik 10.1.2.3"),
        ("MAC", "00-11-22-33-44-55", "naslov 00:11:22:33:44:55"),
        ("IBAN", "SI56 0110 0603 0709 209", "Račun žrtve SI56011006030709209"),
    ],
)
def test_a_typed_value_has_the_token_of_the_same_value_in_a_text(
    kind: str, value: str, text: str
) -> None:
    found = through(Part("a", value, whole=kind, side="victim"), Part("b", text))
    token = found.preview["a"]
    assert token != value
    assert token in found.preview["b"]


@pytest.mark.parametrize("kind", ["USER", "HOST", "NAME", "ORG", "EMAIL", "IP", "SECRET", "ADDR"])
def test_a_victims_value_never_stays_whatever_it_is(kind: str) -> None:
    value = {"EMAIL": "a@evil-fixture.top", "IP": "185.234.72.10"}.get(kind, "Zeleni-7")
    found = through(Part("a", value, whole=kind, side="victim"))
    assert value not in found.preview["a"]


@pytest.mark.parametrize("kind", ["IP", "EMAIL", "URL", "PHONE", "DOMAIN", "CIDR"])
def test_what_is_not_what_the_format_calls_it_is_read_as_text(kind: str) -> None:
    found = through(Part("a", "Prijavil je Igor Kos iz podjetja", whole=kind, side="attacker"))
    assert "Kos" not in found.preview["a"]


@pytest.mark.parametrize(
    ("kind", "value", "gone"),
    [
        ("FILE", "Igor Kos.txt", ("Igor", "Kos")),
        ("FILE", "racun_igor_kos.pdf", ("igor", "kos")),
        ("FILE", "RačunIgorKos2026.pdf", ("Igor", "Kos")),
        ("PATH", r"C:\Users\mnovak\Desktop\racun.exe", ("mnovak",)),
        ("PATH", "/home/mnovak/Igor Kos.docx", ("mnovak", "Igor", "Kos")),
        ("PATH", r"\\srv-lipa\skupno\a.exe", ("lipa",)),
    ],
)
def test_people_in_names_of_files_are_found(kind: str, value: str, gone: tuple[str, ...]) -> None:
    left = through(Part("a", value, whole=kind)).preview["a"]
    assert not [each for each in gone if each in left]
    assert left.rpartition(".")[2] == value.rpartition(".")[2]


def test_names_of_files_that_name_nobody_stay() -> None:
    for name in ("invoice.exe", "Invoice_2024_final.docm", "payment-copy.iso", "a.b.c"):
        assert through(Part("a", name, whole="FILE", side="attacker")).preview["a"] == name


def test_a_part_that_does_not_leave_is_only_read() -> None:
    found = through(Part("a", "Kontakt: Igor Kos", leaves=False), Part("b", "Kosu povejte."))
    assert set(found.preview) == {"b"}
    assert "Kos" not in found.preview["b"]
    assert not [span for span in found.spans if span.part == "a" and span.state.value == "ask"]
