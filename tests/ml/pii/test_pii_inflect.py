"""Case forms of names as the school grammars have them."""

import pytest

from zvon.ml.pii.inflect import CASES, Case, first_form, gender, last_form


@pytest.mark.parametrize(
    ("name", "case", "lang", "form"),
    [
        ("Janez", "g", "sl", "Janeza"), ("Marko", "i", "sl", "Markom"), ("Tomaž", "i", "sl", "Tomažem"),
        ("Ana", "a", "sl", "Ano"), ("Ana", "a", "hr", "Anu"), ("Ana", "i", "hr", "Anom"),
        ("Luka", "d", "hr", "Luki"), ("Petar", "g", "hr", "Petra"), ("Peter", "g", "sl", "Petra"),
        ("Igor", "g", "sl", "Igorja"), ("Igor", "g", "hr", "Igora"), ("Jože", "g", "sl", "Jožeta"),
        ("Karmen", "d", "sl", "Karmen"), ("Maja", "p", "sl", "Majin"), ("Tomaž", "p", "sl", "Tomažev"),
        ("Emma", "g", "en", "Emma"),
    ],
)  # fmt: skip
def test_a_first_name_follows_the_sentence(name: str, case: Case, lang: str, form: str) -> None:
    assert first_form(name, case, lang) == form


def test_a_womans_last_name_changes_only_when_it_ends_in_a() -> None:
    assert last_form("Horvat", "g", "hr", "f") == "Horvat"
    assert last_form("Horvat", "g", "hr", "m") == "Horvata"
    assert last_form("Golja", "g", "sl", "f") == "Golje"


def test_moving_vowels_pairs_and_adjectives() -> None:
    assert last_form("Medvešek", "g", "sl", "m") == "Medveška"
    assert last_form("Kos-Zupančič", "d", "sl", "m") == "Kosu-Zupančiču"
    assert last_form("Pajnski", "g", "sl", "m") == "Pajnskega"
    assert last_form("Pajnski", "g", "hr", "m") == "Pajnskog"


def test_men_in_a_are_men() -> None:
    assert [gender(name) for name in ("Luka", "Nikola", "Ana", "Marko", "Ines")] == [
        "m", "m", "f", "m", "f"
    ]  # fmt: skip


def test_the_nominative_is_the_name_itself() -> None:
    assert {first_form(name, "n", "sl") for name in ("Jure", "Ana")} == {"Jure", "Ana"}
    assert CASES[0] == "n"
