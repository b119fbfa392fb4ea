"""Classes of incidents: what rules found, what a person said, and taxonomies of countries."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model import rsit
from zvon.model.marking import Tlp
from zvon.store.incident_row import timeline
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Change, Op, Tx

ATTACK_TERM = r"^T1\d{3}(\.\d{3})?$"


class Class(Struct, frozen=True, kw_only=True):
    """A class that stands: who says it, and why. `place` 1 is the main one of its source."""

    taxonomy: str
    term: str
    place: int
    source: str
    rule: str
    reason: dict[str, Any]
    login: str | None
    at: datetime


class Found(Struct, frozen=True, kw_only=True):
    """A class as rules find it, in their order."""

    taxonomy: str
    term: str
    rule: str
    reason: dict[str, Any]


class Declaring(Struct, frozen=True, kw_only=True):
    """What an incident's records say: decoded alerts with how many each stands for, and tags."""

    id: int
    uuid: UUID
    category: str | None
    alerts: list[tuple[dict[str, Any], int]]
    tags: list[str]


async def of_incident(db: Db, viewer: Viewer, incident_id: int) -> list[Class]:
    """What stands, main ones first; a person's before rules'."""
    viewer.require(Permission.INCIDENT_READ)
    async with db.cursor(row_factory=class_row(Class)) as cursor:
        await cursor.execute(
            """
            select c.taxonomy, c.term, c.place, c.source, c.rule, c.reason, p.login, c.at
            from classification c left join person p on p.id = c.by_person
            where c.incident_id = %s and c.ended_at is null
            order by (c.taxonomy = 'rsit') desc, c.taxonomy, (c.source = 'person') desc, c.place, c.id
            """,
            (incident_id,),
        )
        return await cursor.fetchall()


async def put_found(tx: Tx, incident_id: int, found: Sequence[Found], now: datetime) -> bool:
    """Let what rules say of an incident be `found` and nothing else; true when something changed."""
    row = await (
        await tx.execute(
            """
            with wanted as (
              select taxonomy, term, place::smallint, rule, reason from unnest(
                %(taxonomies)s::text[], %(terms)s::text[], %(places)s::int[], %(rules)s::text[],
                %(reasons)s::jsonb[]) x(taxonomy, term, place, rule, reason)),
            ended as (
              update classification c set ended_at = %(now)s
              where c.incident_id = %(id)s and c.source = 'rule' and c.ended_at is null
                and not exists (select from wanted w where w.taxonomy = c.taxonomy
                                and w.term = c.term) returning 1),
            moved as (
              update classification c set place = w.place, rule = w.rule, reason = w.reason
              from wanted w where c.incident_id = %(id)s and c.source = 'rule'
                and c.ended_at is null and c.taxonomy = w.taxonomy and c.term = w.term
                and (c.place, c.rule, c.reason) is distinct from (w.place, w.rule, w.reason)
              returning 1),
            made as (
              insert into classification (incident_id, taxonomy, term, place, source, rule, reason, at)
              select %(id)s, taxonomy, term, place, 'rule', rule, reason, %(now)s from wanted w
              where not exists (
                select from classification c where c.incident_id = %(id)s and c.source = 'rule'
                  and c.ended_at is null and c.taxonomy = w.taxonomy and c.term = w.term)
              returning 1)
            select exists (select from ended) or exists (select from moved)
                   or exists (select from made)
            """,
            {"id": incident_id, "now": now, "taxonomies": [f.taxonomy for f in found],
             "terms": [f.term for f in found], "places": list(range(1, len(found) + 1)),
             "rules": [f.rule for f in found], "reasons": [Jsonb(f.reason) for f in found]},
        )
    ).fetchone()  # fmt: skip
    assert row is not None
    return bool(row[0])


