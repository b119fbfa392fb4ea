"""The bytes of an outgoing file as a reader could read them, for the search of what may not leave.

Whatever the file is, its bytes are read as they stand; JSON, mails and pictures also as what is in
them, because their own coding (escapes, base64, compression) hides text from any other search.
"""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from typing import Any

import msgspec

from zvon.formats import header
from zvon.formats.charset import text_of

MAX_CHUNK = 10_000_000


def readings(name: str, body: bytes) -> Iterator[str]:
    """Every text in a file, the bytes themselves first."""
    if name.endswith(".png"):
        yield from _png(body)
        return
    yield body.decode("utf-8", "replace")
    if name.endswith((".json", ".jsonl")):
        yield "\n".join(_strings(msgspec.json.decode(body)))
    elif name.endswith(".eml"):
        for part in message_from_bytes(body).walk():
            yield "\n".join(value for _, value in header.fields(part))
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield text_of(payload, "utf-8")[0]


def _strings(node: Any) -> Iterator[str]:
    """All strings of a structure, names of fields too."""
    stack = [node]
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, dict):
            yield from each
            stack.extend(each.values())
        elif isinstance(each, list):
            stack.extend(each)


def _png(body: bytes) -> Iterator[str]:
    """What stands in a picture beside its points (PNG, section 11.3): there should be nothing."""
    at = 8
    while at + 12 <= len(body):
        size, kind = int.from_bytes(body[at : at + 4]), body[at + 4 : at + 8]
        content = body[at + 8 : at + 8 + size]
        if kind not in {b"IHDR", b"IDAT", b"IEND", b"PLTE", b"tRNS"}:
            yield content.decode("utf-8", "replace")
            packed = content.partition(b"\0")[2].lstrip(b"\0")
            with suppress(zlib.error):
                yield zlib.decompressobj().decompress(packed, MAX_CHUNK).decode("utf-8", "replace")
        at += 12 + size
    yield body[at:].decode("utf-8", "replace")
