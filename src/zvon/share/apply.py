"""What an entry of a partner's feed does here.

Nothing that a partner says is done as such: an event becomes a record and an incident marked as
theirs, and its names become proposals of the partner's machine account, which pass the same
gates as everybody's and wait for a local approver. What a partner takes back is undone, as far
as that partner caused it.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.note import PeerError
from zvon.formats.peer import Entry, EntryKind
from zvon.jobs import Context
from zvon.locale import LANGS, translator
from zvon.locale.sentence import sentence
from zvon.model.advice import NameAdvice
from zvon.model.event import Event, EventName, Title, wire
from zvon.model.marking import Pap, Tlp
from zvon.model.name import BadName, canonical
from zvon.model.observable import BadValue, Observable
from zvon.model.observable import canonical as canonical_value
from zvon.model.scope import Scope
from zvon.model.verdict import Reason, Verdict, VerdictWord
from zvon.share import kit
from zvon.share.limits import Limits
from zvon.store import (
    block,
    block_gate,
    comment_share,
    discussion,
    feed,
    incident,
    ingest,
    party,
)
from zvon.store import event as events
from zvon.store.ingest import RecordIn, Sighted
from zvon.store.peer import Group, Peer
from zvon.store.savepoint import savepoint
from zvon.store.transaction import AuditEntry, Tx

LIVE = frozenset({"published", "enforced", "expiring", "failed", "disputed"})
PLAIN_TITLE = Title(code="TITLE_SUSPICIOUS")
LEGAL_GROUND = "shared by a partner node; for the local approver to confirm"


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of an entry. `state` is that of the row; `outputs` are counts for the ack."""

    state: str
    problem: str = ""
    outputs: dict[str, int] = {}
    record_id: int | None = None
    incident_id: int | None = None

    @property
    def partial(self) -> bool:
        """True when something of it was refused, held, or had to stay."""
        return self.state in {"refused", "held"} or bool(self.problem)


class NotTaken(PeerError):
    """The entry is well formed, and we do not take it; the message is a code with its value."""


