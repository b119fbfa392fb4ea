"""Lists of bad names and addresses: plain, and in the syntaxes of programs that block by them.

Only what a line calls bad becomes an indicator; what a list allows, forwards or merely sets is
passed over. The remark behind an entry and the one above it stay with it as context.
"""

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from zvon.formats.intel.list_line import (
    Reader,
    Said,
    adblock,
    address_range,
    dnsmasq,
    firewall,
    hosts,
    plain,
    policy_zone,
    rbldns,
    trail,
    unbound,
)
from zvon.formats.lines import lines
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options, Value
from zvon.model.observable import Observable

SAMPLE_LINES = 400
MOST_CONTEXT = 300

# What changes with every edition of a list says nothing about its entries.
_OF_EDITION = re.compile(
    r"(?i)\d\d:\d\d|\d{4}[-/.]\d\d|\d\d[-/.]\d{4}|generated|updated|modified|expires|copyright"
    r"|licen[sc]e|version|entries|total|count\b|statistic"
)
_NOTE = re.compile(r"\s(?:#|//|;)\s?(.*)$|\s*;\s(.*)$")
_SIGN = re.compile(r"(?:#+|;+|//+|!+|\*+|--)\s*")


class Grammar(Struct, frozen=True, kw_only=True):
    """A syntax of lists. `mark` is what its lines look like, `least` how many of them must.

    `weight` is the score of a list all of whose lines fit; `remarks` are the signs of a remark.
    `noted` says that a remark may follow an entry.
    """

    name: str
    read: Reader
    mark: re.Pattern[str]
    weight: int
    least: float = 0.7
    remarks: tuple[str, ...] = ("#",)
    noted: bool = True


_HOST_LINE = re.compile(r"(?:0\.0\.0\.0|127\.0\.0\.1|::1?|0)\s+\S.*")
_ANY = re.compile(r"\S.*")

GRAMMARS = (
    Grammar(name="adblock", read=adblock, weight=85, least=0.2, remarks=("!",), noted=False,
            mark=re.compile(r"\|\|[^\s/^*|]+\^.*|@@\|\|.*|\|https?://.*|\[Adblock.*|[^\s#]+##.+")),
    Grammar(name="dnsmasq", read=dnsmasq, weight=85,
            mark=re.compile(r"(?:address|server|local)\s*=\s*/.*|host-record\s*=.*")),
    Grammar(name="firewall", read=firewall, weight=80, least=0.4,
            mark=re.compile(r"(?:ipset\s|add\s+\S+\s+[0-9a-fA-F]|(?:ip6?tables\s.*)?-[AI]\s"
                            r"|(?i:deny(?: from)?\s+[0-9a-f.:/]+)).*")),
    Grammar(name="hosts", read=hosts, weight=85, mark=_HOST_LINE),
    Grammar(name="list", read=plain, weight=62, least=0.6, remarks=("#", ";", "//", "!"),
            mark=_ANY),
    Grammar(name="maltrail", read=trail, weight=72, least=0.5, mark=_ANY),
    Grammar(name="ranges", read=address_range, weight=84, least=0.5,
            mark=re.compile(r"(?=\S*[.:])[0-9a-fA-F.:]+(?:\s*-\s*|\s+)(?=\S*[.:])[0-9a-fA-F.:]+"
                            r"(?:[\s,;].*)?")),
    Grammar(name="rbldnsd", read=rbldns, weight=80, least=0.5, noted=False,
            mark=re.compile(r":\d[\d.]*:.*|\.[\w-]+.*|![\w.]+|\$\w+.*|0\.0\.0\.0")),
    Grammar(name="rpz", read=policy_zone, weight=86, remarks=(";",), noted=False,
            mark=re.compile(r"(?i)\S+\s+(?:\d+\w?\s+)?(?:IN\s+)?(?:CNAME|A|AAAA|NS|SOA|TXT|DNAME)"
                            r"\s+.*|\$(?:TTL|ORIGIN).*|[ \t]*[\d\s()]+|@.*|\s+\S+.*")),
    Grammar(name="unbound", read=unbound, weight=85,
            mark=re.compile(r"local-(?:zone|data|data-ptr)\s*:.*|server:.*")),
)  # fmt: skip


