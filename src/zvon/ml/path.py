"""The shape of a path: what stays the same when a kit gives each victim an address of their own.

`/dostava/8f3a9c1e/potrdi.php?id=77` is `/dostava/*/potrdi.php?id`.
"""

import math
import re
from collections import Counter

LEAST_WORDS = 2  # fewer words of its own say nothing: `/login` is everywhere
MAX_SEGMENTS = 8
MAX_PATH = 2_000
_DIGITS = re.compile(r"\d+")
_HEX = re.compile(r"[0-9a-f]{6,}", re.IGNORECASE)
_RANDOM_LENGTH, _RANDOM_BITS = 10, 3.2  # of a segment that nobody reads
# Parts of every second site; they do not count as words of one's own.
_COMMON = frozenset(
    {
        "index.php", "index.html", "index.htm", "index", "login", "signin", "home", "main",
        "www", "wp-content", "wp-includes", "wp-admin", "plugins", "themes", "uploads", "images",
        "css", "assets", "static", "public", "cgi-bin", "app", "web", "site", "pages", "page",
        "user", "account",
    }
)  # fmt: skip


def shape(path: str) -> str | None:
    """The shape of a path with its query, or `None` when it says too little to be a mark."""
    if len(path) > MAX_PATH:
        return None
    bare, _, query = path.partition("?")
    segments = [part for part in bare.lower().split("/") if part]
    if not segments or len(segments) > MAX_SEGMENTS:
        return None
    shaped = [_segment(part) for part in segments]
    names = sorted({pair.partition("=")[0].lower() for pair in query.split("&") if pair})
    plain = [name for name in names if name.isidentifier() and len(name) <= 20]
    words = [part for part in shaped if part != "*" and part not in _COMMON and len(part) > 2]
    if len(words) < LEAST_WORDS:
        return None
    return "/" + "/".join(shaped) + ("?" + "&".join(plain) if plain else "")


def _segment(part: str) -> str:
    if _HEX.fullmatch(part) or _random(part):
        return "*"
    return _DIGITS.sub("#", part)


def _random(part: str) -> bool:
    """True for letters and digits mixed as no word is (Shannon entropy of its characters)."""
    if len(part) < _RANDOM_LENGTH or not any(c.isdigit() for c in part) or "." in part:
        return False
    total = len(part)
    bits = -sum(n / total * math.log2(n / total) for n in Counter(part).values())
    return bits >= _RANDOM_BITS
