"""Zeek logs, as tables with their own header or as JSON; notices and intelligence hits are alerts."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from zvon.formats.charset import text_of
from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, REPORTER, SAID, Found, of, take_file, take_user
from zvon.formats.json_field import text, texts
from zvon.formats.json_objects import HEAD, guess_by, read_objects
from zvon.formats.json_value import storable
from zvon.formats.line_stream import PIECE, blocks, lines, utf8
from zvon.formats.log.field import Meaning
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.observable import ObservableType

_T = ObservableType

ALERTS = frozenset({"notice", "intel", "signatures"})
_ODD = frozenset({"weird", "dpd", "analyzer"})

# By the name of the column, with `.` for the `_` that some exporters write.
FIELDS: dict[str, Meaning] = {
    **dict.fromkeys(
        ("id.orig.h", "id.resp.h", "orig.h", "resp.h", "src", "dst", "tx.hosts", "rx.hosts",
         "client.addr", "server.addr", "assigned.addr", "assigned.ip", "requested.addr", "remote.ip",
         "host.ip", "remote.location.ip"), (Found.address, SAID)),
    **dict.fromkeys(("query", "server.name", "host"), (Found.host, SAID)),
    **dict.fromkeys(("answers", "san.dns", "helo", "domain"), (Found.host, NAMED)),
    **dict.fromkeys(("host.name", "client.fqdn", "hostname"), (Found.machine, NAMED)),
    **dict.fromkeys(("md5", "sha1", "sha256"), (Found.hash, SAID)),
    **dict.fromkeys(("user.agent", "unparsed.version"), (of(_T.USERAGENT), NAMED)),
    **dict.fromkeys(("mailfrom", "from"), (of(_T.EMAIL), SAID)),
    **dict.fromkeys(("rcptto", "to", "cc"), (of(_T.EMAIL), NAMED)),
    **dict.fromkeys(("username", "user", "client"), (take_user, NAMED)),
    **dict.fromkeys(("filename", "orig.filenames", "resp.filenames", "name"), (take_file, NAMED)),
    **dict.fromkeys(("mac", "orig.l2.addr", "resp.l2.addr", "src.mac", "dst.mac", "orig.hw", "resp.hw"),
                    (of(_T.MAC), NAMED)),
    **dict.fromkeys(("cert.chain.fps", "fingerprint"), (of(_T.FINGERPRINT), SAID)),
    "referrer": (of(_T.URL), NAMED), "ja3": (of(_T.JA3), SAID), "ja3s": (of(_T.JA3S), SAID),
    "ja4": (of(_T.JA4), SAID), "url": (of(_T.URL), SAID), "msg.id": (of(_T.MSG_ID), NAMED),
}  # fmt: skip
# What beside the time only Zeek writes; its logs without a flow.
_MARKS = frozenset({"uid", "uids", "_path", "@stream", "fuid", "note", "software_type", "compile_ts",
                    "certificate.serial", "operation", "server_addr", "init"})  # fmt: skip
_SEPARATOR = re.compile(rb"\\x([0-9a-fA-F]{2})")


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One item for each line; which form it is, the first byte says."""
    stream = blocks(utf8(chunks), HEAD)
    head = next(stream)
    everything = chain((head,), stream)
    if head.lstrip()[:1] in {b"{", b"["}:
        reason = "This is no Zeek record: it has no time `ts`."
        yield from read_objects(everything, options, _from_json, reason)
    else:
        yield from _table(everything, options)


def sniff(sample: bytes, name: str) -> Guess | None:
    """The header `#fields`, or connection keys in JSON."""
    if sample.startswith((b"#separator", b"#fields\t")) or b"\n#fields\t" in sample[:8192]:
        return Guess(98, "HEADER", {"header": "#fields"})
    return guess_by(sample, 94, "ts, uid, id.orig_h", _is_record)


def _is_record(value: dict[str, Any]) -> bool:
    has_flow = bool({"id.orig_h", "id_orig_h"} & value.keys()) or isinstance(value.get("id"), dict)
    return "ts" in value and (has_flow or bool(_MARKS & value.keys()))


def _table(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    separator, between, unset, empty = "\t", ",", "-", "(empty)"
    columns: list[str] = []
    types: list[str] = []
    path = ""
    for line in lines(chunks):
        if isinstance(line, Bad):
            yield line
            continue
        number, raw = line
        if raw.startswith(b"#"):
            key, _, rest = _text(raw).partition(
                separator if not raw.startswith(b"#separator") else " "
            )
            match key:
                case "#separator":
                    found = _SEPARATOR.search(raw)
                    separator = chr(int(found[1], 16)) if found else rest or "\t"
                case "#set_separator":
                    between = rest or ","
                case "#unset_field":
                    unset = rest
                case "#empty_field":
                    empty = rest
                case "#path":
                    path = rest
                case "#fields":
                    columns, types = rest.split(separator), []
                case "#types":
                    types = rest.split(separator)
            continue
        cells = _text(raw).split(separator)
        if len(cells) != len(columns):
            reason = "The line stands before the names of its columns."
            if columns:
                reason = f"The line has {len(cells)} columns, its header {len(columns)}."
            yield Bad(f"line {number}", reason, raw[:PIECE])
            continue
        record: dict[str, Any] = {}
        for n, (column, cell) in enumerate(zip(columns, cells, strict=True)):
            if cell == unset:
                continue
            if n < len(types) and types[n].startswith(("set", "vector")):
                record[column] = [] if cell == empty else cell.split(between)
            else:
                record[column] = "" if cell == empty else cell
        yield _item(record, path, f"line {number}", options)


def _from_json(value: dict[str, Any], position: str, options: Options) -> Item | None:
    if "ts" not in value:
        return None
    return _item(value, text(value.get("_path")) or text(value.get("@stream")), position, options)


def _item(record: dict[str, Any], path: str, position: str, options: Options) -> Item:
    at, clock = read_time(record.get("ts"), options)
    found = Found(options.region, at)
    for column, cell in record.items():
        if isinstance(cell, dict):  # `id` of some exporters
            for key, each in cell.items():
                _take(found, f"{column}.{key}", each)
        else:
            _take(found, column, cell)
    host, uri = record.get("host"), record.get("uri")
    if isinstance(host, str) and isinstance(uri, str) and uri.startswith("/"):
        found.add(_T.URL, f"http://{host}{uri}")
    found.machine(record.get("@system"), REPORTER)
    if path == "intel":
        found.host(record.get("seen.indicator")) or found.hash(record.get("seen.indicator"))
    is_alert = path in ALERTS or "note" in record
    tags = (path,) if path in _ODD else ()
    return Item(
        kind=ItemKind.ALERT if is_alert else ItemKind.LOG, position=position,
        payload={"_path": path, **record} if path and "_path" not in record else record,
        values=found.values(), at=at, title=_title(record, path), text=text(record.get("msg")),
        tags=(*tags, *texts(record.get("seen.sources")), *clock),
    )  # fmt: skip


def _take(found: Found, column: str, cell: Any) -> None:
    meaning = FIELDS.get(column.replace("_", ".") if "_" in column else column)
    if meaning is not None:
        meaning[0](found, cell, meaning[1])


def _title(record: dict[str, Any], path: str) -> str:
    return text(record.get("note")) or text(record.get("seen.indicator")) or path


def _text(raw: bytes) -> str:
    try:
        decoded = raw.decode()
    except UnicodeDecodeError:
        decoded = text_of(raw)[0]
    return str(storable(decoded)) if "\x00" in decoded else decoded


FORMAT = Format(name="zeek", sniff=sniff, decode=decode, media_type="text/tab-separated-values")
