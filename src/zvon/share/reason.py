"""Why something is taken back, as partners may read it: what a person wrote passes the gate, too."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from zvon.access.node import Node
from zvon.model.disclosure import Door
from zvon.model.marking import Pap, Tlp
from zvon.privacy.engine import Part, Status, share_text
from zvon.share.keys import current_epoch, domain
from zvon.share.ledger import Recipient, canonical, leaving, note
from zvon.share.outgoing import unchanged
from zvon.share.passage import facts_of, policy_of
from zvon.share.released import PASS, ReleasedText
from zvon.store import share as rows
from zvon.store.transaction import Tx

Random = Callable[[int], bytes]


async def reason_for(
    tx: Tx, share_uuid: UUID, reason: str, now: datetime, node: Node, *, by: str, random: Random
) -> ReleasedText:
    """The `reason` part for the members of the group that the release went to.

    What is taken back must not wait for words: a reason that the gate stops leaves empty, and the
    ledger says so. Raises `NoShare`.
    """
    row = await rows.standing(tx.db, share_uuid)
    marked = {"tlp": row.policy.get("tlp", Tlp.AMBER), "pap": row.policy.get("pap", Pap.GREEN)}
    policy = await policy_of(tx.db, row.group_uuid, marked)
    epoch = row.policy.get("epoch") or await current_epoch(tx.db, row.group_uuid, now)
    keys = await domain(tx, row.group_uuid, epoch, node, now, random)
    gone = frozenset(row.gone)
    facts = await facts_of(tx.db, node, now)
    outcome = share_text(
        [Part("reason", reason)], facts=replace(facts, reporters=facts.reporters | gone),
        policy=policy, keys=keys,
    )  # fmt: skip
    said = outcome.shared if outcome.status is Status.RELEASED else {"reason": ""}
    to = Recipient(
        door=Door.PEER, name=row.group_name, subject=row.number or str(share_uuid),
        group_uuid=row.group_uuid, record_id=row.record_id, share_id=row.id,
    )  # fmt: skip
    content = canonical(said) if outcome.status is Status.RELEASED else None
    await note(tx, leaving(to, policy, keys.epoch, outcome, by, content=content), now, random)
    return ReleasedText(
        PASS, door=Door.PEER, recipient=to.name, policy=policy, texts=said, whole=unchanged(outcome)
    )
