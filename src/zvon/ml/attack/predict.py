"""The techniques that a text speaks of, each with the sentences that say so."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
from msgspec import Struct

from zvon.ml.attack import glossary
from zvon.ml.attack.features import counted, weighted
from zvon.ml.attack.literal import NamePattern, ids
from zvon.ml.attack.model import Model, Scores, shipped
from zvon.ml.attack.sentences import MOST_SENTENCES, masked, sentences
from zvon.ml.language import UNDETERMINED, answer

TOP = 10
BLOCK = 50_000  # characters that are scored at once
SHORT = 3  # sentences up to which a text is one statement, and the ranking of all decides
LEAST_EVIDENCE = 0.1
MOST_EVIDENCE = 3
LANG_CHARS = 6_000  # as much as tells the language
READ_WIDE = 40  # sentences of a document that are ranked among all techniques
LITERAL_SCORE = 0.99
GLOSSARY_SCORE = 0.5
LOW_SCORE = 0.4  # what a sentence read through the glossary gives at most
OTHERS = 0.5  # how much a technique that no report was labelled with counts beside the tuned ones
LEAST_SUGGESTED = 0.5  # of a short text
LEAST_SCORE = 0.005


class Evidence(Struct, frozen=True):
    """A sentence, half-open in code points of the text, and how clearly it says it."""

    start: int
    end: int
    score: float


class Technique(Struct, frozen=True, kw_only=True):
    """A technique of ATT&CK as it stands today, with a calibrated score.

    `suggested`: the model's score is above the threshold tuned on whole reports. `literal`: the
    text names it by id or name, which is a statement and no suggestion; show both.
    `low`: read from Slovenian or Croatian words, a hint. `was` are revoked ids that it replaces
    and that were meant.
    """

    id: str
    name: str
    score: float
    suggested: bool
    evidence: tuple[Evidence, ...] = ()
    literal: bool = False
    low: bool = False
    was: tuple[str, ...] = ()


class Tagged(Struct, frozen=True):
    """The techniques of a text, best first, of this version of ATT&CK."""

    attack_version: str
    techniques: tuple[Technique, ...]
    lang: str = UNDETERMINED


class Sentence(Struct, frozen=True):
    """A sentence with its own techniques."""

    start: int
    end: int
    techniques: tuple[Technique, ...]


class _Found(Struct):
    """What is known so far about one technique of a text."""

    score: float = 0.0
    suggested: bool = False
    literal: bool = False
    low: bool = False
    was: str = ""
    evidence: dict[tuple[int, int], float] = {}


def tag(
    text: str,
    *,
    top: int = TOP,
    least: float = 0.0,
    lang: str | None = None,
    model: Model | None = None,
) -> Tagged:
    """The `top` techniques of a text with a score of at least `least`.

    All suggested and literal ones are in it, however many they are. About 30 ms for a report of 20,000
    characters on one core. At most `MOST_SENTENCES` sentences are read. `lang` is its language,
    where it is known.
    """
    model = model or shipped()
    places = list(_some(sentences(text)))
    lang = lang or answer(text[:LANG_CHARS]).lang
    english = [_english(text[start:end], lang) for start, end in places]
    found: dict[str, _Found] = {}
    if places:
        _modelled(model, places, english, found)
        if lang in {"sl", "hr"}:
            _by_glossary(model, text, places, found)
    _literals(model, text, places, found)
    ranked = _ranked(model, found, least)
    kept = [one for n, one in enumerate(ranked) if n < top or one.suggested or one.literal]
    return Tagged(model.version, tuple(kept), lang)


def by_sentence(text: str, *, top: int = TOP, least: float = 0.0) -> list[Sentence]:
    """Each sentence as a text of its own."""
    lang = answer(text).lang
    return [
        Sentence(start, end, _moved(tag(text[start:end], top=top, least=least, lang=lang), start))
        for start, end in _some(sentences(text))
    ]


def _moved(tagged: Tagged, start: int) -> tuple[Technique, ...]:
    return tuple(
        Technique(
            id=one.id, name=one.name, score=one.score, suggested=one.suggested,
            evidence=tuple(Evidence(e.start + start, e.end + start, e.score) for e in one.evidence),
            literal=one.literal, low=one.low, was=one.was,
        )
        for one in tagged.techniques
    )  # fmt: skip


def _some(places: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    for n, place in enumerate(places):
        if n == MOST_SENTENCES:
            return
        yield place


def _english(sentence: str, lang: str) -> tuple[str, bool]:
    """What the model reads of a sentence, and whether it went through the glossary."""
    if lang in {"sl", "hr"}:
        said = glossary.words(sentence)
        if said:
            return masked(" ".join(word.say for word in said)), True
    return masked(sentence), False


def _modelled(
    model: Model,
    places: Sequence[tuple[int, int]],
    english: Sequence[tuple[str, bool]],
    found: dict[str, _Found],
) -> None:
    margins = _margins(model, [text for text, _ in english])
    low = np.array([through for _, through in english])
    tuned = _chance(margins, *model.sentence)
    if len(places) > SHORT:
        _tuned(model, places, margins, tuned, low, found)
    # The whole ranking is for the sentences that speak of any technique at all.
    spoken = np.argsort(-margins[:, -1], kind="stable")[:READ_WIDE]
    spoken = np.sort(spoken)
    picked = weighted(counted([english[n][0] for n in spoken]), model.idf)
    shares = _shares(model.wide.margins(picked), model.sharp)
    if len(places) > SHORT:
        shares *= tuned[spoken, -1:] * OTHERS
    labels = set(model.labels) if len(places) > SHORT else set()
    best = np.argsort(-shares, axis=1, kind="stable")[:, :TOP]
    for row, n in enumerate(spoken):
        for column in best[row]:
            technique = model.techniques[column]
            share = float(shares[row, column])
            if share < LEAST_SCORE or technique in labels:
                continue
            one = found.setdefault(technique, _Found(evidence={}))
            # Noisy or: each sentence is one more chance.
            one.score = 1 - (1 - one.score) * (1 - (min(share, LOW_SCORE) if low[n] else share))
            one.low = one.low or bool(low[n])
            one.evidence[places[n]] = max(one.evidence.get(places[n], 0.0), share)
    if len(places) <= SHORT:
        anything = float(tuned[:, -1].max())
        for one in found.values():
            one.suggested = not one.low and bool(one.score * anything >= LEAST_SUGGESTED / 2)


def _margins(model: Model, texts: Sequence[str]) -> Scores:
    """Margins of any number of sentences in bounded memory."""
    found, begin, size = [], 0, 0
    for n, text in enumerate(texts):
        size += len(text)
        if size >= BLOCK or n == len(texts) - 1:
            rows = weighted(counted(texts[begin : n + 1]), model.idf)
            found.append(model.margins(rows))
            begin, size = n + 1, 0
    return np.concatenate(found)


def _tuned(
    model: Model,
    places: Sequence[tuple[int, int]],
    margins: Scores,
    tuned: Scores,
    low: Scores,
    found: dict[str, _Found],
) -> None:
    """The labels that whole reports were tuned on."""
    count = len(model.labels)
    score = margins[:, :count].max(axis=0) - model.per_sentence * np.log(len(places))
    above = score - model.threshold
    chance = _chance(above, model.slope, model.shift)
    for column in range(count):
        technique = model.current(model.labels[column])
        best = np.argsort(-tuned[:, column], kind="stable")[:MOST_EVIDENCE]
        through = bool(low[best[0]])
        value = min(float(chance[column]), LOW_SCORE) if through else float(chance[column])
        if value < LEAST_SCORE:
            continue
        one = found.setdefault(technique, _Found(evidence={}))
        one.score = max(one.score, value)
        one.suggested = one.suggested or (bool(above[column] > 0) and not through)
        one.low = through
        if technique != model.labels[column]:
            one.was = model.labels[column]
        for rank, n in enumerate(best):
            if rank == 0 or tuned[n, column] >= LEAST_EVIDENCE:
                one.evidence[places[n]] = float(tuned[n, column])


def _by_glossary(
    model: Model, text: str, places: Sequence[tuple[int, int]], found: dict[str, _Found]
) -> None:
    """Techniques that Slovenian and Croatian words name themselves."""
    for start, end in places:
        for word in glossary.words(text[start:end]):
            if word.technique not in model.names:
                continue
            one = found.setdefault(word.technique, _Found(evidence={}))
            one.score = max(one.score, GLOSSARY_SCORE)
            one.low = one.suggested = True
            one.evidence[start, end] = max(one.evidence.get((start, end), 0.0), GLOSSARY_SCORE)


def _literals(
    model: Model, text: str, places: Sequence[tuple[int, int]], found: dict[str, _Found]
) -> None:
    """Techniques that the text names by id, or by their name in ATT&CK."""
    starts = [start for start, _ in places]
    for literal in [*ids(text), *_names(model).find(text)]:
        technique = model.current(literal.technique)
        if technique not in model.names:
            continue
        one = found.setdefault(technique, _Found(evidence={}))
        one.score, one.literal, one.low = LITERAL_SCORE, True, False
        if technique != literal.technique:
            one.was = literal.technique
        at = int(np.searchsorted(starts, literal.start, side="right")) - 1
        place = places[at] if at >= 0 else (literal.start, literal.end)
        one.evidence[place] = LITERAL_SCORE


def _ranked(model: Model, found: Mapping[str, _Found], least: float) -> list[Technique]:
    ranked = []
    for technique, one in found.items():
        score = round(min(one.score, LITERAL_SCORE), 4)
        if score < least or score < LEAST_SCORE:
            continue
        strongest = sorted(one.evidence.items(), key=lambda item: (-item[1], item[0]))
        ranked.append(
            Technique(
                id=technique,
                name=model.names.get(technique, technique),
                score=score,
                suggested=one.suggested,
                evidence=tuple(
                    Evidence(start, end, round(value, 4))
                    for (start, end), value in strongest[:MOST_EVIDENCE]
                ),
                literal=one.literal,
                low=one.low,
                was=(one.was,) if one.was else (),
            )
        )
    return sorted(ranked, key=lambda one: (-one.score, one.id))


def _chance(raw: Scores, slope: float, shift: float) -> Scores:
    return np.asarray(1 / (1 + np.exp(-np.clip(slope * raw + shift, -35, 35))), np.float32)


def _shares(margins: Scores, sharp: float) -> Scores:
    raw = sharp * (margins - margins.max(axis=1, keepdims=True))
    out = np.exp(raw)
    return np.asarray(out / out.sum(axis=1, keepdims=True), np.float32)


@cache
def _name_pattern(version: str, names: tuple[tuple[str, str], ...]) -> NamePattern:
    return NamePattern(dict(names))


def _names(model: Model) -> NamePattern:
    return _name_pattern(model.version, tuple(sorted(model.names.items())))
