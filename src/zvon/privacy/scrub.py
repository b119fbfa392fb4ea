"""Inside a value that stays: per-victim parts of a URL, victims' names in a path or a file name.

Gives edits, never a new value, so that everything else in the URL is byte-identical.
"""

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import unquote_plus

import msgspec
from msgspec import Struct

from zvon.model.policy import Policy, UrlQuery
from zvon.privacy.decode import layers
from zvon.privacy.fold import fold
from zvon.privacy.identifiers import host_range, is_home
from zvon.privacy.tables import DATA, hosts, names, read
from zvon.privacy.within import has_word, places

MIN_MARK = 4
MOST_NAMES = 4
_MAIL = re.compile(r"[\w.+%-]+@(?:[\w-]+\.)+[\w-]{2,}")
_YEAR = re.compile(r"(?:19|20)\d\d")
_FIELD = re.compile(r"[?&;]([^=&;#]*)(?:=([^&;#]*))?")
_DIGITS = re.compile(r"\d{3,}")
_MACHINE = re.compile(r"[\w]-[\w]|[a-z]\d")
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

    def clear(self, text: str) -> list[tuple[int, int, str]]:
        """Where victims' texts stand in `text` as they are: ranges apart from each other, longest
        first where they overlap; with the victim.
        """
        plain = fold(text)
        out: list[tuple[int, int, str]] = []
        for victim in sorted((v for v in self.tokens if v in plain), key=len, reverse=True):
            for low in places(victim, plain):
                high = low + len(victim)
                if all(high <= a or b <= low for a, b, _ in out):
                    out.append((low, high, victim))
        return sorted(out)

    def inside(self, text: str) -> str | None:
        """The longest victim's text in `text` or in anything it decodes to, else `None`."""
        plain = [fold(text), *(fold(layer) for layer in layers(text))]
        hits = [v for v in self.tokens if any(has_word(v, p) for p in plain)]
        return max(hits, key=len, default=None)


class _Query(Struct, frozen=True, forbid_unknown_fields=True):
    identity: frozenset[str]
    machine: frozenset[str]
    nobody: frozenset[str]


@cache
def _query() -> _Query:
    return msgspec.convert(read(DATA / "query.toml"), _Query)


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
    at = tail
    for field in _FIELD.finditer(raw, tail):
        for edit in _value(field, victims):
            if edit.start >= at:
                yield edit
                at = edit.end
    if fragment >= at:
        yield from _segment(raw[fragment + 1 :], fragment + 1, victims)


def _path(raw: str, start: int, end: int, victims: Victims, *, drop: bool) -> Iterator[Edit]:
    segments = list(re.finditer(r"[^/]+", raw[start:end]))
    for i, found in enumerate(segments):
        low, high = start + found.start(), start + found.end()
        if i == 0 and raw[low - 1 : low] != "/":
            continue  # the port
        edits = list(_segment(found[0], low, victims))
        yield from edits
        if not edits and drop and is_opaque(found[0]):
            yield Edit(low, high, "", "TRACK")


def _segment(text: str, at: int, victims: Victims) -> Iterator[Edit]:
    """Only the victim's text goes where it stands in clear, the whole where it hides."""
    if not text:
        return
    mail = _MAIL.search(text)
    hidden = _mail(text) if mail is None else None
    known = [] if hidden else victims.clear(text)
    if mail:
        low, high = mail.span()
        found = fold(mail[0])
        yield Edit(at + low, at + high, victims.tokens.get(found, ""), "TRACK", found)
        return
    for low, high, victim in known:
        yield Edit(at + low, at + high, victims.tokens[victim], "NAME", victim)
    hidden = hidden or (None if known else victims.inside(text))
    if hidden:
        yield Edit(at, at + len(text), victims.tokens.get(hidden, ""), "TRACK", hidden)


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
    elif _names_somebody(fold(field[1]), fold(value)) or _is_person(value):
        yield Edit(start, end, "", "TRACK")


def _names_somebody(key: str, value: str) -> bool:
    """True for `?u=lukica`, `?h=PC-07` and a number that is a telephone of one of our countries."""
    if value.isdigit() and len(value) > MIN_MARK:
        return is_home(value) or key in _query().identity
    if len(value) <= 2 or value.isdigit() or "/" in value or value in _query().nobody:
        return False
    return key in _query().identity or (
        key in _query().machine and _MACHINE.search(value) is not None
    )


def _is_person(value: str) -> bool:
    """True for a first name with another word: `?n=Alenka+Novak` greets one recipient."""
    words = fold(unquote_plus(value)).split()
    known = names()
    return (
        2 <= len(words) <= MOST_NAMES
        and all(word.isalpha() and word not in known.common for word in words)
        and any(word in known.first for word in words)
    )


def plain_edits(raw: str, victims: Victims) -> Iterator[Edit]:
    """Edits inside a kept file name, path or address."""
    yield from _segment(raw, 0, victims)
