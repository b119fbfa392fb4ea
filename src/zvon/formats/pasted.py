"""Values that somebody types or pastes: what each may be, defanged or not, one to a line or not."""

import csv
import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from zvon.formats import defang
from zvon.formats.extract import extract
from zvon.model.observable import (
    DERIVED,
    MAX_VALUE,
    BadValue,
    Observable,
    ObservableType,
    canonical,
)

T = ObservableType
MAX_LINE = 64 * 1024
_NUMBERS = r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}"


def _hex(*lengths: int) -> re.Pattern[str]:
    return re.compile("|".join(f"[0-9a-fA-F]{{{length}}}" for length in lengths))


# What a text must look like before it is tried as a value of that type; the first that fits is
# what it most likely is. Types that are not here take any text.
_SHAPES: dict[ObservableType, re.Pattern[str]] = {
    T.IPV4: re.compile(_NUMBERS),
    T.CIDR: re.compile(rf"(?:{_NUMBERS}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*)/[0-9]{{1,3}}"),
    T.IPV6: re.compile(r"\[?[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*\]?(?:%\w+)?"),
    T.URL: re.compile(r"(?i)(?:[a-z][a-z0-9+.-]{1,20}:/{2}\S+|[^\s/@?#]+\.[^\s/@?#]+[/?#]\S*)"),
    T.EMAIL: re.compile(r"(?i)(?:mailto:)?<?[^\s@]{1,64}@[^\s@]+>?"),
    T.MD5: _hex(32),
    T.SHA1: _hex(40),
    T.SHA256: _hex(64),
    T.SHA512: _hex(128),
    T.CVE: re.compile(r"(?i)cve-.+"),
    T.GHSA: re.compile(r"(?i)ghsa-.+"),
    T.CWE: re.compile(r"(?i)cwe-.+"),
    T.ATTACK_ID: re.compile(r"(?i)(?:ta?|[gsmcd]s?)[0-9]{4}(?:\.[0-9]{3})?"),
    T.ASN: re.compile(r"(?i)asn?\s*[0-9]{1,10}"),
    T.IBAN: re.compile(r"[A-Za-z]{2}[0-9]{2}[0-9A-Za-z -]{11,40}"),
    T.MAC: re.compile(r"(?i)(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}"),
    T.WALLET: re.compile(r"[0-9A-Za-z]{20,120}"),
    T.PHONE: re.compile(r"[+0(][0-9 ()/.\-–]{5,30}"),
    T.IMPHASH: _hex(32),
    T.JA3: _hex(32),
    T.JA3S: _hex(32),
    T.JARM: _hex(62),
    T.FINGERPRINT: re.compile(r"(?i)(?:[0-9a-f]{2}:?){20}(?:(?:[0-9a-f]{2}:?){12})?"),
    T.TLSH: re.compile(r"(?i)(?:t1)?[0-9a-f]{70}"),
    T.SSDEEP: re.compile(r"[0-9]+:[^:]+:.+"),
    T.JA4: re.compile(r"(?i)[a-z0-9]{10}_[0-9a-f]{12}_[0-9a-f]{12}"),
    T.SIGMA_ID: re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"),
    T.REGKEY: re.compile(r"(?i)(?:hk|\\registry\\).+"),
    T.DOMAIN: re.compile(r"[^\s/@:\\?#]+\.[^\s/@:\\?#]+"),
    T.REGISTERED: re.compile(r"[^\s/@:\\?#]+\.[^\s/@:\\?#]+"),
    T.MSG_ID: re.compile(r"<?[^\s@<>]+@[^\s@<>]+>?"),
}
# Any text could be one of these. What we derive is not written by people, but for a sender's name.
_TEXTS = tuple(
    kind for kind in ObservableType if kind not in _SHAPES and kind not in DERIVED - {T.SENDER}
)
_SURE = frozenset({T.IPV4, T.IPV6, T.CIDR, T.URL, T.MD5, T.SHA1, T.SHA256, T.SHA512, T.CVE, T.IBAN})
# What is written like these may be little else; trying all takes three times as long.
_ALSO = {T.DOMAIN: (T.FILENAME, T.HOSTNAME, T.SENDER), T.EMAIL: (T.SENDER, T.USERNAME)}
_ADDRESSED = re.compile(r"(?i)^[a-z][a-z0-9+.-]{1,20}:/{2}")


