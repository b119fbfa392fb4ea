"""How much a message is worded like a lure, in Slovenian, Croatian and English; nothing more.

Only the words count. Addresses, numbers, dates, names of months and years are made equal first,
headers and markup never come in, and length is divided out: what changes between eras and
collections must not be what the model learns. The score adds to other facts; it decides nothing.
"""

import hashlib
import itertools
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from zvon.ml.fold import in_place

BITS = 15
SIZE = 1 << BITS
GRAMS = (3, 4, 5)  # characters, inside words
MAX_CHARS = 6_000  # a lure says what it wants early; the rest of a mail is footers
WINDOW = 3  # words that are shown as the most telling ones

Floats = NDArray[np.float64]

_SLOTS = (
    (re.compile(r"\b(?:https?|hxxps?)://\S+|\bwww\.\S+"), " urlx "),
    (re.compile(r"\S+@\S+\.\S+"), " mailx "),
    (re.compile(r"(?:€|\$|£|\beur\b|\busd\b)\s?\d[\d.,]*|\d[\d.,]*\s?(?:€|\$|£|eur\w*\b|usd\b|kn\b)"),
     " sumx "),
    (re.compile(r"\b(?:[a-z0-9-]+\.)+[a-z]{2,12}\b(?:/\S*)?"), " urlx "),
    (re.compile(r"\b\d{1,2}\s?[.:]\s?\d{2}\s?(?:h|uri|ure|ura|sati|am|pm)?\b"), " timex "),
    (re.compile(r"\b[a-z]*\d[\w/-]*"), " numx "),
)  # fmt: skip
# Months and days say when a collection was made, not what a message wants.
_WHEN = re.compile(
    r"\b(?:jan|feb|mar|apr|maj|may|jun|jul|avg|aug|sep|okt|oct|nov|dec|sijec|veljac|ozuj|trav|"
    r"svib|lip|srp|kolov|ruj|listopad|studen|prosin)[a-z]{0,6}\b"
)
_WORD = re.compile(r"[a-z]+")


class BadWeights(ValueError):
    """The weights do not match their description, or are not ours."""


class Model(Struct, frozen=True, eq=False):
    """Weights of the hashed logistic regression over words and their parts, and its calibration.

    `weights` has shape (2**BITS,), in log-odds; p = 1 / (1 + exp(-(a * z + b))).
    """

    name: str
    weights: NDArray[np.float32]
    bias: float
    a: float
    b: float

    def raw(self, texts: Sequence[str]) -> Floats:
        """Log-odds before calibration, shape (len(texts),)."""
        out = np.full(len(texts), self.bias)
        for n, text in enumerate(texts):
            row = features(text)
            if len(row):
                out[n] += self.weights[row].sum(dtype=np.float64) / np.sqrt(len(row))
        return out

    def score(self, texts: Sequence[str]) -> Floats:
        """Calibrated probability at the even mix of the training texts, shape (len(texts),)."""
        z = self.a * self.raw(texts) + self.b
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -35.0, 35.0))))

    def telling(self, text: str) -> tuple[int, int] | None:
        """The place of the few words that raise the score most, as code points of `text`."""
        text = text[:MAX_CHARS]
        found = [(m.start(), m.end()) for m in _WORD.finditer(in_place(text))]
        if not found:
            return None
        folded = in_place(text)
        worth = [float(self.weights[list(_parts(folded[a:b]))].sum()) for a, b in found]
        sums = [sum(worth[n : n + WINDOW]) for n in range(max(1, len(found) - WINDOW + 1))]
        best = max(range(len(sums)), key=lambda n: (sums[n], -n))
        last = min(best + WINDOW, len(found)) - 1
        return found[best][0], found[last][1]


def words(text: str) -> list[str]:
    """The words that are read: folded, with what differs from message to message made equal."""
    folded = in_place(text[:MAX_CHARS])
    for pattern, slot in _SLOTS:
        folded = pattern.sub(slot, folded)
    return _WORD.findall(_WHEN.sub(" whenx ", folded))


def features(text: str) -> NDArray[np.int64]:
    """The buckets that are present in a text, each once, in rising order."""
    row = words(text)
    found: set[int] = set()
    for word in row:
        found.update(_parts(word))
    for left, right in itertools.pairwise(row):
        found.add(_bucket(f"{left} {right}"))
    return np.array(sorted(found), dtype=np.int64)


def _parts(word: str) -> Iterator[int]:
    yield _bucket(f" {word} ")
    edged = f"^{word}$"
    for n in GRAMS:
        for start in range(len(edged) - n + 1):
            yield _bucket(edged[start : start + n])


def _bucket(text: str) -> int:
    return zlib.crc32(text.encode()) & (SIZE - 1)


def pack(model: Model) -> bytes:
    """Write weights as a compressed array file (no pickle)."""
    out = BytesIO()
    np.savez_compressed(
        out,
        weights=model.weights.astype(np.float16),
        last=np.array([model.bias, model.a, model.b]),
    )
    return out.getvalue()


def load(weights: bytes, meta: dict[str, Any]) -> Model:
    """Read what `pack` wrote. Raises `BadWeights` when the shapes or the digest differ."""
    if hashlib.sha256(weights).hexdigest() != meta.get("sha256"):
        raise BadWeights("the weights are not those of meta.json")
    with np.load(BytesIO(weights), allow_pickle=False) as data:
        found, last = data["weights"].astype(np.float32), data["last"]
    if found.shape != (SIZE,) or last.shape != (3,):
        raise BadWeights(f"unexpected shapes {found.shape}, {last.shape}")
    return Model(
        name=f"{meta['name']}@{meta['version']}",
        weights=found,
        bias=float(last[0]),
        a=float(last[1]),
        b=float(last[2]),
    )


@cache
def load_shipped() -> Model | None:
    """The model in the package; `None` when the package was built without one."""
    folder = resources.files("zvon.ml") / "phish_text"
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        weights = (folder / "weights.npz").read_bytes()
    except FileNotFoundError:
        return None
    return load(weights, meta)
