"""The random key of a pseudonym domain, sealed with the node key, and the sealed originals."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from zvon.access.node import Node
from zvon.access.seal import NONCE_BYTES, seal, unseal
from zvon.model.epoch import ends, epoch_of
from zvon.model.policy import Agreement, read_agreement
from zvon.privacy.pseudonym import KEY_BYTES, Domain
from zvon.store import peer, pseudonym
from zvon.store.party import Db
from zvon.store.transaction import Tx

Random = Callable[[int], bytes]


async def agreement_of(db: Db, group_uuid: UUID) -> Agreement:
    """What the members of a group agreed. Raises `NoSuchGroup`, `BadAgreement`."""
    return read_agreement((await peer.group(db, group_uuid)).policy)


async def current_epoch(db: Db, group_uuid: UUID, now: datetime) -> str:
    """The epoch of a group at a moment, as long as its agreement has it. Raises `NoSuchGroup`."""
    return epoch_of(now, (await agreement_of(db, group_uuid)).epoch_days)


async def domain(
    tx: Tx, group_uuid: UUID, epoch: str, node: Node, now: datetime, random: Random
) -> Domain:
    """The domain of a group and epoch; the first use makes its key.

    Raises `BadSeal`, `DestroyedEpoch`, `NoSuchGroup`.
    """
    sealed = await pseudonym.sealed_key(tx.db, group_uuid, epoch)
    if sealed is None:
        agreed = await agreement_of(tx.db, group_uuid)
        fresh = seal(node.key, _purpose("key", group_uuid, epoch), random(KEY_BYTES),
                     random(NONCE_BYTES))  # fmt: skip
        sealed = await pseudonym.put_key(
            tx, group_uuid, epoch, fresh, now, ends(epoch, agreed.keep_epochs)
        )
    return Domain(
        str(group_uuid), epoch, unseal(node.key, _purpose("key", group_uuid, epoch), sealed)
    )


async def keep_originals(
    tx: Tx, group_uuid: UUID, epoch: str, originals: dict[str, str], node: Node, random: Random
) -> None:
    """Put the original of each pseudonym into the vault, sealed one by one."""
    sealed = {
        token: seal(
            node.key,
            _purpose(token, group_uuid, epoch),
            text.encode("utf-8", "surrogatepass"),
            random(NONCE_BYTES),
        )
        for token, text in originals.items()
    }
    await pseudonym.put_vault(tx, group_uuid, epoch, sealed)


async def original(db: Db, group_uuid: UUID, epoch: str, token: str, node: Node) -> str | None:
    """What stands in the vault behind a pseudonym; for callers that audit it. Raises `BadSeal`."""
    sealed = await pseudonym.sealed_original(db, group_uuid, epoch, token)
    if sealed is None:
        return None
    opened = unseal(node.key, _purpose(token, group_uuid, epoch), sealed)
    return opened.decode("utf-8", "surrogatepass")


def _purpose(what: str, group_uuid: UUID, epoch: str) -> str:
    return f"pseudonym.{what}:{group_uuid}:{epoch}"
