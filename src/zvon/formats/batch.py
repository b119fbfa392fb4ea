"""What a collector sends: a numbered batch of read items from one source, signed.

A batch on the wire is three parts: one line of JSON (the head), one line with the signature of
the line above (base64), and the body: zstd over lines of JSON. The head carries the hash of the
body, so that the one signature holds for both, whichever way they travel. The first line of the
body names spool and number, so that no two bodies are ever the same bytes; each further line is
one item, or one piece that could not be read.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import msgspec
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Meta, Struct

from zvon.formats.note import verify
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options

MARK = "zvon.batch/1"
MOST_ITEMS, MOST_BYTES = 1_000, 1 << 20
"""A batch is closed when it has this many items, or lines of this many bytes."""
MAX_ITEM = 16 << 20
"""One item may be a document."""
MAX_BODY = 24 << 20
MAX_INFLATED = MOST_BYTES + MAX_ITEM + (1 << 20)
MAX_HEAD = 4096

Number = Annotated[int, Meta(ge=0, le=2**53)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\A[^\x00-\x1f\x7f]+\Z")]


class BadBatch(ValueError):
    """What came is no batch, or not one that its collector signed; says why."""


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose batch this is, and its place.

    `n` counts the batches of `spool` from 1; `after` is the batch sent before this one (what lies
    between had to go); `count` things are in it and `before` in all earlier ones, so that the
    node knows how many never came. `format` read the items; `policy` is the sharing policy that
    was applied.
    """

    mark: Annotated[str, Meta(pattern=r"\Azvon\.batch/1\Z")] = MARK
    collector: UUID
    node: UUID
    spool: UUID
    source: Name
    kind: Name
    format: Annotated[str, Meta(max_length=100)] = ""
    zone: Annotated[str, Meta(max_length=100)] = "UTC"
    n: Annotated[int, Meta(ge=1, le=2**53)]
    after: Number
    before: Number
    count: Annotated[int, Meta(ge=0, le=MOST_ITEMS)]
    policy: Annotated[str, Meta(max_length=200)] = ""
    body: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")] = "0" * 64


class Batch(Struct, frozen=True, kw_only=True):
    """A batch as it came. Its signature is checked, its body is not read yet."""

    head: Head
    body: bytes


class Body(Struct, frozen=True, kw_only=True):
    """What stands in a batch; `raw` is its lines, which is what the node keeps."""

    raw: bytes
    items: list[Item]
    bad: list[Bad]


class _First(Struct, frozen=True):
    mark: str
    spool: UUID
    n: int


