"""Inside a value that stays: per-victim parts of a URL, victims' names in a path or a file name.

Gives edits, never a new value, so that everything else in the URL is byte-identical.
"""

import re
from collections.abc import Iterator

from msgspec import Struct

from zvon.model.policy import Policy, UrlQuery
from zvon.privacy.decode import layers
from zvon.privacy.fold import fold
from zvon.privacy.identifiers import host_range
from zvon.privacy.tables import hosts

MIN_MARK = 4
_MAIL = re.compile(r"[\w.+%-]+@(?:[\w-]+\.)+[\w-]{2,}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_FIELD = re.compile(r"[?&;]([^=&;#]*)(?:=([^&;#]*))?")
_DIGITS = re.compile(r"\d{3,}")
_TURNS = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", re.IGNORECASE)


class Edit(Struct, frozen=True):
    """Replace `start:end` of the value; `victim` is what was found there, or empty."""

    start: int
    end: int
    replacement: str
    kind: str
    victim: str = ""


class Victims(Struct, frozen=True):
    """What may not stay inside a kept value: folded texts, and the token of each."""

    tokens: dict[str, str]

    def inside(self, text: str) -> str | None:
        """The longest victim's text in `text` or in anything it decodes to, else `None`."""
        plain = [fold(text), *(fold(layer) for layer in layers(text))]
        hits = [v for v in self.tokens if any(_has(p, v) for p in plain)]
        return max(hits, key=len, default=None)


def _has(text: str, victim: str) -> bool:
    if victim not in text:
        return False
    return re.search(rf"(?<![^\W_]){re.escape(victim)}(?![^\W_])", text) is not None


def is_opaque(segment: str) -> bool:
    """True for a path segment that marks one recipient: a number, or a mix of letters and digits."""
    bare = segment.partition(".")[0]
    if _DIGITS.fullmatch(bare):
        return _YEAR.fullmatch(bare) is None
    if not re.fullmatch(r"[\w-]{4,}", bare) or not any(map(str.isdigit, bare)):
        return False
    turns = len(_TURNS.findall(bare))
    return turns >= 2 or (bare.isupper() and turns >= 1)


def marks(raw: str, victims: Victims) -> set[str]:
    """Opaque values beside a victim's in one query: they name the same person to the attacker."""
    fields = [f[2] or "" for f in _FIELD.finditer(raw, max(raw.find("?"), 0))]
    if "?" not in raw or not any(victims.inside(v) or _mail(v) for v in fields):
        return set()
    return {fold(v) for v in fields if len(v) >= MIN_MARK and is_opaque(v) and not _mail(v)}


def url_edits(raw: str, policy: Policy, victims: Victims) -> Iterator[Edit]:
    """Edits inside a kept URL, in order and without overlap. `raw` is the URL as written."""
    _, host_end = host_range(raw)
    user = raw.rfind("@", 0, host_end)
    scheme = raw.find("//", 0, host_end)
    if user > scheme >= 0 and ":" in raw[scheme + 2 : user]:
        yield Edit(scheme + 2, user + 1, "", "SECRET")
    query = raw.find("?", host_end)
    fragment = raw.find("#", host_end)
    ends = [at for at in (query, fragment) if at >= 0]
    tail = min(ends, default=len(raw))
    shortened = raw[host_range(raw)[0] : host_end].lower() in hosts().shorteners
    drop = policy.url_query is UrlQuery.DROP_VALUES
    yield from _path(raw, host_end, tail, victims, drop=drop and not shortened)
    if tail == len(raw):
        return
    if drop:
        yield Edit(tail, len(raw), "", "TRACK")
        return
    for field in _FIELD.finditer(raw, tail):
        yield from _value(field, victims)
    if fragment >= 0 and (found := victims.inside(raw[fragment + 1 :])):
        yield Edit(fragment + 1, len(raw), victims.tokens[found], "TRACK", found)


def _path(raw: str, start: int, end: int, victims: Victims, *, drop: bool) -> Iterator[Edit]:
    segments = list(re.finditer(r"[^/]+", raw[start:end]))
    for i, found in enumerate(segments):
        low, high = start + found.start(), start + found.end()
        victim = victims.inside(found[0]) or _mail(found[0])
        if i == 0 and raw[low - 1 : low] != "/":
            continue  # the port
        if victim:
            yield from _within(found[0], low, victim, victims)
        elif drop and is_opaque(found[0]):
            yield Edit(low, high, "", "TRACK")


def _mail(text: str) -> str | None:
    for plain in (text, *layers(text)):
        if found := _MAIL.search(plain):
            return fold(found[0])
    return None


def _value(field: re.Match[str], victims: Victims) -> Iterator[Edit]:
    value = field[2] if field[2] is not None else field[1]
    start, end = field.span(2 if field[2] is not None else 1)
    victim = victims.inside(value) or _mail(value)
    if victim:
        yield Edit(start, end, victims.tokens.get(victim, ""), "TRACK", victim)


def _within(text: str, at: int, victim: str, victims: Victims) -> Iterator[Edit]:
    """Replace only the victim's text where it stands in clear, the whole text where it hides."""
    token = victims.tokens.get(victim, "")
    low = fold(text).find(victim)
    if low >= 0:
        yield Edit(at + low, at + low + len(victim), token, "NAME", victim)
    else:
        yield Edit(at, at + len(text), token, "TRACK", victim)


def plain_edits(raw: str, victims: Victims) -> Iterator[Edit]:
    """Edits inside a kept file name, path or address."""
    victim = victims.inside(raw)
    if victim:
        yield from _within(raw, 0, victim, victims)
