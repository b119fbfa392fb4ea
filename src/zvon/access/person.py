"""Making accounts, giving roles, and the link by which a person signs in for the first time."""

import os
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from zvon.access.permission import SHIPPED_ROLES, Denied, Permission
from zvon.access.refusal import Refused
from zvon.access.session import LINK, TOKEN_BYTES, Random, hash_password, token_hash
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.store import party as parties
from zvon.store import party_tree, person, role, session
from zvon.store.party import Party
from zvon.store.person import Person
from zvon.store.transaction import AuditEntry, Tx

FIRST_LOGIN = "admin"


class BadName(ValueError):
    """A login or a name that cannot be used."""


class RoleTooStrong(Refused):
    """An administrator of another organisation gives nobody more than they have themselves."""


class OwnRoles(Refused):
    """Nobody changes their own roles: a second administrator does."""


def _check_login(login: str) -> None:
    allowed = login.isascii() and all(c.isalnum() or c in ".-_@" for c in login)
    if not (allowed and 2 <= len(login) <= 64 and login == login.lower()):
        raise BadName("a login has 2 to 64 of a–z, 0–9, `.`, `-`, `_`, `@`")


def _check_name(name: str) -> None:
    if not (1 <= len(name.strip()) <= 100 and name.isprintable()):
        raise BadName("a name has 1 to 100 printable characters")


def _require(viewer: Viewer, action: str, target: str) -> None:
    if not viewer.may(Permission.PERSON_MANAGE):
        raise Denied(
            Permission.PERSON_MANAGE,
            AuditEntry(actor=viewer.login, action=action, object=target, outcome="refused",
                       rule=Permission.PERSON_MANAGE.value),
        )  # fmt: skip


async def create(
    tx: Tx,
    viewer: Viewer,
    login: str,
    name: str,
    roles: Collection[str],
    lang: str,
    password: str | None = None,
    party: UUID | None = None,
    *,
    now: datetime,
    random: Random = os.urandom,
    tlp_ceiling: Tlp = Tlp.AMBER_STRICT,
) -> Person:
    """Make an account in `party` (the viewer's own when not given).

    Without a password the person signs in by `login_link`. Raises `Denied`, `BadName`,
    `LoginTaken`, `NoSuchRole`, `WeakPassword`, `LookupError` for an unknown party.
    """
    _require(viewer, "person:create", login[:64])
    _check_login(login)
    _check_name(name)
    home = await _home(tx, viewer, party)
    await _check_grant(tx, viewer, roles, "person:create", login)
    uuid = uuid7(now, random(RANDOM_BYTES))
    await person.add(
        tx,
        uuid=uuid,
        party_id=home.id,
        login=login,
        name=name.strip(),
        lang=lang,
        roles=roles,
        password_hash=None if password is None else await hash_password(password),
        now=now,
        tlp_ceiling=tlp_ceiling,
    )
    tx.audit(AuditEntry(actor=viewer.login, action="person:create", object=login,
                        detail={"roles": sorted(set(roles)), "party": home.name}))  # fmt: skip
    return await person.get(tx.db, uuid)


async def _home(tx: Tx, viewer: Viewer, asked: UUID | None) -> Party:
    """The organisation of a new account. Raises `LookupError` for one that is not the viewer's."""
    seen = await party_tree.scope(tx.db, viewer)
    if asked is not None:
        home = await parties.get(tx.db, asked)
    elif seen is None:
        home = await parties.own(tx.db)
    else:
        home = await parties.by_id(tx.db, viewer.party_id)
    if home is None or (seen is not None and home.id not in seen):
        raise LookupError(f"no party {asked}")
    return home


async def _check_grant(
    tx: Tx, viewer: Viewer, roles: Collection[str], action: str, login: str
) -> None:
    """The operator's administrators give any role; others none that does more than they may."""
    if viewer.party_own:
        return
    more = await role.granted(tx.db, roles) - viewer.permissions
    if more:
        raise RoleTooStrong(
            "you cannot give a role that may do more than you; ask the operator of the node",
            AuditEntry(actor=viewer.login, action=action, object=login[:64], outcome="refused",
                       rule="role", detail={"more": sorted(more)}),
        )  # fmt: skip


async def managed(tx: Tx, viewer: Viewer, person_uuid: UUID, action: str) -> Person:
    """An account that the viewer may manage: their own organisation's and those below it.

    Raises `Denied`, `NoSuchPerson` also for somebody else's account, `RoleTooStrong` when an
    administrator of another organisation reaches for an account that may do more than they.
    """
    who = await person.get(tx.db, person_uuid)
    _require(viewer, action, who.login)
    seen = await party_tree.scope(tx.db, viewer)
    if seen is not None and who.party_id not in seen:
        raise person.NoSuchPerson(person_uuid)
    await _check_grant(tx, viewer, who.roles, action, who.login)
    return who


