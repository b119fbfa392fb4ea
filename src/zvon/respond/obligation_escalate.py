"""What follows when a step of a duty becomes urgent: a task for who has to act, a letter to the desk.

A reminder makes the task of whoever has the incident. An alarm that goes to a role makes one for the
role, and every contact of the kind `duty` gets a letter; each once, whatever runs twice.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from zvon.locale import LANGS, translator
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.rule_pack import OWNER, Pack
from zvon.store import contact, message_write, obligation
from zvon.store import task as tasks
from zvon.store.contact import Contact
from zvon.store.obligation import Obligation, Step
from zvon.store.task import NewTask
from zvon.store.transaction import Tx

Random = Callable[[int], bytes]
WITHOUT_INCIDENT_TLP = 1


async def remind(tx: Tx, steps: Sequence[Step], now: datetime, random: Random) -> None:
    """A task for whoever has the incident, due when the step is; nobody has it: for anybody."""
    for one in steps:
        duty = await obligation.known(tx.db, one.obligation)
        rules = (await obligation.pack_of(tx.db, duty)).rules
        owner = None if duty.incident_id is None else await tasks.owner_of(tx, duty.incident_id)
        await _task(tx, one, duty, rules, "OBLIGATION_TASK", f"obligation/{one.uuid}", now, random,
                    assignee_id=owner)  # fmt: skip


async def escalate(
    tx: Tx, raised: Sequence[tuple[Step, int, str]], now: datetime, random: Random
) -> None:
    """Tasks and letters for the alarms (step, percent, to whom) that went beyond the owner."""
    desk = await contact.on_duty(tx.db)
    for one, percent, role in raised:
        if role == OWNER:
            continue
        duty = await obligation.known(tx.db, one.obligation)
        rules = (await obligation.pack_of(tx.db, duty)).rules
        await _task(tx, one, duty, rules, "OBLIGATION_TASK_ROLE",
                    f"obligation/{one.uuid}/{percent}", now, random, role=role)  # fmt: skip
        for to in desk:
            await _write(tx, one, percent, duty, rules, to, now, random)


async def _task(
    tx: Tx, one: Step, duty: Obligation, rules: Pack, code: str, template: str, now: datetime,
    random: Random, *, assignee_id: int | None = None, role: str = "",
) -> None:  # fmt: skip
    if await tasks.made_by_template(tx, template):
        return
    due = one.due_at if one.due_at is not None and one.due_at > now else None
    new = NewTask(
        code=code, template=template, assignee_id=assignee_id, due_at=due,
        params={"number": one.number, "step": one.step, "role": role,
                "words": {**rules.words_of(one.step), **_role(role)}},
    )  # fmt: skip
    await tasks.put(tx, new, incident_id=duty.incident_id, uuid=uuid7(now, random(RANDOM_BYTES)),
                    by=None, now=now)  # fmt: skip


def _role(role: str) -> dict[str, dict[str, str]]:
    """What people call the role, in each language; one of an operator's own keeps its name."""
    word = {"approver": "approvers", "administrator": "administrators", "analyst": "analysts"}
    if role not in word:
        return {}
    return {"role": {lang: translator(lang).text(word[role]) for lang in LANGS}}


async def _write(
    tx: Tx, one: Step, percent: int, duty: Obligation, rules: Pack, to: Contact, now: datetime,
    random: Random,
) -> None:  # fmt: skip
    due = f"{one.due_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if one.due_at else ""
    fields: dict[str, str | int] = {
        "duty": one.number, "step": rules.step_name(one.step, to.lang), "percent": percent,
        "until": due,
    }  # fmt: skip
    key = f"obligation:{one.uuid}:{percent}:{due}:{to.uuid}"
    if duty.incident_id is not None:
        await message_write.queue_notice(
            tx, incident_id=duty.incident_id, contact_uuid=to.uuid, template="duty", fields=fields,
            key=key, by="system", lang=to.lang, remind=False, now=now, random=random,
        )  # fmt: skip
    else:
        await message_write.queue_grouped(
            tx, to, template="duty", fields=fields, key=key, tlp=WITHOUT_INCIDENT_TLP,
            record_id=None, now=now, random=random,
        )  # fmt: skip
