"""A whole result for the person who asked, value by value; what leaves passes `share.values`.

What may not be handled by machines outside (TLP:RED, PAP:RED) is left out, and counted. Each
export leaves a row in the audit.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID, uuid5

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.item import Item, ItemKind, Value, ValueRole
from zvon.model.observable import DERIVED
from zvon.model.query import Field, Not, Or, Query, Role, Term, conjunction, write
from zvon.privacy.subject import masked
from zvon.store.search import MAX_LIMIT, Found, search
from zvon.store.search_condition import Reading
from zvon.store.search_place import Place, write_place
from zvon.store.search_records import records
from zvon.store.transaction import AuditEntry, Pool, Tx
from zvon.store.visibility import read

NAMESPACE = UUID("4d0b9a6e-0c5b-5f7e-9d0e-6a4d8f2b7c35")
WITHHELD_COUNTED = 500
_NOT_OUT = Or((Term(Field.TLP, "red"), Term(Field.PAP, "red")))


class Export(Struct, frozen=True, kw_only=True):
    """What is exported, read as the result was; `withheld` records are left out (`more`: at least)."""

    query: Query
    reading: Reading
    withheld: int
    more: bool


async def prepare(tx: Tx, viewer: Viewer, query: Query, format: str, now: datetime) -> Export:
    """Say what an export will hold, and note it in the audit. Raises `Denied`, `TooWide`."""
    viewer.require(Permission.EXPORT_READ)
    page = await search(tx.db, viewer, query, now, limit=1)
    left = await records(
        tx.db, viewer, conjunction([query, _NOT_OUT]), now,
        after=write_place(Place(page.reading)), limit=WITHHELD_COUNTED,
    )  # fmt: skip
    export = Export(
        query=conjunction([query, Not(_NOT_OUT)]), reading=page.reading,
        withheld=len(left.rows), more=left.next is not None,
    )  # fmt: skip
    tx.audit(
        AuditEntry(
            actor=viewer.login, action="search:export", object=f"search:{format}",
            # The audit only grows, so nobody stands in it whom an analyst looked for.
            detail={"query": masked(write(query), ()), "withheld": export.withheld},
        )
    )  # fmt: skip
    return export


async def pages(
    pool: Pool, viewer: Viewer, export: Export, now: datetime
) -> AsyncIterator[tuple[Found, ...]]:
    """The values, a bounded number at a time; nothing is held in the database between two."""
    after: str | None = write_place(Place(export.reading))
    while after is not None:
        async with read(pool, viewer) as db:
            page = await search(db, viewer, export.query, now, after=after, limit=MAX_LIMIT)
        shown = tuple(row for row in page.rows if row.observable.type not in DERIVED)
        if shown:
            yield shown
        after = page.next


def item(found: Found) -> Item | None:
    """A value as an item that formats write; None for one of the reporter's side."""
    if Role.SAID in found.roles:
        role = ValueRole.SAID
    elif set(found.roles) <= {Role.REPORTER}:
        return None
    else:
        role = ValueRole.NAMED
    value = found.observable
    return Item(
        kind=ItemKind.INDICATOR, position=f"value {found.id}", payload={},
        values=(Value(value, role, found.last_at),), at=found.first_at,
        id=uuid5(NAMESPACE, f"{value.type}|{value.value}"), tlp=found.tlp, pap=found.pap,
    )  # fmt: skip
