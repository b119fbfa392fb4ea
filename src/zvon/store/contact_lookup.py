"""Whom to write to about a name or an address: our own constituents first, then what others say.

Everything is answered from rows, so it works without the network; each answer says who named the
address and how old that is.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model import name as names
from zvon.model import url as urls
from zvon.model.suffix import registered
from zvon.store import contact
from zvon.store.contact import Contact
from zvon.store.party import Db
from zvon.store.transaction import Tx


class BadSubject(ValueError):
    """Neither a name nor an address nor a page; nobody can be looked up for it."""


class Subject(Struct, frozen=True):
    """What is asked about: a host `name`, or an `address`."""

    name: str | None = None
    address: str | None = None

    @property
    def key(self) -> str:
        """What it is asked for at a registry: the registered domain, or the address itself."""
        return self.address or registered(self.name or "") or self.name or ""


class Found(Struct, frozen=True, kw_only=True):
    """One answer. `why` is `owner`, `rdap`, `rir`, `registry` or `cert`; `of` what of theirs it is."""

    why: str
    address: str
    name: str
    of: str
    contact: UUID | None
    seen_at: datetime | None


def subject(text: str) -> Subject:
    """What somebody asks about: `203.0.113.7`, `posta.example`, a page, a mail address.

    Raises `BadSubject`.
    """
    clean = text.strip()
    if not 1 <= len(clean) <= 2000:
        raise BadSubject("value: a name, an address or a page")
    if "@" in clean and "/" not in clean:
        clean = clean.rpartition("@")[2]
    try:
        return Subject(address=str(ip_network(clean, strict=False).network_address))
    except ValueError:
        pass
    try:
        host = urls.parse(clean).host if "/" in clean else names.canonical(clean)
    except ValueError:
        raise BadSubject("value: a name, an address or a page") from None
    try:
        return Subject(address=str(ip_address(host.strip("[]"))))
    except ValueError:
        return Subject(name=host)


async def lookup(db: Db, viewer: Viewer, text: str, country: str) -> list[Found]:
    """Everybody who could be written to, the first the best. Raises `Denied`, `BadSubject`."""
    viewer.require(Permission.CONTACT_READ)
    return await of(db, subject(text), country)


async def of(db: Db, about: Subject, country: str) -> list[Found]:
    """The same for our own work; `country` is the node's, for its national CERT."""
    found: list[Found] = []
    if about.name is not None:
        parents = _parents(about.name)
        owners = await contact.owners_of_name(db, parents)
        found += [
            _own(each, "registry" if each.kind == "registry" else "owner",
                 next((p for p in parents if p in each.domains), about.name))
            for each in owners
        ]  # fmt: skip
    elif about.address is not None:
        owners = await contact.owners_of_address(db, about.address)
        found += [_own(each, "owner", _within(about.address, each.networks)) for each in owners]
    found += await _named(db, about)
    found += [_own(each, "cert", country) for each in await contact.of_kind(db, "cert", country)]
    # A constituent before what registries say; a registry and the CERT after both.
    order = {"owner": 0, "rdap": 1, "rir": 2, "registry": 3, "cert": 4}
    best: dict[str, Found] = {}
    for each in sorted(found, key=lambda each: order[each.why]):
        best.setdefault(each.address, each)
    return list(best.values())


async def stale(db: Db, about: Subject, now: datetime, keep: timedelta) -> bool:
    """True when no registry was asked about it lately."""
    if about.address is not None:
        row = await (
            await db.execute(
                "select max(seen_at) from abuse_contact where network >>= %s::inet",
                (about.address,),
            )
        ).fetchone()
    else:
        row = await (
            await db.execute(
                "select max(seen_at) from abuse_contact where subject = %s", (about.key,)
            )
        ).fetchone()
    return row is None or row[0] is None or row[0] < now - keep


async def keep(
    tx: Tx, *, subject: str, network: str | None, source: str, address: str, name: str,
    now: datetime,
) -> None:  # fmt: skip
    """Remember whom a registry named; an empty address says that it named nobody."""
    await tx.execute(
        """
        insert into abuse_contact (subject, network, source, address, name, seen_at)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (subject, source) do update set network = excluded.network,
          address = excluded.address, name = excluded.name, seen_at = excluded.seen_at
        """,
        (subject, network, source, address, name[:200], now),
    )


async def _named(db: Db, about: Subject) -> list[Found]:
    """What registries said: of the domain, or of the narrowest network around an address."""
    if about.address is not None:
        rows = await (
            await db.execute(
                "select address, name, subject, source, seen_at from abuse_contact"
                " where network >>= %s::inet and address <> ''"
                " order by masklen(network) desc, seen_at desc limit 3",
                (about.address,),
            )
        ).fetchall()
    else:
        rows = await (
            await db.execute(
                """
                select address, name, subject, source, seen_at from abuse_contact
                where subject = %(subject)s and address <> ''
                union all
                select e.value, '', o.value, 'rdap', e.seen_at from evidence e
                join observable o on o.id = e.observable_id
                where o.value = %(subject)s and e.code = 'rdap.abuse'
                order by 5 desc limit 3
                """,
                {"subject": about.key},
            )
        ).fetchall()
    return [
        Found(why=row[3], address=row[0], name=row[1] or row[0], of=row[2], contact=None, seen_at=row[4])
        for row in rows
    ]  # fmt: skip


def _own(found: Contact, why: str, of: str) -> Found:
    return Found(why=why, address=found.address, name=found.name, of=of, contact=found.uuid,
                 seen_at=found.changed_at)  # fmt: skip


def _parents(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[n:]) for n in range(min(len(labels), 20))]


def _within(address: str, networks: Sequence[str]) -> str:
    asked = ip_address(address)
    held = [n for n in networks if asked in ip_network(n)]
    return max(held, key=lambda n: ip_network(n).prefixlen, default=address)
