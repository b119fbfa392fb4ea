"""What people decide about an incident, with what stood before, so that it can be undone."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from zvon.access.viewer import Viewer
from zvon.model.incident_life import TimeOf
from zvon.model.lifecycle import IncidentState, after_undo, check_incident_move
from zvon.model.marking import Tlp
from zvon.model.verdict import Category, Verdict, VerdictWord
from zvon.store import incident_end, incident_merge, incident_time, incident_undo, label
from zvon.store import verdict as verdicts
from zvon.store.incident import NotFound, timeline
from zvon.store.incident_step import Contradiction
from zvon.store.transaction import AuditEntry, Change, Op, Tx
from zvon.store.visibility import unseen

DUPLICATE = "duplicate"
BENIGN_REASON = "verdict: benign"


class Current(Struct, frozen=True, kw_only=True):
    """How an incident stands now."""

    id: int
    uuid: UUID
    number: str
    record_id: int
    tlp: Tlp
    version: int
    state: IncidentState
    verdict: VerdictWord | None
    category: str | None
    verdict_by: int | None
    verdict_at: datetime | None
    owner_id: int | None
    duplicate_of: int | None
    decided_by: str | None
    owner: str | None


class Stale(ValueError):
    """Somebody changed the incident since it was read; `current` is how it stands now."""

    def __init__(self, current: Current) -> None:
        super().__init__(
            f"{current.number} was changed in the meantime: it is {current.state}, version "
            f"{current.version}; look at it again"
        )
        self.current = current
        self.errors = [
            {"field": field, "now": "" if now is None else str(now)}
            for field, now in (
                ("state", current.state.value), ("verdict", current.verdict),
                ("decided_by", current.decided_by), ("owner", current.owner),
                ("version", current.version),
            )
        ]  # fmt: skip


class NothingToUndo(LookupError):
    """No decision of a person stands on this incident."""


class BadDuplicate(ValueError):
    """An incident cannot be a duplicate of that one."""


async def lock(tx: Tx, uuid: UUID, version: int | None = None) -> Current:
    """The incident, locked until the end. Raises `NotFound`; `Stale` for another `version`."""
    row = await (
        await tx.execute(
            """
            select i.id, i.uuid, i.number, i.record_id, i.tlp, i.version, i.state, i.verdict,
                   i.category, i.verdict_by, i.verdict_at, i.owner_id, i.duplicate_of, p.login,
                   o.login
            from incident i left join person p on p.id = i.verdict_by
            left join person o on o.id = i.owner_id
            where i.uuid = %s for no key update of i
            """,
            (uuid,),
        )
    ).fetchone()
    if row is None:
        raise NotFound(uuid)
    fields = dict(zip(Current.__struct_fields__, row, strict=True))
    fields["tlp"], fields["state"] = Tlp(row[4]), IncidentState(row[6])
    fields["verdict"] = None if row[7] is None else VerdictWord(row[7])
    current = Current(**fields)
    if version is not None and version != current.version:
        raise Stale(current)
    return current


async def put_verdict(
    tx: Tx,
    viewer: Viewer,
    current: Current,
    word: VerdictWord,
    state: IncidentState,
    reason: str,
    now: datetime,
) -> None:
    """Write a person's verdict, take the incident to `state`, and correct the citizens' answers.

    Benign ends what follows from the incident: waiting proposals are withdrawn and live blocks
    are lifted, for which the viewer needs `block:lift`. Raises `IllegalMove`, `Denied`.
    """
    if state != current.state:
        check_incident_move(current.state, state)
    category = Category.BENIGN.value if word == VerdictWord.BENIGN else _category(current)
    answers = await _answer(tx, current.id, word, now)
    await remember(tx, viewer, current, word.value, state, reason, now, answers)
    await tx.execute(
        """
        update incident set verdict = %s, category = %s, state = %s, verdict_by = %s,
          verdict_at = %s, owner_id = coalesce(owner_id, %s), version = version + 1 where id = %s
        """,
        (word.value, category, state.value, viewer.person_id, now, viewer.person_id, current.id),
    )
    for what in (TimeOf.ACKNOWLEDGED, TimeOf.ASSESSED):
        await incident_time.first(tx, current.id, what, now, "verdict", now)
    await verdicts.put(
        tx,
        Verdict(word=word, category=Category(category), probability=None),
        (),
        now,
        incident_id=current.id,
        person_id=viewer.person_id,
    )
    taught = label.Said(word=word.value, category=category, source=label.VERDICT,
                        person_id=viewer.person_id)  # fmt: skip
    await label.of_incident(tx, current.id, taught, now)
    await tell(tx, viewer, current, "verdict", f"VERDICT_{word.name}", reason, now)
    if word == VerdictWord.BENIGN:
        await incident_end.blocks(tx, viewer, current.id, reason or BENIGN_REASON, now)


async def put_duplicate(
    tx: Tx, viewer: Viewer, current: Current, of: Current, reason: str, now: datetime
) -> None:
    """Merge the incident into `of`, as `incident_merge` does. Undo is exact.

    Raises `BadDuplicate`, `IllegalMove`.
    """
    check_incident_move(current.state, IncidentState.MERGED)
    async with unseen(tx, viewer):
        into = await incident_merge.side(tx, of.id)
        other = await incident_merge.side(tx, current.id)
        try:
            step = await incident_merge.merge(
                tx, into, other, by_person=viewer.person_id, actor=viewer.login, reason=reason,
                now=now, random=os.urandom,
            )  # fmt: skip
        except Contradiction as why:
            raise BadDuplicate(
                f"{current.number} cannot be a duplicate of {of.number}: {why}"
            ) from None
    await remember(tx, viewer, current, DUPLICATE, IncidentState.MERGED, reason, now, {}, step)
    note(tx, viewer, current, "incident:duplicate_of",
         {"was": current.state, "reason": reason, "number": of.number})  # fmt: skip


async def undo(tx: Tx, viewer: Viewer, current: Current, now: datetime) -> None:
    """Take the last decision of a person back. Raises `NothingToUndo`.

    The verdict, the owner and the citizens' answers are as before; so is the state, unless the
    work went on since. Blocks that the decision withdrew or lifted stay so: a block is proposed
    anew.
    """
    row = await (
        await tx.execute(
            """
            select id, before, state_after, word from incident_decision
            where incident_id = %s and undone_at is null order by id desc limit 1
            """,
            (current.id,),
        )
    ).fetchone()
    if row is None:
        raise NothingToUndo(f"no decision on {current.number} to undo")
    before: dict[str, Any] = row[1]
    if before.get("step"):  # raises `NotLast` while later steps stand
        async with unseen(tx, viewer):
            await incident_undo.undo(
                tx, UUID(before["step"]), by_person=viewer.person_id, actor=viewer.login, now=now
            )
    state = after_undo(current.state, IncidentState(row[2]), IncidentState(before["state"]))
    await tx.execute("update incident_decision set undone_at = %s where id = %s", (now, row[0]))
    said = await tx.execute(
        "update alert_verdict set undone_at = %s where decision_id = %s", (now, row[0])
    )
    await tx.execute(
        """
        update incident set state = %(state)s, verdict = %(verdict)s, category = %(category)s,
          verdict_by = %(verdict_by)s, verdict_at = %(verdict_at)s::timestamptz,
          owner_id = %(owner_id)s, duplicate_of = %(duplicate_of)s, version = version + 1
        where id = %(id)s
        """,
        {**before, "state": state.value, "id": current.id},
    )
    if row[3] != DUPLICATE and not said.rowcount:  # an alert verdict taught no label
        await label.undone(tx, current.id, now)
    for answer, records in before["answers"].items():
        await _set_answer(tx, answer or None, records, now)
    await tell(tx, viewer, current, "verdict", "VERDICT_UNDONE", "", now, word=row[3])


async def add_note(tx: Tx, viewer: Viewer, current: Current, text: str, now: datetime) -> None:
    """Add a note to the story."""
    await timeline(tx, current.id, "note", viewer.login, "NOTE", {"text": text}, now)
    note(tx, viewer, current, "incident:note", {})


def note(tx: Tx, viewer: Viewer, current: Current, action: str, detail: dict[str, Any]) -> None:
    """Put an act on the incident into the change log and the audit, without a line in its story."""
    tx.note(_change(current))
    tx.audit(AuditEntry(actor=viewer.login, action=action, object=_object(current), detail=detail))


async def set_owner(tx: Tx, viewer: Viewer, current: Current, now: datetime) -> None:
    """Make the viewer the owner."""
    await tx.execute(
        "update incident set owner_id = %s, version = version + 1 where id = %s",
        (viewer.person_id, current.id),
    )
    await incident_time.first(tx, current.id, TimeOf.ACKNOWLEDGED, now, "owner", now)
    await tell(tx, viewer, current, "owner", "OWNER_SET", "", now, name=viewer.name)


async def settle(tx: Tx, now: datetime) -> int:
    """Let incidents follow their blocks; the number that moved.

    Open ones whose blocks are all proved are contained; contained ones without a live or waiting
    block are resolved. An incident of which one block still waits stays as it is.
    """
    rows = await (
        await tx.execute(
            """
            with state as (
              select i.id, i.state as old,
                     bool_or(b.state in ('enforced', 'expiring')) as holds,
                     bool_or(b.state in ('proposed', 'validated', 'approved', 'published', 'held',
                                         'failed', 'disputed')) as waits
              from incident i join block b on b.incident_id = i.id
              where i.state in ('open', 'contained') group by i.id),
            moved as (
              select id, case when old = 'open' and holds and not waits then 'contained'
                              when old = 'contained' and not holds and not waits then 'resolved'
                         end as new
              from state)
            update incident i set state = m.new, version = version + 1 from moved m
            where m.id = i.id and m.new is not null
            returning i.id, i.uuid, i.record_id, i.tlp, m.new
            """
        )
    ).fetchall()
    await _moved(tx, rows, "", now)
    return len(rows)


async def without_pages(tx: Tx, incident_ids: Sequence[int], now: datetime) -> int:
    """Resolve those whose last rule for a page has just ended by itself; the number that moved.

    Only what people opened, and nothing of which a page or a name is still listed or waits.
    """
    rows = await (
        await tx.execute(
            """
            update incident i set state = 'resolved', version = version + 1
            where i.id = any (%s) and i.state in ('open', 'contained')
              and not exists (select from url_rule u where u.incident_id = i.id
                and u.state in ('proposed', 'published'))
              and not exists (select from block b where b.incident_id = i.id
                and b.state not in ('lifted', 'rejected', 'withdrawn'))
            returning i.id, i.uuid, i.record_id, i.tlp, i.state
            """,
            (list(incident_ids),),
        )
    ).fetchall()
    await _moved(tx, rows, "_PAGES", now)
    return len(rows)


async def _moved(tx: Tx, rows: Sequence[tuple[Any, ...]], why: str, now: datetime) -> None:
    """Tell of incidents that moved by themselves: row, identifier, record, marking, new state.

    `why` ends the code of the line that says so.
    """
    for incident_id, uuid, record_id, tlp, new in sorted(rows):
        tx.note(
            Change(kind="incident", subject=uuid, op=Op.EDIT, record_id=record_id, tlp=Tlp(tlp))
        )
        await incident_time.put(tx, incident_id, new, now, "state", now)
        await timeline(tx, incident_id, "state", "system", f"INCIDENT_{new.upper()}{why}", {}, now)


def _category(current: Current) -> str:
    known = current.category
    return Category.UNSURE.value if known in {None, Category.BENIGN.value} else str(known)


def _object(current: Current) -> str:
    return f"incident:{current.number}"


def _change(current: Current) -> Change:
    return Change(kind="incident", subject=current.uuid, op=Op.EDIT, record_id=current.record_id,
                  tlp=current.tlp)  # fmt: skip


async def remember(
    tx: Tx,
    viewer: Viewer,
    current: Current,
    word: str,
    state: IncidentState,
    reason: str,
    now: datetime,
    answers: dict[str, list[int]],
    step: UUID | None = None,
) -> int:
    """Keep how the incident stands before a decision, for `undo`; the id of the row.

    `step` is that of `incident_step` which the decision made.
    """
    before = {
        "state": current.state.value,
        "verdict": current.verdict,
        "category": current.category,
        "verdict_by": current.verdict_by,
        "verdict_at": None if current.verdict_at is None else current.verdict_at.isoformat(),
        "owner_id": current.owner_id,
        "duplicate_of": current.duplicate_of,
        "answers": answers,
        **({} if step is None else {"step": str(step)}),
    }
    row = await (
        await tx.execute(
            "insert into incident_decision (incident_id, person_id, word, reason, before, state_after,"
            " at) values (%s, %s, %s, %s, %s, %s, %s) returning id",
            (current.id, viewer.person_id, word, reason, Jsonb(before), state.value, now),
        )
    ).fetchone()
    assert row is not None
    return int(row[0])


async def tell(
    tx: Tx,
    viewer: Viewer,
    current: Current,
    kind: str,
    code: str,
    reason: str,
    now: datetime,
    **params: str,
) -> None:
    """Write what a person did into the story, the change log and the audit."""
    told = {"reason": reason, **params}
    await timeline(tx, current.id, kind, viewer.login, code, told, now)
    tx.note(_change(current))
    tx.audit(AuditEntry(actor=viewer.login, action=f"incident:{code.lower()}",
                        object=_object(current), detail={"was": current.state, **told}))  # fmt: skip


async def _answer(
    tx: Tx, incident_id: int, word: VerdictWord, now: datetime
) -> dict[str, list[int]]:
    """Correct the answers of the incident's reports; which report had which answer before."""
    answer = {VerdictWord.MALICIOUS: "dangerous", VerdictWord.BENIGN: "no_sign"}.get(word)
    if answer is None:
        return {}
    rows = await (
        await tx.execute(
            """
            select answer, array_agg(record_id order by record_id) from report
            where incident_id = %s and status = 'answered' and answer is distinct from %s
              and not (%s = 'no_sign' and answer = 'official')
            group by answer
            """,
            (incident_id, answer, answer),
        )
    ).fetchall()
    before = {old or "": records for old, records in rows}
    await _set_answer(tx, answer, sorted(r for records in before.values() for r in records), now)
    return before


async def _set_answer(tx: Tx, answer: str | None, records: list[int], now: datetime) -> None:
    rows = await (
        await tx.execute(
            """
            update report p set answer = %s, changed_at = %s from record r
            where p.record_id = any (%s) and r.id = p.record_id returning r.uuid, r.id, r.tlp
            """,
            (answer, now, records),
        )
    ).fetchall()
    tx.note(
        *(
            Change(kind="report", subject=uuid, op=Op.EDIT, record_id=record_id, tlp=Tlp(tlp))
            for uuid, record_id, tlp in sorted(rows, key=lambda row: int(row[1]))
        )
    )
