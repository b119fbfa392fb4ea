"""IBM QRadar Log Event Extended Format 1.0 and 2.0, by itself or behind a syslog header."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from zvon.formats.clock import instant, read_time
from zvon.formats.found import NAMED, REPORTER, SAID, Found, of, take_file, take_user
from zvon.formats.log.cef import ALERT_FROM, severity
from zvon.formats.log.field import Meaning, take_known
from zvon.formats.log.text_line import guess_by_lines, read_lines
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.observable import ObservableType

_T = ObservableType

_BEGIN = re.compile(r"LEEF:\s?([12])\.0\|")
_HEX = re.compile(r"(?:0?x|\\x)([0-9a-fA-F]{2,4})")
_HEADER = ("vendor", "product", "product_version", "event_id")

FIELDS: dict[str, Meaning] = {
    **dict.fromkeys(("src", "dst", "srcPostNAT", "dstPostNAT", "srcPreNAT", "dstPreNAT"),
                    (Found.address, SAID)),
    **dict.fromkeys(("identSrc",), (Found.address, NAMED)),
    **dict.fromkeys(("identHostName", "devName"), (Found.machine, REPORTER)),
    **dict.fromkeys(("usrName", "accountName"), (take_user, NAMED)),
    **dict.fromkeys(("srcMAC", "dstMAC", "identMAC"), (of(_T.MAC), NAMED)),
    **dict.fromkeys(("fileName", "resource", "filePath"), (take_file, NAMED)),
    **dict.fromkeys(("fileHash", "md5", "sha1", "sha256"), (Found.hash, SAID)),
    **dict.fromkeys(("domain", "dstHost", "hostName"), (Found.host, NAMED)),
    "url": (of(_T.URL), SAID), "userAgent": (of(_T.USERAGENT), NAMED),
}  # fmt: skip
# `devTimeFormat` is a pattern of Java's SimpleDateFormat.
_JAVA = (("yyyy", "%Y"), ("MMM", "%b"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H"), ("mm", "%M"),
         ("ss", "%S"), ("SSS", "%f"), ("Z", "%z"), ("z", "%Z"), ("X", "%z"))  # fmt: skip
_PATTERN = re.compile(r"yyyy|MMM|MM|dd|HH|mm|SSS|ss|[ZzX]+|'[^']*'|%|.", re.DOTALL)
_USUAL = "%b %d %Y %H:%M:%S"


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One item for each line that holds an event; from severity 4 (of 10) it is an alert."""
    return read_lines(chunks, options, read_line, "The line holds no LEEF event.")


def sniff(sample: bytes, name: str) -> Guess | None:
    """Lines with the beginning of an event."""
    return guess_by_lines(sample, 95, lambda line: bool(_BEGIN.search(line)))


def read_line(line: str, position: str, options: Options) -> Item | None:
    """The event of a line, whatever stands before it; none when there is no event."""
    begin = _BEGIN.search(line)
    if begin is None:
        return None
    parts = line[begin.end() :].split("|", 5 if begin[1] == "2" else 4)
    if len(parts) < 4:
        return None
    header = {"version": f"{begin[1]}.0", **dict(zip(_HEADER, parts, strict=False))}
    delimiter, rest = "\t", parts[4] if len(parts) > 4 else ""
    if begin[1] == "2" and len(parts) > 5:
        delimiter, rest = _delimiter(parts[4]), parts[5]
    fields = _fields(rest, delimiter)
    payload: dict[str, Any] = {"leef": header, **fields}
    if before := line[: begin.start()].strip():
        payload["before"] = before
    at, clock = _time(fields, options)
    found = Found(options.region, at)
    take_known(found, fields, FIELDS)
    level = severity(fields.get("sev", "0"))
    return Item(
        kind=ItemKind.ALERT if level >= ALERT_FROM else ItemKind.LOG, position=position,
        payload=payload, values=found.values(), at=at, title=header["event_id"],
        text=fields.get("msg", ""), tags=(*filter(None, (fields.get("cat"),)), *clock),
    )  # fmt: skip


def _delimiter(text: str) -> str:
    """One character, or its number in hexadecimal digits; empty means a tab."""
    number = _HEX.fullmatch(text.strip())
    if number is not None:
        code = int(number[1], 16)
        return chr(code) if not 0xD800 <= code <= 0xDFFF and code else "\t"
    return text[:1] or "\t"


def _fields(text: str, delimiter: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in text.split(delimiter):
        key, equals, value = pair.partition("=")
        if equals and key.strip():
            found[key.strip()] = value.strip()
    return found


def _time(fields: dict[str, str], options: Options) -> tuple[datetime | None, tuple[str, ...]]:
    text = fields.get("devTime", "")
    if not text:
        return None, ()
    if instant(text) is not None:
        return read_time(text, options)
    form = _strptime(fields["devTimeFormat"]) if "devTimeFormat" in fields else _USUAL
    try:
        at = datetime.strptime(text, form)  # noqa: DTZ007  a zone is in the pattern, or the source's
    except (ValueError, re.error):
        return None, ()
    return read_time(at.isoformat(), options)


def _strptime(pattern: str) -> str:
    known = dict(_JAVA)
    out = []
    for part in _PATTERN.findall(pattern[:100]):
        if part[0] in "ZzX":
            out.append(known[part[0]])
        elif part[0] == "'":
            out.append(part[1:-1].replace("%", "%%"))
        else:
            out.append("%%" if part == "%" else known.get(part, part))
    return "".join(out)


FORMAT = Format(name="leef", sniff=sniff, decode=decode, media_type="text/plain")