class Pasted(Struct, frozen=True):
    """What somebody gave, as it stood, and what it may be; most likely first. None: nothing."""

    text: str
    readings: tuple[Observable, ...]


def readings(text: str, *, region: str = "SI") -> tuple[Observable, ...]:
    """Every value that `text` may be, most likely first: 32 digits are an MD5, or a JA3, or more."""
    live = text.strip()
    if not live or len(live) > MAX_VALUE:
        return ()
    if defang.is_defanged(live):
        live = defang.refang(live)
    found = _exact(live, region)
    if found and found[0].type in _SURE:
        return found
    if found and found[0].type in _ALSO:
        return (*found, *_tried(_ALSO[found[0].type], live, region))
    no_path = T.FILENAME if re.search(r"[/\\]", live) else T.FILEPATH
    return (*found, *_tried((kind for kind in _TEXTS if kind is not no_path), live, region))


def pasted(text: str, *, region: str = "SI") -> Iterator[Pasted]:
    """The values of a text: one to a line, or wherever they stand in it. `#` begins a remark."""
    return _lines(text.splitlines(), region)


def column(lines: Iterable[str], name: str, *, region: str = "SI") -> Iterator[Pasted]:
    """The values of one column of a table, by its name in the first line or its number from 1.

    The delimiter is the one of `,`, `;`, `|` and the tab that the first line has most of. Raises
    `LookupError` when there is no such column.
    """
    rows = iter(lines)
    first = next(rows, "")
    delimiter = max(",;\t|", key=first.count)
    header = next(csv.reader([first], delimiter=delimiter), [])
    names = [cell.strip().strip("\ufeff").casefold() for cell in header]
    if name.casefold() in names:
        at = names.index(name.casefold())
    elif name.isascii() and name.isdigit() and 1 <= int(name) <= len(names):
        at = int(name) - 1
        yield from _lines([header[at]], region)
    else:
        raise LookupError(f"there is no column {name!r}; the first line has {', '.join(header)}")
    bounded = (line[:MAX_LINE].replace("\x00", "") for line in rows)
    for row in csv.reader(bounded, delimiter=delimiter):
        if at < len(row) and row[at].strip():
            yield _one(row[at].strip(), region)


def _lines(lines: Iterable[str], region: str) -> Iterator[Pasted]:
    for line in lines:
        stripped = line[:MAX_LINE].strip().strip("\ufeff").strip("\"',;").strip()
        if not stripped or stripped.startswith("#"):
            continue
        whole = _one(stripped, region)
        if whole.readings and has_shape(whole.readings[0]):
            yield whole
            continue
        mentions = extract(stripped, region=region)
        if mentions:
            for mention in mentions:
                yield Pasted(mention.raw, _also(mention.observable, mention.raw, region))
        else:
            yield whole


def _one(text: str, region: str) -> Pasted:
    return Pasted(text, readings(text, region=region))


def _also(value: Observable, raw: str, region: str) -> tuple[Observable, ...]:
    live = defang.refang(raw) if defang.is_defanged(raw) else raw
    return (value, *(each for each in _exact(live, region) if each != value))


def has_shape(value: Observable) -> bool:
    """True when its type is told by how it is written; any text may be a name of a file."""
    return value.type not in _TEXTS


def _exact(live: str, region: str) -> tuple[Observable, ...]:
    kinds = [kind for kind, shape in _SHAPES.items() if shape.fullmatch(live)]
    found = _tried(kinds, live, region)
    if T.URL in kinds and not _ADDRESSED.match(live):  # no scheme was said: either may be meant
        found += _tried([T.URL], f"http://{live}", region)
    return tuple(dict.fromkeys(found))


def _tried(kinds: Iterable[ObservableType], live: str, region: str) -> list[Observable]:
    found = []
    for kind in kinds:
        try:
            found.append(canonical(kind, live, region=region))
        except BadValue:
            continue
    return found
