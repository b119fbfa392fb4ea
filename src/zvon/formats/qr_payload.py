"""What a printed code asks a telephone to do: open a page, pay, join a network, call or write.

Payments: EPC069-12 (`BCD`), the Slovenian UPN QR (ZBS, version 1.0, `UPNQR`) and the Croatian
HUB3 (`HRVHUB30`). Only the payee is read of them: the payer is the person who was sent the code.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from urllib.parse import unquote

from msgspec import Struct

from zvon.formats.plain import plain
from zvon.model.iban import BadIban
from zvon.model.iban import canonical as iban_of
from zvon.model.observable import BadValue, Observable, ObservableType, canonical

MAX_PAYLOAD = 4_000
MAX_SHOWN = 300

_BARE = re.compile(r"(?i)^(?:www\.)?[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+(?:[/?#]\S*)?$")
_WIFI_FIELD = re.compile(r"(?:^|;)\s*([A-Za-z]):((?:\\.|[^;\\]){0,300})")


class PayloadKind(StrEnum):
    """What the code is for."""

    URL = "url"
    PAYMENT = "payment"
    WIFI = "wifi"
    PHONE = "phone"
    SMS = "sms"
    MAIL = "mail"
    CONTACT = "contact"
    TEXT = "text"


class Payload(Struct, frozen=True, kw_only=True):
    """What the code asks for. `values` are those of whoever made it; `shown` is for people.

    In `shown` an account number keeps its first four and last three characters, and the password
    of a network is left out. `text` is what there is to read in it.
    """

    kind: PayloadKind
    shown: str
    values: tuple[Observable, ...] = ()
    text: str = ""


def read(raw: str) -> Payload:
    """Read the content of a code; what follows no known form is text. Nothing raises."""
    content = raw[:MAX_PAYLOAD].strip("\ufeff \t\r\n\x00")
    head = content[:12].upper()
    for beginning, reader in _READERS:
        if head.startswith(beginning):
            found = reader(content)
            if found is not None:
                return found
    if _BARE.match(content):
        found = _url(content)
        if found is not None:
            return found
    text = plain(content)[0]
    return Payload(kind=PayloadKind.TEXT, shown=text[:MAX_SHOWN], text=text)


def masked_iban(number: str) -> str:
    """The country, the check digits and the last three characters."""
    return f"{number[:4]} … {number[-3:]}"


def _url(content: str) -> Payload | None:
    words = content.split()
    if not words:
        return None
    target = re.sub(r"(?i)^url(?:to)?:\s*", "", words[0])
    value = _value(ObservableType.URL, target if "://" in target[:12] else f"http://{target}")
    if value is None:
        return None
    return Payload(kind=PayloadKind.URL, shown=value.value[:MAX_SHOWN], values=(value,))


def _wifi(content: str) -> Payload:
    fields = {m[1].upper(): m[2] for m in _WIFI_FIELD.finditer(content[5:])}
    name = plain(re.sub(r"\\(.)", r"\1", fields.get("S", "")))[0]
    return Payload(kind=PayloadKind.WIFI, shown=f"WIFI: {name}"[:MAX_SHOWN])


def _tel(content: str) -> Payload | None:
    value = _value(ObservableType.PHONE, content[4:])
    if value is None:
        return None
    return Payload(kind=PayloadKind.PHONE, shown=f"tel: {value.value}", values=(value,))


def _sms(content: str) -> Payload | None:
    _, _, rest = content.partition(":")
    number, _, body = re.sub(r"(?i)\?body=", ":", rest, count=1).partition(":")
    value = _value(ObservableType.PHONE, number)
    text = plain(unquote(body))[0]
    if value is None:
        return None
    shown = f"SMS {value.value}: {text}" if text else f"SMS {value.value}"
    return Payload(kind=PayloadKind.SMS, shown=shown[:MAX_SHOWN], values=(value,), text=text)


def _mail(content: str) -> Payload | None:
    target = re.search(r"(?i)(?:^mailto:|TO:)([^?;\s]{3,254})", content)
    value = _value(ObservableType.EMAIL, unquote(target[1])) if target else None
    if value is None:
        return None
    return Payload(kind=PayloadKind.MAIL, shown=f"mail: {value.value}", values=(value,))


def _contact(content: str) -> Payload:
    """A visiting card: its numbers, mail and web addresses are what it wants people to use."""
    text = plain(content)[0]
    found: list[Observable] = []
    for line in text.replace(";", "\n").split("\n")[:60]:
        field, _, rest = line.partition(":")
        name = field.upper().partition(";")[0]
        kind = {"TEL": ObservableType.PHONE, "EMAIL": ObservableType.EMAIL,
                "URL": ObservableType.URL}.get(name)  # fmt: skip
        value = _value(kind, rest) if kind else None
        if value is not None:
            found.append(value)
    name_line = re.search(r"(?im)^(?:FN|N):(.{0,100})", text)
    return Payload(kind=PayloadKind.CONTACT, shown=f"contact: {name_line[1] if name_line else ''}",
                   values=tuple(found))  # fmt: skip


def _epc(content: str) -> Payload | None:
    """EPC069-12: service tag, version, character set, `SCT`, BIC, name, IBAN, amount …"""
    lines = _lines(content)
    return _payment(name=_at(lines, 5), iban=_at(lines, 6), amount=_at(lines, 7))


def _upn(content: str) -> Payload | None:
    """UPN QR: the fields 2 to 6 are the payer's; 9 amount, 15 payee's IBAN, 17 payee's name."""
    lines = _lines(content)
    cents = _at(lines, 8).lstrip("0")
    amount = f"EUR{int(cents) / 100:.2f}" if cents.isdigit() else ""
    return _payment(name=_at(lines, 16), iban=_at(lines, 14), amount=amount)


def _hub3(content: str) -> Payload | None:
    """HUB3: currency, amount in cents, payer (3 lines), payee (3 lines), IBAN of the payee …"""
    lines = _lines(content)
    cents = _at(lines, 2).lstrip("0")
    amount = f"{_at(lines, 1)}{int(cents) / 100:.2f}" if cents.isdigit() else ""
    return _payment(name=_at(lines, 6), iban=_at(lines, 9), amount=amount)


def _payment(*, name: str, iban: str, amount: str) -> Payload | None:
    try:
        number = iban_of(iban)
    except BadIban:
        return None
    payee = plain(name)[0][:70]
    shown = " · ".join(filter(None, (payee, masked_iban(number), amount[:20])))
    return Payload(kind=PayloadKind.PAYMENT, shown=shown,
                   values=(Observable(ObservableType.IBAN, number),))  # fmt: skip


def _lines(content: str) -> list[str]:
    return [line.strip() for line in re.split(r"\r\n|\n|\r", content)][:60]


def _at(lines: list[str], place: int) -> str:
    return lines[place] if place < len(lines) else ""


def _value(kind: ObservableType | None, text: str) -> Observable | None:
    if kind is None:
        return None
    try:
        return canonical(kind, text)
    except BadValue:
        return None


_READERS: tuple[tuple[str, Callable[[str], Payload | None]], ...] = (
    ("HTTP://", _url), ("HTTPS://", _url), ("URL:", _url), ("URLTO:", _url), ("WIFI:", _wifi),
    ("TEL:", _tel), ("SMSTO:", _sms), ("SMS:", _sms), ("MAILTO:", _mail), ("MATMSG:", _mail),
    ("BEGIN:VCARD", _contact), ("MECARD:", _contact), ("BCD", _epc), ("UPNQR", _upn),
    ("HRVHUB30", _hub3),
)  # fmt: skip
