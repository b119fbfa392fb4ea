"""A partner asks the originator about a pseudonym; a person answers in words, never with the value.

What is asked and what is answered goes through the gate like everything that leaves: a text that
holds a value which the gate removes is not sent.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from zvon.access.node import Node
from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.formats import pseudonym_question as wire
from zvon.formats.note import PeerError
from zvon.formats.pseudonym_question import MAX_AT_ONCE, MAX_TEXT, Answered, Asked
from zvon.jobs import Context, enqueue
from zvon.model.disclosure import Door
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Pap
from zvon.privacy.engine import Part
from zvon.privacy.pseudonym import TOKEN
from zvon.privacy.residue import Original, scan
from zvon.share.client import PeerClient
from zvon.share.keys import current_epoch, domain, original
from zvon.share.ledger import NotReleased, Recipient, leaving
from zvon.share.outgoing import release_text
from zvon.share.passage import facts_of, policy_of
from zvon.share.released import ReleasedText
from zvon.store import peer, pseudonym
from zvon.store import pseudonym_question as rows
from zvon.store.peer import Peer
from zvon.store.pseudonym_question import NoQuestion, Question
from zvon.store.transaction import AuditEntry, Tx, transaction

Random = Callable[[int], bytes]
MIN_TEXT = 3
MAX_OPEN = 100
"""Questions of one partner that wait for a person; more are not taken."""
UNKNOWN = "UNKNOWN_TOKEN"


class NotClean(ValueError):
    """The gate does not let the text out as it is; the ledger keeps that it was stopped."""

    def __init__(self, stopped: NotReleased) -> None:
        super().__init__(
            f"the gate does not let this text out ({stopped.reason}); write it without names,"
            " numbers and addresses"
        )
        self.audit = stopped.audit
        self.left = stopped.left


class BadText(ValueError):
    """A question or an answer is too short or too long."""

    def __init__(self) -> None:
        super().__init__(f"write {MIN_TEXT} to {MAX_TEXT} characters")


class NoOrigin(LookupError):
    """No partner has sent that pseudonym in this group."""

    def __init__(self) -> None:
        super().__init__("no partner has sent that pseudonym in this group")


class NotOpenQuestion(ValueError):
    """The question was answered or refused before."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the question was {state} already")


async def ask(
    tx: Tx, viewer: Viewer, *, group_uuid: UUID, token: str, question: str, node: Node,
    now: datetime, random: Random,
) -> UUID:  # fmt: skip
    """Ask the partner who made a pseudonym about it; the question leaves with the next poll.

    Raises `Denied`, `NoSuchGroup`, `NoOrigin`, `BadText`, `NotClean`.
    """
    viewer.require(Permission.SHARE_PREPARE)
    text = _text(question)
    group = await peer.group(tx.db, group_uuid)
    known = TOKEN.fullmatch(token) is not None
    origin = await rows.origin_of(tx.db, group.uuid, token) if known else None
    if origin is None:
        raise NoOrigin
    uuid = uuid7(now, random(RANDOM_BYTES))
    released = await _released(tx, viewer, group_uuid, uuid, text, node, now, random)
    await rows.put(tx, uuid=uuid, ours=False, peer=origin, group_uuid=group_uuid, token=token,
                   question=released.texts["text"], now=now, asked_by=viewer.person_id)  # fmt: skip
    tx.audit(AuditEntry(actor=viewer.login, action="pseudonym:ask", object=token,
                        detail={"group": str(group_uuid), "peer": str(origin)}))  # fmt: skip
    await enqueue(tx, "share.questions", {"peer_id": (await peer.get(tx.db, origin)).id})
    return uuid


async def answer(
    tx: Tx, viewer: Viewer, uuid: UUID, text: str, node: Node, now: datetime, random: Random
) -> None:
    """Answer a partner's question in words; the asker fetches it.

    Raises `Refused`, `NoQuestion`, `NotOpenQuestion`, `BadText`, `NotClean` (the value, or any
    other that the gate removes, stands in the answer).
    """
    found = await _open(tx, viewer, uuid, "pseudonym:answer")
    said = _text(text)
    epoch = await pseudonym.epoch_of_token(tx.db, found.group, found.token)
    value = await original(tx.db, found.group, epoch, found.token, node) if epoch else None
    released = await _released(tx, viewer, found.group, uuid, said, node, now, random, value)
    await _settle(tx, viewer, found, "answered", released.texts["text"], now)


async def refuse(tx: Tx, viewer: Viewer, uuid: UUID, now: datetime) -> None:
    """Say no to a partner's question. Raises `Refused`, `NoQuestion`, `NotOpenQuestion`."""
    found = await _open(tx, viewer, uuid, "pseudonym:refuse")
    await _settle(tx, viewer, found, "refused", "", now)


async def _open(tx: Tx, viewer: Viewer, uuid: UUID, action: str) -> Question:
    if not viewer.may(Permission.PSEUDONYM_REVERSE):
        rule = Permission.PSEUDONYM_REVERSE.value
        raise Refused(f"needs {rule}", AuditEntry(actor=viewer.login, action=action,
                      object=str(uuid), outcome="refused", rule=rule))  # fmt: skip
    found = await rows.lock(tx, uuid)
    if found.state != "open":
        raise NotOpenQuestion(found.state)
    return found


