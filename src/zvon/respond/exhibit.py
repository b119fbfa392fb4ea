"""Files of evidence as people bring them: limits, hostile names, and custody."""

import tomllib
import unicodedata
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import cache
from importlib import resources
from typing import get_args
from uuid import UUID

import msgspec

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store import exhibit as exhibits
from zvon.store.block_eyes import check_text
from zvon.store.exhibit import BadExhibit, Exhibit, Limits, NewExhibit, Origin
from zvon.store.transaction import Tx

MAX_NAME = 200
MAX_NOTE = 1000
UNNAMED = "unnamed"


@cache
def limits() -> Limits:
    """How much one file and one incident may hold (`exhibit.toml`)."""
    text = resources.files("zvon.respond").joinpath("exhibit.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), Limits)


def safe_name(name: str) -> str:
    """A name that leads out of no folder, turns no writing direction and shows its true ending.

    Only the last part of a path is kept; what cannot be printed becomes `_`.
    """
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(c if c.isprintable() and c not in '<>:"|?*' else "_" for c in last)
    clean = shown.strip(". ")
    if len(clean) > MAX_NAME:  # the ending says what it claims to be
        clean = clean[: MAX_NAME - 21] + "…" + clean[-20:]
    return clean or UNNAMED


async def add(
    tx: Tx,
    viewer: Viewer | None,
    incident: UUID,
    *,
    name: str,
    media_type: str,
    body: AsyncIterator[bytes],
    origin: Origin,
    note: str = "",
    secured_at: datetime | None = None,
    now: datetime,
    random: Callable[[int], bytes],
) -> UUID:
    """Seal a file as an exhibit; without a `viewer` this node itself secured it.

    Raises `Denied`, `NotFound`, `BadExhibit`.
    """
    if origin not in get_args(Origin):
        raise BadExhibit("an exhibit comes from an upload, a message, a capture, a report or a run")
    said = media_type.partition(";")[0].strip().lower()[:100]
    if secured_at is not None and secured_at > now:
        raise BadExhibit("it cannot have been secured in the future")
    new = NewExhibit(
        name=safe_name(name), origin=origin, note=_note(note), secured_at=secured_at,
        media_type=said if said.isascii() and said.isprintable() else "",
    )  # fmt: skip
    return await exhibits.put(
        tx, viewer, incident, new, body, limits=limits(), now=now, random=random
    )


async def hold(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Exhibit:
    """Put a legal hold on an exhibit, with a reason."""
    viewer.require(Permission.EXHIBIT_WRITE)
    return await exhibits.hold(tx, viewer, uuid, check_text("reason", reason), now)


async def let_go(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Exhibit:
    """End a hold that another person set, with a reason."""
    viewer.require(Permission.HOLD_APPROVE)
    return await exhibits.let_go(tx, viewer, uuid, check_text("reason", reason), now)


async def delete(tx: Tx, viewer: Viewer, uuid: UUID, reason: str, now: datetime) -> Exhibit:
    """Destroy the bytes of an exhibit that another person brought, with a reason."""
    viewer.require(Permission.INCIDENT_SETTLE)
    return await exhibits.delete(tx, viewer, uuid, check_text("reason", reason), now)


async def hand_over(tx: Tx, viewer: Viewer, uuid: UUID, to: str, now: datetime) -> None:
    """Note to whom a copy was handed over outside of this node."""
    viewer.require(Permission.EXHIBIT_WRITE)
    await exhibits.note(tx, viewer, uuid, "handed_over", check_text("reason", to), now)


def _note(text: str) -> str:
    clean = text.strip()
    if len(clean) > MAX_NOTE:
        raise BadExhibit(f"the note has {len(clean)} characters; at most {MAX_NOTE}")
    if "\x00" in clean or any("\ud800" <= c <= "\udfff" for c in clean):
        raise BadExhibit("the note has a character that cannot be stored")
    return clean
