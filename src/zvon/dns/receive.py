"""What an outpost says that it saw, checked against what was ordered and against its own answer."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from zvon.dns.ask import A
from zvon.dns.prove import Ordered, Seen, evidence
from zvon.formats.answer import Answer, BadAnswer
from zvon.formats.receipt import BadReceipt, digest, read
from zvon.model.zone import Grade
from zvon.store.outpost import Outpost
from zvon.store.proof_work import Work
from zvon.store.receipt import Draft, Signed

SKEW = timedelta(seconds=2)
"""Outposts correct their clock by ours; what is left is the way there and back."""


class Sent(Struct, frozen=True, kw_only=True):
    """A statement as it came."""

    octets: bytes
    signature: bytes
    answer: bytes


def check(
    sent: Sent, outpost: Outpost, work: Sequence[Work], controls: Collection[str], now: datetime
) -> Signed:
    """Give back what may be kept. Raises `BadReceipt` with the reason.

    `work` is what this subscriber has yet to prove, so that a statement of another subscriber, of
    another block, or one sent again finds nothing that it fits.
    """
    assert outpost.public_key is not None
    said = read(sent.octets, sent.signature, outpost.public_key)
    if said.prober != str(outpost.uuid) or said.subscriber != outpost.subscriber:
        raise BadReceipt("the statement is another outpost's")
    wanted = next((w for w in work if str(w.block) == said.block and w.kind == said.kind), None)
    if wanted is None:
        raise BadReceipt(f"{said.kind} of {said.name}: proved before, or not ordered here")
    shown = (said.name, said.zone, said.serial, said.ordered_at, said.approved_at, said.sample,
             said.grade)  # fmt: skip
    ordered = (wanted.name, wanted.zone, wanted.serial, wanted.ordered_at, wanted.approved_at, 0,
               Grade.PROBED)  # fmt: skip
    if shown != ordered:
        raise BadReceipt(f"{said.name}: the statement is not about what was ordered")
    if not wanted.ordered_at - SKEW <= said.seen_at <= now + SKEW:
        raise BadReceipt(f"{said.name}: seen before it was ordered, or in the future")
    if said.control not in controls:
        raise BadReceipt(f"{said.name}: {said.control!r} is no control name of ours")
    _check_answer(sent.answer, wanted, said.answer)
    seen = Seen(answer=Answer.of(sent.answer), at=said.seen_at, control=said.control,
                existed=said.existed_before)  # fmt: skip
    if evidence(seen, outpost.zones) != said.evidence:
        raise BadReceipt(f"{said.name}: the answer is not the evidence that is claimed")
    draft = Draft(block_id=wanted.block_id, block=wanted.block, subscriber_id=outpost.subscriber_id,
                  statement=said, answer=sent.answer)  # fmt: skip
    return Signed(draft=draft, octets=sent.octets, signature=sent.signature)


def _check_answer(raw: bytes, wanted: Work, claimed: str) -> None:
    if digest(raw) != claimed:
        raise BadReceipt(f"{wanted.name}: the answer is not the one that was signed")
    try:
        answer = Answer.of(raw)
    except BadAnswer as problem:
        raise BadReceipt(f"{wanted.name}: {problem}") from None
    ordered = Ordered(name=wanted.name, action=wanted.ordered, kind=wanted.kind,
                      landing=wanted.target)  # fmt: skip
    if answer.question != (wanted.name, A) or not ordered.met(answer):
        raise BadReceipt(f"{wanted.name}: the answer is not as ordered")
