"""Files that say what is ours: CSV lines, bare values, and the delegation lists of the RIRs."""

import csv
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, ip_address, summarize_address_range

from zvon.privacy.register_entry import BadEntry, Entry, canonical_value

MAX_LINE = 10_000
MAX_ENTRIES = 2_000_000
COLUMNS = ("kind", "value", "country", "sector", "weak")
_YES = frozenset({"1", "true", "yes", "weak"})


class BadRegister(ValueError):
    """A register cannot be read; says which line and why, and never repeats the value."""


def entries(
    lines: Iterable[str], *, country: str | None = None, holder: str | None = None
) -> Iterator[Entry]:
    """Read one file line by line; one bad line refuses it whole, because half a register leaks.

    CSV with the columns of `COLUMNS` (a header line may name and order them), a bare value a
    line, or the extended delegation list of a RIR (`registry|cc|type|start|value|date|status|id`),
    of which only `country` and, when given, the opaque `holder` are taken. Raises `BadRegister`.
    """
    header: list[str] | None = None
    made = 0
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            raise BadRegister(f"line {number}: longer than {MAX_LINE} characters")
        text = line.strip().lstrip("\ufeff")
        if not text or text.startswith("#"):
            continue
        try:
            if "|" in text:
                rows = list(_delegated(text.split("|"), country, holder))
            else:
                fields = [field.strip() for field in next(csv.reader([text], strict=True))]
                if header is None and fields[:1] == ["kind"]:
                    header = _header(fields)
                    continue
                rows = [_row(fields, header or list(COLUMNS))]
        except (BadEntry, ValueError, csv.Error) as problem:
            reason = str(problem) if isinstance(problem, BadEntry) else "it cannot be read"
            raise BadRegister(f"line {number}: {reason}") from None
        made += len(rows)
        if made > MAX_ENTRIES:
            raise BadRegister(f"line {number}: more than {MAX_ENTRIES} entries")
        yield from rows
    if not made:
        raise BadRegister("it holds no entry")


def _header(fields: list[str]) -> list[str]:
    if "value" not in fields or len(set(fields)) != len(fields):
        raise BadEntry("the header needs each column once, among them kind and value")
    if unknown := set(fields) - set(COLUMNS):
        raise BadEntry(f"unknown columns: {', '.join(sorted(unknown))[:100]}")
    return fields


def _row(fields: list[str], header: list[str]) -> Entry:
    if len(fields) == 1:
        kind, value, rest = guess(fields[0]), fields[0], {}
    elif len(fields) > len(header):
        raise BadEntry("it has more fields than columns")
    else:
        rest = dict(zip(header, fields, strict=False))
        kind, value = rest.get("kind", ""), rest.get("value", "")
    country = rest.get("country", "").upper() or None
    if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise BadEntry("country: two letters")
    return Entry(
        kind=kind,  # type: ignore[arg-type]  # canonical_value refuses what is no kind
        value=canonical_value(kind, value),
        country=country,
        sector=rest.get("sector", "")[:60],
        weak=rest.get("weak", "").lower() in _YES,
    )


def guess(value: str) -> str:
    """The kind of a bare value: a mail address, a network, an AS number, else a domain."""
    if "@" in value:
        return "mail"
    if value.upper().startswith("AS") and value[2:].isdigit():
        return "asn"
    if value.startswith("+"):
        return "phone"
    return (
        "prefix" if "/" in value or ":" in value or value.replace(".", "").isdigit() else "domain"
    )


def _delegated(fields: list[str], country: str | None, holder: str | None) -> Iterator[Entry]:
    """Networks and systems of one line; versions and summaries give none."""
    if len(fields) < 7 or fields[1] in {"*", ""} or fields[3] in {"*", ""}:
        return
    if country is None and holder is None:
        raise BadEntry("say of which country or holder the networks shall be taken")
    if country is not None and fields[1].upper() != country.upper():
        return
    if holder is not None and (len(fields) < 8 or fields[7] != holder):
        return
    kind, start, count = fields[2], fields[3], int(fields[4])
    if kind == "ipv4":
        first = IPv4Address(start)
        nets = summarize_address_range(first, IPv4Address(int(first) + count - 1))
        values = [("prefix", str(net)) for net in nets]
    elif kind == "ipv6":
        values = [("prefix", f"{ip_address(start)}/{count}")]
    elif kind == "asn":
        values = [("asn", str(int(start) + i)) for i in range(min(count, 10_000))]
    else:
        return
    for what, value in values:
        yield Entry(kind=what, value=canonical_value(what, value), country=fields[1].upper())  # type: ignore[arg-type]
