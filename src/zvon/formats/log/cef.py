"""ArcSight Common Event Format, by itself or behind a syslog header (CEF revision 26)."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from zvon.formats.clock import instant, read_time
from zvon.formats.found import NAMED, REPORTER, SAID, Found, of, take_file, take_user
from zvon.formats.log.field import Meaning, take_known
from zvon.formats.log.text_line import guess_by_lines, read_lines
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.observable import ObservableType

_T = ObservableType

_BEGIN = re.compile(r"CEF:\s?(\d+)\|")
_KEY = re.compile(r"(?:^|(?<=\s))([A-Za-z0-9_.:\[\]-]{1,100})=")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NEWLINES = {"n": "\n", "r": "\r"}
_HEADER = ("version", "vendor", "product", "device_version", "signature_id", "name", "severity")
# Below this (0 to 10) an event is a line of a log; words as ArcSight writes them.
ALERT_FROM = 4
_WORDS = {"unknown": 0, "low": 2, "medium": 5, "high": 8, "very-high": 10, "very high": 10}

FIELDS: dict[str, Meaning] = {
    **dict.fromkeys(
        ("src", "dst", "sourceTranslatedAddress", "destinationTranslatedAddress", "c6a2", "c6a3"),
        (Found.address, SAID)),
    **dict.fromkeys(("dvc", "deviceTranslatedAddress", "agt", "c6a1"), (Found.address, REPORTER)),
    **dict.fromkeys(("shost", "dhost", "destinationDnsDomain", "sourceDnsDomain"), (Found.host, SAID)),
    **dict.fromkeys(("dvchost", "ahost"), (Found.machine, REPORTER)),
    **dict.fromkeys(("suser", "duser", "suid", "duid"), (take_user, NAMED)),
    **dict.fromkeys(("fileHash", "oldFileHash"), (Found.hash, SAID)),
    **dict.fromkeys(("fname", "filePath", "oldFilePath", "sproc", "dproc"), (take_file, NAMED)),
    **dict.fromkeys(("smac", "dmac"), (of(_T.MAC), NAMED)),
    "request": (of(_T.URL), SAID),
    "requestClientApplication": (of(_T.USERAGENT), NAMED),
    "requestContext": (of(_T.URL), NAMED),
}  # fmt: skip
_TIMES = ("rt", "end", "start", "deviceReceiptTime")
_DATES = ("%b %d %Y %H:%M:%S", "%b %d %Y %H:%M:%S.%f", "%b %d %H:%M:%S", "%b %d %H:%M:%S.%f")


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One item for each line that holds an event; from severity 4 (of 10) it is an alert."""
    return read_lines(chunks, options, read_line, "The line holds no CEF event.")


def sniff(sample: bytes, name: str) -> Guess | None:
    """Lines with the beginning of an event."""
    return guess_by_lines(sample, 95, lambda line: bool(_BEGIN.search(line)))


def read_line(line: str, position: str, options: Options) -> Item | None:
    """The event of a line, whatever stands before it; none when there is no event."""
    begin = _BEGIN.search(line)
    if begin is None:
        return None
    parts = _header(line[begin.start() + 4 :])
    if parts is None:
        return None
    header = {key: _unescaped(part.strip()) for key, part in zip(_HEADER, parts, strict=False)}
    fields = extension(parts[7] if len(parts) > 7 else "")
    payload: dict[str, Any] = {"cef": header, **fields}
    if before := line[: begin.start()].strip():
        payload["before"] = before
    at, clock = _time(fields, options)
    found = Found(options.region, at)
    take_known(found, fields, FIELDS)
    level = severity(header["severity"])
    return Item(
        kind=ItemKind.ALERT if level >= ALERT_FROM else ItemKind.LOG, position=position,
        payload=payload, values=found.values(), at=at, title=header["name"],
        text=fields.get("msg", ""), tags=(*filter(None, (fields.get("cat"),)), *clock),
    )  # fmt: skip


def extension(text: str) -> dict[str, str]:
    """Keys and values of the extension; a value runs to the next key, blanks included.

    A custom field (`cs1`) is given under its label too.
    """
    found: dict[str, str] = {}
    keys = [key for key in _KEY.finditer(text) if not _is_escaped(text, key.end() - 1)]
    for key, after in zip(keys, [*keys[1:], None], strict=False):
        stop = len(text) if after is None else after.start()
        found[key[1]] = _unescaped(text[key.end() : stop].strip())
    for name in [name for name in found if name.endswith("Label")]:
        label, value = found[name], found.get(name.removesuffix("Label"))
        if value is not None and label:
            found.setdefault(label, value)
    return found


def severity(text: str) -> int:
    """0 to 10; a word in its middle, anything else as 0."""
    try:
        return max(0, min(10, int(float(text))))
    except (ValueError, OverflowError):
        return _WORDS.get(text.lower(), 0)


def _header(text: str) -> list[str] | None:
    """The seven parts before the extension, and it; none when there are fewer."""
    parts = re.split(r"(?<!\\)\|", text, maxsplit=7)
    return parts if len(parts) >= 7 else None


def _is_escaped(text: str, at: int) -> bool:
    return text[at - 1] == "\\"


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _NEWLINES.get(found[1], found[1]), text)


def _time(fields: dict[str, str], options: Options) -> tuple[datetime | None, tuple[str, ...]]:
    for key in _TIMES:
        if text := fields.get(key):
            if instant(text) is not None:
                return read_time(text, options)
            return read_time(_date(text, options), options)
    return None, ()


def _date(text: str, options: Options) -> str | None:
    """`Nov 22 2026 09:00:00.123 UTC` in ISO 8601; without a year it is the last such day."""
    words = text.split()
    zone = words.pop() if words and words[-1][-1:].isalpha() and len(words) > 3 else ""
    for form in _DATES:
        plain = " ".join(words)
        try:
            if "%Y" in form:
                at = datetime.strptime(plain, form)  # noqa: DTZ007  the zone stands behind it
            else:
                at = datetime.strptime(f"{options.received_at.year} {plain}", f"%Y {form}")  # noqa: DTZ007
        except ValueError:
            continue
        return at.isoformat() + ("+00:00" if zone in {"UTC", "GMT", "Z"} else "")
    return None


FORMAT = Format(name="cef", sniff=sniff, decode=decode, media_type="text/plain")
