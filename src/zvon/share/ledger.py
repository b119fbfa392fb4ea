"""What the ledger says of one thing at a door: counts and hashes, made from the gate's outcome."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.access.refusal import Refused
from zvon.model.disclosure import Door
from zvon.model.disclosure import Outcome as Left
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Tlp
from zvon.model.policy import Policy
from zvon.model.role import SpanDecision
from zvon.privacy.engine import Outcome, Status
from zvon.store import disclosure
from zvon.store.disclosure import Leaving
from zvon.store.transaction import AuditEntry, Tx

Random = Callable[[int], bytes]
_LEFT = {
    Status.RELEASED: Left.RELEASED,
    Status.HELD: Left.HELD,
    Status.RESIDUE: Left.RESIDUE,
}


FAULTS = {"BadSeal": "FAULT_KEY", "BadKey": "FAULT_KEY", "DestroyedEpoch": "FAULT_KEY",
          "BadAgreement": "FAULT_POLICY", "BadTable": "FAULT_POLICY"}  # fmt: skip
"""What a line says of a fault, by its class; of any other that there was one."""


class Recipient(Struct, frozen=True, kw_only=True):
    """Where something goes: by which door, to whom, and what of ours it is about.

    `name` is a group, an organisation, the domain of an address, or `public`; `subject` a number
    or identifier of ours. `record_id` makes the row visible only to those who see that record.
    """

    door: Door
    name: str
    subject: str
    group_uuid: UUID | None = None
    record_id: int | None = None
    share_id: int | None = None


class NotReleased(Refused):
    """The gate did not let it out; `reason` is a code of the `privacy` catalogue.

    The transaction is undone; the ledger and the audit keep that it was stopped.
    """

    def __init__(self, reason: str, audit: AuditEntry, row: Leaving, now: datetime, random: Random) -> None:  # fmt: skip
        super().__init__(f"the sharing gate stops this: {reason}", audit)
        self.reason = reason

        async def write(tx: Tx) -> None:
            await disclosure.put(tx, uuid7(now, random(RANDOM_BYTES)), row, now)

        self.left = (write,)


def stopped(fault: Exception, to: Recipient, by: str, now: datetime, random: Random) -> None:
    """Let `fault` leave a line behind: nothing left, because a key, an agreement or a disk failed.

    The line says the kind of the fault only; its words may hold what they were about.
    """
    row = Leaving(
        door=to.door, subject=to.subject, recipient=to.name, group_uuid=to.group_uuid,
        policy_sha256="", tlp=int(Tlp.RED), outcome=Left.REFUSED,
        reason=FAULTS.get(type(fault).__name__, "FAULT"), record_id=to.record_id, share_id=to.share_id,
        by_login=by,
    )  # fmt: skip

    async def write(tx: Tx) -> None:
        await note(tx, row, now, random)

    fault.left = (write,)  # type: ignore[attr-defined]


def leaving(
    to: Recipient, policy: Policy, epoch: str, outcome: Outcome | None, by: str, *,
    reason: str = "", content: bytes | None = None,
) -> Leaving:  # fmt: skip
    """The row for an outcome of the gate; without one it was refused before the gate."""
    status = Status.REFUSED if outcome is None else outcome.status
    return Leaving(
        door=to.door, subject=to.subject, recipient=to.name, group_uuid=to.group_uuid,
        epoch=epoch, policy_sha256=policy.sha256, tlp=int(policy.tlp),
        outcome=Left.REFUSED if reason and status is Status.RELEASED else _LEFT.get(status, Left.REFUSED),
        reason=reason or ("" if status is Status.RELEASED else reason_of(outcome)),
        spans={} if outcome is None else counted(outcome),
        risk=0.0 if outcome is None else outcome.expected_leaks,
        content_sha256=None if content is None else hashlib.sha256(content).digest(),
        record_id=to.record_id, share_id=to.share_id, by_login=by,
    )  # fmt: skip


def reason_of(outcome: Outcome | None) -> str:
    """Why an outcome lets nothing out, as a code."""
    if outcome is None:
        return "REFUSED"
    if outcome.status is Status.HELD:
        return "ASKED"
    by_rule = outcome.status in {Status.REFUSED, Status.ERROR}
    return outcome.leave.reason if by_rule else outcome.status.name


def counted(outcome: Outcome) -> dict[str, dict[str, int]]:
    """How many spans of what leaves there are, by state and type."""
    inside = {part.id for part in outcome.parts if not part.leaves}
    return tally(span for span in outcome.spans if span.part not in inside)


def tally(spans: Iterable[SpanDecision]) -> dict[str, dict[str, int]]:
    """Spans by state and type; what was taken out inside a kept value counts beside it."""
    out: dict[str, dict[str, int]] = {}
    for span in spans:
        for one in (span, *span.inner):
            types = out.setdefault(one.state.value, {})
            types[one.type] = types.get(one.type, 0) + 1
    return out


def canonical(content: Mapping[str, Any]) -> bytes:
    """What left, as bytes whose hash stands in the ledger."""
    return msgspec.json.encode(content, order="sorted")


async def note(tx: Tx, row: Leaving, now: datetime, random: Random) -> UUID:
    """Write the row; it is there exactly when the transaction is."""
    uuid = uuid7(now, random(RANDOM_BYTES))
    await disclosure.put(tx, uuid, row, now)
    return uuid