async def say(
    tx: Tx, viewer: Viewer, incident: UUID, taxonomy: str, terms: Sequence[str], now: datetime
) -> None:
    """A person says of what kind the incident is, the main term first; none takes it back.

    Raises `Denied`, `LookupError`, `NoType`, `ValueError` for a term that the taxonomy has not.
    """
    viewer.require(Permission.INCIDENT_DECIDE)
    chosen = list(dict.fromkeys(terms))
    await check_terms(tx.db, taxonomy, chosen)
    row = await (
        await tx.execute(
            "select id, record_id, tlp, number from incident where uuid = %s for no key update",
            (incident,),
        )
    ).fetchone()
    if row is None:
        raise LookupError(f"there is no incident {incident}")
    was = await (
        await tx.execute(
            "update classification set ended_at = %s where incident_id = %s and taxonomy = %s"
            " and source = 'person' and ended_at is null returning term",
            (now, row[0], taxonomy),
        )
    ).fetchall()
    for place, term in enumerate(chosen, start=1):
        await tx.execute(
            """
            insert into classification (incident_id, taxonomy, term, place, source, by_person, at)
            values (%s, %s, %s, %s, 'person', %s, %s)
            """,
            (row[0], taxonomy, term, place, viewer.person_id, now),
        )
    said = {"taxonomy": taxonomy, "terms": ", ".join(chosen), "was": ", ".join(t for (t,) in was)}
    await timeline(tx, row[0], "class", viewer.login, "CLASS_SAID" if chosen else "CLASS_UNSAID",
                   said, now)  # fmt: skip
    tx.note(Change(kind="incident", subject=incident, op=Op.EDIT, record_id=row[1],
                   tlp=Tlp(row[2])))  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action="incident:classify", object=f"incident:{row[3]}",
                        detail=dict(said)))  # fmt: skip


async def check_terms(db: Db, taxonomy: str, terms: Sequence[str]) -> None:
    """Raise `ValueError` unless the taxonomy knows all terms."""
    if taxonomy == "rsit":
        for term in terms:
            rsit.check(term)
        return
    if taxonomy == "attack":
        row = await (
            await db.execute(
                "select t from unnest(%s::text[]) t where t !~ %s limit 1",
                (list(terms), ATTACK_TERM),
            )
        ).fetchone()
        if row is not None:
            raise ValueError(f"{row[0][:40]!r} is no technique such as T1110 or T1110.003")
        return
    known = {each.term for each in (await taxonomy_of(db, taxonomy)).terms}
    unknown = [term for term in terms if term not in known]
    if unknown:
        raise ValueError(f"the taxonomy {taxonomy} has no term {unknown[0][:80]!r}")


class Term(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A term of a national or sector taxonomy, its names by language, and its types of RSIT."""

    term: str
    names: dict[str, str]
    rsit: tuple[str, ...] = ()


class Taxonomy(Struct, frozen=True, kw_only=True):
    """A taxonomy as it was loaded; without `checked_by` nobody confirmed its mapping."""

    name: str
    version: str
    country: str | None
    terms: tuple[Term, ...]
    checked_by: str
    at: datetime

    def of(self, types: Sequence[str]) -> tuple[Term, ...]:
        """The terms that stand for any of these types of RSIT, in their order."""
        return tuple(t for t in self.terms if set(t.rsit) & set(types))


class NoTaxonomy(LookupError):
    """There is no taxonomy of this name."""


async def taxonomies(db: Db) -> list[Taxonomy]:
    """All that are in use, by name."""
    rows = await (
        await db.execute(
            "select name, version, country, body, checked_by, at from taxonomy"
            " where retired_at is null order by name"
        )
    ).fetchall()
    return [
        Taxonomy(name=name, version=version, country=country, checked_by=checked, at=at,
                 terms=msgspec.convert(body, tuple[Term, ...]))
        for name, version, country, body, checked, at in rows
    ]  # fmt: skip


async def taxonomy_of(db: Db, name: str) -> Taxonomy:
    """One in use. Raises `NoTaxonomy`."""
    for each in await taxonomies(db):
        if each.name == name:
            return each
    raise NoTaxonomy(f"there is no taxonomy {name[:60]!r}")


async def load(
    tx: Tx, viewer: Viewer, *, name: str, version: str, country: str | None,
    terms: Sequence[Term], checked_by: str, now: datetime,
) -> None:  # fmt: skip
    """Take a taxonomy into use, instead of its version before. Raises `Denied`, `NoType`, `ValueError`."""
    viewer.require(Permission.POLICY_MANAGE)
    if name in {"rsit", "attack"}:
        raise ValueError(f"{name} ships with the product")
    for each in terms:
        for term in each.rsit:
            rsit.check(term)
    if len({each.term for each in terms}) != len(terms):
        raise ValueError("a term stands twice")
    await tx.execute(
        "update taxonomy set retired_at = %s where name = %s and retired_at is null", (now, name)
    )
    await tx.execute(
        """
        insert into taxonomy (name, version, country, body, checked_by, by_person, at)
        values (%s, %s, %s, %s, %s, %s, %s)
        """,
        (name, version, country, Jsonb(msgspec.to_builtins(list(terms))), checked_by,
         viewer.person_id, now),
    )  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action="taxonomy:load", object=f"taxonomy:{name}",
                        detail={"version": version, "terms": len(terms)}))  # fmt: skip
