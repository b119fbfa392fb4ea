"""Records of the Linux audit daemon, those of one event joined (audit.log, ausearch --raw)."""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, REPORTER, SAID, Found, take_file
from zvon.formats.line_stream import PIECE, lines
from zvon.formats.log.text_line import guess_by_lines, line_text
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.observable import ObservableType

_T = ObservableType

# An event has about ten records; more of them are split.
MAX_RECORDS = 200
_RECORD = re.compile(r"(?:node=(?P<node>\S+) )?type=(?P<type>[A-Z0-9_\[\]]+) msg=audit\((?P<time>\d+(?:\.\d+)?):(?P<serial>\d+)\): ?(?P<rest>.*)", re.DOTALL)  # fmt: skip
_FIELD = re.compile(r"""([A-Za-z0-9_-]+)=("[^"]*"|'[^']*'|\S*)""")
# Written in hexadecimal digits when they hold blanks or quotes.
_CODED = frozenset({"proctitle", "name", "exe", "comm", "cwd", "acct", "cmd", "key"})
_HEX = re.compile(r"(?:[0-9A-F]{2})+")


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One line of a log for each event: records that follow one another with the same serial."""
    serial = ""
    first = 0
    records: list[tuple[str, dict[str, Any]]] = []
    stamp: tuple[str, str | None] = ("", None)
    for line in lines(chunks):
        if isinstance(line, Bad):
            yield line
            continue
        number, raw = line
        found = _RECORD.match(line_text(raw))
        if found is None:
            if not raw.startswith(b"----") and not raw.isspace():
                yield Bad(f"line {number}", "The line is no record of auditd.", raw[:PIECE])
            continue
        mark = f"{found['time']}:{found['serial']}"
        if records and (mark != serial or len(records) >= MAX_RECORDS):
            yield _event(records, stamp, f"line {first}", options)
            records = []
        if not records:
            serial, first, stamp = mark, number, (found["time"], found["node"])
        records.append((found["type"], _fields(found["rest"])))
    if records:
        yield _event(records, stamp, f"line {first}", options)


def sniff(sample: bytes, name: str) -> Guess | None:
    """Lines `type=… msg=audit(…)`."""
    return guess_by_lines(sample, 97, lambda line: _RECORD.match(line) is not None)


def _event(
    records: list[tuple[str, dict[str, Any]]], stamp: tuple[str, str | None], position: str,
    options: Options,
) -> Item:  # fmt: skip
    at, clock = read_time(float(stamp[0]), options)
    found = Found(options.region, at)
    for kind, fields in records:
        if kind == "SOCKADDR":
            found.address(_socket(fields.get("saddr", "")), SAID)
        found.address(fields.get("addr"), SAID)
        for key in ("exe", "name"):
            if "/" in fields.get(key, ""):
                take_file(found, fields[key], NAMED)
        found.add(_T.USERNAME, fields.get("acct"), NAMED)
        found.host(fields.get("hostname"), SAID)
    found.machine(stamp[1], REPORTER)
    payload = {"time": stamp[0], "records": [{"type": kind, **fields} for kind, fields in records]}
    if stamp[1]:
        payload["node"] = stamp[1]
    said = next((fields["proctitle"] for _, fields in records if "proctitle" in fields), "")
    return Item(
        kind=ItemKind.LOG, position=position, payload=payload, values=found.values(), at=at,
        title=records[0][0], text=said, tags=clock,
    )  # fmt: skip


def _fields(text: str) -> dict[str, Any]:
    """Keys and values; those inside the quoted message of a user record count too."""
    found: dict[str, Any] = {}
    for key, value in _FIELD.findall(text):
        if key == "msg" and value.startswith("'"):
            found.update(_fields(value[1:-1]))
        elif value[:1] in {'"', "'"}:
            found[key] = value[1:-1]
        elif value not in {"(null)", "?", ""}:
            is_coded = key in _CODED or re.fullmatch(r"a\d+", key)
            found[key] = _decoded(value) if is_coded else value
    return found


def _decoded(text: str) -> str:
    """What hexadecimal digits stand for; arguments are separated by NUL."""
    if len(text) < 4 or not _HEX.fullmatch(text):
        return text
    plain = bytes.fromhex(text)
    if any(byte < 32 and byte not in b"\0\t\n\r" for byte in plain):
        return text  # a number, as `a0` to `a3` of a system call are
    return line_text(plain.rstrip(b"\0").replace(b"\0", b" "))


def _socket(text: str) -> str | None:
    """The address of a socket (`struct sockaddr` in hexadecimal digits); none for local ones."""
    if len(text) % 2 or not _HEX.fullmatch(text):
        return None
    raw = bytes.fromhex(text)
    family = int.from_bytes(raw[:2], "little")
    if family == 2 and len(raw) >= 8:
        return str(IPv4Address(raw[4:8]))
    if family == 10 and len(raw) >= 24:
        return str(IPv6Address(raw[8:24]))
    return None


FORMAT = Format(name="auditd", sniff=sniff, decode=decode, media_type="text/plain")
