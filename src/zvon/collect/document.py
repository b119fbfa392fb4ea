"""A document that came is opened, read for what it says, and compared with those before it.

What repeats an earlier document is counted with it: its values are stored like any other's, and
its names and techniques are the first one's.
"""

import asyncio
import hashlib
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import structlog
from msgspec import Struct, structs

from zvon.collect.document_card import Known, card_of, scanned, text_of, values_of
from zvon.collect.open import opener
from zvon.collect.open.parts import parts as open_here
from zvon.collect.reference.folder import reference
from zvon.formats import mail
from zvon.formats.document.part import Part, Parts
from zvon.formats.kind import OPENED, Kind, kind_of
from zvon.formats.limit import Undecodable
from zvon.jobs import Context
from zvon.ml import dedup, names
from zvon.ml.attack import predict
from zvon.ml.attack.model import BadWeights, shipped
from zvon.model import url
from zvon.model.item import Bad, Item
from zvon.model.observable import Observable
from zvon.store import accusation, document
from zvon.store.document import Document, First
from zvon.store.intake import uuid_of
from zvon.store.source import Setup
from zvon.store.visibility import SYSTEM, read

log = structlog.get_logger("zvon.document")

SMALL = 2 * 1024 * 1024  # bytes of a text or page that is read beside the event loop
MOST_ASKED = 5_000  # values of a document that are looked up
MOST_STORED = 100_000  # code points of a document's text that its record keeps for searching
MOST_TITLE = 300


_P = ParamSpec("_P")
_R = TypeVar("_R")


class Understood(Struct, frozen=True):
    """A document as it is stored: the item with its text and values, what it says, and the
    identifier of the record that it becomes.
    """

    item: Item
    document: Document
    uuid: UUID


async def understand(
    context: Context, setup: Setup, documents: Sequence[Item]
) -> list[Understood | Bad]:
    """Read each document. One that nobody can open is `Bad`, with the reason in words."""
    kept: list[Understood | Bad] = []
    fresh: list[Understood] = []
    for item in documents:
        try:
            found = await _one(context, setup, item, fresh)
        except _Failed as problem:
            body = _body(item)[0] or item.text.encode("utf-8", "replace")
            found = Bad(item.position, f"Reading the document failed: {problem}.", body[:4096])
        kept.append(found)
        if isinstance(found, Understood):
            fresh.append(found)
    return kept


async def opened(item: Item) -> Parts:
    """The parts of a document; what may be hostile is opened in a process of its own."""
    body, name, media_type = _body(item)
    if body is None:
        return Parts(parts=(Part(id="text", kind="text", text=item.text),))
    if _harmless(body, name, media_type):
        return await asyncio.to_thread(open_here, body, media_type, name)
    return await opener.parts(body, media_type, name)


async def _one(
    context: Context, setup: Setup, item: Item, fresh: Sequence[Understood]
) -> Understood | Bad:
    found = await opened(item)
    if not found.parts:
        body = _body(item)[0] or b""
        return Bad(item.position, f"The document cannot be read: {found.reason}.", body[:4096])
    region = setup.region or "SI"
    marks = await _beside(dedup.marks, text_of(found))
    seen = await _beside(scanned, found, region=region)
    async with read(context.pool, SYSTEM) as db:
        first = await document.near(db, marks)
        accused = await accusation.sources_of(db, seen.values[:MOST_ASKED])
    item = _known_by_its_bytes(item)
    uuid = uuid_of(setup.uuid, b"", item)
    if first is None or first.uuid == uuid:
        first = _among(fresh, marks, uuid)
    known = _known(context, setup, region, frozenset(accused))
    kind = str(item.payload.get("kind", "text")) if isinstance(item.payload, dict) else "text"
    card = await _beside(card_of, seen, kind, item.title, known, repeats=first is not None)
    said = text_of(seen.opened)
    stored = structs.replace(
        item, text=said[:MOST_STORED], values=values_of(card),
        title=item.title or _title(seen.opened), payload=_without_body(item, found),
    )  # fmt: skip
    return Understood(stored, Document(card=card, marks=marks, first=first), uuid)


class _Failed(Exception):
    """A reader broke at a document; says how."""


