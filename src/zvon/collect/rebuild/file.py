"""A file of any kind on its way through the gate: it leaves rebuilt, never scrubbed.

Documents leave as their text, archives as a list, pictures as new points with what the gate found
filled. What cannot be read, is locked, or has letters that nobody can read does not leave.
"""

import hashlib

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from zvon.collect.open import opener
from zvon.collect.rebuild.answer import Box, Listing, Margins, Seen
from zvon.collect.rebuild.box import boxes_of, lines_of
from zvon.formats import rtf
from zvon.formats.document.part import Parts
from zvon.formats.kind import Kind, kind_of
from zvon.privacy.carrier.item import BadItem, Item, Passed, checked
from zvon.privacy.carrier.page import TooDeep, page_text
from zvon.privacy.decision import joined
from zvon.privacy.engine import Outcome, Part, Status
from zvon.privacy.mail import File, Opened
from zvon.privacy.pseudonym import Domain
from zvon.privacy.residue import Residue, scan

MODULE = "zvon.collect.rebuild"
MAX_ANSWER = 64 * 1024 * 1024
MAX_PICTURE = 256 * 1024 * 1024
MAX_KNOWN = 2_000
LOOK = "faces, seals and handwriting on a picture are not looked for"


class Read(Struct, frozen=True, kw_only=True):
    """A file, read: `parts` for the gate, and what was seen on it when it is a picture."""

    kind: Kind
    parts: tuple[Part, ...]
    withheld: tuple[str, ...] = ()
    seen: Seen | None = None


async def read_file(
    body: bytes, name: str = "", media_type: str = "", *, where: str = "", side: str = ""
) -> Read:
    """Read a file in processes of its own; its parts are named beginning with `where`.

    `side` is `attacker` for a file that they made: then its SHA-256 leaves with it. Raises
    `BadItem`.
    """
    if body.startswith(b"{\\rtf"):
        return await _with_margins(body, Kind.OFFICE, (_text(where, rtf.text(body)),), where, side)
    kind = kind_of(body, media_type, name)
    match kind:
        case Kind.PICTURE:
            return await _picture(body, where, side)
        case Kind.ARCHIVE:
            return await _archive(body, name, where, side)
        case Kind.HTML:
            try:
                page = page_text(body.decode("utf-8", "replace"))
            except TooDeep as problem:
                raise BadItem(str(problem)) from None
            return Read(kind=kind, parts=(_text(where, page), *_digest(body, where, side)))
        case Kind.PROGRAM | Kind.OTHER:
            return Read(kind=kind, parts=_digest(body, where, side),
                        withheld=(f"{where or 'the file'}: a {kind.value}",))  # fmt: skip
        case _:
            return await _document(body, kind, name, media_type, where, side)


def item_of(read: Read) -> Item:
    """What was read as an item for the gate. A picture's own bytes come from `painted`."""

    def write(outcome: Outcome, keys: Domain) -> dict[str, bytes]:
        texts = outcome.shared or outcome.preview
        return {"shared.txt": joined(texts).encode("utf-8", "surrogatepass")}

    kind = {Kind.PICTURE: "image", Kind.OFFICE: "docx"}.get(read.kind, read.kind.value)
    return Item(kind=kind, parts=read.parts, write=write, withheld=read.withheld)


async def read_beside(opened: Opened) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """The parts of a mail's files, and sentences about those that stay."""
    parts: list[Part] = []
    stays: list[str] = []
    for file in opened.files:
        try:
            read = await _beside(file)
        except BadItem as problem:
            stays.append(f"{file.part}: {problem}")
            continue
        parts += read.parts
        stays += read.withheld
    return tuple(parts), tuple(stays)


async def _beside(file: File) -> Read:
    return await read_file(
        file.body, file.name, file.media_type, where=f"{file.part}.", side=file.side
    )


async def painted(body: bytes, seen: Seen, passed: Passed) -> Passed:
    """`passed` with the picture itself: what the gate took out is filled, and the new picture is
    read again, because what can still be read on it has not been taken out.
    """
    if passed.outcome.status is not Status.RELEASED:
        return passed
    boxes = [*boxes_of(seen, passed.outcome), *seen.unread]
    picture = await _paint(body, boxes)
    result = checked(passed.outcome, {**passed.files, "shared.png": picture})
    if result.outcome.status is not Status.RELEASED:
        return result
    again = await _see(picture)
    left = "\n".join(
        [*lines_of(again.words), *lines_of(again.turned), *(code.text for code in again.codes)]
    )
    hits = scan(left, passed.outcome.originals).hits
    if again.reason or hits:
        outcome = replace(
            passed.outcome, status=Status.RESIDUE, shared={}, vault={},
            residue=Residue(passed.outcome.residue.transforms, hits),
        )  # fmt: skip
        return Passed(outcome=outcome, files={}, preview=passed.preview)
    return result


