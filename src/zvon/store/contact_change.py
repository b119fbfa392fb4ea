"""Keeping the contacts: adding, changing, ending them, and marking those whose mail comes back."""

from collections.abc import Callable, Sequence
from datetime import datetime
from ipaddress import ip_network
from typing import LiteralString
from uuid import UUID

from msgspec import Struct, structs
from psycopg.errors import UniqueViolation

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.mail_key import check_pgp, check_smime
from zvon.locale import LANGS
from zvon.model import name as names
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.mail_policy import shipped
from zvon.model.marking import Tlp
from zvon.model.observable import BadValue, ObservableType, canonical
from zvon.store.contact import Contact, known
from zvon.store.savepoint import savepoint
from zvon.store.transaction import AuditEntry, Change, Op, Tx

KINDS = ("constituent", "provider", "registrar", "registry", "cert", "bank", "duty", "other")
CHANNELS = ("mail", "xarf")
MOST_OWN = 10_000
Random = Callable[[int], bytes]
_FORGET: tuple[LiteralString, ...] = (
    "delete from contact_network where contact_id = %s",
    "delete from contact_domain where contact_id = %s",
    "delete from contact_feed where contact_id = %s",
)


class BadContact(ValueError):
    """A field of the contact cannot be used; says which and why."""


class ContactTaken(ValueError):
    """Another contact of this kind has the address."""


class Stale(ValueError):
    """Somebody changed the contact since it was read."""


class NewContact(Struct, frozen=True, kw_only=True):
    """All that is said of a contact. `tlp` is the strictest marking that they may read."""

    name: str
    address: str
    kind: str = "constituent"
    lang: str = "en"
    country: str | None = None
    sector: str = ""
    channel: str = "mail"
    every_s: int = 86_400
    tlp: int = 1
    networks: Sequence[str] = ()
    domains: Sequence[str] = ()
    unwanted: Sequence[str] = ()
    pgp_cert: bytes | None = None
    smime_cert: bytes | None = None
    encrypt: bool = False
    source: str = "own"


async def add(tx: Tx, viewer: Viewer, new: NewContact, now: datetime, random: Random) -> Contact:
    """Add one. Raises `Denied`, `BadContact`, `ContactTaken`."""
    viewer.require(Permission.CONTACT_MANAGE)
    made = await put(tx, new, now, random)
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.CONTACT_MANAGE,
                        object=f"contact:{made.uuid}", detail={"added": made.name}))  # fmt: skip
    return made


async def put(tx: Tx, new: NewContact, now: datetime, random: Random) -> Contact:
    """Add one for our own work. Raises `BadContact`, `ContactTaken`."""
    clean = checked(new)
    uuid = uuid7(now, random(RANDOM_BYTES))
    try:
        async with savepoint(tx):
            await tx.execute(
                """
                insert into contact (uuid, name, kind, address, lang, country, sector, channel,
                  every_s, tlp, pgp_cert, smime_cert, encrypt, source, made_at, changed_at)
                values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                """,
                (uuid, clean.name, clean.kind, clean.address, clean.lang, clean.country,
                 clean.sector, clean.channel, clean.every_s, clean.tlp, clean.pgp_cert,
                 clean.smime_cert, clean.encrypt, clean.source, now, now),
            )  # fmt: skip
    except UniqueViolation:
        raise ContactTaken(f"there is a contact of kind {new.kind} with this address") from None
    await _own(tx, uuid, clean)
    tx.note(Change(kind="contact", subject=uuid, op=Op.ADD))
    return await known(tx.db, uuid)


async def change(
    tx: Tx, viewer: Viewer, uuid: UUID, version: int, new: NewContact, now: datetime
) -> Contact:
    """Say something else of a contact; keys that are not given stay, and a bounce is forgotten.

    Raises `Denied`, `NoContact`, `Stale`, `BadContact`, `ContactTaken`.
    """
    viewer.require(Permission.CONTACT_MANAGE)
    old = await known(tx.db, uuid)
    clean = checked(new)
    try:
        async with savepoint(tx):
            done = await tx.execute(
                """
                update contact set name = %s, kind = %s, address = %s, lang = %s, country = %s,
                  sector = %s, channel = %s, every_s = %s, tlp = %s,
                  pgp_cert = coalesce(%s, pgp_cert), smime_cert = coalesce(%s, smime_cert),
                  encrypt = %s, state = 'active', bounced_at = null, bounced_why = '',
                  changed_at = %s, version = version + 1
                where uuid = %s and version = %s and state <> 'ended'
                """,
                (clean.name, clean.kind, clean.address, clean.lang, clean.country, clean.sector,
                 clean.channel, clean.every_s, clean.tlp, clean.pgp_cert, clean.smime_cert,
                 clean.encrypt, now, uuid, version),
            )  # fmt: skip
    except UniqueViolation:
        raise ContactTaken(f"there is a contact of kind {new.kind} with this address") from None
    if done.rowcount != 1:
        raise Stale(f"{old.name} was changed since you read it")
    for statement in _FORGET:
        await tx.execute(statement, (old.id,))
    await _own(tx, uuid, clean)
    tx.note(Change(kind="contact", subject=uuid, op=Op.EDIT))
    changed = [f for f in ("name", "address", "tlp", "kind", "lang", "channel", "encrypt")
               if getattr(old, f) != getattr(clean, f)]  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.CONTACT_MANAGE,
                        object=f"contact:{uuid}", detail={"changed": changed}))  # fmt: skip
    return await known(tx.db, uuid)


