"""How much an address is built like known phishing addresses: a lexical score, nothing more.

The score ranks and escalates. It never blocks and never says "safe": at one phish per thousand
addresses most of what it marks at a 1 % false-positive rate is harmless.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

BITS = 18
GRAMS = (2, 3, 4, 5)
CHUNK = 4096
MAX_CHARS = 400
DENSE = ("length", "host_length", "labels", "hyphens", "digits", "depth", "query", "bare", "idn")

_HOLE = re.compile(r"\{\{\{s\}\}\}|\{searchTerms\}|\{account\}")
_URL = re.compile(r"(?is)^\s*(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@?#]*@)?(?:www\.)*([^/?#]*)(.*?)\s*$")
_PORT = re.compile(r":(80|443)$")

Floats = NDArray[np.float64]


class BadWeights(ValueError):
    """The weights do not match their description, or are not ours."""


def score_form(url: str) -> str:
    """The form that is scored; idempotent. Never for identity and never for fetching.

    Scheme forced to https, user information, leading `www.`, default ports and a lone final
    slash removed: in public lists these say which list a row came from, not what it is.
    """
    text = _HOLE.sub("invoice", url)
    match = _URL.match(text) or _URL.match("//" + text)
    if match is None:
        return "https://"
    host = _PORT.sub("", match[1].lower().rstrip(".")).rstrip(".")
    return "https://" + host + ("" if match[2] == "/" else match[2])


class Model(Struct, frozen=True, eq=False):
    """Weights of the hashed n-gram logistic regression and its calibration.

    `grams` has shape (2**BITS,), `dense` (len(DENSE),), both in log-odds; `a`, `b` are the Platt
    parameters: p = 1 / (1 + exp(-(a * z + b))).
    """

    name: str
    grams: NDArray[np.float32]
    dense: Floats
    mean: Floats
    scale: Floats
    bias: float
    a: float
    b: float

    def raw(self, urls: Sequence[str]) -> Floats:
        """Log-odds before calibration, shape (len(urls),)."""
        out = np.empty(len(urls))
        for start in range(0, len(urls), CHUNK):
            forms = [score_form(u)[8:] for u in urls[start : start + CHUNK]]
            hashes, starts, counts = gram_hashes(forms)
            sums = np.zeros(len(forms))
            if len(hashes):
                filled = counts > 0
                sums[filled] = np.add.reduceat(self.grams[hashes], starts[filled], dtype=np.float64)
            norm = np.sqrt(np.maximum(counts, 1))
            dense = (dense_features(forms) - self.mean) / self.scale
            out[start : start + len(forms)] = sums / norm + dense @ self.dense + self.bias
        return out

    def score(self, urls: Sequence[str]) -> Floats:
        """Calibrated probability at the reference mix of the training data, shape (len(urls),)."""
        z = self.a * self.raw(urls) + self.b
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -35.0, 35.0))))


def gram_hashes(forms: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Bucket of every n-gram of every address, address by address.

    Returns the buckets, the offset of each address in them (valid where its count is above 0) and
    the number of n-grams of each address. Host and path count apart.
    """
    encoded = [_symbols(f) for f in forms]
    lengths = np.array([len(e) for e in encoded], dtype=np.int64)
    counts = sum(np.maximum(lengths - n + 1, 0) for n in GRAMS)
    assert isinstance(counts, np.ndarray)
    begins = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    total = int(lengths.sum())
    if total == 0:
        return np.zeros(0, np.int64), np.zeros(len(forms), np.int64), counts.astype(float)
    flat = np.concatenate(encoded).astype(np.uint64)
    room = np.repeat(begins + lengths, lengths) - np.arange(total)
    owner = np.repeat(np.arange(len(forms)), lengths)
    hashes, owners = [], []
    rolling = np.zeros(total, np.uint64)
    for n in range(1, min(max(GRAMS), total) + 1):
        shifted = np.zeros(total, np.uint64)
        shifted[: total - n + 1] = flat[n - 1 :]
        rolling = rolling * np.uint64(0x9E3779B97F4A7C15) + shifted + np.uint64(n)
        if n in GRAMS:
            inside = room >= n
            mixed = rolling[inside]
            mixed ^= mixed >> np.uint64(29)
            mixed *= np.uint64(0xBF58476D1CE4E5B9)
            hashes.append((mixed >> np.uint64(64 - BITS)).astype(np.int64))
            owners.append(owner[inside])
    order = np.argsort(np.concatenate(owners), kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    return np.concatenate(hashes)[order], starts, counts.astype(float)


def _symbols(form: str) -> NDArray[np.uint16]:
    """Bytes of the address with its ends marked; bytes of the path are moved up by 256."""
    host, slash, rest = form[:MAX_CHARS].partition("/")
    head = np.frombuffer(b"^" + host.encode("utf-8", "replace") + b"$", np.uint8)
    if not slash:
        return head.astype(np.uint16)
    tail = np.frombuffer(("/" + rest.lower()).encode("utf-8", "replace"), np.uint8)
    return np.concatenate([head.astype(np.uint16), tail.astype(np.uint16) + 256])


def dense_features(forms: Sequence[str]) -> Floats:
    """Shape of each address, shape (len(forms), len(DENSE))."""
    rows = np.empty((len(forms), len(DENSE)))
    for i, form in enumerate(forms):
        host, _, rest = form[:MAX_CHARS].partition("/")
        rows[i] = (
            np.log1p(len(form)),
            np.log1p(len(host)),
            host.count(".") + 1,
            host.count("-"),
            sum(c.isdigit() for c in host),
            rest.count("/") + bool(rest),
            "?" in rest,
            not rest,
            "xn--" in host or not host.isascii(),
        )
    return rows


def pack(model: Model) -> bytes:
    """Write weights as a compressed array file (no pickle)."""
    out = BytesIO()
    np.savez_compressed(
        out,
        grams=model.grams.astype(np.float16),
        dense=model.dense,
        mean=model.mean,
        scale=model.scale,
        last=np.array([model.bias, model.a, model.b]),
    )
    return out.getvalue()


def load(weights: bytes, meta: dict[str, Any]) -> Model:
    """Read what `pack` wrote. Raises `BadWeights` when the shapes or the digest differ."""
    if hashlib.sha256(weights).hexdigest() != meta.get("sha256"):
        raise BadWeights("the weights are not those of meta.json")
    with np.load(BytesIO(weights), allow_pickle=False) as data:
        grams, last = data["grams"].astype(np.float32), data["last"]
        if grams.shape != (1 << BITS,) or data["dense"].shape != (len(DENSE),):
            raise BadWeights(f"unexpected shapes {grams.shape}, {data['dense'].shape}")
        return Model(
            name=f"{meta['name']}@{meta['version']}",
            grams=grams,
            dense=data["dense"],
            mean=data["mean"],
            scale=data["scale"],
            bias=float(last[0]),
            a=float(last[1]),
            b=float(last[2]),
        )


@cache
def load_shipped() -> Model | None:
    """The model in the package; `None` when the package was built without one."""
    folder = resources.files("zvon.ml") / "phish_url"
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        weights = (folder / "weights.npz").read_bytes()
    except FileNotFoundError:
        return None
    return load(weights, meta)