class _Line(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    item: Item | None = None
    bad: Bad | None = None


_encoder = msgspec.json.Encoder()
_line = msgspec.json.Decoder(_Line)


def line(entry: Item | Bad) -> bytes:
    """One item as a line of a body. Raises `BadBatch` for one that no line can hold."""
    try:
        said = _Line(item=entry) if isinstance(entry, Item) else _Line(bad=entry)
        octets = _encoder.encode(said)
    except (UnicodeEncodeError, TypeError, RecursionError, ValueError) as problem:
        raise BadBatch(f"it cannot be written as JSON: {type(problem).__name__}") from None
    if len(octets) > MAX_ITEM:
        raise BadBatch(f"it is larger than {MAX_ITEM >> 20} MiB")
    return octets + b"\n"


def body(spool: UUID, n: int, lines: Sequence[bytes]) -> bytes:
    """The body of batch `n` of a spool, from what `line` gave."""
    first = _encoder.encode(_First(MARK, spool, n)) + b"\n"
    return zstandard.ZstdCompressor(level=3).compress(first + b"".join(lines))


def seal(head: Head, octets: bytes, key: Ed25519PrivateKey) -> bytes:
    """A batch as it travels; the hash in `head` is filled in."""
    said = _encoder.encode(msgspec.structs.replace(head, body=sha256(octets).hexdigest()))
    return said + b"\n" + base64.b64encode(key.sign(_signed(said))) + b"\n" + octets


def message_id(octets: bytes) -> str:
    """What a batch is called on its way: the same batch has the same name, however often sent."""
    return sha256(octets).hexdigest()


def head_of(octets: bytes) -> Head:
    """Who says that they sent it; true only after `opened`. Raises `BadBatch`."""
    return _split(octets)[1]


def opened(octets: bytes, key: bytes) -> Batch:
    """A batch that the owner of `key` signed. Raises `BadBatch`."""
    said, head, signature, rest = _split(octets)
    if not verify(key, _signed(said), signature):
        raise BadBatch("the signature is not of this collector")
    if sha256(rest).hexdigest() != head.body:
        raise BadBatch("the body is not the one that was signed")
    return Batch(head=head, body=rest)


def read(batch: Batch) -> Body:
    """What stands in the body. Raises `BadBatch`: it is whole, or not taken."""
    raw = inflated(batch.body)
    lines = raw.removesuffix(b"\n").split(b"\n")
    try:
        first = msgspec.json.decode(lines[0], type=_First)
        entries = [_entry(each) for each in lines[1:]]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as problem:
        raise BadBatch(f"a line of the body is not as it should be: {problem}") from None
    head = batch.head
    if (first.mark, first.spool, first.n) != (MARK, head.spool, head.n):
        raise BadBatch("the body is of another batch")
    if len(entries) != head.count:
        raise BadBatch(f"the head says {head.count} items, the body has {len(entries)}")
    items = [each for each in entries if isinstance(each, Item)]
    return Body(raw=raw, items=items, bad=[each for each in entries if isinstance(each, Bad)])


def inflated(octets: bytes) -> bytes:
    """The lines of a body, within bounds. Raises `BadBatch`."""
    if len(octets) > MAX_BODY:
        raise BadBatch(f"a body has at most {MAX_BODY >> 20} MiB")
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(octets)
        raw = reader.read(MAX_INFLATED + 1)
    except zstandard.ZstdError as problem:
        raise BadBatch(f"the body is not zstd: {problem}") from None
    if len(raw) > MAX_INFLATED:
        raise BadBatch(f"the body inflates to more than {MAX_INFLATED >> 20} MiB")
    return raw


def _split(octets: bytes) -> tuple[bytes, Head, bytes, bytes]:
    said, one, rest = octets[: MAX_HEAD + 200].partition(b"\n")
    signature, two, _ = rest.partition(b"\n")
    if not (one and two) or len(said) > MAX_HEAD:
        raise BadBatch("it does not begin as a batch does")
    try:
        head = msgspec.json.decode(said, type=Head)
        value = base64.b64decode(signature, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, binascii.Error, ValueError) as problem:
        raise BadBatch(f"the head cannot be read: {problem}") from None
    return said, head, value, octets[len(said) + len(signature) + 2 :]


def _signed(said: bytes) -> bytes:
    return b"zvon collector batch 1\n" + said


def _entry(octets: bytes) -> Item | Bad:
    found = _line.decode(octets)
    if found.bad is not None and found.item is None:
        return found.bad
    if found.item is None or found.bad is not None:
        raise ValueError("a line is one item, or one bad piece")
    return _document(found.item) if found.item.kind is ItemKind.DOCUMENT else found.item


def _document(item: Item) -> Item:
    """The bytes of a document travel as base64; here they are bytes again."""
    payload: Any = item.payload
    if not isinstance(payload, dict) or not isinstance(payload.get("body"), str):
        return item
    try:
        found = base64.b64decode(payload["body"], validate=True)
    except binascii.Error:
        raise ValueError("the body of a document is not base64") from None
    return msgspec.structs.replace(item, payload={**payload, "body": found})


def _sniff(sample: bytes, name: str) -> Guess | None:
    if sample.startswith(b'{"mark":"' + MARK.encode() + b'"'):
        return Guess(100, "MAGIC", {"what": MARK})
    return None


def _decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    rest, number = b"", 0
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for each in whole:
            number += 1
            if number > 1:
                yield _said(each, number)
        if len(rest) > MAX_ITEM:
            yield Bad(f"line {number + 1}", "the line is too long", rest[:4096])
            return
    if rest:
        yield _said(rest, number + 1)


def _said(octets: bytes, number: int) -> Item | Bad:
    try:
        return _entry(octets)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError) as problem:
        return Bad(f"line {number}", str(problem), octets[:4096])


FORMAT = Format(name="collector", sniff=_sniff, decode=_decode)
