"""The register of what is ours, compiled for look-ups that do not slow down with its size.

It decides whether a value is a victim's. It names victims, so nothing here is ever shared.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import translate
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Literal, get_args

import ahocorasick
import numpy as np
from msgspec import Struct
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from zvon.model.name import BadName, canonical
from zvon.privacy.fold import fold
from zvon.privacy.lemma import lemmas

Kind = Literal[
    "domain", "prefix", "asn", "bic", "phone", "organisation", "person", "mail", "host", "internal"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_VALUE = 300
MIN_STEM = 5
"""Letters that a label needs before another name can be taken for a look-alike of it."""
NEAR_LETTERS = 2
_LEGAL_FORM = re.compile(
    r"[, ]+(?:d\. ?o\. ?o\.|j\. ?d\. ?o\. ?o\.|d\. ?d\.|s\. ?p\.|ltd\.?|gmbh|inc\.?|plc|ag)$"
)


class BadEntry(ValueError):
    """A value cannot stand in the register under its kind; the message does not repeat it."""


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that is ours. `weak`: shared hosting, a CDN, carrier NAT: ours, and others' too."""

    kind: Kind
    value: str
    country: str | None = None
    sector: str = ""
    weak: bool = False


class Hit(Struct, frozen=True, kw_only=True):
    """What the register says of a value."""

    kind: Kind
    weak: bool = False
    sector: str = ""
    country: str | None = None


def canonical_value(kind: str, value: str) -> str:
    """The one form of a value in the register. Raises `BadEntry`."""
    text = value.strip()
    if not text or len(text) > MAX_VALUE or not text.isprintable():
        raise BadEntry("the value is empty, too long, or holds signs that cannot be read")
    made = _CANONICAL.get(kind)
    if made is None:
        raise BadEntry(f"kind: one of {', '.join(KINDS)}")
    try:
        return str(made(text))
    except (ValueError, BadName):
        raise BadEntry(f"this is no {kind}") from None


def _asn(text: str) -> str:
    number = int(text.upper().removeprefix("AS"))
    if not 0 < number < 2**32:
        raise ValueError("no AS number")
    return str(number)


