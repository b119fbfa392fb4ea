"""What the node knows when it reads a text: its constituency, its indicators, the brands."""

import csv
import io
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from ipaddress import ip_network

from msgspec import Struct
from msgspec.structs import replace

from zvon.model import brand as brands
from zvon.model.name import BadName, canonical
from zvon.privacy.fold import fold


class BadRegister(ValueError):
    """A constituency register cannot be read; says which line."""


class Facts(Struct, frozen=True, kw_only=True):
    """Facts passed in; the gate looks nothing up.

    `domains`, `prefixes`, `organisations`, `people` and `mails` are the constituency: ours, and
    therefore never an attacker's. `attackers` and `reporters` are canonical values whose side is
    known. `lang` is `None` when nobody said.
    """

    lang: str | None = None
    domains: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    mails: frozenset[str] = frozenset()
    attackers: frozenset[str] = frozenset()
    reporters: frozenset[str] = frozenset()
    brand_domains: frozenset[str] = frozenset()
    brand_names: tuple[str, ...] = ()
    brand_labels: tuple[str, ...] = ()

    @property
    def brand_pattern(self) -> re.Pattern[str] | None:
        """Finds what running text calls the brands, in folded text."""
        return _called(self.brand_names) if self.brand_names else None

    def imitates(self, name: str) -> bool:
        """True when a brand's distinctive label stands in a name that is not the brand's."""
        return bool(self.brand_labels) and _labels(self.brand_labels).search(name) is not None


@cache
def _labels(labels: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, labels)))


@cache
def _called(names: tuple[str, ...]) -> re.Pattern[str]:
    any_of = "|".join(re.escape(fold(name)) for name in names)
    return re.compile(rf"(?<![\w@./-])(?:{any_of})(?![\w@/-]|\.\w)")


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
    """Read constituency registers: CSV lines `kind,value`, or a bare domain or prefix per line.

    Kinds are domain, prefix, organisation, person, mail; a header and `#` lines are skipped. Raises
    `BadRegister`: half a register would leak, so one bad line refuses it whole.
    """
    rows: dict[str, list[str]] = {
        kind: [] for kind in ("domain", "prefix", "organisation", "person", "mail")
    }
    for text in texts:
        lines = csv.reader(io.StringIO(text), strict=True)
        try:
            for line in lines:
                if line and line[0].strip() and not line[0].startswith("#"):
                    _take(rows, [field.strip() for field in line])
        except (csv.Error, KeyError, ValueError) as problem:
            raise BadRegister(f"line {lines.line_num}: {problem}") from None
    return Facts(
        domains=frozenset(rows["domain"]),
        prefixes=tuple(rows["prefix"]),
        organisations=tuple(rows["organisation"]),
        people=tuple(rows["person"]),
        mails=frozenset(rows["mail"]),
    )


def _take(rows: dict[str, list[str]], fields: list[str]) -> None:
    if fields[:2] == ["kind", "value"]:
        return
    kind, value = (fields[0], fields[1]) if len(fields) > 1 else (_guess(fields[0]), fields[0])
    rows[kind].append(_value(kind, value))


def _guess(value: str) -> str:
    if "@" in value:
        return "mail"
    return "prefix" if "/" in value or value.replace(".", "").isdigit() else "domain"


def _value(kind: str, value: str) -> str:
    if not value:
        raise ValueError("the value is empty")
    if kind == "prefix":
        return str(ip_network(value, strict=False))
    if kind == "domain":
        try:
            return canonical(value)
        except BadName as problem:
            raise ValueError(str(problem)) from None
    return value.lower() if kind == "mail" else value
