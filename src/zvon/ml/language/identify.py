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
LEAST_SHARE = 0.01  # smaller ones are not shown
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
    languages = shipped().languages
    shares = _shares(prose)
    variants = [languages[n] for n in shares.argmax(axis=1).tolist()]
    for variant, family in FAMILY.items():
        shares[:, languages.index(family)] += shares[:, languages.index(variant)]
        shares[:, languages.index(variant)] = 0
    found: list[dict[str, float]] = [{} for _ in prose]
    rows, columns = np.nonzero(shares >= LEAST_SHARE)
    values = shares[rows, columns].round(3).astype(float)
    for n, column, share in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True):
        found[n][languages[column]] = round(share, 3)
    best = shares.argmax(axis=1).tolist()
    sure = (shares.max(axis=1, initial=0.0) >= SURE).tolist()
    out = []
    for n, text in enumerate(prose):
        said = sure[n] and letters(text) >= least
        lang = languages[best[n]] if said else UNDETERMINED
        ranked = dict(sorted(found[n].items(), key=_by_share)) if text else {}
        of_family = FAMILY.get(variants[n]) == lang
        out.append(Answer(lang, ranked, variants[n] if of_family else None))
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
