"""Names under which the field keeps what it knows: CVE, GHSA, CWE, ASN, ATT&CK."""

import re

from zvon.formats.extract.found import Found, Scanned
from zvon.model.observable import BadValue, Observable, ObservableType, canonical

T = ObservableType
_DASHES = re.compile(r"[ \u2010-\u2014_-]+")
# Ids of groups, software, mitigations and campaigns look like any part number.
_ATTACK_CUE = re.compile(
    r"(?i)att&?ck|mitre|software|group|skupin|mitigation|campaign|tactic|[(\[/]$"
)
_PART_NUMBERS = frozenset({"AS400", "AS390", "AS2"})


def read_id(scan: Scanned, match: re.Match[str]) -> Found | None:
    """An id, whatever dash or blank stands in it."""
    start, end = match.span("id")
    raw = match["id"]
    head = raw[:3].upper()
    if head == "CVE":
        digits = [part for part in _DASHES.split(raw[3:]) if part]
        return _value(scan, T.CVE, start, end, "-".join(["CVE", *digits]))
    if head == "CWE":
        return _value(scan, T.CWE, start, end, "CWE-" + re.sub(r"\D", "", raw))
    if head == "GHS":
        return _value(scan, T.GHSA, start, end, raw)
    if head[:2] == "AS":
        if raw.upper() in _PART_NUMBERS:
            return None
        return _value(scan, T.ASN, start, end, "AS" + re.sub(r"\D", "", raw))
    if raw[0] != "T" and not _ATTACK_CUE.search(scan.before(start, 40)):
        return None
    return _value(scan, T.ATTACK_ID, start, end, raw)


def _value(scan: Scanned, kind: ObservableType, start: int, end: int, text: str) -> Found | None:
    try:
        value: Observable = canonical(kind, text)
    except BadValue:
        return None
    return scan.value(start, end, value)
