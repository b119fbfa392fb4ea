"""Cue words are found where they stand."""

from zvon.assess.cues import found, shipped


def test_a_cue_points_at_its_first_word_in_the_original() -> None:
    text = "Žal 😀 vas prosimo: potrdite istovetnost"
    span = found(shipped().cue, text)["CREDENTIALS"]
    assert text[span.start : span.end] == "potrdite istovetnost"


def test_both_parts_of_a_cue_are_needed() -> None:
    assert "FEE" in found(shipped().cue, "plačilo 2,10 EUR")
    assert "FEE" not in found(shipped().cue, "stane 2,10 EUR")
    assert "FEE" not in found(shipped().cue, "plačilo je opravljeno")


def test_an_account_cue_needs_an_account() -> None:
    assert "PAY_TO_ACCOUNT" in found(shipped().cue, "nakaži mi", iban=True)
    assert "PAY_TO_ACCOUNT" not in found(shipped().cue, "nakaži mi")


def test_what_was_entered_is_read_in_three_languages() -> None:
    for text in ("vpisala sem številko kartice", "karticu sam upisao", "I entered my card"):
        assert "card" in found(shipped().entered, text)
    for text in ("kodo sem vpisal", "upisao sam kod", "I gave them the code"):
        assert "code" in found(shipped().entered, text)
    assert "password" in found(shipped().entered, "unijela sam lozinku")
    assert found(shipped().entered, "nisem ničesar odprl, kartico imam doma") == {}
