"""Labelled mails as templates of the tagger."""

import pytest

from zvon.cli.pii_mails import as_template
from zvon.privacy.gold import GoldMail, GoldSpan


def template(text: str, *spans: tuple[str, str, str], lang: str = "sl") -> str:
    """The template of a text with (value, kind, role) labelled."""
    gold = tuple(
        GoldSpan(
            text.index(v), text.index(v) + len(v), "keep" if r == "k" else "pseudonymise", k, v
        )
        for v, k, r in spans
    )
    return as_template(GoldMail("x", text, gold, lang))


@pytest.mark.parametrize(
    ("name", "slot"),
    [("Ana Novak", "N"), ("Ano Novak", "N.a"), ("Janeza Novaka", "N.g"), ("Novak Ana", "R"),
     ("Nejc R.", "C"), ("dr. Ana Novak", "T"), ("Ana", "F"), ("Novak", "L"), ("tine", "c"), ("U. L.", "J")],
)  # fmt: skip
def test_a_name_becomes_a_slot_in_its_case(name: str, slot: str) -> None:
    assert template(f"piše {name} danes", (name, "NAME", "p")) == f"piše {{{slot}={name}}} danes"


def test_identifiers_become_places_and_lines_stay() -> None:
    made = template("od a@b.example\nIP 192.0.2.1", ("a@b.example", "EMAIL", "k"), ("192.0.2.1", "IP", "p"))  # fmt: skip
    assert made == "od {email}\\nIP {ip}"


def test_firms_machines_accounts_and_secrets_keep_what_they_were() -> None:
    made = template(
        "Hrast d.o.o. pc-01 jnovak Geslo77!",
        ("Hrast d.o.o.", "ORG", "p"), ("pc-01", "HOST", "p"), ("jnovak", "USER", "p"), ("Geslo77!", "SECRET", "p"),
    )  # fmt: skip
    assert made == "{O=Hrast d.o.o.} {H=pc-01} {U=jnovak} {K=Geslo77!}"


def test_braces_of_the_text_are_no_slots() -> None:
    assert template('{"N": 1} \\x') == '("N": 1) /x'


def test_a_nickname_of_the_attacker_is_left() -> None:
    assert template("kliče zer0_dayz", ("zer0_dayz", "ALIAS", "k")) == "kliče zer0_dayz"
