"""Takedown packages: what is known of a page, and the archives that were made of it."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.seal import seal, unseal
from zvon.access.viewer import Viewer
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture
from zvon.model.suffix import registered
from zvon.model.url import parse
from zvon.store import capture, evidence, incident_detail, observable
from zvon.store.incident_detail import IncidentDetail
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

MOST_LOOKS = 12


class NoTakedown(LookupError):
    """There is no such package, or the viewer may not see it."""


class NotOfIncident(ValueError):
    """The address occurs in no report of the incident."""


class Subject(Struct, frozen=True, kw_only=True):
    """All that a package about `url` is made from."""

    url: str
    host: str
    incident: IncidentDetail
    looks: tuple[Capture, ...]
    facts: tuple[Evidence, ...]

    def value(self, code: EvidenceCode) -> str | None:
        """The newest value of a fact, if there is one."""
        rows = [row for row in self.facts if row.code is code]
        return max(rows, key=lambda row: row.seen_at).value if rows else None


class Contact(Struct, frozen=True):
    """Whom to write to: `kind` is `registrar` or `host`, `source` who named the address."""

    kind: str
    address: str
    source: str


class Takedown(Struct, frozen=True, kw_only=True):
    """A package that was made; it leaves when a person says so."""

    uuid: UUID
    url: str
    contacts: tuple[Contact, ...]
    sha256: bytes
    made_by: str | None
    made_at: datetime


class Row(Struct, frozen=True, kw_only=True):
    """A package as its letters need it."""

    id: int
    incident_id: int
    url: str
    contacts: tuple[Contact, ...]


async def subject(db: Db, viewer: Viewer, incident: UUID, url: str) -> Subject:
    """What we know of `url` (canonical). Raises `NotFound`, `NotOfIncident`, `ValueError`."""
    viewer.require(Permission.TAKEDOWN_WRITE)
    found = await incident_detail.get(db, viewer, incident)
    host = parse(url).host
    about = Observable(ObservableType.URL, url)
    row = await (
        await db.execute(
            """
            select 1 from observable o join occurrence c on c.observable_id = o.id
            join report r on r.record_id = c.record_id
            where o.digest = %s and r.incident_id = %s limit 1
            """,
            (observable.digest(observable.code_of(about), url.encode()), found.id),
        )
    ).fetchone()
    if row is None:
        raise NotOfIncident(f"no report of {found.number} has this address")
    looks = await capture.of_url(db, url, MOST_LOOKS)
    names = [about, Observable(ObservableType.DOMAIN, host)]
    domain = registered(host)
    if domain:
        names.append(Observable(ObservableType.REGISTERED, domain))
    facts = await evidence.newest(db, names)
    return Subject(url=url, host=host, incident=found, looks=tuple(looks), facts=tuple(facts))


async def put(
    tx: Tx,
    viewer: Viewer,
    about: Subject,
    made: Takedown,
    package: bytes,
    *,
    key: bytes,
    nonce: bytes,
) -> None:
    """Keep a package, sealed with the node key; `nonce` is as `access.seal` wants it."""
    viewer.require(Permission.TAKEDOWN_WRITE)
    await tx.execute(
        """
        insert into takedown (uuid, incident_id, record_id, url, contacts, package, sha256,
                              made_by, made_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (made.uuid, about.incident.id, about.incident.record_id, made.url,
         Jsonb(msgspec.to_builtins(made.contacts)), seal(key, _purpose(made.uuid), package, nonce),
         made.sha256, viewer.person_id, made.made_at),
    )  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.TAKEDOWN_WRITE,
                        object=f"incident:{about.incident.number}",
                        detail={"host": about.host, "sha256": made.sha256.hex()}))  # fmt: skip


async def of_incident(db: Db, viewer: Viewer, incident: UUID) -> list[Takedown]:
    """The packages of an incident, newest first."""
    viewer.require(Permission.INCIDENT_READ)
    rows = await (
        await db.execute(
            """
            select t.uuid, t.url, t.contacts, t.sha256, p.login, t.made_at
            from takedown t join incident i on i.id = t.incident_id
            left join person p on p.id = t.made_by
            where i.uuid = %s order by t.id desc
            """,
            (incident,),
        )
    ).fetchall()
    fields = Takedown.__struct_fields__
    return [msgspec.convert(dict(zip(fields, row, strict=True)), Takedown) for row in rows]


async def package(db: Db, viewer: Viewer, uuid: UUID, key: bytes) -> bytes:
    """The archive. Raises `Denied`, `NoTakedown`, and `BadSeal` when the row was changed."""
    viewer.require(Permission.TAKEDOWN_WRITE)
    return await archive(db, uuid, key)


async def row(db: Db, uuid: UUID) -> Row | None:
    """What a letter about a package needs; `None` when there is no such package to be seen."""
    found = await (
        await db.execute(
            "select id, incident_id, url, contacts from takedown where uuid = %s", (uuid,)
        )
    ).fetchone()
    if found is None:
        return None
    contacts = msgspec.convert(found[3], tuple[Contact, ...])
    return Row(id=found[0], incident_id=found[1], url=found[2], contacts=contacts)


async def archive(db: Db, uuid: UUID, key: bytes) -> bytes:
    """The archive, for our own work. Raises `NoTakedown`, `BadSeal`."""
    row = await (
        await db.execute("select package from takedown where uuid = %s", (uuid,))
    ).fetchone()
    if row is None:
        raise NoTakedown(f"there is no takedown package {uuid}")
    return unseal(key, _purpose(uuid), row[0])


def _purpose(uuid: UUID) -> str:
    return f"takedown:{uuid}"
