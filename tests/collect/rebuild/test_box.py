"""From letters to places: what the gate changed is filled, and nothing else."""

from tests.privacy.conftest import demo, key
from zvon.collect.rebuild.answer import Code, Seen, Word
from zvon.collect.rebuild.box import TEXT, TURNED, boxes_of, lines_of
from zvon.privacy.engine import Part, share_text
from zvon.privacy.facts import Facts, with_brands


def words(*lines: str) -> tuple[Word, ...]:
    """Each word in a box of its own: its line, its place, and one more."""
    return tuple(
        Word(text, (place, line, place + 1, line + 1), line)
        for line, text_ in enumerate(lines)
        for place, text in enumerate(text_.split())
    )


def filled(seen: Seen) -> set[tuple[int, int]]:
    parts = [Part(TEXT, "\n".join(lines_of(seen.words)))]
    parts += [Part(TURNED, "\n".join(lines_of(seen.turned)), leaves=False)] if seen.turned else []
    parts += [Part(f"code.{i}", code.text) for i, code in enumerate(seen.codes, 1)]
    outcome = share_text(parts, facts=with_brands(Facts()), policy=demo(), keys=key())
    return {(left, top) for left, top, _, _ in boxes_of(seen, outcome)}


def test_lines_are_words_with_blanks_between() -> None:
    assert lines_of(words("a b", "c")) == ["a b", "c"]


def test_the_words_of_a_name_are_filled_in_their_lines() -> None:
    seen = Seen(words=words("Pozdravljeni vsi", "Kontakt: Igor Kos", "konec"))
    assert filled(seen) == {(1, 1), (2, 1)}


def test_a_name_that_stands_on_its_head_is_filled_too() -> None:
    seen = Seen(words=words("Pozdravljeni vsi"), turned=words("Kontakt: Igor Kos"))
    assert filled(seen) == {(1, 0), (2, 0)}


def test_a_code_goes_whole_or_stays_whole() -> None:
    code = Code("https://evil-fixture.top/a", (7, 7, 9, 9))
    assert filled(Seen(words=words("x"), codes=(code,))) == set()
    theirs = Code("https://evil-fixture.top/a?e=igor.kos@lipa-primer.si", (5, 5, 6, 6))
    assert filled(Seen(words=words("x"), codes=(code, theirs))) == {(5, 5)}
