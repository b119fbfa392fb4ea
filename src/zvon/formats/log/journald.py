"""The journal of systemd: `journalctl -o json` and `-o export` (Journal Export Format)."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, REPORTER, Found, take_file
from zvon.formats.json_field import text
from zvon.formats.json_objects import HEAD, guess_by, read_objects
from zvon.formats.line_stream import PIECE, blocks
from zvon.formats.log.embedded import embedded
from zvon.formats.log.message import take_message
from zvon.formats.log.text_line import line_text, sample_lines
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options

MAX_ENTRY = 1024 * 1024
_TIMES = ("_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP")
MAX_TITLE = 200


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One line of a log for each entry, in either form."""
    stream = blocks(chunks, HEAD)
    head = next(stream)
    everything = chain((head,), stream)
    if head.lstrip()[:1] in {b"{", b"["}:
        yield from read_objects(everything, options, _item, "This is no entry of a journal.")
        return
    for number, entry in enumerate(_entries(everything), start=1):
        position = f"entry {number}"
        item = _item(entry, position, options) if isinstance(entry, dict) else None
        if item is not None:
            yield item
        elif isinstance(entry, bytes):
            reason = f"The entry is damaged, or longer than {MAX_ENTRY} bytes."
            yield Bad(position, reason, entry[:PIECE])
        elif entry:
            yield Bad(
                position, "The entry has no time and no message.", str(entry)[:PIECE].encode()
            )


def sniff(sample: bytes, name: str) -> Guess | None:
    """Fields that begin with two underscores, as JSON or as lines."""
    if sample.startswith(b"__CURSOR="):
        return Guess(96, "HEADER", {"header": "__CURSOR="})
    if any(line.startswith("__REALTIME_TIMESTAMP=") for line in sample_lines(sample)[:20]):
        return Guess(95, "HEADER", {"header": "__REALTIME_TIMESTAMP="})
    return guess_by(sample, 96, "__REALTIME_TIMESTAMP, _BOOT_ID", _is_entry)


def _is_entry(value: dict[str, Any]) -> bool:
    return "__REALTIME_TIMESTAMP" in value or {"MESSAGE", "_BOOT_ID"} <= value.keys()


def _item(value: dict[str, Any], position: str, options: Options) -> Item | None:
    if not _is_entry(value) and "MESSAGE" not in value:
        return None
    said = next((value[key] for key in _TIMES if value.get(key)), None)
    at, clock = read_time(said, options)
    message = _text(value.get("MESSAGE"))
    inside = embedded(message, position, options)
    if inside is not None and inside.kind is ItemKind.ALERT:
        return inside
    found = Found(options.region, at)
    take_message(found, message)
    for each in inside.values if inside is not None else ():
        found.add(each.observable.type, each.observable.value, each.role)
    take_file(found, _text(value.get("_EXE")), NAMED)
    found.machine(_text(value.get("_HOSTNAME")), REPORTER)
    program = _text(value.get("SYSLOG_IDENTIFIER")) or _text(value.get("_COMM"))
    return Item(
        kind=ItemKind.LOG, position=position, payload=value, values=found.values(), at=at,
        title=program[:MAX_TITLE], text=message, tags=clock,
    )  # fmt: skip


def _entries(chunks: Iterable[bytes]) -> Iterator[dict[str, Any] | bytes]:
    """Entries of the export form, separated by empty lines; a damaged one as its bytes.

    A field is `NAME=text`, or `NAME`, its length in eight bytes (least first) and the bytes.
    """
    held = b""
    entry: dict[str, Any] = {}
    size = 0
    skipping = False
    for chunk in _ended(chunks):
        held += chunk
        while True:
            name, newline, rest = held.partition(b"\n")
            if not newline:
                break
            if b"=" not in name and name and not skipping:
                if len(rest) < 8:
                    break
                length = int.from_bytes(rest[:8], "little")
                if length > MAX_ENTRY or not name.replace(b"_", b"").isalnum():
                    yield held[:PIECE]
                    entry, size, skipping = {}, 0, True
                    held = rest
                    continue
                if len(rest) < length + 9:
                    break
                _put(entry, line_text(name), line_text(rest[8 : length + 8]))
                held, size = rest[length + 9 :], size + length
                continue
            held = rest
            if not name:
                if entry:
                    yield entry
                entry, size, skipping = {}, 0, False
            elif not skipping:
                key, _, value = name.partition(b"=")
                _put(entry, line_text(key), line_text(value))
                size += len(name)
            if size > MAX_ENTRY:
                yield str(entry).encode()[:PIECE]
                entry, size, skipping = {}, 0, True
        if len(held) > 2 * MAX_ENTRY:
            if not skipping:
                yield held[:PIECE]
            held, entry, size, skipping = b"", {}, 0, True
    if held.strip(b"\n") and not skipping:
        yield held[:PIECE]
    if entry:
        yield entry


def _put(entry: dict[str, Any], key: str, value: str) -> None:
    """A field may come several times: then it is a list, as in JSON."""
    if key not in entry:
        entry[key] = value
    elif isinstance(entry[key], list):
        entry[key].append(value)
    else:
        entry[key] = [entry[key], value]


def _text(value: Any) -> str:
    """A field as text; JSON holds bytes that are no text as a list of numbers."""
    if isinstance(value, list) and value:
        if all(isinstance(each, int) and 0 <= each < 256 for each in value):
            return line_text(bytes(value))
        return text(value[0])
    return text(value)


def _ended(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same with an empty line at the end, so that the last entry is complete."""
    yield from chunks
    yield b"\n\n"


FORMAT = Format(name="journald", sniff=sniff, decode=decode, media_type="application/x-ndjson")
