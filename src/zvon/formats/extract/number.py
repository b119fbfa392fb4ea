"""Numbers of accounts, telephones and wallets, each with its check digits."""

import re

from zvon.formats.extract.found import Found, Scanned
from zvon.model.iban import length as iban_length
from zvon.model.observable import BadValue, Observable, ObservableType, canonical
from zvon.model.wallet import eip55

T = ObservableType
REGIONS = ("SI", "HR")
_ID_CUE = re.compile(r"(?i)(?:oib|emšo|emso|davčn\w*|davcn\w*|matičn\w*|jmbg|id|št|br|ref|tracking|faktur\w*|račun\w*|racun\w*)[.: #]*(?:št\w*|broj|number|no)?[.: #]*$")  # fmt: skip


_DATE = re.compile(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}")
# A byte, a time or a date goes on before it.
_BYTES = re.compile(r"[0-9a-fA-F][/:.]$|(?<!\w)(?:[0-9][0-9a-fA-F]|[a-fA-F][0-9]) $|[|{\[] ?$")


def _no_phone(scan: Scanned, start: int, raw: str) -> bool:
    """True for dates, for bits, and for bytes written side by side."""
    if _DATE.match(raw) or set(raw) <= set("01 -") or "000000" in raw:
        return True
    return _BYTES.search(scan.before(start, 4)) is not None


def read_iban(scan: Scanned, match: re.Match[str]) -> Found | None:
    """An account number; the country says how long it is."""
    # A word in capitals behind the number looks like one group more, so the country decides.
    text = scan.text
    start, end = match.span("iban")
    left = iban_length(text[start : start + 2]) or 0
    stop = start
    while left and stop < end:
        left -= text[stop].isalnum()
        stop += 1
    return None if left or stop == start else scan.read(T.IBAN, start, stop)


def read_wallet(scan: Scanned, match: re.Match[str]) -> Found | None:
    """An address of Bitcoin, Ethereum or Monero."""
    if match["wallet"][:2].lower() == "0x" and not eip55(match["wallet"]):
        return None
    return scan.read(T.WALLET, *match.span("wallet"))


def read_phone(scan: Scanned, match: re.Match[str]) -> Found | None:
    """A telephone number, a local one in the countries of our languages."""
    start, end = match.span("phone")
    raw = match["phone"]
    if _ID_CUE.search(scan.before(start)):
        return None
    international = raw.startswith(("+", "00"))
    if not raw.startswith("+") and _no_phone(scan, start, raw):
        return None
    regions = (scan.region, *(r for r in REGIONS if r != scan.region))
    for country in regions[:1] if international else regions:
        value = _number("+" + raw[2:] if raw.startswith("00") else raw, country)
        if value is not None:
            return scan.value(start, end, value)
    return None


def _number(raw: str, country: str) -> Observable | None:
    try:
        return canonical(T.PHONE, raw, region=country)
    except BadValue:
        return None
