"""The random key of a pseudonym domain, sealed with the node key, and the way back from a token."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from zvon.access.node import Node
from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.seal import NONCE_BYTES, seal, unseal
from zvon.access.viewer import Viewer
from zvon.privacy.pseudonym import KEY_BYTES, Domain
from zvon.store import pseudonym
from zvon.store.transaction import AuditEntry, Tx

Random = Callable[[int], bytes]
MIN_REASON = 3


class NoReason(ValueError):
    """Reversing a pseudonym needs a reason that stays in the audit."""

    def __init__(self) -> None:
        super().__init__(f"give a reason of at least {MIN_REASON} characters")


class UnknownToken(LookupError):
    """The node did not make the pseudonym in this group and epoch, or its epoch is over."""

    def __init__(self) -> None:
        super().__init__("this node holds no original for that token")


def epoch_of(now: datetime) -> str:
    """The epoch of a moment: a calendar month in UTC, `2026-11`."""
    return f"{now:%Y-%m}"


async def domain(
    tx: Tx, group_uuid: UUID, epoch: str, node: Node, now: datetime, random: Random
) -> Domain:
    """The domain of a group and epoch; the first use makes its key. Raises `BadSeal`."""
    purpose = _purpose("key", group_uuid, epoch)
    sealed = await pseudonym.sealed_key(tx.db, group_uuid, epoch)
    if sealed is None:
        fresh = seal(node.key, purpose, random(KEY_BYTES), random(NONCE_BYTES))
        sealed = await pseudonym.put_key(tx, group_uuid, epoch, fresh, now)
    return Domain(str(group_uuid), epoch, unseal(node.key, purpose, sealed))


async def keep_originals(
    tx: Tx, group_uuid: UUID, epoch: str, originals: dict[str, str], node: Node, random: Random
) -> None:
    """Put the original of each pseudonym into the vault, sealed one by one."""
    sealed = {
        token: seal(
            node.key, _purpose(token, group_uuid, epoch), text.encode(), random(NONCE_BYTES)
        )
        for token, text in originals.items()
    }
    await pseudonym.put_vault(tx, group_uuid, epoch, sealed)


async def reverse(
    tx: Tx, viewer: Viewer, *, group_uuid: UUID, epoch: str, token: str, reason: str, node: Node
) -> str:
    """The original behind a pseudonym that this node made; every call is in the audit.

    Needs `share:release`. Raises `Refused` (with its audit row), `NoReason`, `UnknownToken`.
    """
    trail = AuditEntry(
        actor=viewer.login,
        action="share:reverse",
        object=token,
        detail={"group": str(group_uuid), "epoch": epoch, "reason": reason},
    )
    if not viewer.may(Permission.SHARE_RELEASE):
        refused = AuditEntry(
            actor=viewer.login,
            action="share:reverse",
            object=token,
            outcome="refused",
            rule=Permission.SHARE_RELEASE.value,
        )
        raise Refused(f"needs {Permission.SHARE_RELEASE}", refused)
    if len(reason.strip()) < MIN_REASON:
        raise NoReason
    sealed = await pseudonym.sealed_original(tx.db, group_uuid, epoch, token)
    if sealed is None:
        raise UnknownToken
    tx.audit(trail)
    return unseal(node.key, _purpose(token, group_uuid, epoch), sealed).decode()


def _purpose(what: str, group_uuid: UUID, epoch: str) -> str:
    return f"pseudonym.{what}:{group_uuid}:{epoch}"
