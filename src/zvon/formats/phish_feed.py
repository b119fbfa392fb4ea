"""Feeds of phishing addresses, in the forms of OpenPhish, PhishTank, URLhaus and CERT Polska.

A feed says what its maker believes; here it is only a source of names. JSON is read string by
string, so that a feed of any length takes the memory of one entry.
"""

import re
from collections.abc import Callable, Iterable, Iterator

import msgspec

from zvon.formats.name_list import FORMATS as LISTS
from zvon.formats.name_list import (
    MAX_LINE,
    BadLine,
    Line,
    bad_line,
    decode_text,
    lines,
    table,
    take,
)

_KEYS = frozenset({b"url", b"domain", b"DomainAddress", b"domain_name"})
_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*+)"\s*(:)?', re.DOTALL)


def decode_urlhaus_csv(chunks: Iterable[bytes]) -> Iterator[Line | BadLine]:
    """URLhaus: a table whose header is a remark; the third column is the address."""
    header = "id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter"
    rows = ((n, text) for n, text in lines(chunks) if text.strip() and not text.startswith("#"))
    yield from table(_after((0, header), rows))


def decode_json(chunks: Iterable[bytes]) -> Iterator[Line | BadLine]:
    """Objects with `url`, `domain` or the like, at any depth; the position counts entries."""
    position, wanted = 0, False
    for text, is_key in _strings(chunks):
        if is_key:
            wanted = text in _KEYS
            continue
        if wanted:
            position += 1
            yield _entry(position, text)
        wanted = False


def _entry(position: int, text: bytes | None) -> Line | BadLine:
    if text is None:
        return BadLine(position, f"an address is longer than {MAX_LINE} bytes", "")
    try:
        return take(position, msgspec.json.decode(b'"' + text + b'"', type=str))
    except msgspec.DecodeError:
        return bad_line(position, "no JSON text", text.decode("utf-8", "replace"))


def _after(first: tuple[int, str], rest: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest


def _strings(chunks: Iterable[bytes]) -> Iterator[tuple[bytes | None, bool]]:
    """The strings of a JSON text, escaped as they stand, and whether each is a key.

    `None` for one that is too long; its rest is read as if it began anew, which can only give
    entries that are no names.
    """
    rest, more = b"", iter(chunks)
    while True:
        chunk = next(more, None)
        rest += chunk or b""
        tokens = list(_TOKEN.finditer(rest))
        # The last string may be a key whose colon has not come yet.
        ready = tokens if chunk is None else tokens[:-1]
        for token in ready:
            yield token[1], token[2] is not None
        if chunk is None:
            return
        rest = rest[ready[-1].end() if ready else 0 :]
        if len(rest) > 2 * MAX_LINE:
            yield None, False
            rest = b""


# `text` reads OpenPhish, CERT Polska's list of domains and all hosts files as well.
FORMATS: dict[str, Callable[[Iterable[bytes]], Iterator[Line | BadLine]]] = {
    **LISTS,
    "openphish": decode_text,
    "phishtank-csv": LISTS["csv"],
    "phishtank-json": decode_json,
    "urlhaus-csv": decode_urlhaus_csv,
    "urlhaus-json": decode_json,
    "hosts": decode_text,
    "certpl": decode_text,
    "certpl-json": decode_json,
    "json": decode_json,
}
