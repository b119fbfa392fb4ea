"""The job that makes situation reports when their period ends, and has letters carry them.

A report holds what the person who planned it may see, now. Nothing is sent from here: letters wait
for `share`, where the gate reads what they say.
"""

from typing import Any
from uuid import UUID

import msgspec

from zvon.access.permission import Denied
from zvon.jobs import Context
from zvon.locale import translator
from zvon.model.period import Every, before, end_of
from zvon.respond import situation
from zvon.respond.situation import CEILING, Audience, Facts
from zvon.store import contact, message_write, person, situation_job
from zvon.store.metric import Wanted
from zvon.store.transaction import transaction
from zvon.store.visibility import read

TEMPLATE = "situation"
MOST_PERIODS = 12
"""Periods of one schedule that are made up for when the node was away."""


async def make(context: Context, _payload: dict[str, Any]) -> None:
    """Make every report whose period ended; idempotent, one transaction each."""
    for _ in range(MOST_PERIODS):
        async with transaction(context.pool, context.clock()) as tx:
            waiting = await situation_job.due(tx.db, context.clock())
        if not waiting:
            return
        for uuid in waiting:
            await _one(context, uuid)


async def _one(context: Context, uuid: UUID) -> None:
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        job = await situation_job.claim(tx, uuid, now)
        if job is None:
            return
        maker = await person.viewer(tx.db, job.made_by_id)
        if maker is None:
            await situation_job.pause(tx, job, "SITUATION_CLOSED_ACCOUNT")
            return
        since = before(Every(job.every), job.next_at, job.zone)
        try:
            async with read(context.pool, maker) as db:
                facts = await situation.gather(
                    db, maker, Audience(job.audience), Wanted(since=since, until=job.next_at),
                    context.settings.country, now,
                )  # fmt: skip
        except Denied:
            await situation_job.pause(tx, job, "SITUATION_NOT_ALLOWED")
            return
        made_id, made = await situation_job.put_made(
            tx, job, since=since, tlp=int(CEILING[Audience(job.audience)]),
            facts=msgspec.json.encode(facts).decode(), now=now, random=context.random,
            next_at=end_of(Every(job.every), job.next_at, job.zone),
        )  # fmt: skip
        for each in job.contacts:
            to = await contact.known(tx.db, UUID(each["id"]))
            if to.state == "ended":
                continue
            letter = await message_write.queue_grouped(
                tx, to, template=TEMPLATE, fields=letter_fields(facts, to.lang),
                key=f"situation:{made}:{to.uuid}", tlp=int(CEILING[facts.audience]),
                record_id=None, remind=False, now=now, random=context.random,
            )  # fmt: skip
            await situation_job.put_letter(tx, made_id, to.uuid, letter)


def letter_fields(facts: Facts, lang: str) -> dict[str, str]:
    """What the letter is filled with: the period. The report itself is its file (`share`)."""
    speak = translator(lang)
    return {"since": speak.date(facts.since), "until": speak.date(facts.until)}
