"""The lexical model: its weights as bytes, and the score of addresses."""

import hashlib
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.url.columns import CHUNK, columns, names_of
from zvon.ml.url.forest import Forest
from zvon.ml.url.form import read_lines, read_texts
from zvon.ml.url.layout import Floats, lay_out
from zvon.ml.url.suffixes import Rules
from zvon.ml.url.tables import GRAM_BITS, LETTER_BITS, SUFFIX_BITS, WORD_BITS, Tables

Scores = NDArray[np.float64]
_HALF = ("word", "word_seen", "suffix", "suffix_seen", "letters")


class BadWeights(ValueError):
    """The weights do not match their description, or are not ours."""


class Model(Struct, frozen=True, eq=False):
    """Tables, trees and calibration.

    Calibration is Platt's with a slope for each end (beta calibration): with s(z) = log(1 + exp(z))
    the log-odds are `high` * s(z) - `low` * s(-z) + `offset`; equal slopes are Platt's.
    `used` are the columns that the trees ask about, in the order of their numbers. `prior` is the
    probability at the reference mix of one phish to two harmless addresses for no address at all.
    """

    name: str
    tables: Tables
    forest: Forest
    used: tuple[str, ...]
    low: float = 1.0
    high: float = 1.0
    offset: float = 0.0
    prior: float = 1 / 3

    def raw(self, forms: Sequence[bytes]) -> Scores:
        """Log-odds of forms before calibration, shape (len(forms),)."""
        out = np.empty(len(forms))
        for begin in range(0, len(forms), CHUNK):
            chunk = forms[begin : begin + CHUNK]
            found = columns(lay_out(chunk), self.tables)
            rows = np.empty((len(self.used), len(chunk)), np.float32)
            for row, name in enumerate(self.used):
                rows[row] = found[name]
            out[begin : begin + CHUNK] = self.forest.raw(rows)
        return out

    def score_forms(self, forms: Sequence[bytes]) -> Scores:
        """Calibrated probability at the reference mix; the prior for an empty form."""
        p = self.probability(self.raw(forms))
        empty = np.fromiter((not form.strip() for form in forms), np.bool_, len(forms))
        return np.where(empty, self.prior, p)

    def probability(self, raw: Scores) -> Scores:
        """Calibrated probability at the reference mix for log-odds of `raw`."""
        high, low = np.logaddexp(0, raw), np.logaddexp(0, -raw)
        return np.asarray(1 / (1 + np.exp(-_bent(self.high * high - self.low * low + self.offset))))

    def score(self, urls: Iterable[str]) -> Scores:
        """Calibrated probability of each address in any form, shape (len(urls),)."""
        return self.score_forms(read_texts(urls))

    def score_lines(self, lines: Iterable[bytes]) -> Scores:
        """Calibrated probability of each line of bytes."""
        return self.score_forms(read_lines(lines))


def _bent(z: Scores) -> Scores:
    """Log-odds kept within 21 without a tie: beyond 15 they grow ever more slowly.

    Nearer to 1 a float has too few steps left to tell scores apart.
    """
    far = np.maximum(np.abs(z) - 15.0, 0.0)
    return np.asarray(np.where(far > 0, np.sign(z) * (15.0 + 6.0 * far / (far + 6.0)), z))


def pack(model: Model) -> bytes:
    """Write weights as a compressed array file (no pickle); the same weights, the same bytes."""
    out = BytesIO()
    halves = {name: getattr(model.tables, name).astype(np.float16) for name in _HALF}
    np.savez_compressed(
        out,
        rule_keys=model.tables.rules.keys,
        rule_kinds=model.tables.rules.kinds,
        grams=np.stack(model.tables.grams).astype(np.float16),
        column=model.forest.column,
        border=model.forest.border,
        leaf=model.forest.leaf,
        used=np.array(model.used),
        last=np.array([model.forest.bias, model.low, model.high, model.offset, model.prior]),
        **halves,
    )
    return out.getvalue()


def load(weights: bytes, meta: dict[str, Any]) -> Model:
    """Read what `pack` wrote. Raises `BadWeights` when the digest, shapes or columns differ."""
    if hashlib.sha256(weights).hexdigest() != meta.get("sha256"):
        raise BadWeights("the weights are not those of meta.json")
    with np.load(BytesIO(weights), allow_pickle=False) as data:
        have = {name: data[name] for name in data.files}
    tables = Tables(
        rules=Rules.of(have["rule_keys"], have["rule_kinds"]),
        grams=tuple(have["grams"].astype(np.float32)),
        **{name: have[name].astype(np.float32) for name in _HALF},
    )
    bias, low, high, offset, prior = map(float, have["last"])
    model = Model(
        name=f"{meta['name']}@{meta['version']}",
        tables=tables,
        forest=Forest(have["column"], have["border"], have["leaf"], bias),
        used=tuple(map(str, have["used"])),
        low=low,
        high=high,
        offset=offset,
        prior=prior,
    )
    _check(model)
    return model


def _check(model: Model) -> None:
    tables, forest = model.tables, model.forest
    sizes: list[tuple[Floats, int]] = [(grams, GRAM_BITS) for grams in tables.grams]
    sizes += [(tables.word, WORD_BITS), (tables.word_seen, WORD_BITS)]
    sizes += [(tables.suffix, SUFFIX_BITS), (tables.suffix_seen, SUFFIX_BITS)]
    sizes += [(tables.letters, LETTER_BITS)]
    for table, bits in sizes:
        if table.shape != (1 << bits,):
            raise BadWeights(f"a table has shape {table.shape}, not {1 << bits}")
    trees, depth = forest.column.shape
    if forest.border.shape != (trees, depth) or forest.leaf.shape != (trees, 1 << depth):
        raise BadWeights("the trees do not fit each other")
    if forest.column.size and int(forest.column.max()) >= len(model.used):
        raise BadWeights("a tree asks about a column that is not there")
    missing = set(model.used) - set(names_of(tables))
    if missing:
        raise BadWeights(f"unknown columns: {', '.join(sorted(missing))}")