def _bic(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{6}[A-Za-z0-9]{2}(?:[A-Za-z0-9]{3})?", text):
        raise ValueError("no BIC")
    return text.upper()[:8]


def _mail(text: str) -> str:
    local, at, domain = text.lower().rpartition("@")
    if not at or not local:
        raise ValueError("no mail address")
    return f"{local}@{canonical(domain)}"


def _internal(text: str) -> str:
    label = text.lower().strip(".")
    if not re.fullmatch(r"[a-z0-9-]{1,63}", label):
        raise ValueError("no label")
    return label


def _phone(text: str) -> str:
    """A number in E.164 form, or the beginning that a range of numbers shares."""
    bare = re.sub(r"[ ()/.-]", "", text).rstrip("*")
    if not re.fullmatch(r"\+\d{4,15}", bare):
        raise ValueError("no number with a country code")
    return bare


def _host(text: str) -> str:
    pattern = text.lower()
    if not re.fullmatch(r"[a-z0-9.*?_-]+", pattern) or not re.search(r"[a-z0-9]{2}", pattern):
        raise ValueError("no host pattern")
    return pattern


_CANONICAL: dict[str, Any] = {
    "domain": canonical,
    "prefix": lambda text: ip_network(text, strict=False),
    "asn": _asn, "bic": _bic, "phone": _phone, "mail": _mail, "host": _host,
    "internal": _internal,
    "organisation": lambda text: " ".join(text.split()),
    "person": lambda text: " ".join(text.split()),
}  # fmt: skip


class Register:
    """A compiled register: immutable, compared by identity; `Register(())` knows nothing.

    Networks are sorted ranges of the outermost prefixes and are found by bisection; names walk up
    their suffixes; people and organisations are found by the nominatives of their first word.
    """

    __slots__ = ("_asns", "_bics", "_domains", "_hosts", "_internal", "_mails", "_named",
                 "_phones", "_ranges", "_stems", "_within", "size")  # fmt: skip

    def __init__(self, entries: Iterable[Entry]) -> None:
        by: dict[str, dict[str, Hit]] = defaultdict(dict)
        for entry in entries:
            by[entry.kind][entry.value] = Hit(
                kind=entry.kind, weak=entry.weak, sector=entry.sector, country=entry.country
            )
        self.size = sum(map(len, by.values()))
        self._domains, self._mails, self._internal = by["domain"], by["mail"], by["internal"]
        stems = {value.partition(".")[0] for value, hit in by["domain"].items() if not hit.weak}
        self._stems = sorted(stem for stem in stems if len(stem) >= MIN_STEM)
        self._within = _any_of(self._stems)
        self._asns = {int(value): hit for value, hit in by["asn"].items()}
        self._bics, self._phones = by["bic"], by["phone"]
        self._ranges = {version: _Ranges(by["prefix"], version) for version in (4, 6)}
        patterns = "|".join(translate(value) for value in by["host"])
        self._hosts = re.compile(patterns) if patterns else None
        self._named: dict[str, list[tuple[tuple[str, ...], Kind]]] = defaultdict(list)
        for kind in ("organisation", "person"):
            for value in by[kind]:
                self._name(value, kind)

    def _name(self, value: str, kind: Kind) -> None:
        words = tuple(re.findall(r"\w+", _LEGAL_FORM.sub("", fold(value))))
        if not words or (len(words) == 1 and len(words[0]) < 4):
            return  # `Ana` alone would make every Ana ours
        self._named[words[0]].append((words, kind))
        if kind == "person" and len(words) == 2:
            self._named[words[1]].append((words[::-1], kind))

    def name(self, host: str) -> Hit | None:
        """A canonical host name or domain: ours by suffix, by its last label, or by pattern."""
        if not self.size:
            return None
        rest = host
        while rest:
            if (hit := self._domains.get(rest)) is not None:
                return hit
            rest = rest.partition(".")[2]
        if (hit := self._internal.get(host.rpartition(".")[2])) is not None:
            return hit
        if self._hosts is not None and self._hosts.match(host):
            return Hit(kind="host")
        return None

    def resembled(self, name: str) -> bool:
        """True for a name that is not ours and looks like one of ours: contains its first label,
        or is at most two letters away from it.
        """
        if not self._stems or self.name(name) is not None:
            return False
        label = name.partition(".")[0]
        if next(self._within.iter(label), None) is not None:
            return True
        near = process.extractOne(
            label, self._stems, scorer=Levenshtein.distance, score_cutoff=NEAR_LETTERS
        )
        return near is not None

    def address(self, text: str) -> Hit | None:
        """An address as canonical text, or a network that lies in one of ours."""
        if not self.size:
            return None
        try:
            net = ip_network(text, strict=False) if "/" in text else ip_address(text)
        except ValueError:
            return None
        if isinstance(net, (IPv4Address, IPv6Address)):
            return self._ranges[net.version].hit(int(net), int(net))
        return self._ranges[net.version].hit(int(net.network_address), int(net.broadcast_address))

    def addresses(self, four: "np.ndarray[Any, np.dtype[np.uint32]]") -> "np.ndarray[Any, Any]":
        """For an array of IPv4 addresses (`uint32`): true where one is ours."""
        return self._ranges[4].within(four)

    def mail(self, address: str) -> Hit | None:
        """A mail address, or one of a domain of ours."""
        return self._mails.get(address) or self.name(address.rpartition("@")[2])

    def phone(self, number: str) -> Hit | None:
        """A number in E.164 form that is ours, or lies in a range of ours."""
        for end in range(len(number), 4, -1):
            if (hit := self._phones.get(number[:end])) is not None:
                return hit
        return None

    def bank(self, bic: str) -> Hit | None:
        """A bank by its BIC (the branch does not matter)."""
        return self._bics.get(bic[:8].upper())

    def asn(self, number: int) -> Hit | None:
        """An autonomous system."""
        return self._asns.get(number)

    def look(self, what: str, value: str) -> Hit | None:
        """A canonical value of a kind: `name`, `address`, `mail`, `phone`, `asn`, `bic`."""
        if what == "asn":
            return self.asn(int(value))
        asked = {"name": self.name, "address": self.address, "mail": self.mail,
                 "phone": self.phone, "bic": self.bank}  # fmt: skip
        return asked[what](value)

    def named(self, words: Sequence[str]) -> Iterator[tuple[int, int, Kind]]:
        """Our people and organisations in folded words, in any case: first and last word, kind."""
        if not self._named:
            return
        at = 0
        while at < len(words):
            found = self._at(words, at)
            if found is None:
                at += 1
                continue
            length, kind = found
            yield at, at + length - 1, kind
            at += length

    def _at(self, words: Sequence[str], at: int) -> tuple[int, Kind] | None:
        best: tuple[int, Kind] | None = None
        for nominative in lemmas(words[at]):
            for name, kind in self._named.get(nominative, ()):
                if (best is None or len(name) > best[0]) and all(
                    at + i < len(words) and part in lemmas(words[at + i])
                    for i, part in enumerate(name)
                ):
                    best = (len(name), kind)
        return best


def _any_of(stems: Sequence[str]) -> Any:
    """One automaton for all labels, however many there are (Aho and Corasick 1975)."""
    automaton = ahocorasick.Automaton()
    for stem in stems:
        automaton.add_word(stem, stem)
    automaton.make_automaton()
    return automaton


class _Ranges:
    """Sorted, disjoint ranges; inside nested prefixes the narrowest speaks."""

    __slots__ = ("_ends", "_hits", "_starts")

    def __init__(self, prefixes: dict[str, Hit], version: int) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._hits: list[Hit] = []
        nets = [(ip_network(text), hit) for text, hit in prefixes.items()]
        rows = sorted(
            ((int(net.network_address), -int(net.broadcast_address), hit)
             for net, hit in nets if net.version == version),
            key=lambda row: row[:2],
        )  # fmt: skip
        around: list[tuple[int, Hit]] = []  # the prefixes that are open, the narrowest last
        at = 0
        for start, negative, hit in rows:
            at = self._close(around, at, start)
            if around and at < start:
                self._append(at, start - 1, around[-1][1])
            at = start
            around.append((-negative, hit))
        self._close(around, at, 1 << 129)

    def _close(self, around: list[tuple[int, Hit]], at: int, before: int) -> int:
        """End the open prefixes that end before an address; where the next range begins."""
        while around and around[-1][0] < before:
            end, hit = around.pop()
            if at <= end:
                self._append(at, end, hit)
                at = end + 1
        return at

    def _append(self, start: int, end: int, hit: Hit) -> None:
        if self._ends and self._ends[-1] + 1 == start and self._hits[-1] == hit:
            self._ends[-1] = end
            return
        self._starts.append(start)
        self._ends.append(end)
        self._hits.append(hit)

    def hit(self, start: int, end: int) -> Hit | None:
        at = bisect_right(self._starts, start) - 1
        return self._hits[at] if at >= 0 and end <= self._ends[at] else None

    def within(self, addresses: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        if not self._starts:
            return np.zeros(addresses.shape, bool)
        starts = np.asarray(self._starts, np.uint64)
        ends = np.asarray(self._ends, np.uint64)
        wide = addresses.astype(np.uint64)
        at = np.searchsorted(starts, wide, "right").astype(np.int64) - 1
        return (at >= 0) & (wide <= ends[np.maximum(at, 0)])
