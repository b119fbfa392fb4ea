"""The whole training: measure on names and sentences that were held out, then fit on everything."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from zvon.ml.pii.features import Facet
from zvon.ml.pii.model import KINDS, Model
from zvon.ml.pii.tagger import Tagger
from zvon.ml.pii_training.fit import fit
from zvon.ml.pii_training.generate import Labelled, Split, Writer, templates
from zvon.ml.pii_training.people import Pool, half

SEED = 20261122
TEXTS = 5200  # of each language
TIMES = 12  # that each labelled mail is written
JUDGED = 500  # of each language


class Words(Struct, frozen=True):
    """How a text becomes words, and what the lists say of one, with names and without them."""

    split: Split
    facet: Facet
    unlisted: Facet


class Count(Struct, frozen=True):
    """How many values there were, how many were found whole, and how many found were none."""

    values: int = 0
    found: int = 0
    wrong: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.values + other.values, self.found + other.found, self.wrong + other.wrong)


Figures = dict[str, dict[str, Count]]  # language, kind


def texts(
    pool: Pool, rows: Mapping[str, str], prose: Mapping[str, Sequence[str]], words: Words,
    count: int, *, held_out: bool | None, seed: int,
) -> list[Labelled]:  # fmt: skip
    """`count` labelled texts of each language, from a half of names and templates or from all."""
    names = pool if held_out is None else half(pool, held_out=held_out)
    out: list[Labelled] = []
    for number, lang in enumerate(sorted(rows)):
        dice = random.Random(seed + number)
        chosen = templates(rows[lang], held_out=held_out)
        lines = [
            line for at, line in enumerate(prose.get(lang, ()))
            if held_out is None or (at % 5 == 0) == held_out
        ]  # fmt: skip
        out += Writer(names, lang, chosen, lines, words.split, dice).texts(count)
    return out


def mails(
    pool: Pool, rows: Mapping[str, Sequence[str]], words: Words, times: int, *, seed: int
) -> list[Labelled]:
    """Labelled mails of each language as templates, each written `times` times."""
    out: list[Labelled] = []
    for number, lang in enumerate(sorted(rows)):
        writer = Writer(pool, lang, (), (), words.split, random.Random(seed + number))
        out += writer.mails(rows[lang], times)
    return out


def judge(model: Model, labelled: Iterable[Labelled], words: Words, lean: float = 0.0) -> Figures:
    """Count what the model finds in labelled texts. A value is found when each word of it is."""
    taggers = {True: Tagger(model, words.facet), False: Tagger(model, words.unlisted)}
    out: Figures = {}
    for text in labelled:
        found = taggers[text.listed].tag(
            text.tokens.texts, text.tokens.folded, text.tokens.gaps, lean
        )
        said = [""] * len(text.kinds)
        for span in found:
            said[span.first : span.last] = [span.kind] * (span.last - span.first)
        rows = out.setdefault(text.lang, {kind: Count() for kind in KINDS})
        for kind, first, last in _values(text):
            rows[kind] += Count(values=1, found=int(all(said[first:last])))
        for span in found:
            if not any(text.kinds[span.first : span.last]):
                rows[span.kind] += Count(wrong=1)
    return out


def _values(text: Labelled) -> Iterable[tuple[str, int, int]]:
    at = 0
    while at < len(text.kinds):
        if not text.begins[at]:
            at += 1
            continue
        end = at + 1
        while end < len(text.kinds) and text.kinds[end] == text.kinds[at] and not text.begins[end]:
            end += 1
        yield text.kinds[at], at, end
        at = end


def train(
    pool: Pool, rows: Mapping[str, str], prose: Mapping[str, Sequence[str]], words: Words,
    say: Callable[[str], None], whole: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[Model, Figures]:  # fmt: skip
    """The model fitted on everything, and the figures of one that saw four fifths and no mail.

    `whole` are labelled mails as templates.
    """
    learnt = texts(pool, rows, prose, words, TEXTS, held_out=False, seed=SEED)
    judged = texts(pool, rows, prose, words, JUDGED, held_out=True, seed=SEED + 50)
    say(f"{len(learnt):,} texts to learn from, {len(judged):,} of other names and sentences")
    figures = judge(fit(learnt, words.facet, words.unlisted, say), judged, words)
    everything = texts(pool, rows, prose, words, TEXTS, held_out=None, seed=SEED + 100)
    everything += mails(pool, whole, words, TIMES, seed=SEED + 200)
    return fit(everything, words.facet, words.unlisted, say), figures
