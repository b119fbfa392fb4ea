"""Syslog: RFC 5424 and RFC 3164, files of rsyslog, and what other programs put into the message."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from zvon.formats.clock import localised, read_time
from zvon.formats.found import REPORTER, Found
from zvon.formats.log.embedded import embedded
from zvon.formats.log.field import take_fields
from zvon.formats.log.message import take_message
from zvon.formats.log.text_line import guess_by_lines, read_lines
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options

_5424 = re.compile(
    r"<(?P<pri>\d{1,3})>1 (?P<time>\S+) (?P<host>\S{1,255}) (?P<app>\S{1,48}) (?P<pid>\S{1,128})"
    r" (?P<msgid>\S{1,32}) (?P<rest>.*)",
    re.DOTALL,
)
_3164 = re.compile(
    r"(?:<(?P<pri>\d{1,3})>)?(?:(?:(?P<first>[A-Za-z0-9_.-]{1,255}) )?\d{1,10}: )?[*.]?"
    r"(?:(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s{1,2}(?P<day>\d{1,2})"
    r"(?: (?P<year>\d{4}))? (?P<clock>\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)(?: (?P<zone>[A-Z]{3,4}))?:?"
    r"|(?P<time>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?):?)"
    r" (?:(?P<host>[A-Za-z0-9_.\[][A-Za-z0-9_.:\[\]%-]{0,254})(?<!:) )?(?P<rest>.*)",
    re.DOTALL,
)
_BARE = re.compile(r"<(?P<pri>\d{1,3})>(?P<rest>[^0-9\s].*)", re.DOTALL)
_TAG = re.compile(
    r"(?P<app>[^\s:\[\]]{1,64})(?:\[(?P<pid>[^\]]{0,64})\])?: ?(?P<message>.*)", re.DOTALL
)
_ELEMENT = re.compile(
    r'\[([^\s=\]"]{1,64})((?: [^\s=\]"]{1,64}="(?:[^"\\\]]|\\.)*")*)\]', re.DOTALL
)
_PARAM = re.compile(r' ([^\s=\]"]{1,64})="((?:[^"\\\]]|\\.)*)"', re.DOTALL)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SEVERITIES = (
    "emergency",
    "alert",
    "critical",
    "error",
    "warning",
    "notice",
    "informational",
    "debug",
)
_NO_TAG = frozenset({"CEF", "LEEF", "@cee", "http", "https"})
_UTC = frozenset({"UTC", "GMT"})
# A machine's clock may run before ours by this without its line being of last year.
_AHEAD = timedelta(days=1)


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One line of a log for each message; an alert when a sensor's alert stands inside."""
    return read_lines(chunks, options, read_line, "The line is no message of syslog.")


def sniff(sample: bytes, name: str) -> Guess | None:
    """Lines that begin with a priority, or with a time and the name of a program."""
    return guess_by_lines(sample, 85, _is_message)


def _is_message(line: str) -> bool:
    parts = _parts(line)
    return parts is not None and ("facility" in parts or bool(parts.get("app")))


def read_line(line: str, position: str, options: Options) -> Item | None:
    """The message of a line; none when it begins as no message does.

    A line that is indented goes on with what stands before it, and is kept by itself.
    """
    parts = _parts(line)
    if parts is None:
        if line[:1] not in {" ", "\t"}:
            return None
        parts = {"message": line.strip()}
    at, clock = _time(parts, options)
    payload = {key: each for key, each in parts.items() if each not in (None, "", {})}
    message = parts["message"]
    inside = embedded(message, position, options)
    found = Found(options.region, at)
    if inside is not None:
        at = inside.at or at
        payload = {key: each for key, each in payload.items() if key != "message"}
        payload = {"syslog": payload, **inside.payload}
        for each in inside.values:
            found.add(each.observable.type, each.observable.value, each.role)
    else:
        take_message(found, message)
        take_fields(found, parts.get("data") or {})
    found.machine(parts.get("host"), REPORTER)
    return Item(
        kind=inside.kind if inside else ItemKind.LOG, position=position, payload=payload,
        values=found.values(), at=at, id=inside.id if inside else None,
        title=(inside.title if inside else "") or parts.get("app") or "",
        text=inside.text if inside else message,
        tags=(*(inside.tags if inside else ()), *(() if at else clock)),
    )  # fmt: skip