async def _picture(body: bytes, where: str, side: str) -> Read:
    seen = await _see(body)
    if seen.reason:
        raise BadItem(f"the picture cannot be read: {seen.reason}")
    parts = [Part(f"{where}text", "\n".join(lines_of(seen.words)))]
    if seen.turned:
        parts.append(Part(f"known.{where}turned", "\n".join(lines_of(seen.turned)), leaves=False))
    parts += [Part(f"{where}code.{i}", code.text) for i, code in enumerate(seen.codes, 1)]
    parts += _known(seen.said, where, "reporter" if side != "attacker" else "")
    return Read(kind=Kind.PICTURE, parts=(*parts, *_digest(body, where, side)), seen=seen,
                withheld=(LOOK,))  # fmt: skip


async def _archive(body: bytes, name: str, where: str, side: str) -> Read:
    """The list leaves; what is in the files is only read."""
    listing = msgspec.json.decode(await _ask("list", body), type=Listing)
    if listing.reason:
        raise BadItem(f"the archive cannot be read: {listing.reason}")
    parts: list[Part] = []
    for i, member in enumerate(listing.members, 1):
        own = f"{where}file.{i}"
        parts.append(Part(own, member.name or "unnamed", side=side, whole="FILE"))
        parts.append(Part(f"{own}.size", member.state or f"{member.size} bytes"))
        if side == "attacker" and member.sha256:
            parts.append(Part(f"{own}.sha256", member.sha256, side=side, whole="HASH"))
    inside = await opener.parts(body, "", name)
    parts += [replace(part, leaves=False) for part in _texts(inside, f"{where}inside.", "reporter")]
    return Read(kind=Kind.ARCHIVE, parts=(*parts, *_digest(body, where, side)),
                withheld=("what is in the archive's files", *_unread(inside)))  # fmt: skip


async def _document(
    body: bytes, kind: Kind, name: str, media_type: str, where: str, side: str
) -> Read:
    found = await opener.parts(body, media_type, name)
    if found.reason:
        raise BadItem(f"the document cannot be read: {found.reason}")
    texts = tuple(_texts(found, where, ""))
    read = await _with_margins(body, kind, texts, where, side)
    return replace(read, withheld=(*read.withheld, *_unread(found)))


async def _with_margins(
    body: bytes, kind: Kind, texts: tuple[Part, ...], where: str, side: str
) -> Read:
    margins = msgspec.json.decode(await _ask("margins", body), type=Margins)
    if margins.reason:
        raise BadItem(f"the document cannot be read: {margins.reason}")
    known = _known(margins.said, where, "reporter" if side != "attacker" else "")
    stays = ("properties, comments, changes and revision marks",) if known else ()
    return Read(kind=kind, parts=(*texts, *known, *_digest(body, where, side)), withheld=stays)


def _texts(found: Parts, where: str, side: str) -> list[Part]:
    """Texts of an opened document; where its links lead stands behind each."""
    parts: list[Part] = []
    for part in found.parts:
        parts.append(Part(f"{where}{part.id}", part.text, side=side))
        targets = "\n".join(dict.fromkeys(link.target for link in part.links))
        if targets:
            parts.append(Part(f"{where}{part.id}.links", targets, side=side))
    return parts


def _unread(found: Parts) -> tuple[str, ...]:
    """What the reader left out, without its sentences: names of files stand in them."""
    return (
        (f"what {len(found.warnings)} remarks of its reader are about",) if found.warnings else ()
    )


def _text(where: str, text: str) -> Part:
    return Part(f"{where}text", text)


def _known(said: tuple[str, ...], where: str, side: str) -> list[Part]:
    return [
        Part(f"known.{where}{i}", text, side=side, leaves=False)
        for i, text in enumerate(said[:MAX_KNOWN], 1)
    ]


def _digest(body: bytes, where: str, side: str) -> tuple[Part, ...]:
    """The SHA-256 of an attacker's file; a victim's own file would be known by it."""
    if side != "attacker":
        return ()
    digest = hashlib.sha256(body).hexdigest()
    return (Part(f"{where}sha256", digest, side="attacker", whole="HASH"),)


async def _see(body: bytes) -> Seen:
    return msgspec.json.decode(await _ask("see", body), type=Seen)


async def _paint(body: bytes, boxes: list[Box]) -> bytes:
    told = msgspec.json.encode(boxes)
    return await _ask("paint", len(told).to_bytes(4) + told + body, MAX_PICTURE)


async def _ask(what: str, body: bytes, most: int = MAX_ANSWER) -> bytes:
    code, said = await opener.isolated(MODULE, body, [what], most)
    if code != 0 or not said:
        raise BadItem("the file was not read: its reader took too long, needed too much, or broke")
    return said
