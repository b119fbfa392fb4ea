"""Reminders of a step before its deadline, at the lengths that its rules name, each once."""

from datetime import datetime

from zvon.model.deadline import before, length
from zvon.store import obligation
from zvon.store.obligation import Step
from zvon.store.obligation_alarm import MOST
from zvon.store.obligation_start import say
from zvon.store.transaction import Change, Op, Tx


async def remind_due(tx: Tx, now: datetime) -> list[Step]:
    """Steps whose deadline is so near that their rules have somebody reminded; idempotent.

    When several lengths are reached at once (the node was down) only the shortest is said. What is
    over its time has an alarm and no reminder; a deadline that moved is reminded of anew.
    """
    found = await obligation.read_steps(
        tx.db, "s.state in ('armed', 'drafting', 'in_review') and o.closed_at is null"
        " and s.due_at > %(now)s order by s.id limit %(most)s", {"now": now, "most": MOST},
    )  # fmt: skip
    reminded = []
    for one in found:
        if one.due_at is None:
            continue
        duty = await obligation.known(tx.db, one.obligation)
        rules = (await obligation.pack_of(tx.db, duty)).rules
        lengths = next((each.remind for each in rules.steps if each.id == one.step), ())
        begun = one.start_at or duty.started_at
        reached = [text for text in lengths if begun < before(one.due_at, length(text)) <= now]
        fresh = [text for text in reached if await _put(tx, one, text, one.due_at, now)]
        if not fresh:
            continue
        reminded.append(one)
        tx.note(Change(kind="obligation", subject=one.obligation, op=Op.EDIT))
        await say(tx, duty, "system", "OBLIGATION_REMINDER",
                  {"number": one.number, "pack": duty.pack, "step": one.step,
                   "until": one.due_at.isoformat(), "words": rules.words_of(one.step)}, now)  # fmt: skip
    return reminded


async def _put(tx: Tx, one: Step, text: str, due_at: datetime, now: datetime) -> bool:
    made = await tx.execute(
        "insert into obligation_reminder (step_id, before, due_at, at) values (%s, %s, %s, %s)"
        " on conflict do nothing",
        (one.id, text, due_at, now),
    )
    return made.rowcount == 1