async def end(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """Write to them no more; what was written stays. Raises `Denied`, `NoContact`."""
    viewer.require(Permission.CONTACT_MANAGE)
    old = await known(tx.db, uuid)
    await tx.execute(
        "update contact set state = 'ended', changed_at = %s, version = version + 1 where id = %s",
        (now, old.id),
    )
    tx.note(Change(kind="contact", subject=uuid, op=Op.DELETE))
    tx.audit(AuditEntry(actor=viewer.login, action=Permission.CONTACT_MANAGE,
                        object=f"contact:{uuid}", detail={"ended": True}))  # fmt: skip


async def bounced(tx: Tx, contact_id: int, why: str, now: datetime) -> None:
    """Mail to them comes back: their page and the handover say so until somebody changes it."""
    row = await (
        await tx.execute(
            "update contact set state = 'bounced', bounced_at = %s, bounced_why = %s,"
            " version = version + 1 where id = %s and state = 'active' returning uuid",
            (now, why[:500], contact_id),
        )
    ).fetchone()
    if row is not None:
        tx.note(Change(kind="contact", subject=row[0], op=Op.EDIT))


async def for_address(
    tx: Tx, address: str, *, source: str, kind: str, lang: str, now: datetime, random: Random
) -> Contact:
    """The contact with this address, of whatever kind; a new one gets the clearance of its source.

    Raises `BadContact`.
    """
    clean = mail_address(address)
    row = await (
        await tx.execute(
            "select uuid from contact where lower(address) = %s and state <> 'ended'"
            " order by kind <> 'constituent', id limit 1",
            (clean,),
        )
    ).fetchone()
    if row is not None:
        return await known(tx.db, row[0])
    tlp = int(shipped().cleared(source))
    return await put(
        tx, NewContact(name=clean, address=clean, kind=kind, lang=lang, tlp=tlp, source=source),
        now, random,
    )  # fmt: skip


def checked(new: NewContact) -> NewContact:
    """The contact with every value in its one form. Raises `BadContact`."""
    name = " ".join(new.name.split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise BadContact("name: 1 to 200 characters that can be read")
    if new.kind not in KINDS:
        raise BadContact(f"kind: one of {', '.join(KINDS)}")
    if new.lang not in LANGS:
        raise BadContact(f"lang: one of {', '.join(LANGS)}")
    if new.channel not in CHANNELS:
        raise BadContact(f"channel: one of {', '.join(CHANNELS)}")
    if new.country is not None and not (len(new.country) == 2 and new.country.isascii() and new.country.isupper()):  # fmt: skip
        raise BadContact("country: two capital letters")
    if len(new.sector) > 100 or not (new.sector == "" or new.sector.isprintable()):
        raise BadContact("sector: at most 100 characters that can be read")
    if not 0 <= new.every_s <= 31 * 86_400:
        raise BadContact("every_s: 0 to 31 days")
    if not 0 <= new.tlp <= int(Tlp.AMBER_STRICT):
        raise BadContact("tlp: CLEAR to AMBER+STRICT; RED never leaves")
    if len(new.networks) + len(new.domains) > MOST_OWN:
        raise BadContact(f"networks and domains: at most {MOST_OWN}")
    classes = {each.id for each in shipped().notice.classes}
    if not set(new.unwanted) <= classes:
        raise BadContact(f"unwanted: of {', '.join(sorted(classes))}")
    try:
        pgp = None if new.pgp_cert is None else check_pgp(new.pgp_cert)
        smime = None if new.smime_cert is None else check_smime(new.smime_cert)
    except ValueError as problem:
        raise BadContact(str(problem)) from None
    return structs.replace(
        new, name=name, address=mail_address(new.address), sector=new.sector.strip(),
        networks=tuple(sorted({_network(each) for each in new.networks})),
        domains=tuple(sorted({_domain(each) for each in new.domains})),
        unwanted=tuple(sorted(set(new.unwanted))), pgp_cert=pgp, smime_cert=smime,
    )  # fmt: skip


def mail_address(text: str) -> str:
    """A mail address in its one form, that a mail can be sent to. Raises `BadContact`."""
    try:
        found = canonical(ObservableType.EMAIL, text).value
    except BadValue:
        raise BadContact("address: this is no mail address") from None
    if not found.isascii() or len(found) > 254 or any(c in found for c in ' <>,;:\\"()[]'):
        raise BadContact("address: only signs that every mail server takes")
    return found


def _network(text: str) -> str:
    try:
        return str(ip_network(text.strip(), strict=False))
    except ValueError:
        raise BadContact("networks: one is no network") from None


def _domain(text: str) -> str:
    try:
        return names.canonical(text)
    except names.BadName:
        raise BadContact("domains: one is no domain") from None


async def _own(tx: Tx, uuid: UUID, new: NewContact) -> None:
    """What is theirs, and what they do not want."""
    await tx.execute(
        """
        with c as (select id from contact where uuid = %(uuid)s),
        n as (insert into contact_network select c.id, x::cidr from c, unnest(%(networks)s::text[]) x),
        d as (insert into contact_domain select c.id, x from c, unnest(%(domains)s::text[]) x)
        insert into contact_feed select c.id, x, false from c, unnest(%(unwanted)s::text[]) x
        """,
        {"uuid": uuid, "networks": list(new.networks), "domains": list(new.domains),
         "unwanted": list(new.unwanted)},
    )  # fmt: skip
