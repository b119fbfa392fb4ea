"""Who sees which rows: the viewer as the database's row security reads it.

The predicate itself is enforced by the database (`schema/90_row_security.sql`) on every table
that reveals a record. Reads for a person happen inside `read`, writes inside
`transaction(pool, now, viewer=viewer_setting(viewer))`; outside of both nothing is seen.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Literal, LiteralString

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.store.party import Db
from zvon.store.transaction import Pool, Tx, transaction

SYSTEM: Literal["system"] = "system"
Looking = Viewer | Literal["system"]

PREDICATE: LiteralString = (
    "((select zvon_system())"
    " or ($a.tlp < 4 and $a.tlp <= (select zvon_viewer(4))"
    " and ((select zvon_viewer(3)) = 1"
    " or $a.org_id = (select zvon_viewer(2)) or $a.orgc_id = (select zvon_viewer(2))"
    " or ($a.tlp <= 1 and $a.group_uuid is null)))"
    " or $a.$id = any (array(select a.record_id from record_audience a"
    " where a.person_id = (select zvon_viewer(1)))))"
)


def viewer_setting(viewer: Looking) -> str:
    """What `zvon.viewer` is set to: `system`, or person, party, own party or not, and ceiling."""
    if viewer == SYSTEM:
        return SYSTEM
    own = int(viewer.party_own)
    return f"{viewer.person_id} {viewer.party_id} {own} {int(viewer.tlp_ceiling)}"


def predicate(alias: LiteralString, record_id: LiteralString = "id") -> LiteralString:
    """The condition on a `record` row (or one that carries its marking) that a viewer may see.

    Row security adds it by itself; write it out only where a plan must show it.
    """
    return PREDICATE.replace("$a", alias).replace("$id", record_id)


def counts_hidden(viewer: Viewer) -> bool:
    """True when the viewer may be told how many rows are hidden.

    A count reveals that something exists above the reader's ceiling, so it is given only to
    those whose ceiling is the highest, and to auditors.
    """
    return viewer.tlp_ceiling == Tlp.RED or viewer.may(Permission.AUDIT_READ)


@asynccontextmanager
async def unseen(tx: Tx, viewer: Looking) -> AsyncIterator[None]:
    """Inside a viewer's transaction all rows for what must be counted whole; then the viewer's again.

    What the viewer asked for was looked up before, as the viewer.
    """
    await tx.execute("select set_config('zvon.viewer', 'system', true)")
    yield
    await tx.execute("select set_config('zvon.viewer', %s, true)", (viewer_setting(viewer),))


@asynccontextmanager
async def read(pool: Pool, viewer: Looking, now: datetime | None = None) -> AsyncIterator[Db]:
    """A read-only transaction that sees what `viewer` may see.

    With `now` an error that carries audit entries (a refusal) leaves them behind.
    """
    try:
        async with pool.connection() as db, db.transaction():
            await db.execute(
                "select set_config('zvon.viewer', %s, true),"
                " set_config('transaction_read_only', 'on', true)",
                (viewer_setting(viewer),),
            )
            yield db
    except Exception as refusal:
        if now is not None and (entries := getattr(refusal, "audit", ())):
            async with transaction(pool, now) as tx:
                tx.audit(*entries)
        raise
