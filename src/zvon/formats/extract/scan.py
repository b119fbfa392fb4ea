"""Read a text once: RE2 finds where something may stand, the grammar what it is and where it ends."""

import re
from collections.abc import Callable

from zvon.formats.extract import digest, grammar, identifier, machine, network, number, sieve
from zvon.formats.extract.derived import derived
from zvon.formats.extract.found import Found, Scanned

MAX_FOUND = 500_000
_WORD = re.compile(r"[^\s(\[{<,;]+")
_GLUED = ("http", "hxxp")
_URL_AT = re.compile(grammar.URL)

_READERS: tuple[tuple[str, Callable[[Scanned, re.Match[str]], Found | None]], ...] = (
    ("url", network.read_url), ("id", identifier.read_id), ("hash", digest.read_hash),
    ("iban", number.read_iban), ("wallet", number.read_wallet), ("uuid", lambda _s, _m: None),
    ("cue", machine.read_cue), ("regkey", machine.read_regkey), ("path", machine.read_path),
    ("email", network.read_email), ("mac", lambda s, m: s.read(digest.T.MAC, *m.span("mac"))),
    ("ipv4", network.read_ipv4), ("phone", number.read_phone), ("ipv6", network.read_ipv6),
    ("spaced", network.read_spaced), ("file", machine.read_file), ("name", network.read_name),
    ("machine", machine.read_machine),
)  # fmt: skip
_BY_GROUP = dict(_READERS)


def scan(text: str, *, region: str = "SI", limit: int = MAX_FOUND) -> list[Found]:
    """Every value in `text`, in order of place; at most `limit` that stand by themselves.

    What stands inside another (the host of an address, the file name of a path) follows it, with
    its `parent`. `region` is the country in which local telephone numbers are read first. Takes
    any text; time and memory grow with its length only.
    """
    scanned = Scanned(text, region)
    _fill(scanned, limit)
    out: list[Found] = []
    for found in scanned.found:
        out.append(found)
        out.extend(derived(found))
    out.sort(key=_place)
    return out


def _place(found: Found) -> tuple[int, bool, int]:
    return found.start, found.parent is not None, found.end


def plain(text: str, *, region: str, limit: int) -> list[Found]:
    """As `scan`, without what stands inside another."""
    scanned = Scanned(text, region)
    _fill(scanned, limit)
    return scanned.found


def _fill(scanned: Scanned, limit: int) -> None:
    text, found = scanned.text, scanned.found
    places = _Places(text)
    at = 0
    while len(found) < limit and (start := places.next(at)) >= 0:
        match = grammar.CANDIDATE.match(text, start)
        if match is None and text[start : start + 4].lower() in _GLUED:
            match = _URL_AT.match(text, start)  # a word glued to it by the reader of a PDF
        one = None if match is None else _BY_GROUP[match.lastgroup or ""](scanned, match)
        if one is None:
            at = _after_refusal(text, start, match)
        else:
            found.append(one)
            at = one.end


def _after_refusal(text: str, start: int, match: re.Match[str] | None) -> int:
    """Go on behind the first word of what was refused: the rest may hold something real."""
    if match is not None and match.lastgroup == "name":
        return match.end()
    word = _WORD.match(text, start)
    return max(start + 1, word.end() if word else 0)


class _Places:
    """Where RE2 sees something begin, counted in code points of the text."""

    __slots__ = ("_ascii", "_bytes", "_code_points", "_data", "_search", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._data = text.encode("utf-8", "surrogatepass")
        self._ascii = len(self._data) == len(text)
        self._code_points = self._bytes = 0  # one place, counted in both
        self._search = sieve.pattern().search

    def next(self, at: int) -> int:
        """The next beginning from `at` on, or -1. `at` never goes back."""
        if self._ascii:
            match = self._search(self._data, at)
            return -1 if match is None else int(match.start())
        self._bytes += len(self._text[self._code_points : at].encode("utf-8", "surrogatepass"))
        match = self._search(self._data, self._bytes)
        if match is None:
            return -1
        start: int = match.start()
        passed = self._data[self._bytes : start].decode("utf-8", "surrogatepass")
        self._code_points, self._bytes = at + len(passed), start
        return self._code_points