async def _settle(
    tx: Tx, viewer: Viewer, found: Question, state: str, text: str, now: datetime
) -> None:
    await rows.settle(tx, found.uuid, ours=True, state=state, answer=text, now=now,
                      person_id=viewer.person_id)  # fmt: skip
    action = "pseudonym:answer" if state == "answered" else "pseudonym:refuse"
    tx.audit(AuditEntry(actor=viewer.login, action=action, object=found.token,
                        detail={"question": str(found.uuid), "peer": str(found.peer)}))  # fmt: skip


def _text(text: str) -> str:
    clean = wire.seen(text)
    if not MIN_TEXT <= len(clean) <= MAX_TEXT:
        raise BadText
    return clean


async def _released(
    tx: Tx, viewer: Viewer, group_uuid: UUID, uuid: UUID, text: str, node: Node, now: datetime,
    random: Random, value: str | None = None,
) -> ReleasedText:  # fmt: skip
    """The text through the gate; `value` may not stand in it either. Raises `NotClean`.

    What the gate would change is not sent changed: a person writes it anew.
    """
    group = await peer.group(tx.db, group_uuid)
    policy = await policy_of(tx.db, group_uuid, {"tlp": group.max_tlp, "pap": Pap.CLEAR})
    epoch = await current_epoch(tx.db, group_uuid, now)
    keys = await domain(tx, group_uuid, epoch, node, now, random)
    to = Recipient(door=Door.QUESTION, name=group.name, subject=str(uuid), group_uuid=group_uuid)

    def stopped(reason: str) -> NotReleased:
        audit = AuditEntry(actor=viewer.login, action=f"disclose:{to.door.value}",
                           object=to.subject, outcome="refused", rule=reason)  # fmt: skip
        row = leaving(to, policy, epoch, None, viewer.login, reason=reason)
        return NotReleased(reason, audit, row, now, random)

    if value is not None and scan(text, [Original(value, "value")]).hits:
        raise NotClean(stopped("RESIDUE"))
    try:
        released = await release_text(
            tx, [Part("text", text)], to, now, facts=await facts_of(tx.db, node, now),
            policy=policy, keys=keys, by=viewer.login, random=random,
        )  # fmt: skip
    except NotReleased as problem:
        raise NotClean(problem) from None
    if "text" not in released.whole:
        raise NotClean(stopped("CHANGED"))
    return released


async def take(tx: Tx, partner: UUID, group_uuid: UUID, body: bytes, now: datetime) -> None:
    """Take in what a member asks. Raises `PeerError`.

    A pseudonym that we never made, or whose epoch is over, is refused without a person.
    """
    asked = wire.read_questions(body)
    if len(await rows.open_of(tx.db, partner, ours=True)) + len(asked) > MAX_OPEN:
        raise PeerError(f"more than {MAX_OPEN} questions are open")
    for one in asked:
        known = TOKEN.fullmatch(one.token) is not None and await pseudonym.epoch_of_token(
            tx.db, group_uuid, one.token
        )
        state, said = ("open", "") if known else ("refused", UNKNOWN)
        await rows.put(tx, uuid=one.id, ours=True, peer=partner, group_uuid=group_uuid,
                       token=one.token, question=one.question, now=now, state=state, answer=said)  # fmt: skip


async def exchange(context: Context, partner: Peer, client: PeerClient) -> int:
    """Send our open questions to their originator and fetch what was answered; how many were.

    Raises `Unreachable`, `PeerError`.
    """
    async with context.pool.connection() as db:
        waiting = await rows.open_of(db, partner.uuid, ours=False)
    done = 0
    for group in sorted({one.group for one in waiting}):
        mine = [one for one in waiting if one.group == group][:MAX_AT_ONCE]
        fresh = [one for one in mine if one.sent_at is None]
        if fresh:
            body = [Asked(id=o.uuid, token=o.token, question=o.question) for o in fresh]
            await client.post(f"/groups/{group}/questions", wire.write(body))
            async with transaction(context.pool, context.clock()) as tx:
                await rows.sent(tx, [one.uuid for one in fresh], context.clock())
        said = await client.post(f"/groups/{group}/answers", wire.write([one.uuid for one in mine]))
        done += await _answered(context, partner, {one.uuid for one in mine}, said)
    return done


async def _answered(context: Context, partner: Peer, asked: set[UUID], body: bytes) -> int:
    now = context.clock()
    done = 0
    async with transaction(context.pool, now) as tx:
        for one in wire.read_answers(body):
            if one.id not in asked:
                raise PeerError("an answer to a question that was not asked")
            done += await rows.settle(tx, one.id, ours=False, state=one.state, answer=one.answer, now=now)  # fmt: skip
            tx.audit(AuditEntry(actor=f"peer:{partner.name}", action="pseudonym:answered",
                                object=str(one.id), detail={"state": one.state}))  # fmt: skip
    return done


async def answers(context: Context, partner: UUID, group_uuid: UUID, body: bytes) -> bytes:
    """What a member may know of its own questions: those that a person has settled."""
    wanted = wire.read_ids(body)
    async with context.pool.connection() as db:
        found = await rows.settled(db, partner, group_uuid, wanted)
    return wire.write([
        Answered(id=one.uuid, state="answered" if one.state == "answered" else "refused",
                 answer=one.answer)
        for one in found
    ])  # fmt: skip


__all__ = ["NoQuestion", "answer", "answers", "ask", "exchange", "refuse", "take"]
