"""The register of what is ours, compiled for look-ups that do not slow down with its size.

It decides whether a value is a victim's. It names victims, so nothing here is ever shared.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import translate
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import ahocorasick
import numpy as np
from msgspec import Struct
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from zvon.privacy.fold import fold
from zvon.privacy.lemma import lemmas
from zvon.privacy.prefix_ranges import Ranges
from zvon.privacy.register_entry import Entry, Kind

MIN_STEM = 5
"""Letters that a label needs before another name can be taken for a look-alike of it."""
NEAR_LETTERS = 2
_LEGAL_FORM = re.compile(
    r"[, ]+(?:d\. ?o\. ?o\.|j\. ?d\. ?o\. ?o\.|d\. ?d\.|s\. ?p\.|ltd\.?|gmbh|inc\.?|plc|ag)$"
)


class Hit(Struct, frozen=True, kw_only=True):
    """What the register says of a value."""

    kind: Kind
    weak: bool = False
    sector: str = ""
    country: str | None = None


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
        self._ranges = {version: Ranges(by["prefix"], version) for version in (4, 6)}
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
