"""What a person names when incidents are joined and parted: found as far as that person sees it."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from zvon.access.viewer import Viewer
from zvon.store.campaign_gate import seen_by
from zvon.store.incident_detail import NotFound
from zvon.store.incident_step import Contradiction
from zvon.store.transaction import Tx


class LiveLink(Struct, frozen=True):
    """A link that joins two groups (row numbers) of one incident now."""

    id: int
    a: int
    b: int
    incident_id: int


async def incident(tx: Tx, viewer: Viewer, uuid: UUID) -> int:
    """The incident. Raises `NotFound`."""
    async with seen_by(tx, viewer):
        row = await (
            await tx.execute("select id from incident where uuid = %s", (uuid,))
        ).fetchone()
    if row is None:
        raise NotFound(uuid)
    return int(row[0])


async def groups(tx: Tx, viewer: Viewer, uuids: Sequence[UUID]) -> list[int]:
    """The groups of alerts. Raises `LookupError` when one is not seen."""
    async with seen_by(tx, viewer):
        rows = await (
            await tx.execute(
                "select id from alert_group where uuid = any(%s) order by id", (list(uuids),)
            )
        ).fetchall()
    if len(rows) < len(set(uuids)) or not rows:
        raise LookupError("no such group of alerts")
    return [int(row[0]) for row in rows]


async def link(tx: Tx, viewer: Viewer, uuid: UUID) -> LiveLink:
    """A link that joins something now. Raises `LookupError`, `Contradiction`."""
    async with seen_by(tx, viewer):
        row = await (
            await tx.execute(
                """
                select l.id, l.a, l.b, a.incident_id, b.incident_id, l.undone_at, l.kind
                from alert_link l join alert_group a on a.id = l.a join alert_group b on b.id = l.b
                where l.uuid = %s
                """,
                (uuid,),
            )
        ).fetchone()
    if row is None:
        raise LookupError(f"no link {uuid}")
    number, a, b, ours, theirs, undone, kind = row
    if undone is not None or kind == "related" or ours is None or ours != theirs:
        raise Contradiction("this link joins nothing now")
    return LiveLink(number, a, b, ours)


async def step(tx: Tx, viewer: Viewer, uuid: UUID) -> None:
    """Raise `LookupError` unless the viewer sees both ends of a step."""
    async with seen_by(tx, viewer):
        row = await (
            await tx.execute(
                "select s.other_id is null or o.id is not null from incident_step s"
                " join incident i on i.id = s.incident_id left join incident o on o.id = s.other_id"
                " where s.uuid = %s",
                (uuid,),
            )
        ).fetchone()
    if row is None or not row[0]:
        raise LookupError(f"no step {uuid}")


async def loose(tx: Tx, group_ids: Sequence[int]) -> None:
    """Raise `Contradiction` unless these groups are of no incident, and of one realm."""
    found = await (
        await tx.execute(
            "select count(distinct realm_id), count(incident_id) from alert_group"
            " where id = any(%s)",
            (list(group_ids),),
        )
    ).fetchone()
    assert found is not None
    if found[1]:
        raise Contradiction("one of these groups is in an incident already")
    if found[0] != 1:
        raise Contradiction("an incident is of one organisation and one marking")


async def campaigns(tx: Tx, one: int, other: int) -> tuple[UUID | None, UUID | None]:
    """The campaigns of two incidents of reports; none where there is none, or alerts beside."""
    rows = await tx.execute(
        "select i.id, c.uuid from incident i join campaign c on c.id = i.campaign_id"
        " where i.id in (%s, %s) and i.report_count > 0 and i.origin = 'own' and i.tlp < 4"
        " and c.merged_into is null"
        " and not exists (select from alert_group g where g.incident_id = i.id)",
        (one, other),
    )
    found: dict[int, UUID] = dict(await rows.fetchall())
    return found.get(one), found.get(other)


async def of_report(tx: Tx, report: UUID) -> UUID:
    """The incident that a report lies in now. Raises `LookupError`."""
    row = await (
        await tx.execute(
            "select i.uuid from report p join record r on r.id = p.record_id"
            " join incident i on i.id = p.incident_id where r.uuid = %s",
            (report,),
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"no report {report}")
    found: UUID = row[0]
    return found
