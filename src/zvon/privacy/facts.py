"""What the node knows when it reads a text: its constituency, its indicators, the brands."""

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

import ahocorasick
from msgspec import Struct
from msgspec.structs import replace

from zvon.model import brand as brands
from zvon.privacy.fold import fold
from zvon.privacy.register import Register
from zvon.privacy.register_file import BadRegister, entries

NOTHING = Register(())


class Facts(Struct, frozen=True, kw_only=True):
    """Facts passed in; the gate looks nothing up.

    `register` is the constituency: ours, and therefore never an attacker's. `attackers` and `reporters` are canonical values whose side is
    known. `lang` is `None` when nobody said.
    """

    lang: str | None = None
    register: Register = NOTHING
    attackers: frozenset[str] = frozenset()
    reporters: frozenset[str] = frozenset()
    brand_domains: frozenset[str] = frozenset()
    brand_names: tuple[str, ...] = ()
    brand_labels: tuple[str, ...] = ()

    def brands_in(self, folded: str) -> list[tuple[int, int]]:
        """Where a folded text names the brands: ranges in order, apart from each other."""
        if not self.brand_names:
            return []
        return list(_apart(_called(self.brand_names), folded))

    def imitates(self, name: str) -> bool:
        """True when a brand's distinctive label stands in a name that is not the brand's."""
        return bool(self.brand_labels) and _labels(self.brand_labels).search(name) is not None


@cache
def _labels(labels: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, labels)))


@cache
def _called(names: tuple[str, ...]) -> ahocorasick.Automaton:
    built = ahocorasick.Automaton()
    for name in names:
        built.add_word(fold(name), len(name))
    built.make_automaton()
    return built


_BESIDE = re.compile(r"[\w@/-]|\.\w")


def _apart(automaton: ahocorasick.Automaton, folded: str) -> Iterator[tuple[int, int]]:
    """Whole names only, the one that begins first, of those that begin together the longest."""
    found = sorted((last + 1 - size, -size) for last, size in automaton.iter(folded))
    at = 0
    for start, negative in found:
        end = start - negative
        before = folded[start - 1] if start else " "
        if start < at or before.isalnum() or before in "_@./-" or _BESIDE.match(folded, end):
            continue
        yield start, end
        at = end


# Brands whose short id, with a hyphen after it, makes a name a look-alike. Of others it is too
# ordinary a word, and a victim's own name would pass for the attacker's.
IMITATED = frozenset({"bank", "government", "parcel", "payment", "post", "road", "tax", "telecom"})


@lru_cache(maxsize=16)
def with_brands(facts: Facts, registry: brands.Registry | None = None) -> Facts:
    """Add the brand registry (the one that ships when none is given).

    Official names stay, look-alikes are the attacker's.
    """
    rows = (registry or brands.shipped()).brands
    official = {name for b in rows for name in b.names}
    labels = {alias for b in rows for alias in b.distinctive if len(alias) >= 6}
    labels |= {
        f"{short}-"
        for b in rows
        if b.sector in IMITATED and len(short := b.id.partition(".")[2]) >= 3
    }
    names = {name for b in rows for name in (b.name.lower(), *b.called)}
    return replace(
        facts,
        brand_domains=frozenset(official),
        brand_labels=tuple(sorted(labels)),
        brand_names=tuple(sorted(names, key=len, reverse=True)),
    )


def read_register(texts: Iterable[str]) -> Facts:
    """Read constituency registers, each whole or not at all. Raises `BadRegister`."""
    return Facts(register=Register(row for text in texts for row in entries(text.splitlines())))


__all__ = ["NOTHING", "BadRegister", "Facts", "read_register", "with_brands"]