def _parts(line: str) -> dict[str, Any] | None:
    """The header taken apart, and the message; none when it is no header."""
    line = line.removeprefix("\ufeff")
    new = _5424.match(line)
    if new is not None:
        data, message = _structured(new["rest"])
        return {
            **_priority(new["pri"]), "time": _known(new["time"]), "host": _known(new["host"]),
            "app": _known(new["app"]), "pid": _known(new["pid"]), "msgid": _known(new["msgid"]),
            "data": data, "message": message.removeprefix("\ufeff"),
        }  # fmt: skip
    old = _3164.match(line)
    if old is not None:
        return {
            **_priority(old["pri"]),
            **_stamp(old),
            "host": old["host"] or old["first"],
            **_tagged(old["rest"]),
        }
    bare = _BARE.match(line)
    return None if bare is None else {**_priority(bare["pri"]), **_tagged(bare["rest"])}


def _stamp(old: re.Match[str]) -> dict[str, Any]:
    if old["time"]:
        return {"time": old["time"]}
    return {
        "time": f"{old['month']} {int(old['day']):2} {old['clock']}",
        "year": old["year"],
        "zone": old["zone"],
    }


def _tagged(rest: str) -> dict[str, Any]:
    tag = _TAG.match(rest)
    if tag is None or tag["app"] in _NO_TAG:
        return {"message": rest}
    return {"app": tag["app"], "pid": tag["pid"], "message": tag["message"]}


def _priority(text: str | None) -> dict[str, Any]:
    if text is None or int(text) > 191:
        return {}
    return {"facility": int(text) // 8, "severity": _SEVERITIES[int(text) % 8]}


def _structured(rest: str) -> tuple[dict[str, dict[str, str]], str]:
    """Elements and the message behind them (RFC 5424, 6.3)."""
    if rest == "-" or rest.startswith("- "):
        return {}, rest[2:]
    data: dict[str, dict[str, str]] = {}
    at = 0
    while found := _ELEMENT.match(rest, at):
        data[found[1]] = {
            key: re.sub(r"\\(.)", r"\1", text) for key, text in _PARAM.findall(found[2])
        }
        at = found.end()
    return data, rest[at:].removeprefix(" ")


def _known(text: str) -> str | None:
    return None if text == "-" else text


def _time(parts: dict[str, Any], options: Options) -> tuple[datetime | None, tuple[str, ...]]:
    text = parts.get("time")
    if not text:
        return None, ()
    if text[:3] not in _MONTHS:
        return read_time(text.rstrip(":"), options)
    zone = "UTC" if parts.get("zone") in _UTC else options.zone
    return read_time(_dated(text, parts.get("year"), zone, options), options)


def _dated(text: str, year: str | None, zone: str, options: Options) -> str | None:
    """A time without a year is of the year that puts it last before we received it."""
    month = _MONTHS.index(text[:3]) + 1
    day, clock = int(text[4:6]), text[7:]
    latest = options.received_at.astimezone(UTC) + _AHEAD
    years = (
        (int(year),) if year else (latest.year, latest.year - 1, latest.year - 2, latest.year - 3)
    )
    for each in years:
        try:
            plain = datetime.fromisoformat(f"{each:04}-{month:02}-{day:02}T{clock}")
        except ValueError:  # the 29th of February, or no time at all
            continue
        at = localised(plain, zone)
        if at is not None and (year or at <= latest):
            return at.isoformat()
    return None


FORMAT = Format(name="syslog", sniff=sniff, decode=decode, media_type="text/plain")
