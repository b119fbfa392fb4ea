"""Whom a run writes to about an incident: our own constituents first, then who answers for a name."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from zvon.model.evidence import EvidenceCode
from zvon.model.suffix import registered
from zvon.store import contact
from zvon.store.contact import Contact
from zvon.store.party import Db

_OF_KIND = {"authority": "cert", "brand": "bank"}


class Recipient(Struct, frozen=True):
    """An address, or a contact of the registry."""

    address: str | None = None
    contact: UUID | None = None


async def find(db: Db, to: str, incident_id: int, known: Mapping[str, Any]) -> Recipient | None:
    """The recipient that a playbook means by `to`; `None` when nobody is known."""
    names: Sequence[str] = known["__names__"]
    match to:
        case "constituent" | "owner":
            found = await _constituents(db, names, known["__addresses__"])
            return _first(found)
        case "authority" | "brand":
            return _first(await contact.of_kind(db, _OF_KIND[to], known["__country__"]))
        case "abuse_contact":
            return await _abuse(db, names)
        case _:
            return None  # who reported gets an answer to the report, never a letter


async def _constituents(db: Db, names: Sequence[str], addresses: Sequence[str]) -> list[Contact]:
    wanted = [".".join(name.split(".")[n:]) for name in names for n in range(name.count(".") + 1)]
    found = await contact.owners_of_name(db, wanted) if wanted else []
    for address in addresses:
        found += await contact.owners_of_address(db, address)
    return found


async def _abuse(db: Db, names: Sequence[str]) -> Recipient | None:
    subjects = [registered(name) or name for name in names]
    row = await (
        await db.execute(
            """
            select address from abuse_contact where subject = any(%(names)s)
            union all
            select value from evidence e join observable o on o.id = e.observable_id
            where o.value = any(%(names)s) and e.code = %(code)s and e.value <> ''
            limit 1
            """,
            {"names": subjects, "code": EvidenceCode.ABUSE.value},
        )
    ).fetchone()
    return None if row is None else Recipient(address=row[0])


def _first(found: Sequence[Contact]) -> Recipient | None:
    active = [one for one in found if one.state == "active"]
    return Recipient(contact=active[0].uuid) if active else None