async def _beside(read: Callable[_P, _R], *given: _P.args, **named: _P.kwargs) -> _R:
    """Run a reader beside the event loop. Raises `_Failed` for whatever it raises: one document
    that breaks it holds up no other.
    """
    try:
        return await asyncio.to_thread(read, *given, **named)
    except Exception as problem:
        log.exception("a document broke its reader")
        raise _Failed(f"{type(problem).__name__}") from problem


def _known_by_its_bytes(item: Item) -> Item:
    """A document without an identifier of its own is known by its bytes, or else by its text, and
    not by the values in it: two reports of the same attack are two documents.
    """
    if item.id is not None:
        return item
    body = _body(item)[0] or item.text.encode("utf-8", "replace")
    return structs.replace(item, id=UUID(bytes=hashlib.sha256(body).digest()[:16]))


def _known(context: Context, setup: Setup, region: str, accused: frozenset[Observable]) -> Known:
    supplied = reference(context.settings.reference_folder)
    lists = supplied.warning_lists

    def listed(value: Observable) -> Sequence[str]:
        return [meta.slug for meta in lists.hits(value)]

    return Known(
        own=_own(setup), accused=accused, listed=listed, region=region, tag=_tagger(),
        named=_names(context.settings.reference_folder, supplied.names),
    )  # fmt: skip


@cache
def _tagger() -> Callable[[str], predict.Tagged] | None:
    """What suggests techniques; without its weights a document is read all the same."""
    try:
        shipped()
    except (BadWeights, FileNotFoundError) as problem:
        log.warning("no techniques are suggested", problem=str(problem))
        return None
    return predict.tag


_built: dict[Path, tuple[object, names.Names]] = {}


def _names(folder: Path, named: Sequence[Any]) -> names.Names | None:
    """The names of the reference data, made ready once until they change."""
    if not named:
        return None
    known = _built.get(folder)
    if known is None or known[0] is not named:
        known = (named, names.build(named))
        _built[folder] = known
    return known[1]


def _own(setup: Setup) -> frozenset[str]:
    """The host that the source's documents are fetched from: its own links accuse nobody."""
    hosts = set()
    for value in setup.settings.values():
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            try:
                hosts.add(url.parse(value).host)
            except url.BadUrl:
                continue
    return frozenset(hosts)


def _among(fresh: Sequence[Understood], marks: dedup.Marks, uuid: UUID) -> First | None:
    """The first document of the same batch that says the same."""
    for each in fresh:
        alike = dedup.jaccard(each.document.marks, marks)
        if alike >= dedup.ALIKE and each.uuid != uuid:
            return each.document.first or First(each.uuid, alike)
    return None


def _harmless(body: bytes, name: str, media_type: str) -> bool:
    """True for text, pages, and mails without files that only the isolated opener reads."""
    kind = kind_of(body, media_type, name)
    if kind in OPENED or len(body) > SMALL:
        return False
    if kind is not Kind.MAIL:
        return True
    try:
        files = mail.files(body)
    except (Undecodable, RecursionError, LookupError, ValueError):
        return False
    return all(kind_of(each.body, each.media_type, each.name) not in OPENED for each in files)


def _body(item: Item) -> tuple[bytes | None, str, str]:
    """The bytes of a document, its name and its media type; from a collector they come as text."""
    said = item.payload if isinstance(item.payload, dict) else {}
    held, name = said.get("body"), str(said.get("name", ""))
    media_type = str(said.get("media_type", ""))
    body: bytes | None = held if isinstance(held, bytes) else None
    if isinstance(held, str):
        try:
            body = b64decode(held, validate=True)
        except (BadBase64, ValueError):
            body = held.encode("utf-8", "replace")
    return body, name, media_type


def _without_body(item: Item, found: Parts) -> Any:
    """The payload as it is stored: what the document is, not its bytes, which the delivery keeps."""
    if not isinstance(item.payload, dict) or "body" not in item.payload:
        return item.payload
    body = _body(item)[0] or b""
    rest = {key: value for key, value in item.payload.items() if key != "body"}
    return rest | {
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "parts": [{"id": part.id, "kind": part.kind} for part in found.parts[:200]],
        "warnings": list(found.warnings[:20]),
    }


def _title(found: Parts) -> str:
    """The subject of a mail, else the first line that says something."""
    for part in sorted(found.parts, key=lambda part: part.kind != "subject")[:3]:
        for line in part.text.splitlines()[:20]:
            if len(line.strip()) >= 3:
                return line.strip()[:MOST_TITLE]
    return ""
