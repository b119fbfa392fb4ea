"""Whom the node writes to: constituents with what is theirs, and the addresses that others named."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.store.party import Db

PAGE = 100


class NoContact(LookupError):
    """There is no such contact."""


class Contact(Struct, frozen=True, kw_only=True):
    """One contact as people see it. `tlp` is the strictest marking that they may read."""

    id: int
    uuid: UUID
    name: str
    kind: str
    address: str
    lang: str
    country: str | None
    sector: str
    channel: str
    every_s: int
    tlp: int
    has_pgp: bool
    has_smime: bool
    encrypt: bool
    source: str
    state: str
    bounced_at: datetime | None
    bounced_why: str
    networks: list[str]
    domains: list[str]
    unwanted: list[str]
    consents: list[str]
    version: int
    made_at: datetime
    changed_at: datetime


class Certificates(Struct, frozen=True):
    """The keys of a contact, as they were given."""

    pgp: bytes | None
    smime: bytes | None


_SELECT: LiteralString = """
select c.id, c.uuid, c.name, c.kind, c.address, c.lang, c.country, c.sector, c.channel, c.every_s,
       c.tlp, c.pgp_cert is not null as has_pgp, c.smime_cert is not null as has_smime, c.encrypt,
       c.source, c.state, c.bounced_at, c.bounced_why,
       array(select n.network::text from contact_network n where n.contact_id = c.id
             order by n.network) as networks,
       array(select d.name from contact_domain d where d.contact_id = c.id order by d.name) as domains,
       array(select f.class from contact_feed f where f.contact_id = c.id and not f.wanted
             order by f.class) as unwanted,
       array(select k.class from notice_consent k where k.contact_id = c.id order by k.class)
         as consents,
       c.version, c.made_at, c.changed_at
from contact c
"""


async def page(
    db: Db, viewer: Viewer, *, text: str = "", kind: str | None = None, state: str | None = None,
    after: tuple[str, int] | None = None, limit: int = PAGE,
) -> list[Contact]:  # fmt: skip
    """Contacts by name; `text` stands in the name, the address or a domain. Raises `Denied`."""
    viewer.require(Permission.CONTACT_READ)
    name, number = after or ("", 0)
    return await _some(
        db,
        "where (%(text)s = '' or strpos(lower(c.name), lower(%(text)s)) > 0"
        "  or strpos(lower(c.address), lower(%(text)s)) > 0"
        "  or exists (select from contact_domain d where d.contact_id = c.id"
        "             and strpos(d.name, lower(%(text)s)) > 0))"
        " and (%(kind)s::text is null or c.kind = %(kind)s)"
        " and c.state = any (%(states)s) and (lower(c.name), c.id) > (%(name)s, %(id)s)"
        " order by lower(c.name), c.id limit %(limit)s",
        {"text": text, "kind": kind, "name": name.lower(), "id": number, "limit": min(limit, PAGE),
         "states": [state] if state else ["active", "bounced"]},
    )  # fmt: skip


async def get(db: Db, viewer: Viewer, uuid: UUID) -> Contact:
    """One contact. Raises `Denied`, `NoContact`."""
    viewer.require(Permission.CONTACT_READ)
    return await known(db, uuid)


async def known(db: Db, uuid: UUID) -> Contact:
    """One contact, for our own jobs. Raises `NoContact`."""
    found = await _some(db, "where c.uuid = %s", (uuid,))
    if not found:
        raise NoContact(f"there is no contact {uuid}")
    return found[0]


async def by_id(db: Db, id: int) -> Contact:
    """One contact, for our own jobs. Raises `NoContact`."""
    found = await _some(db, "where c.id = %s", (id,))
    if not found:
        raise NoContact("there is no such contact")
    return found[0]


async def certificates(db: Db, address: str) -> Certificates:
    """The keys of those who write from `address`, for our own jobs."""
    row = await (
        await db.execute(
            "select max(pgp_cert), max(smime_cert) from contact"
            " where lower(address) = lower(%s) and state <> 'ended'",
            (address,),
        )
    ).fetchone()
    assert row is not None
    return Certificates(*(None if each is None else bytes(each) for each in row))


async def owners_of_name(db: Db, names: Sequence[str]) -> list[Contact]:
    """Constituents that one of `names` (a name and its parents, longest first) belongs to."""
    return await _some(
        db,
        "join contact_domain d on d.contact_id = c.id where d.name = any (%(names)s)"
        " and c.state <> 'ended' order by length(d.name) desc, c.id limit 20",
        {"names": list(names)},
    )


async def owners_of_address(db: Db, address: str) -> list[Contact]:
    """Constituents whose network an address lies in, the narrowest first."""
    return await _some(
        db,
        "join contact_network n on n.contact_id = c.id where n.network >>= %(ip)s::inet"
        " and c.state <> 'ended' order by masklen(n.network) desc, c.id limit 20",
        {"ip": address},
    )


async def on_duty(db: Db) -> list[Contact]:
    """Our own desks that are told when something of ours becomes urgent, for our own work."""
    return await _some(
        db, "where c.kind = 'duty' and c.state = 'active' order by c.id limit %(most)s", {"most": 5}
    )


async def of_kind(db: Db, kind: str, country: str | None) -> list[Contact]:
    """Active contacts of a kind in a country, for our own work."""
    return await _some(
        db, "where c.kind = %s and c.country = %s and c.state <> 'ended' order by c.id limit 20",
        (kind, country),
    )  # fmt: skip


async def _some(db: Db, rest: LiteralString, params: Any) -> list[Contact]:
    async with db.cursor(row_factory=class_row(Contact)) as cursor:
        await cursor.execute(_SELECT + rest, params)
        return await cursor.fetchall()
