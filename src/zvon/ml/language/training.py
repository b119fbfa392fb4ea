"""Training of the language model from own sentences, the product's own catalogues and lures.

Counting only, so the same texts give the same weights on every machine.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources

import numpy as np

from zvon.ml.fold import accents
from zvon.ml.language.model import RUNS, SIZE, Floats, Model, runs
from zvon.ml.language.prose import spoken

SMOOTH = 10.0  # runs of the average language that each language has seen besides its own
WITHOUT_ACCENTS = 0.5  # of the weight of a text counts as if written without accents
SCALE = 0.3
WORDS_IN_LINE = 12

_MESSAGE = re.compile(r'^(?:msgstr(?:\[\d\])?\s+)?"(.*)"$')
_FILLED = re.compile(r"%\(\w+\)s|\{\w*\}|\\[nrt\"]|<[^>]*>")
_SLOT = re.compile(r"\{(\w+)\}")
_CHOICE = re.compile(r"\[([^\]|]+)\|[^\]]*\]")


def own_texts() -> dict[str, list[str]]:
    """The lines of `text/<language>.txt`: sentences and lists of frequent words."""
    folder = resources.files("zvon.ml") / "language" / "text"
    return {
        file.name.removesuffix(".txt"): [
            line
            for line in file.read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")
        ]
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".txt")
    }


def catalogue(text: str) -> Iterator[str]:
    """What a catalogue (PO) says in its language, one message a line; its slots left out."""
    inside, parts = False, [""]
    for line in text.splitlines():
        if line.startswith(("msgid", "#")) or not line:
            if parts != [""]:
                yield _FILLED.sub(" ", "".join(parts))
            inside, parts = False, [""]
        inside = inside or line.startswith("msgstr")
        match = _MESSAGE.match(line)
        if inside and match and "Plural-Forms" not in line and "Content-T" not in line:
            parts.append(match[1])
    if parts != [""]:
        yield _FILLED.sub(" ", "".join(parts))


def templates(text: str) -> Iterator[str]:
    """The sentences of `ml/phish_text/<language>.txt`, each in its first wording."""
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield _SLOT.sub(" ", _CHOICE.sub(r"\1", line.partition("; ")[2]))


def fit(texts: Mapping[str, Iterable[str]], *, smooth: float = SMOOTH) -> Model:
    """The model of these texts by language."""
    languages = tuple(sorted(texts))
    counts = np.zeros((SIZE, len(languages)))
    for column, language in enumerate(languages):
        prose = [found for text in texts[language] for found in _lines(spoken(text))]
        counts[:, column] += (1 - WITHOUT_ACCENTS) * _count(prose)
        counts[:, column] += WITHOUT_ACCENTS * _count([_bare(text) for text in prose])
    shares = counts / counts.sum(axis=0)
    average = shares.mean(axis=1)
    seen = average > 0
    total = counts.sum(axis=0)
    table = np.zeros((SIZE + 1, len(languages)), np.float32)
    mixed = (counts[seen] + smooth * len(RUNS) * average[seen, None]) / (total + smooth * len(RUNS))
    odds = np.log(mixed / average[seen, None])
    table[:-1][seen] = (odds - odds.mean(axis=1, keepdims=True)).astype(np.float16)
    return Model(languages=languages, table=table, scale=SCALE)


def _bare(text: str) -> str:
    return accents(text) if text.isascii() or "а" not in text else text


def _lines(prose: str) -> Iterator[str]:
    """Words in lines of a dozen; a list of frequent words is cut like prose."""
    words = prose.split()
    for n in range(0, len(words), WORDS_IN_LINE):
        yield " ".join(words[n : n + WORDS_IN_LINE])


def _count(prose: Sequence[str]) -> Floats:
    if not prose:
        return np.zeros(SIZE, np.float32)
    buckets, _ = runs(prose)
    return np.asarray(
        sum(np.bincount(row, minlength=SIZE + 1)[:SIZE] for row in buckets), np.float32
    )
