"""From a pseudonym back to its original: for the originator alone, with a reason and a trace."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from zvon.access.node import Node
from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.privacy.pseudonym import TOKEN
from zvon.share.keys import agreement_of, original
from zvon.store import pseudonym
from zvon.store import pseudonym_reversal as rows
from zvon.store.pseudonym_reversal import NoReversal, Reversal
from zvon.store.transaction import AuditEntry, Tx

Random = Callable[[int], bytes]
MIN_REASON = 3
ACTION = "pseudonym:reverse"


class NoReason(ValueError):
    """Reversing a pseudonym needs a reason that stays in the audit."""

    def __init__(self, *audit: AuditEntry) -> None:
        super().__init__(f"give a reason of at least {MIN_REASON} characters")
        self.audit = audit


class NoToken(ValueError):
    """What was given is not written like a pseudonym; it is repeated nowhere."""

    def __init__(self, *audit: AuditEntry) -> None:
        super().__init__("that is not a pseudonym")
        self.audit = audit


class UnknownToken(LookupError):
    """The node did not make the pseudonym in this group and epoch, or its epoch is over."""

    def __init__(self, *audit: AuditEntry) -> None:
        super().__init__("this node holds no original for that token")
        self.audit = audit


class Reversed(Struct, frozen=True, kw_only=True):
    """The original behind a pseudonym, or the request that a second person has to agree to."""

    epoch: str
    original: str | None
    waits: UUID | None = None


async def reverse(
    tx: Tx, viewer: Viewer, *, group_uuid: UUID, token: str, reason: str, node: Node,
    now: datetime, random: Random, epoch: str | None = None,
) -> Reversed:  # fmt: skip
    """The original behind a pseudonym that this node made; every call is in the audit.

    Without `epoch` the newest one that has the pseudonym. Where the group agreed on two people,
    the first call asks, and after somebody else has agreed the same person's next one shows the
    original, once. Raises `Refused`, `NoReason`, `NoToken`, `UnknownToken`, each with its audit
    row, and `NoSuchGroup`.
    """
    call = _Call(viewer, token, {"group": str(group_uuid), "epoch": epoch, "reason": reason})
    if not viewer.may(Permission.PSEUDONYM_REVERSE):
        raise Refused(f"needs {Permission.PSEUDONYM_REVERSE}",
                      call.row("refused", Permission.PSEUDONYM_REVERSE.value))  # fmt: skip
    if not call.well_formed:
        raise NoToken(call.row("refused", "NO_TOKEN"))
    if len(reason.strip()) < MIN_REASON:
        raise NoReason(call.row("refused", "NO_REASON"))
    found = epoch or await pseudonym.epoch_of_token(tx.db, group_uuid, token)
    text = await original(tx.db, group_uuid, found, token, node) if found else None
    if found is None or text is None:
        raise UnknownToken(call.row("refused", "UNKNOWN_TOKEN"))
    call.detail["epoch"] = found
    if (await agreement_of(tx.db, group_uuid)).reverse_eyes:
        asked = await rows.of(tx, viewer.person_id, group_uuid, found, token, now)
        if asked is None or asked.agreed_at is None:
            tx.audit(call.row("refused", "FOUR_EYES"))
            return Reversed(epoch=found, original=None,
                            waits=asked.uuid if asked else await _ask(tx, call, found, now, random))  # fmt: skip
        await rows.shown(tx, asked.id, now)
        call.detail["agreed_by"] = asked.agreed_by
    tx.audit(call.row("done"))
    return Reversed(epoch=found, original=text)


async def agree(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> Reversal:
    """A second person lets the asker see the original; this one is shown nothing.

    Raises `Refused` (its own request, or no permission), `NoReversal`.
    """
    entry = AuditEntry(actor=viewer.login, action="pseudonym:agree", object=str(uuid))
    if not viewer.may(Permission.PSEUDONYM_REVERSE):
        raise Refused(f"needs {Permission.PSEUDONYM_REVERSE}",
                      _refused(entry, Permission.PSEUDONYM_REVERSE.value))  # fmt: skip
    found = await rows.lock(tx, uuid, now)
    if found.asked_by_id == viewer.person_id:
        raise Refused("you asked for this; another person has to agree",
                      _refused(entry, "FOUR_EYES"))  # fmt: skip
    await rows.agree(tx, found.id, viewer.person_id, now)
    tx.audit(AuditEntry(actor=entry.actor, action=entry.action, object=entry.object,
                        detail={"token": found.token, "asked_by": found.asked_by}))  # fmt: skip
    return found


def _refused(entry: AuditEntry, rule: str) -> AuditEntry:
    return AuditEntry(actor=entry.actor, action=entry.action, object=entry.object,
                      outcome="refused", rule=rule)  # fmt: skip


async def _ask(tx: Tx, call: "_Call", epoch: str, now: datetime, random: Random) -> UUID:
    uuid = uuid7(now, random(RANDOM_BYTES))
    await rows.add(
        tx, uuid=uuid, group_uuid=UUID(call.detail["group"]), epoch=epoch, token=call.token,
        reason=call.detail["reason"], person_id=call.viewer.person_id, now=now,
    )  # fmt: skip
    return uuid


class _Call:
    """One call, as the audit keeps it: the pseudonym, never what somebody typed in its place."""

    def __init__(self, viewer: Viewer, token: str, detail: dict[str, Any]) -> None:
        self.viewer, self.token, self.detail = viewer, token, detail
        self.well_formed = TOKEN.fullmatch(token) is not None

    def row(self, outcome: str, rule: str = "") -> AuditEntry:
        return AuditEntry(
            actor=self.viewer.login, action=ACTION,
            object=self.token if self.well_formed else "no pseudonym",
            outcome="done" if outcome == "done" else "refused", rule=rule, detail=self.detail,
        )  # fmt: skip


__all__ = ["NoReversal", "Reversed", "agree", "reverse"]
