"""What is ours changes: who may, what the audit keeps of it, and a new look at what waits."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.jobs import Context, enqueue
from zvon.privacy.register_entry import Entry, canonical_value
from zvon.share import review
from zvon.store import constituency
from zvon.store.transaction import AuditEntry, Tx, transaction

LOOKED_AT_ONCE = 50


async def add(
    tx: Tx, viewer: Viewer, rows: Sequence[Entry], now: datetime, *, source: str = "",
    valid_from: datetime | None = None, valid_to: datetime | None = None,
) -> int:  # fmt: skip
    """Put entries into the register; how many are new or changed. Raises `Denied`, `BadEntry`."""
    viewer.require(Permission.CONSTITUENCY_MANAGE)
    changed = await constituency.put(
        tx, rows, now, source=source, valid_from=valid_from, valid_to=valid_to
    )
    await _changed(tx, viewer, "constituency:add", [row.kind for row in rows], changed, source)
    return changed


async def remove(tx: Tx, viewer: Viewer, rows: Sequence[tuple[str, str]]) -> int:
    """Take entries (kind, value as written) out. Raises `Denied`, `BadEntry`."""
    viewer.require(Permission.CONSTITUENCY_MANAGE)
    gone = await constituency.remove(tx, [(k, canonical_value(k, value)) for k, value in rows])
    await _changed(tx, viewer, "constituency:remove", [kind for kind, _ in rows], gone, "")
    return gone


async def _changed(
    tx: Tx, viewer: Viewer, action: str, kinds: Sequence[str], changed: int, source: str
) -> None:
    # The register names victims: the audit keeps how many of which kind, never a value.
    detail = {"kinds": dict(Counter(kinds)), "changed": changed, "source": source}
    tx.audit(AuditEntry(actor=viewer.login, action=action, object="constituency", detail=detail))
    if changed:
        await enqueue(tx, "share.review", {}, dedupe="share.review")


async def look_again(context: Context, payload: dict[str, Any]) -> None:
    """Job: what waits for release goes through the gate once more with the register as it is."""
    after = int(payload.get("after", 0))
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        last = await review.look_again(
            tx, after, LOOKED_AT_ONCE, now, context.node, random=context.random
        )
        if last is not None:
            await enqueue(tx, "share.review", {"after": last}, dedupe=f"share.review:{last}")
