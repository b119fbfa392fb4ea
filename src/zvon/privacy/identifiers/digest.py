"""Digests, wallets, vulnerabilities and autonomous systems: what names no person."""

import re

from zvon.privacy.identifiers.shape import put
from zvon.privacy.identifiers.zones import Zones
from zvon.privacy.mentions import Reading

_LONG = (
    ("WALLET", "keep", re.compile(
        r"(?<!\w)(?:(?:bc1|ltc1|bnb1|addr1)[a-z0-9]{25,98}|0x[0-9a-fA-F]{40}|[13][1-9A-HJ-NP-Za-km-z]{25,34}"
        r"|[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}|T[1-9A-HJ-NP-Za-km-z]{33})(?!\w)"
    )),
    ("HASH", "", re.compile(
        r"(?<!\w)(?:[0-9a-f]{128}|[0-9a-f]{96}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?!\w)",
        re.IGNORECASE,
    )),
)  # fmt: skip
# Fingerprints of TLS clients (JA4, FoxIO 2023): of a program, not of a person.
_JA4 = re.compile(r"(?<!\w)[tqd]\d{2}[di]\d{4}\w{2}_[0-9a-f]{12}(?:_[0-9a-f]{12})?(?!\w)")
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)
_ASN = re.compile(r"\bAS\d{3,10}\b")
_SHORTEST = 26


def digests(reading: Reading, zones: Zones) -> None:
    """Take them; a wallet and a vulnerability always stay."""
    text = reading.text
    for start, end in zones.long:
        if end - start >= _SHORTEST:
            for kind, fixed, pattern in _LONG:
                for found in pattern.finditer(text, start, end):
                    put(reading, found.start(), found.end(), kind, found[0].lower(), fixed=fixed)
        if text.find("_", start, end) >= 0:
            for found in _JA4.finditer(text, start, end):
                put(reading, found.start(), found.end(), "HASH", found[0], fixed="keep")
    if "cve-" in reading.folded:
        for found in _CVE.finditer(text):
            put(reading, found.start(), found.end(), "CVE", found[0].lower(), fixed="keep")
    if "AS" in text:
        for found in _ASN.finditer(text):
            put(reading, found.start(), found.end(), "ASN", found[0].lower())
