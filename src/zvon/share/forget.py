"""A person's pseudonyms: their way back is destroyed, and releases that carry them are taken back."""

from typing import Any
from uuid import UUID

from zvon.access.seal import BadSeal
from zvon.jobs import Context, enqueue
from zvon.privacy.fold import fold
from zvon.privacy.subject import KINDS, BadIdentifier, Identifier, identifier
from zvon.share import feed
from zvon.share.keys import original
from zvon.store import data_request, data_request_change, subject_vault
from zvon.store.data_request import Subject
from zvon.store.subject_vault import Row
from zvon.store.transaction import Tx, transaction

REASON = "data of a person was erased at its origin"


async def forget(context: Context, payload: dict[str, Any]) -> None:
    """The job: destroy the vault rows of the person of `request` and revoke what carries their tokens.

    Partners erase what is revoked and send signed receipts. The reason names nobody.
    """
    uuid, now = UUID(payload["request"]), context.clock()
    async with transaction(context.pool, now) as tx:
        request = await data_request.known(tx.db, uuid)
        if request.state != "erasing":
            return
        subject = await data_request.subject(tx.db, uuid, context.node.key)
        mine = await _mine(tx, context, subject)
        shares = await subject_vault.released_with(tx.db, [token for _, _, token in mine])
        for share in shares:
            await feed.revoke(tx, share, REASON, now, context.node, random=context.random)
        done: dict[str, Any] = {"partners": {"revoked": len(shares)}}
        if "kept" not in request.done.get("pseudonym", {}):
            await subject_vault.destroy(tx, mine)
            done["pseudonym"] = {"erased": len(mine)}
        await data_request_change.did(
            tx, uuid, "ERASED_AT_PARTNERS", done, now, shares=[str(each) for each in shares]
        )
        await enqueue(tx, "respond.data_request_close", {"request": str(uuid)})


async def _mine(tx: Tx, context: Context, subject: Subject) -> list[Row]:
    given = {fold(each.text).strip() for each in subject.given}
    own, found = frozenset(subject.identifiers), []
    for group, epoch, token in await subject_vault.rows(tx.db):
        try:
            text = await original(
                tx.db, group_uuid=group, epoch=epoch, token=token, node=context.node
            )
        except BadSeal:  # of a node key that is gone: nobody can read it
            continue
        if text is not None and (
            fold(text).strip() in given
            or any(_read(kind, text, subject.lang) in own for kind in KINDS)
        ):
            found.append((group, epoch, token))
    return found


def _read(kind: str, text: str, lang: str) -> Identifier | None:
    try:
        return identifier(kind, text, lang)
    except BadIdentifier:
        return None