class Narrowed(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a `narrow` entry."""

    names: tuple[str, ...]
    reason: str = ""


class Remark(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of an `opinion` in words: a comment, and what it answers to. Empty takes it back."""

    comment: UUID
    text: Annotated[str, Meta(max_length=10_000)]
    answers: UUID | None = None


class Revoked(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a `revoke` entry."""

    reason: str = ""


def machine(peer: Peer, country: str) -> Viewer:
    """The viewer that a partner's decisions are written under: it proposes and takes back."""
    return Viewer(
        person_id=peer.person_id,
        login=f"peer:{peer.name}",
        name=peer.name,
        party_id=peer.party_id,
        party_own=False,
        country=country,
        roles=(),
        permissions=frozenset({Permission.BLOCK_PROPOSE}),
        tlp_ceiling=Tlp.CLEAR,
    )


def read_body(body: dict[str, Any], kind: type[Any]) -> Any:
    """The body of an entry as `kind`. Raises `NotTaken`."""
    try:
        return msgspec.convert(body, kind)
    except (msgspec.ValidationError, ValueError) as problem:
        raise NotTaken(f"BODY: {problem}") from None


async def apply(
    tx: Tx, context: Context, peer: Peer, group: Group, entry: Entry,
    limits: Limits, now: datetime,
) -> Outcome:  # fmt: skip
    """Do what `entry` says, once. Raises `NotTaken` when we will not; then nothing is written."""
    match entry.kind:
        case EntryKind.ADD | EntryKind.SUPERSEDE:
            return await _event(tx, context, peer, group, entry, limits, now)
        case EntryKind.REVOKE:
            return await _revoke(tx, context, peer, group.uuid, entry, now)
        case EntryKind.NARROW:
            return await _narrow(tx, context, peer, entry, now)
        case EntryKind.OPINION if "comment" in entry.body:
            return await _comment(tx, peer, group, entry, now)
        case _:  # sightings, verdicts and other opinions are kept as they came
            return Outcome(state="applied", outputs={"stored": 1})


async def _event(
    tx: Tx, context: Context, peer: Peer, group: Group, entry: Entry,
    limits: Limits, now: datetime,
) -> Outcome:  # fmt: skip
    known = await feed.entries_of(tx.db, peer.uuid, entry.id)
    if any(k.kind == "revoke" for k in known):
        return Outcome(state="erased", problem="REVOKED", outputs={"erased": 1})
    event: Event = read_body(entry.body, Event)
    tlp, pap = _marking(event, entry, group)
    advice, values = _names(event.names), _observables(event)
    marks = [Sighted(value, ingest.NEAR, entry.at) for value in kit.told(event, group.uuid)]
    before = next((k for k in known if k.record_id is not None), None)
    sighted = [*(Sighted(value, ingest.SAID, entry.at) for value in values), *marks]
    if before is not None and before.record_id is not None:
        await events.revise(tx, before.record_id, entry.id, wire(event), tlp=tlp, pap=pap, now=now)
        await ingest.occurrences(tx, before.record_id, sighted)
        record_id, incident_id = before.record_id, before.incident_id
        gone = {n.name for n in event.names}
        lifted = await _take_back(
            tx, context, peer, incident_id, f"superseded by {peer.name}", now, keep=gone
        )
    else:
        record_id, incident_id = await _new_event(
            tx, peer, group, entry, event, tlp, pap, advice, sighted, now
        )
        lifted = {}
    if marks:
        await kit.link(tx, group.uuid, now)
    outputs, problem = await _propose(
        tx, context, peer, event, advice, pap, incident_id, limits, now
    )
    tx.audit(
        AuditEntry(actor=f"peer:{peer.name}", action=f"share:{entry.kind.value}",
                   object=str(entry.id), detail={"group": str(group.uuid), **outputs, **lifted})
    )  # fmt: skip
    return Outcome(
        state="applied",
        problem=problem,
        outputs={"records": 1, **outputs, **lifted},
        record_id=record_id,
        incident_id=incident_id,
    )


def _marking(event: Event, entry: Entry, group: Group) -> tuple[Tlp, Pap]:
    """The strictest of what the entry and the event say, within what the group allows."""
    tlp = max(entry.policy.tlp_level, Tlp(event.tlp))
    if tlp > group.max_tlp or tlp is Tlp.RED:
        raise NotTaken(f"TLP: {tlp.label} is above the group's limit")
    floor = Pap.__members__.get(str(group.policy.get("pap_floor", "GREEN")).upper(), Pap.RED)
    if event.uuid != entry.id:
        raise NotTaken("ID: the event and its entry name different objects")
    return tlp, max(entry.policy.pap_level, Pap(event.pap), floor)


def _readable(code: str, params: Mapping[str, str | int]) -> bool:
    """False when the parameters do not fit the code: such a sentence would break its page."""
    try:
        for lang in LANGS:
            sentence(translator(lang), code, params)
    except (LookupError, TypeError, ValueError, AttributeError):
        return False
    return True


def _names(names: Sequence[EventName]) -> list[NameAdvice]:
    """The names in canonical form with a scope that we know. Raises `NotTaken`."""
    result: list[NameAdvice] = []
    for one in names:
        try:
            if canonical(one.name) != one.name:
                raise NotTaken(f"NAME: {one.name!r} is not in its canonical form")
            result.append(NameAdvice(name=one.name, scope=Scope(one.scope), reason=one.reason))
        except (BadName, ValueError) as problem:
            raise NotTaken(f"NAME: {problem}") from None
    return result


def _observables(event: Event) -> list[Observable]:
    """The values that have a canonical form; a pseudonym has none and stays in the payload."""
    values: list[Observable] = []
    for one in event.observables:
        with suppress(BadValue):
            values.append(canonical_value(one.type, one.value))
    return list(dict.fromkeys(values))


async def _new_event(
    tx: Tx, peer: Peer, group: Group, entry: Entry, event: Event, tlp: Tlp, pap: Pap,
    advice: Sequence[NameAdvice], sighted: Sequence[Sighted], now: datetime,
) -> tuple[int, int]:  # fmt: skip
    if await events.is_taken(tx.db, entry.id):
        raise NotTaken("ID: another record has this identifier")
    own = await party.own(tx.db)
    source = await party.source(tx, f"peer:{peer.uuid}", "peer", now, party_id=peer.party_id)
    (record_id,) = await ingest.ingest(
        tx,
        [
            RecordIn(
                uuid=entry.id,
                kind="event",
                created_at=entry.at,
                modified_at=now,
                tlp=tlp,
                pap=pap,
                payload=wire(event),
                org_id=own.id,
                orgc_id=peer.party_id,
                source_id=source,
                group_uuid=group.uuid,
                observables=sighted,
            )
        ],
        now,
    )
    verdict = Verdict(
        word=event.verdict,
        category=event.category,
        probability=event.probability,
        brand=event.brand,
        reasons=tuple(
            Reason(
                code=r.code,
                params=r.params,
                weight=r.weight,
                source=f"peer:{peer.name}",
            )
            for r in event.reasons
            if _readable(r.code, r.params)
        ),
    )
    title = event.title if _readable(event.title.code, event.title.params) else PLAIN_TITLE
    incident_id, _ = await incident.from_peer(
        tx,
        record_id=record_id,
        peer_person_id=peer.person_id,
        verdict=verdict,
        title_code=title.code,
        title_params=title.params,
        names=advice,
        now=now,
    )
    return record_id, incident_id


async def _propose(
    tx: Tx, context: Context, peer: Peer, event: Event, advice: Iterable[NameAdvice], pap: Pap,
    incident_id: int | None, limits: Limits, now: datetime,
) -> tuple[dict[str, int], str]:  # fmt: skip
    """Propose each name alone, so that one that a gate refuses does not stop the others."""
    if event.verdict is not VerdictWord.MALICIOUS or not pap.allows_block or incident_id is None:
        return {}, ""
    uuid = await events.incident_uuid(tx.db, incident_id)
    proposed, refused, problems = 0, 0, []
    for name in advice:
        if name.scope is Scope.NONE:
            continue
        proposal = block.Proposal(
            names=((name.name, name.scope),),
            feed=context.settings.country.lower(),
            reason=f"{peer.name}: {event.category.value} {event.brand or ''}".strip(),
            legal_ground=LEGAL_GROUND,
            expires_at=now + limits.block_life,
            incident_uuid=uuid,
        )
        try:
            async with savepoint(tx):
                await block.propose(
                    tx, machine(peer, context.settings.country), proposal, now, context.random
                )
        except block.GuardRefused as refusal:
            tx.audit(*refusal.audit)
            refused += 1
            problems += [finding.rule for finding in refusal.findings]
        except block.AlreadyBlocked:
            continue
        except LookupError:
            return {}, "NO_FEED"
        else:
            proposed += 1
    counts = {"proposed": proposed} | ({"refused": refused} if refused else {})
    return counts, "GUARD: " + ", ".join(sorted(set(problems))) if problems else ""


async def _revoke(
    tx: Tx, context: Context, peer: Peer, group: UUID, entry: Entry, now: datetime
) -> Outcome:
    """Lift what the event caused, erase what it said, and leave a tombstone; idempotent."""
    revoked: Revoked = read_body(entry.body, Revoked)
    reason = f"taken back by {peer.name}" + (f": {revoked.reason[:200]}" if revoked.reason else "")
    known = await feed.entries_of(tx.db, peer.uuid, entry.id)
    counts: dict[str, int] = {}
    problem = ""
    record_id = incident_id = None
    for before in known:
        if before.record_id is None or before.record_id == record_id:
            continue
        record_id, incident_id = before.record_id, before.incident_id
        counts |= await _take_back(tx, context, peer, incident_id, reason, now)
        await events.entomb(tx, record_id, entry.id, reason, now)
        if incident_id is not None:
            await incident.withdrawn(
                tx, incident_id, actor=f"peer:{peer.name}", reason=reason, now=now
            )
    await comment_share.forget_origin(tx, entry.id, group, peer.uuid, now)
    erased = await feed.erase(tx, peer.uuid, entry.id)
    tx.audit(
        AuditEntry(
            actor=f"peer:{peer.name}", action="share:take_back", object=str(entry.id),
            detail={"erased": erased, **counts},
        )
    )  # fmt: skip
    if counts.get("stayed"):
        problem = "BRAKE: some blocks stay until somebody lifts them"
    return Outcome(
        state="applied",
        problem=problem,
        outputs={"erased": erased, **counts},
        record_id=record_id,
        incident_id=incident_id,
    )


async def _comment(tx: Tx, peer: Peer, group: Group, entry: Entry, now: datetime) -> Outcome:
    """Put what the partner says about an event of the group into the talk about our incident."""
    said: Remark = read_body(entry.body, Remark)
    incident_id = await comment_share.incident_of(tx.db, entry.id, group.uuid)
    if incident_id is None:
        return Outcome(
            state="applied", problem="UNKNOWN: no such event here", outputs={"stored": 1}
        )
    if entry.policy.tlp_level > group.max_tlp or entry.policy.tlp_level is Tlp.RED:
        raise NotTaken(f"TLP: {entry.policy.tlp} is above the group's limit")
    became = await comment_share.receive(
        tx, incident_id=incident_id, uuid=said.comment, origin=peer.uuid, group_uuid=group.uuid,
        entry=entry.n, answers=said.answers, text=said.text.strip(), now=now,
    )  # fmt: skip
    if became == "taken":
        raise NotTaken("ID: another comment has this identifier")
    if became == "many":
        return Outcome(state="held", problem="RATE: more comments than we take in a day")
    if became in {"new", "gone"}:
        await discussion.tell(tx, f"peer:{peer.name}", incident_id, became, said.comment)
    return Outcome(state="applied", outputs={"comments": int(became == "new")},
                   incident_id=incident_id)  # fmt: skip


async def _narrow(tx: Tx, context: Context, peer: Peer, entry: Entry, now: datetime) -> Outcome:
    """Lift our blocks of the names that are no longer part of the event."""
    body: Narrowed = read_body(entry.body, Narrowed)
    known = await feed.entries_of(tx.db, peer.uuid, entry.id)
    before = next((k for k in known if k.record_id is not None), None)
    if before is None or before.record_id is None:
        return Outcome(state="applied", outputs={"lifted": 0})
    payload = await events.event_payload(tx.db, entry.id)
    if payload is not None:
        event: dict[str, Any] = payload["event"]
        event["names"] = [n for n in event.get("names", []) if n["name"] not in body.names]
        await events.revise(tx, before.record_id, entry.id, event,
                            tlp=payload["tlp"], pap=payload["pap"], now=now)  # fmt: skip
    reason = f"taken back by {peer.name}" + (f": {body.reason[:200]}" if body.reason else "")
    counts = await _take_back(
        tx, context, peer, before.incident_id, reason, now, only=set(body.names)
    )
    return Outcome(
        state="applied",
        problem="BRAKE: some blocks stay" if counts.get("stayed") else "",
        outputs={"lifted": 0, **counts},
        record_id=before.record_id,
        incident_id=before.incident_id,
    )


async def _take_back(
    tx: Tx, context: Context, peer: Peer, incident_id: int | None, reason: str, now: datetime, *,
    keep: Iterable[str] = (), only: set[str] | None = None,
) -> dict[str, int]:  # fmt: skip
    """Lift or withdraw the blocks that the partner's machine account proposed."""
    if incident_id is None:
        return {}
    kept = set(keep)
    mine = [
        b
        for b in await events.caused_blocks(tx.db, incident_id, peer.person_id)
        if b.name not in kept and (only is None or b.name in only)
    ]
    viewer = machine(peer, context.settings.country)
    live = [b.uuid for b in mine if b.state in LIVE]
    waiting = [b.uuid for b in mine if b.state not in LIVE]
    counts: dict[str, int] = {}
    if waiting:
        await block.withdraw(tx, viewer, waiting, reason, now)
        counts["withdrawn"] = len(waiting)
    before, stand = await block_gate.standing(tx, peer.person_id, now)
    if live and await block_gate.source_brake(tx, peer.name, before, stand - len(live)):
        counts["stayed"] = len(live)
    elif live:
        try:
            async with savepoint(tx):
                await block.lift(tx, viewer, live, reason, now)
            counts["lifted"] = len(live)
        except block.HeldBack as refusal:
            tx.audit(*refusal.audit)
            counts["stayed"] = len(live)
    return counts
