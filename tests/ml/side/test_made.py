"""Made mails: complete, labelled, the same for the same seed."""

import re

import pytest
from stdnum import iban

from zvon.ml.side.made import LANGUAGES, held_out, made, passages


def test_the_same_seed_makes_the_same_mails() -> None:
    assert list(made(30, 5)) == list(made(30, 5))
    assert list(made(30, 5)) != list(made(30, 6))


def test_every_slot_is_filled_and_labelled_where_it_stands() -> None:
    for mail in made(300, 1):
        assert not re.search(r"\{[+-]|\(\(|\)\)", mail.text), mail.text
        at = 0
        for slot in mail.slots:
            assert at <= slot.start < slot.end <= len(mail.text)
            at = slot.end


def test_both_sides_are_there_in_every_language() -> None:
    for lang in LANGUAGES:
        sides = [s.attacker for mail in made(150, 2) if mail.lang == lang for s in mail.slots]
        assert 0.25 < sum(sides) / len(sides) < 0.75


def test_accounts_have_valid_check_digits() -> None:
    found = [
        mail.text[s.start : s.end]
        for mail in made(600, 3)
        for s in mail.slots
        if re.match(r"[A-Z]{2}\d\d ?\d{4}", mail.text[s.start : s.end])
    ]
    assert len(found) > 30
    for account in found:
        compact = account.replace(" ", "")
        assert int("".join(str(int(c, 36)) for c in compact[4:] + compact[:4])) % 97 == 1
    assert any(map(iban.is_valid, found))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_language_has_hundreds_of_passages_for_every_place(lang: str) -> None:
    found = passages(lang)
    assert set(found) == {"subject", "greeting", "report", "log", "contact", "sign"}
    assert len(found["report"]) > 250
    for lines in found.values():
        assert len(lines) == len(set(lines))
        assert any(not held_out(line) for line in lines)
        assert any(map(held_out, lines))


def test_a_measurement_can_keep_passages_from_training() -> None:
    kept = list(made(200, 4, wanted=lambda line: not held_out(line)))
    texts = "\n".join(mail.text for mail in kept)
    plain = [line for line in passages("en")["contact"] if held_out(line)]
    assert plain
    assert all(re.split(r"[{(]", line)[0] not in texts for line in plain if line[0] not in "{(")
