"""A node that knows a little of everything, for tests of searching: who sees what is in the names."""

import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from tests.store.world import new_uuid, other_party, own_party, somebody
from zvon.access.viewer import Viewer
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store.ingest import RecordIn, Sighted, ingest
from zvon.store.party import Party
from zvon.store.search_index import step
from zvon.store.transaction import Pool, transaction

T = ObservableType
LIST, SENSOR = "CERT list", "Sensor 100%"


class Node(Struct, frozen=True):
    """The operator and a bank, somebody of each, and the sources by name."""

    home: Party
    bank: Party
    ana: Viewer
    bine: Viewer
    sources: dict[str, int]


class Said(Struct, frozen=True, kw_only=True):
    """A record to be made: values with their roles, and its marks."""

    values: Sequence[tuple[ObservableType, str, int]] = ()
    source: str = LIST
    kind: str = "indicator"
    tlp: Tlp = Tlp.GREEN
    pap: Pap = Pap.GREEN
    tags: Sequence[str] = ()
    lang: str = ""
    title: str = ""
    text: str = ""
    said: Any = None
    age: timedelta = timedelta(0)
    home: Party | None = None
    deleted: bool = False


async def node(pool: Pool, now: datetime) -> Node:
    """An operator, a bank, two sources."""
    home = await own_party(pool, now)
    bank = await other_party(pool, now)
    sources = {}
    async with transaction(pool, now) as tx:
        for name in (LIST, SENSOR):
            row = await (
                await tx.execute(
                    "insert into source (uuid, name, kind, created_at) values (%s, %s, 'http', %s)"
                    " returning id",
                    (new_uuid(now), name, now),
                )
            ).fetchone()
            assert row is not None
            sources[name] = int(row[0])
    return Node(
        home, bank, await somebody(pool, now, home, "ana"),
        await somebody(pool, now, bank, "bine"), sources,
    )  # fmt: skip


async def put(pool: Pool, now: datetime, world: Node, *said: Said) -> list[int]:
    """Store records, and what searches read of them."""
    home = world.home
    records = [
        RecordIn(
            uuid=new_uuid(now), kind=one.kind, created_at=now - one.age, modified_at=now,
            tlp=one.tlp, pap=one.pap, org_id=(one.home or home).id, orgc_id=(one.home or home).id,
            source_id=world.sources[one.source],
            payload={"title": one.title, "text": one.text, "said": one.said},
            observables=[
                Sighted(Observable(kind, value), role, now - one.age)
                for kind, value, role in one.values
            ],
        )
        for one in said
    ]  # fmt: skip
    async with transaction(pool, now) as tx:
        ids = await ingest(tx, records, now)
        for record_id, one in zip(ids, said, strict=True):
            for tag in one.tags:
                await tx.execute(
                    "insert into tag (name) values (%s) on conflict (name) do nothing", (tag,)
                )
                await tx.execute(
                    "insert into tag_use (tag_id, record_id) select id, %s from tag where name = %s",
                    (record_id, tag),
                )
            if one.lang:
                await tx.execute(
                    "insert into document (record_id, lang, exact, template, signature, scheme,"
                    " bands, card) values (%s, %s, '', '', '', '', '{}', '{}')",
                    (record_id, one.lang),
                )
            if one.deleted:
                await tx.execute("update record set deleted = true where id = %s", (record_id,))
    await index(pool, now)
    return ids


async def index(pool: Pool, now: datetime) -> None:
    """Bring the projections up to date."""
    more = True
    while more:
        async with transaction(pool, now) as tx:
            more = await step(tx, now)


def names(count: int, suffix: str) -> list[tuple[ObservableType, str, int]]:
    """Distinct domains, as the values of a record."""
    return [(T.DOMAIN, f"{os.urandom(5).hex()}.{suffix}", 1) for _ in range(count)]