def format_of(grammar: Grammar) -> Format:
    """The format that reads lists of that syntax."""

    def sniff(sample: bytes, name: str) -> Guess | None:
        return _sniff(grammar, sample, name)

    def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
        return _decode(grammar, chunks, options)

    return Format(name=grammar.name, sniff=sniff, decode=decode)


def _sniff(grammar: Grammar, sample: bytes, name: str) -> Guess | None:
    if sample[:1] in {b"{", b"<"} or b"\x00" in sample[:1000]:
        return None
    data: list[str] = []
    remarks = ""
    for line in list(lines([sample]))[: SAMPLE_LINES + 1]:
        text = (line.text or "").rstrip()
        if text.strip() and not text.lstrip().startswith(grammar.remarks):
            data.append(text)
        else:
            remarks += text + "\n"
    if len(sample) >= 65_536:
        data = data[:-1]
    if not data:
        return None
    marked = [text for text in data if grammar.mark.fullmatch(text.strip() or text)]
    fits = sum(_fits(grammar, text) for text in marked)
    speaks = any(isinstance(grammar.read(_split(grammar, text)[0]), tuple) for text in marked)
    if (
        not fits
        or not (speaks or grammar.name == "list")
        or len(marked) / len(data) < max(grammar.least, 0.5) * (grammar.name != "firewall")
    ):
        return None
    if fits / len(data) < grammar.least:
        return None
    if grammar.name == "maltrail" and "maltrail" not in remarks.lower() and (
        "# Reference:" not in remarks and "# Aliases:" not in remarks
    ):  # fmt: skip
        return None
    score = int(grammar.weight * (0.6 + 0.4 * fits / len(data)))
    return Guess(score, "LINES", {"matched": fits, "of": len(data)})


def _fits(grammar: Grammar, text: str) -> bool:
    """True for a line that surely is of this syntax: it gives values and is not only a guess."""
    said = grammar.read(_split(grammar, text)[0])
    if grammar.name in {"list", "maltrail"}:
        # A broken address is still an entry of a list of addresses.
        return isinstance(said, tuple) or text.startswith(("http://", "https://", "hxxp"))
    return not isinstance(said, str)


def _decode(grammar: Grammar, chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    section: list[str] = []
    above = False
    for line in lines(chunks):
        place = f"line {line.number}"
        if line.text is None:
            yield Bad(place, "The line is longer than an entry may be.", line.raw)
            continue
        text = line.text.rstrip()
        if not text.strip():
            above = False
            continue
        if text.lstrip().startswith(grammar.remarks):
            if not above:
                section = []
            above = True
            remark = _SIGN.sub("", text.strip(), count=1)
            if remark and not _OF_EDITION.search(remark):
                section.append(remark)
            continue
        above = False
        entry, note = _split(grammar, text)
        said: Said = grammar.read(entry) if entry.strip() else None
        if said is None:
            continue
        if isinstance(said, str):
            yield Bad(place, said, text.encode()[:4096])
        else:
            yield _item(place, entry, note, section, said)


def _item(
    place: str, entry: str, note: str, section: list[str], said: tuple[Observable, ...]
) -> Item:
    payload = {"entry": entry.strip()}
    if note:
        payload["note"] = note
    if section:
        payload["section"] = "\n".join(section)[:MOST_CONTEXT]
    return Item(
        kind=ItemKind.INDICATOR,
        position=place,
        payload=payload,
        values=tuple(map(Value, said)),
        title=note[:MOST_CONTEXT],
    )


def _split(grammar: Grammar, text: str) -> tuple[str, str]:
    """The entry, and the remark behind it."""
    if not grammar.noted:
        return text, ""
    found = _NOTE.search(text)
    if found is None or not text[: found.start()].strip():
        return text.strip(), ""
    return text[: found.start()].strip(), (found[1] or found[2] or "").strip()


FORMATS = tuple(map(format_of, GRAMMARS))
