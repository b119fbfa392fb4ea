"""Which kind of address a row is: averages over all kinds hide where a model fails."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from zvon.ml.url.columns import CHUNK
from zvon.ml.url.form import read_texts
from zvon.ml.url.hashing import Spans
from zvon.ml.url.layout import lay_out
from zvon.ml.url.suffixes import Rules, cut
from zvon.ml.url_training.rows import Labelled

ACCOUNT = frozenset({"2fa", "apple_pw", "jdm", "bangs", "wmn"})
TELEMETRY = frozenset({"deepurlbench"})
SHORTENERS = frozenset({
    "bit.ly", "tinyurl.com", "t.co", "goo.gl", "is.gd", "cutt.ly", "rebrand.ly", "t.ly", "ow.ly",
    "buff.ly", "shorturl.at", "tiny.cc", "rb.gy", "s.id", "v.gd", "bl.ink", "lnkd.in", "youtu.be",
    "amzn.to", "git.io", "aka.ms", "g.co", "qrco.de", "me-qr.com", "dub.sh", "short.gy",
})  # fmt: skip


def on_platform(forms: Sequence[bytes], rules: Rules) -> NDArray[np.bool_]:
    """Whether each host is a customer's name on a shared platform."""
    out = np.zeros(len(forms), np.bool_)
    for begin in range(0, len(forms), CHUNK):
        layout = lay_out(forms[begin : begin + CHUNK])
        out[begin : begin + CHUNK] = cut(layout, Spans.of(layout), rules).platform
    return out


def strata_of(rows: Sequence[Labelled], rules: Rules) -> list[str]:
    """The stratum of each row; each row is in one."""
    forms = read_texts(r.url for r in rows)
    platform = on_platform(forms, rules)
    return [_stratum(*triple) for triple in zip(rows, forms, platform.tolist(), strict=True)]


def _stratum(row: Labelled, form: bytes, platform: bool) -> str:
    if row.phishing:
        return "free hosting" if platform else "own domain"
    if row.domain.endswith((".si", ".hr")):
        return "si and hr"
    if row.domain in SHORTENERS:
        return "shortener"
    if row.source in ACCOUNT:
        return "account page"
    if platform:
        return "free hosting"
    if row.source in TELEMETRY:
        return "telemetry"
    return "deep link" if b"/" in form or b"?" in form else "home page"
