"""What people enter into an incident's timeline by hand, and taking it back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.incident_life import Lane, Precision
from zvon.store import incident_decision as decision
from zvon.store import timeline
from zvon.store.block_eyes import check_text
from zvon.store.incident_life import require
from zvon.store.transaction import Tx

MAX_TEXT = 2000
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
MAX_SKEW = timedelta(minutes=5)
# Rows that an entry may stand on.
SOURCES = frozenset({"alert", "alert_group", "report", "exhibit", "message", "block", "task"})


class BadEntry(ValueError):
    """The entry says nothing, too much, or of a time that cannot be."""


async def add(
    tx: Tx,
    viewer: Viewer,
    incident: UUID,
    *,
    lane: Lane,
    at: datetime,
    precision: Precision,
    text: str,
    exported: bool,
    source: tuple[str, UUID] | None,
    now: datetime,
    random: Callable[[int], bytes],
) -> UUID:
    """Write an entry; its identifier. Raises `Denied`, `NotFound`, `BadEntry`."""
    require(viewer, Permission.INCIDENT_NOTE, incident)
    clean = text.strip()
    if not clean or len(clean) > MAX_TEXT:
        raise BadEntry(f"an entry has between 1 and {MAX_TEXT} characters")
    if "\x00" in clean or any("\ud800" <= c <= "\udfff" for c in clean):
        raise BadEntry("the text has a character that cannot be stored")
    if not EARLIEST <= at <= now + MAX_SKEW:
        raise BadEntry("an entry is of a time between 1990 and now")
    if source is not None and source[0] not in SOURCES:
        raise BadEntry(f"an entry stands on one of {', '.join(sorted(SOURCES))}")
    current = await decision.lock(tx, incident)
    uuid = uuid7(now, random(RANDOM_BYTES))
    await timeline.add(
        tx, viewer, current, uuid=uuid, lane=lane, at=at, precision=precision, text=clean,
        exported=exported, source=source, now=now,
    )  # fmt: skip
    return uuid


async def strike(
    tx: Tx, viewer: Viewer, incident: UUID, entry: UUID, reason: str, now: datetime
) -> None:
    """Take an entry back with a reason; it stays readable. Raises `Denied`, `NotFound`, `NoEntry`."""
    require(viewer, Permission.INCIDENT_NOTE, incident)
    current = await decision.lock(tx, incident)
    await timeline.strike(tx, viewer, current, entry, check_text("reason", reason), now)


async def set_exported(
    tx: Tx, viewer: Viewer, incident: UUID, line: int, *, exported: bool
) -> None:
    """Say whether a line leaves in files. Raises `Denied`, `NotFound`, `NoEntry`."""
    require(viewer, Permission.INCIDENT_NOTE, incident)
    current = await decision.lock(tx, incident)
    await timeline.set_exported(tx, viewer, current, line, exported=exported)
