"""The language of a text and of its paragraphs.

Runs of letters and the words that hold a sentence together (`formats.language`) vote together.
Croatian stands for its family: a text in Serbian or Bosnian with Latin letters is `hr` with the
variant said; with Cyrillic letters it is `sr`.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.formats import language as signs
from zvon.ml.language.model import shipped
from zvon.ml.language.prose import LEAST_LETTERS, letters, spoken
from zvon.ml.language.prose import paragraphs as lines
from zvon.model.report import Lang

UNDETERMINED = "und"
FAMILY = {"sr-Latn": "hr"}
SIGN = 0.5  # log-odds of one word that only one language has
MOST_PARAGRAPHS = 20_000
SURE = 0.55  # share below which nothing is said
LEAST_WHOLE = 5  # letters; below these not even a whole text is named
# What people here write; of a longer text its letters decide, whatever is expected.
EXPECTED = {"sl": 3.0, "hr": 3.0, "en": 3.0}


class Answer(Struct, frozen=True):
    """`lang` (`und`: too short or unclear), and the share of each language that has a hundredth.

    `variant` is `sr-Latn` where the words are rather Serbian or Bosnian than Croatian.
    """

    lang: str
    scores: Mapping[str, float]
    variant: str | None = None


class Paragraph(Struct, frozen=True):
    """A line that holds something, half-open in code points, and its language."""

    start: int
    end: int
    lang: str


def answers(texts: Sequence[str], least: int = LEAST_WHOLE) -> list[Answer]:
    """The language of each text; many at once cost less than one at a time.

    A text of fewer than `least` letters, addresses and names left out, is `und`.
    """
    prose = [spoken(text) for text in texts]
    shares = _shares(prose)
    model = shipped()
    out = []
    for text, row in zip(prose, shares, strict=True):
        by_variant = dict(zip(model.languages, map(float, row), strict=True))
        merged: dict[str, float] = {}
        for name, share in by_variant.items():
            lang = FAMILY.get(name, name)
            merged[lang] = merged.get(lang, 0.0) + share
        best = max(merged, key=lambda lang: merged[lang])
        lang = best if letters(text) >= least and merged[best] >= SURE else UNDETERMINED
        variant = max(by_variant, key=lambda name: by_variant[name])
        out.append(
            Answer(
                lang,
                {k: round(v, 3) for k, v in sorted(merged.items(), key=_by_share) if v >= 0.01}
                if text
                else {},
                variant if variant in FAMILY and FAMILY[variant] == lang else None,
            )
        )
    return out


def answer(text: str) -> Answer:
    """The language of one text; of one with several, that of most letters."""
    return answers([text])[0]


def detect(text: str) -> str:
    """The language code of a text, or `und`."""
    return answer(text).lang


def paragraphs(text: str) -> list[Paragraph]:
    """The language of each line. One too short to tell has that of its neighbours, if they agree.

    At most `MOST_PARAGRAPHS` are told apart; the rest of a longer text is one more.
    """
    places = list(lines(text))
    if len(places) > MOST_PARAGRAPHS:
        rest = (places[MOST_PARAGRAPHS][0], places[-1][1])
        places = [*places[:MOST_PARAGRAPHS], rest]
    found = [one.lang for one in answers([text[start:end] for start, end in places], LEAST_LETTERS)]
    return [
        Paragraph(start, end, _by_neighbours(found, n)) for n, (start, end) in enumerate(places)
    ]


def _by_neighbours(found: Sequence[str], n: int) -> str:
    if found[n] != UNDETERMINED:
        return found[n]
    before = next((lang for lang in reversed(found[max(0, n - 3) : n]) if lang != UNDETERMINED), "")
    after = next((lang for lang in found[n + 1 : n + 4] if lang != UNDETERMINED), "")
    return before if before and before == after else UNDETERMINED


def _shares(prose: Sequence[str]) -> NDArray[np.float32]:
    if not prose:
        return np.zeros((0, len(shipped().languages)), np.float32)
    model = shipped()
    odds = model.sums(prose)
    column = {name: n for n, name in enumerate(model.languages)}
    for lang, weight in EXPECTED.items():
        odds[:, column[lang]] += weight
    own = (Lang.SL, Lang.HR, Lang.EN)
    for n, text in enumerate(prose):
        voted = signs.words(text)
        for lang in own:
            odds[n, column[lang]] += SIGN * voted.get(lang, 0.0)
            if lang is Lang.HR:
                odds[n, column["sr-Latn"]] += SIGN * voted.get(lang, 0.0)
    odds -= odds.max(axis=1, keepdims=True)
    shares = np.exp(odds)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _by_share(item: tuple[str, float]) -> tuple[float, str]:
    return -item[1], item[0]
