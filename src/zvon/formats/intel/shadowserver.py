"""Reports of the Shadowserver Foundation (CSV, one file per report type and network, since 2023).

A report is about somebody's own network: the address that it finds there is a victim's, named and
not accused, except where that address is what attacks (honeypots, scanners, spam, blocklists).
What the victim was in touch with is accused: control servers, malware, pages that spread it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from zvon.formats.intel.cell import EMPTY, values
from zvon.formats.intel.dialect import cells_of, rows
from zvon.formats.intel.moment import believable, read
from zvon.formats.intel.table import CLOCK
from zvon.formats.lines import lines
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options, Value, ValueRole
from zvon.model.observable import Observable, ObservableType

_T = ObservableType
SAID, NAMED = ValueRole.SAID, ValueRole.NAMED


class Report(Struct, frozen=True, kw_only=True):
    """A family of report types: how its file is called, which columns show it, and the roles.

    `type` is the RSIT classification (version 1003); `own` says how the address in the reader's
    network stands, `other` how the one on the far side does.
    """

    type: str
    named: re.Pattern[str]
    columns: frozenset[str]
    own: ValueRole
    other: ValueRole


# In the order in which they are tried; the last one takes every scan.
REPORTS = (
    Report(type="blocklist", named=re.compile(r"blocklist|blacklist"), own=SAID, other=SAID,
           columns=frozenset({"source", "reason"})),
    Report(type="compromised", named=re.compile(r"compromised_website|special_"), own=NAMED,
           other=SAID, columns=frozenset({"http_host", "category", "url"})),
    Report(type="brute-force", named=re.compile(r"honeypot|brute_?force|event\d?_ip_spoofer"),
           own=SAID, other=NAMED, columns=frozenset({"src_ip", "dst_ip", "service"})),
    Report(type="malware-distribution", named=re.compile(r"malware_url|sandbox"), own=SAID,
           other=SAID, columns=frozenset({"url", "sha256", "host"})),
    Report(type="ddos", named=re.compile(r"ddos|amplification_victim"), own=NAMED, other=SAID,
           columns=frozenset({"dst_ip", "attack_src_ip"})),
    Report(type="infected-system", own=NAMED, other=SAID,
           named=re.compile(r"sinkhole|drone|botnet|microsoft|infected|cwsandbox"),
           columns=frozenset({"infection"})),
    Report(type="vulnerable-system", named=re.compile(r"scan|population|device_id|exposed"),
           own=NAMED, other=NAMED, columns=frozenset({"ip", "port"})),
)  # fmt: skip

_OWN = ("ip", "src_ip", "hostname", "src_hostname", "http_host", "host")
_OTHER = ("dst_ip", "cc_ip", "attack_src_ip", "cc_dns", "cc", "dst_hostname", "url", "http_url",
          "redirect_url", "md5hash", "md5", "sha1", "sha256", "sha512", "md5_hash", "sha1_hash",
          "sha256_hash")  # fmt: skip
# Columns that hardly anybody else has, and all reports share some of.
_TELLING = frozenset({"naics", "sic", "hostname_source", "src_naics", "dst_naics", "geo", "src_geo",
                      "infection", "sector", "src_sector", "severity"})  # fmt: skip
_DATE_NAME = re.compile(r"(?i)\d{4}-\d\d-\d\d-([\w]+?)(?:-|\.csv|$)")


def sniff(sample: bytes, name: str) -> Guess | None:
    """A quoted header that begins with the time and has columns of theirs."""
    head = _head(sample)
    known = [column for column in head if column in _TELLING]
    if "timestamp" not in head[:3] or len(known) < 2 or not {"ip", "src_ip"} & set(head):
        return None
    score = 88 + min(len(known), 5) + 5 * bool(_DATE_NAME.search(name))
    return Guess(min(score, 98), "HEADER", {"header": ",".join(head)[:80]})


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One finding for each row."""
    head: list[str] | None = None
    report = REPORTS[-1]
    for row in rows(lines(chunks), ",", comment=""):
        place = f"line {row.number}"
        if row.cells is None:
            yield Bad(place, row.problem, row.raw.encode()[:4096])
        elif head is None:
            head = [cell.strip().lower() for cell in row.cells]
            report = report_of(options.name, head)
        elif any(row.cells):
            told = {
                column: cell
                for column, cell in zip(head, row.cells, strict=False)
                if cell.lower() not in EMPTY
            }
            yield _item(place, told, report, options)


def report_of(name: str, head: list[str]) -> Report:
    """The family of a report, by the name of its file, else by its columns."""
    called = name.lower()
    for each in REPORTS:
        if each.named.search(called):
            return each
    columns = set(head)
    return next((each for each in REPORTS if each.columns <= columns), REPORTS[-1])


def _item(place: str, told: Mapping[str, str], report: Report, options: Options) -> Item | Bad:
    found: dict[Observable, Value] = {}
    for columns, role in ((_OTHER, report.other), (_OWN, report.own)):
        for column in columns:
            for each in values(told.get(column, "")):
                found.setdefault(each, Value(each, role))
    if not found:
        piece = ",".join(told.values()).encode()[:4096]
        return Bad(place, "The row names no address, host, page or file.", piece)
    at = read(told.get("timestamp", ""))
    late = at is not None and not believable(at, options.received_at)
    about = [told[key] for key in ("infection", "family", "tag", "type", "service", "reason")
             if key in told]  # fmt: skip
    tags = [f"rsit:{report.type}", *([CLOCK] if late else [])]
    if "severity" in told:
        tags.append(f"severity:{told['severity']}")
    return Item(
        kind=ItemKind.ALERT,
        position=place,
        payload=dict(told),
        values=tuple(found.values()),
        at=None if late else at,
        title=" · ".join(dict.fromkeys(about))[:300] or report.type,
        tags=tuple(tags),
    )


def _head(sample: bytes) -> list[str]:
    first = sample.removeprefix(b"\xef\xbb\xbf")[:8192].split(b"\n", 1)[0]
    cells = cells_of(first.decode("utf-8", "replace").strip(), ",") or []
    return [cell.strip().lower() for cell in cells]


FORMAT = Format(name="shadowserver", sniff=sniff, decode=decode)