async def list_people(db: parties.Db, viewer: Viewer) -> list[Person]:
    """Every account that is the viewer's to see. Raises `Denied` without `person:read`."""
    viewer.require(Permission.PERSON_READ)
    seen = await party_tree.scope(db, viewer)
    return [p for p in await person.list_all(db) if seen is None or p.party_id in seen]


async def set_roles(tx: Tx, viewer: Viewer, person_uuid: UUID, roles: Collection[str]) -> Person:
    """Make `roles` all that the account has. Raises `Denied`, `OwnRoles`, `NoSuchRole`."""
    who = await managed(tx, viewer, person_uuid, "person:roles")
    if who.id == viewer.person_id:
        raise OwnRoles(
            "your own roles are changed by another administrator",
            AuditEntry(actor=viewer.login, action="person:roles", object=who.login,
                       outcome="refused", rule="own roles"),
        )  # fmt: skip
    await _check_grant(tx, viewer, roles, "person:roles", who.login)
    await person.set_roles(tx, who.id, roles)
    tx.audit(AuditEntry(actor=viewer.login, action="person:roles", object=who.login,
                        detail={"old": list(who.roles), "new": sorted(set(roles))}))  # fmt: skip
    return await person.get(tx.db, person_uuid)


async def set_disabled(tx: Tx, viewer: Viewer, person_uuid: UUID, disabled: bool) -> None:
    """Close an account and end its sessions, or open it again. Raises `Denied`, `OwnRoles`."""
    action = "person:disable" if disabled else "person:enable"
    who = await managed(tx, viewer, person_uuid, action)
    if who.id == viewer.person_id:
        raise OwnRoles(
            "your own account is closed by another administrator",
            AuditEntry(actor=viewer.login, action=action, object=who.login, outcome="refused",
                       rule="own account"),
        )  # fmt: skip
    await person.set_disabled(tx, who.id, disabled)
    tx.audit(AuditEntry(actor=viewer.login, action=action, object=who.login))


async def set_password(tx: Tx, viewer: Viewer, password: str) -> None:
    """Set one's own password; every session ends. Raises `WeakPassword`."""
    await person.set_password(tx, viewer.person_id, await hash_password(password))
    tx.audit(AuditEntry(actor=viewer.login, action="person:password", object=viewer.login))


async def set_preferences(tx: Tx, viewer: Viewer, *, lang: str, theme: str, keys_on: bool) -> None:
    """What the person chose for the console; no audit row, since it changes nobody's rights."""
    await person.set_preferences(tx, viewer.person_id, lang=lang, theme=theme, keys_on=keys_on)


async def login_link(
    tx: Tx, person_uuid: UUID, now: datetime, random: Random, *, viewer: Viewer | None = None
) -> str:
    """A token that opens one session within a day; older unused ones stop working.

    `viewer` is the administrator who asks; `None` only for the operator's command line.
    """
    if viewer is None:
        who = await person.get(tx.db, person_uuid)
    else:
        who = await managed(tx, viewer, person_uuid, "person:link")
    token = random(TOKEN_BYTES).hex()
    await session.add_link(tx, token_hash(token), who.id, now + LINK)
    actor = "system" if viewer is None else viewer.login
    tx.audit(AuditEntry(actor=actor, action="person:link", object=who.login))
    return token


async def first_administrator(tx: Tx, now: datetime, random: Random) -> str | None:
    """Write the shipped roles, and give a link for the first administrator.

    `None` when somebody who can sign in already manages people.
    """
    await person.put_roles(tx, SHIPPED_ROLES)
    if await person.someone_may(tx.db, Permission.PERSON_MANAGE):
        return None
    home = await parties.own(tx.db)
    found = [p for p in await person.list_all(tx.db) if p.login == FIRST_LOGIN]
    if found:
        return await login_link(tx, found[0].uuid, now, random)
    uuid = uuid7(now, random(RANDOM_BYTES))
    await person.add(
        tx,
        uuid=uuid,
        party_id=home.id,
        login=FIRST_LOGIN,
        name="Administrator",
        lang="en",
        roles=["administrator"],
        password_hash=None,
        now=now,
    )
    tx.audit(AuditEntry(actor="system", action="person:create", object=FIRST_LOGIN,
                        detail={"roles": ["administrator"], "party": home.name}))  # fmt: skip
    return await login_link(tx, uuid, now, random)
