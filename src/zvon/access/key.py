"""API keys, `zvon_<id>_<secret>`: shown once, stored as a hash, never more than their owner may."""

import hmac
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from zvon.access import person as people
from zvon.access.limits import limits_of
from zvon.access.permission import Denied, Permission
from zvon.access.refusal import Refused
from zvon.access.session import SEEN, Random, token_hash
from zvon.access.viewer import Viewer
from zvon.store import party_tree, person, session
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, Tx

PREFIX = "zvon"
ID_BYTES = 6
SECRET_BYTES = 32
_NO_HASH = bytes(32)


class BadExpiry(ValueError):
    """A key must end, and not in the past."""

    def __init__(self) -> None:
        super().__init__("a key must end later than now")


class NoSuchKey(LookupError):
    """No key with this id, or not one that the caller may revoke."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"no key {key_id}")


class KeyTooStrong(Refused):
    """A key was asked for more than its owner may, or than the asking person may."""


async def create(
    tx: Tx,
    viewer: Viewer,
    person_uuid: UUID,
    name: str,
    now: datetime,
    random: Random,
    expires_at: datetime,
    permissions: Collection[Permission] | None = None,
) -> str:
    """Make a key for an account and give it in plain text, this once.

    Everybody with `key:own` makes keys for themselves; `person:manage` makes them for others.
    `permissions` narrows the key; `None` means all that the owner may at the time of use.
    Raises `Denied`, `KeyTooStrong`, `BadExpiry`, `NoSuchPerson`.
    """
    owner = await person.get(tx.db, person_uuid)
    needed = Permission.KEY_OWN if owner.id == viewer.person_id else Permission.PERSON_MANAGE
    refused = AuditEntry(actor=viewer.login, action="key:create", object=owner.login,
                         outcome="refused", rule=needed.value)  # fmt: skip
    if not viewer.may(needed):
        raise Denied(needed, refused)
    if owner.id != viewer.person_id:
        await people.managed(tx, viewer, person_uuid, "key:create")
    if expires_at <= now:
        raise BadExpiry
    whole = await person.viewer(tx.db, owner.id)
    if permissions is not None and (whole is None or not set(permissions) <= whole.permissions):
        raise KeyTooStrong("a key cannot do more than its owner", refused)
    granted = set(whole.permissions if whole and permissions is None else permissions or ())
    if owner.id == viewer.person_id and not granted <= viewer.permissions:
        raise KeyTooStrong("a narrowed key cannot make one that does more", refused)
    key_id, secret = random(ID_BYTES).hex(), random(SECRET_BYTES).hex()
    await session.add_key(
        tx,
        key_id=key_id,
        person_id=owner.id,
        secret_hash=token_hash(secret),
        name=name,
        permissions=None if permissions is None else sorted(permissions),
        now=now,
        until=expires_at,
    )
    tx.audit(AuditEntry(actor=viewer.login, action="key:create", object=owner.login,
                        detail={"key": key_id, "expires_at": expires_at.isoformat()}))  # fmt: skip
    return f"{PREFIX}_{key_id}_{secret}"


async def viewer(db: Db, key: str, now: datetime) -> Viewer | None:
    """Who presents this key, with the permissions that the key leaves; `None` when it is no good.

    Reading it is the same work for an unknown id and for a wrong secret.
    """
    prefix, _, rest = key.partition("_")
    key_id, _, secret = rest.partition("_")
    readable = prefix == PREFIX and key_id.isalnum() and key_id.isascii()
    found = await session.find_key(db, key_id, now) if readable else None
    stored = _NO_HASH if found is None else found.secret_hash
    if not hmac.compare_digest(token_hash(secret), stored) or found is None:
        return None
    who = await person.viewer(db, found.person_id)
    if who is None:
        return None
    if found.used_at is None or now - found.used_at >= SEEN:
        await session.key_used(db, key_id, now)
    kept = who.permissions
    if found.permissions is not None:
        kept = frozenset(p for p in kept if p.value in found.permissions)
    # No passkey stands behind a key, so it never does what asks for one.
    withheld = limits_of(found.limits).withheld(None, now) & kept
    return replace(who, permissions=kept, withheld=withheld)


async def revoke(tx: Tx, viewer: Viewer, key_id: str, now: datetime) -> None:
    """Make a key useless at once: one's own, or anybody's with `person:manage`.

    Raises `NoSuchKey`, also for a key that the caller may not revoke: ids are not to be guessed.
    """
    owner = await session.key_owner(tx.db, key_id)
    person_of = None if owner is None else await person.get(tx.db, owner)
    mine = person_of is not None and person_of.id == viewer.person_id
    if person_of is None or not (mine or viewer.may(Permission.PERSON_MANAGE)):
        raise NoSuchKey(key_id)
    if not mine:
        seen = await party_tree.scope(tx.db, viewer)
        if seen is not None and person_of.party_id not in seen:
            raise NoSuchKey(key_id)
    if await session.revoke_key(tx, key_id, now):
        tx.audit(AuditEntry(actor=viewer.login, action="key:revoke", object=person_of.login,
                            detail={"key": key_id}))  # fmt: skip
