"""Setting sources up, pausing and removing them; each change is in the audit, secrets are not."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.seal import seal
from zvon.access.viewer import Viewer
from zvon.model.ids import uuid7
from zvon.model.marking import Pap, Tlp
from zvon.store.party import Db
from zvon.store.source import Setup, by_uuid, operator, purpose
from zvon.store.transaction import AuditEntry, Tx


class SourceTaken(ValueError):
    """A source with this name exists."""


class NoSuchParty(LookupError):
    """There is no such organisation."""


class NewSource(Struct, frozen=True, kw_only=True):
    """A source to set up; `settings` were checked by its kind. Without `every_s` it is pushed.

    `secret` is kept sealed and never given out. `party` is the organisation that it belongs to.
    """

    name: str
    kind: str
    settings: dict[str, Any] = {}
    secret: str | None = None
    party: UUID | None = None
    about: str = ""
    format: str = ""
    keep: str = "auto"
    tlp: Tlp = Tlp.AMBER
    pap: Pap = Pap.GREEN
    lang: str = ""
    zone: str = "UTC"
    region: str = "SI"
    every_s: int | None = None


class Edit(Struct, frozen=True, kw_only=True):
    """What to change of a source; what is unset stays. A secret of `None` is forgotten."""

    settings: dict[str, Any] | UnsetType = UNSET
    secret: str | UnsetType | None = UNSET
    about: str | UnsetType = UNSET
    format: str | UnsetType = UNSET
    keep: str | UnsetType = UNSET
    tlp: Tlp | UnsetType = UNSET
    pap: Pap | UnsetType = UNSET
    lang: str | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    region: str | UnsetType = UNSET
    every_s: int | UnsetType = UNSET


async def create(
    tx: Tx, viewer: Viewer, new: NewSource, key: bytes, now: datetime, random: bytes, nonce: bytes
) -> Setup:
    """Set up a source; it is read from now on. `key` is the node's, `nonce` 12 random bytes.

    A removed source of this name comes back as it is set up now: what it gave is of one source.
    Raises `Denied`, `SourceTaken`, `NoSuchParty`.
    """
    operator(viewer, Permission.SOURCE_MANAGE)
    party_id = None if new.party is None else await _party(tx.db, new.party)
    uuid = await _claim(tx, new, party_id, now, random)
    sealed = None if new.secret is None else seal(key, purpose(uuid), new.secret.encode(), nonce)
    await tx.execute(
        """
        insert into source_setup (source_id, about, format, settings, secret, keep, tlp, pap, lang,
                                  zone, region, every_s, next_at, made_at, by_person)
        select id, %(about)s, %(format)s, %(settings)s, %(secret)s, %(keep)s, %(tlp)s, %(pap)s,
               %(lang)s, %(zone)s, %(region)s, %(every)s, %(next)s, %(now)s, %(person)s
        from source where uuid = %(uuid)s
        """,
        {"uuid": uuid, "about": new.about, "format": new.format, "settings": Jsonb(new.settings),
         "secret": sealed, "keep": new.keep, "tlp": int(new.tlp), "pap": int(new.pap),
         "lang": new.lang, "zone": new.zone, "region": new.region, "every": new.every_s,
         "next": None if new.every_s is None else now, "now": now, "person": viewer.person_id},
    )  # fmt: skip
    _audit(tx, viewer, "source:add", new.name, {"kind": new.kind, "settings": new.settings})
    return await by_uuid(tx.db, uuid)


async def change(
    tx: Tx, viewer: Viewer, uuid: UUID, edit: Edit, key: bytes, now: datetime, nonce: bytes
) -> Setup:
    """Change how a source is read, and read it now; how far it was read stays. Raises `Denied`, `NoSource`."""
    operator(viewer, Permission.SOURCE_MANAGE)
    before = await _locked(tx, uuid)
    given = {
        name: getattr(edit, name)
        for name in edit.__struct_fields__
        if getattr(edit, name) is not UNSET
    }
    secret = given.pop("secret", UNSET)
    after = msgspec.structs.replace(before, **given)
    await tx.execute(
        """
        update source_setup set about = %(about)s, format = %(format)s, settings = %(settings)s,
          keep = %(keep)s, tlp = %(tlp)s, pap = %(pap)s, lang = %(lang)s, zone = %(zone)s,
          region = %(region)s, every_s = %(every)s, changed_at = %(now)s, failures = 0,
          next_at = case when %(every)s::integer is null then null else %(now)s end,
          secret = case when %(kept)s then secret else %(secret)s end
        where source_id = %(id)s
        """,
        {"id": before.id, "about": after.about, "format": after.format,
         "settings": Jsonb(after.settings), "keep": after.keep, "tlp": int(after.tlp),
         "pap": int(after.pap), "lang": after.lang, "zone": after.zone, "region": after.region,
         "every": after.every_s, "now": now, "kept": secret is UNSET,
         "secret": seal(key, purpose(uuid), secret.encode(), nonce)
         if isinstance(secret, str) else None},
    )  # fmt: skip
    said = {n: v if n == "settings" else str(v) for n, v in given.items()}
    if secret is not UNSET:
        said["secret"] = "changed" if secret else "removed"
    _audit(tx, viewer, "source:change", before.name, said)
    return await by_uuid(tx.db, uuid)


async def pause(tx: Tx, viewer: Viewer, uuid: UUID) -> Setup:
    """Take nothing from a source until it is resumed. Raises `Denied`, `NoSource`."""
    operator(viewer, Permission.SOURCE_MANAGE)
    before = await _locked(tx, uuid)
    await tx.execute("update source_setup set paused = true where source_id = %s", (before.id,))
    _audit(tx, viewer, "source:pause", before.name, {})
    return await by_uuid(tx.db, uuid)


async def resume(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Setup:
    """Take from a source again, now, and forget its failures. Raises `Denied`, `NoSource`."""
    operator(viewer, Permission.SOURCE_MANAGE)
    before = await _locked(tx, uuid)
    await tx.execute(
        """
        update source_setup set paused = false, failures = 0, problem = '',
          next_at = case when every_s is null then null else %s end
        where source_id = %s
        """,
        (now, before.id),
    )
    _audit(tx, viewer, "source:resume", before.name, {})
    return await by_uuid(tx.db, uuid)


async def remove(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """Take from a source no longer and forget its secret; what it gave stays.

    Raises `Denied`, `NoSource`.
    """
    operator(viewer, Permission.SOURCE_MANAGE)
    before = await _locked(tx, uuid)
    await tx.execute(
        "update source_setup set removed_at = %s, next_at = null, secret = null"
        " where source_id = %s",
        (now, before.id),
    )
    _audit(tx, viewer, "source:remove", before.name, {})


async def _claim(
    tx: Tx, new: NewSource, party_id: int | None, now: datetime, random: bytes
) -> UUID:
    """The identifier of a source with this name that is free to be set up."""
    row = await (
        await tx.execute(
            """
            insert into source (uuid, name, kind, party_id, created_at)
            values (%s, %s, %s, %s, %s) on conflict (name) do nothing returning uuid
            """,
            (uuid7(now, random), new.name, new.kind, party_id, now),
        )
    ).fetchone()
    if row is not None:
        return UUID(str(row[0]))
    row = await (
        await tx.execute(
            """
            with gone as (
              delete from source_setup p using source s
              where s.id = p.source_id and s.name = %(name)s and p.removed_at is not null
              returning p.source_id)
            update source s set kind = %(kind)s, party_id = %(party)s
            from gone where s.id = gone.source_id returning s.uuid
            """,
            {"name": new.name, "kind": new.kind, "party": party_id},
        )
    ).fetchone()
    if row is None:
        raise SourceTaken(f"there is a source named {new.name!r}")
    return UUID(str(row[0]))


async def _locked(tx: Tx, uuid: UUID) -> Setup:
    await tx.execute(
        "select from source_setup p join source s on s.id = p.source_id where s.uuid = %s"
        " for update of p",
        (uuid,),
    )
    return await by_uuid(tx.db, uuid)


async def _party(db: Db, uuid: UUID) -> int:
    row = await (await db.execute("select id from party where uuid = %s", (uuid,))).fetchone()
    if row is None:
        raise NoSuchParty(f"there is no organisation {uuid}")
    return int(row[0])


def _audit(tx: Tx, viewer: Viewer, action: str, name: str, detail: dict[str, Any]) -> None:
    tx.audit(AuditEntry(actor=viewer.login, action=action, object=name, detail=detail))
