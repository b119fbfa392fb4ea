"""The same person, machine or firm again in the text, in a form that no detector knows alone.

`Tomaž` after `Tomaž Zupančič` is the same person; `mknezevic` is Marko Knežević's account.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from zvon.privacy.cues import Word
from zvon.privacy.fold import fold
from zvon.privacy.lemma import lemmas
from zvon.privacy.mentions import Mention, Reading
from zvon.privacy.names import organisation
from zvon.privacy.names import person as canonical_person
from zvon.privacy.tables import hosts
from zvon.privacy.within import places

# Shorter parts of names are ordinary words too often.
SHORTEST = 4
_ACCOUNT = re.compile(r"(?<![\w@./\\-])[a-z][a-z._-]{3,40}?\d{0,4}(?![\w@])")
_DOTS = re.compile(r"[._-]")


def sweep(readings: list[Reading]) -> None:
    """Add mentions of values that were found elsewhere in the item."""
    _from_addresses(readings)
    people = {m.value for r in readings for m in r.mentions if m.type == "NAME" and " " in m.value}
    _merge_single(readings, people)
    exact = {
        m.raw.lower(): m
        for r in readings
        for m in r.mentions
        if m.type in {"USER", "HOST", "SECRET", "TRACK", "CARD", "OIB", "EMSO", "TAX", "REG"}
        and len(m.raw) >= 4
    }
    firms = {m.value: m for r in readings for m in r.mentions if m.type == "ORG" and len(m.value) >= 5}  # fmt: skip
    for reading in readings:
        _accounts(reading, people)
        _repeat_people(reading, people)
        for text, mention in exact.items():
            _repeat(reading, text, mention)
        for text, mention in firms.items():
            _repeat(reading, text, mention)


def _from_addresses(readings: list[Reading]) -> None:
    """`nada.krizaj@…` says that the words `Nada Križaj` are a person."""
    pairs = set()
    for mention in (m for r in readings for m in r.mentions if m.type == "EMAIL"):
        local = fold(mention.value.partition("@")[0])
        parts = [p for p in _DOTS.split(local) if p.isalpha()]
        if len(parts) == 2:
            pairs |= {(parts[0], parts[1]), (parts[1], parts[0])}
    for reading in readings if pairs else ():
        for a, b in pairwise(reading.words):
            if not (a.text[0].isupper() and b.text[0].isupper() and b.start - a.end == 1):
                continue
            if reading.free(a.start, b.end) and any(_is_pair(a, b, pair) for pair in pairs):
                reading.add(
                    Mention(reading.part, a.start, b.end, "NAME", reading.text[a.start : b.end],
                            canonical_person([a.folded, b.folded]))
                )  # fmt: skip


def _is_pair(a: Word, b: Word, pair: tuple[str, str]) -> bool:
    first, last = pair
    given = first in lemmas(a.folded) or (len(first) == 1 and a.folded[0] == first)
    return given and len(last) > 1 and last in lemmas(b.folded)


def _merge_single(readings: list[Reading], people: set[str]) -> None:
    """A single name that only one full name of the item has is that person."""
    for reading in readings:
        for mention in reading.mentions:
            if mention.type == "NAME" and " " not in mention.value:
                full = [p for p in people if mention.value in p.split()]
                if len(full) == 1:
                    mention.value = full[0]


def _repeat_people(reading: Reading, people: set[str]) -> None:
    if not people:
        return
    parts: dict[str, set[str]] = {}
    for person in people:
        for part in person.split():
            if len(part) >= 3:
                parts.setdefault(part, set()).add(person)
    heads = {part[:2] for part in parts}  # a case form begins as its nominative does
    for word in reading.words:
        if (
            word.folded[:2] not in heads
            or len(word.text) < 3
            or not (word.text[0].isupper() or len(word.text) >= 6)
        ):
            continue
        if not reading.free(word.start, word.end):
            continue
        owners = _owners(word, parts)
        if owners:
            value = min(owners)
            reading.add(Mention(reading.part, word.start, word.end, "NAME", word.text, value))


def _owners(word: Word, parts: dict[str, set[str]]) -> set[str]:
    if word.text[0].isupper():
        return set().union(*(parts.get(lemma, set()) for lemma in lemmas(word.folded)))
    return parts.get(word.folded, set())


def _accounts(reading: Reading, people: set[str]) -> None:
    """User names made from a name: initial and last name, first and last, in either order."""
    made: dict[str, str] = {}
    for person in people:
        parts = person.split()
        first, last = parts[0], parts[-1]
        for form in (first[0] + last, first + last, last + first[0], last + first, first[0] + "." + last,
                     first + "." + last, first[0] + "_" + last, first + "_" + last, last + "." + first):  # fmt: skip
            made[form] = person
    for found in _ACCOUNT.finditer(reading.folded) if made else ():
        if found[0].rstrip("0123456789") in made:
            reading.add(
                Mention(reading.part, found.start(), found.end(), "USER",
                        reading.text[found.start() : found.end()], found[0])
            )  # fmt: skip


def _repeat(reading: Reading, text: str, like: Mention) -> None:
    low = text if like.type != "ORG" else organisation(text)
    for start in places(low, reading.folded) if low else ():
        end = start + len(low)
        if reading.free(start, end):
            reading.add(
                Mention(reading.part, start, end, like.type, reading.text[start:end], like.value,
                        owner=like.owner, country=like.country, fixed=like.fixed)
            )  # fmt: skip


def sweep_labels(readings: list[Reading], labels: Iterable[str]) -> Iterator[Mention]:
    """Words that are the label of a victim's domain: `lipa` when `lipa.example` is hidden."""
    wanted = {label for label in labels if len(label) >= 4}
    for reading in readings:
        for word in reading.words:
            if word.folded in wanted and reading.free(word.start, word.end):
                mention = Mention(reading.part, word.start, word.end, "ORG", word.text, word.folded, fixed="remove")  # fmt: skip
                if reading.add(mention):
                    yield mention


def sweep_rest(readings: list[Reading], gone: Iterable[Mention]) -> Iterator[Mention]:
    """What is left of victims in the running text: `novak` after Ana Novak, `ana.novak` after her
    address. The proof over the final text would find it and stop the release.
    """
    wanted: dict[str, tuple[str, str]] = {}
    for mention in gone:
        if mention.type == "NAME":
            for part in fold(mention.raw).replace(".", " ").split():
                wanted.setdefault(part, ("NAME", mention.value))
        elif mention.type == "EMAIL":
            local = fold(mention.value.partition("@")[0])
            if local not in hosts().functions:
                wanted.setdefault(local, ("USER", local))
        elif mention.type in {"USER", "HOST", "SECRET"}:
            wanted.setdefault(fold(mention.raw), (mention.type, mention.value))
    for reading in readings:
        for text, (kind, value) in wanted.items():
            if len(text) >= SHORTEST and text in reading.folded:
                yield from _again(reading, text, kind, value)


def _again(reading: Reading, text: str, kind: str, value: str) -> Iterator[Mention]:
    for start in places(text, reading.folded):
        end = start + len(text)
        mention = Mention(reading.part, start, end, kind, reading.text[start:end], value)
        if reading.add(mention):
            yield mention
