"""Sending a reviewed report: by mail to an entry point, or as files that a person carries there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.refusal import Refused
from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.locale import translator
from zvon.model.marking import Tlp
from zvon.model.rule_pack import Entry, Pack
from zvon.respond import obligation_paper
from zvon.respond.obligation import language
from zvon.store import message_write, obligation, obligation_step, rule_pack
from zvon.store.block_eyes import check_text
from zvon.store.obligation import Obligation, Step
from zvon.store.obligation_start import BadObligation
from zvon.store.obligation_step import NotInState, Sent
from zvon.store.party import Db
from zvon.store.transaction import AuditEntry, transaction
from zvon.store.visibility import read, viewer_setting


class Paper(Struct, frozen=True, kw_only=True):
    """A step in every form in which it leaves: the page, the text, the JSON."""

    name: str
    lang: str
    html: str
    text: str
    body: dict[str, Any]
    foot: str


async def paper(context: Context, viewer: Viewer, step: UUID, lang: str | None = None) -> Paper:
    """A step as it stands, in `lang` or in the language of whoever takes it in. Raises `Denied`,
    `NoObligation`, `BadObligation` for a step without a form.
    """
    async with read(context.pool, viewer) as db:
        return await _paper(db, viewer, step, lang)


async def send_mail(
    context: Context, viewer: Viewer, step: UUID, address: str, version: int
) -> Step:
    """Have a reviewed step sent to `address` by mail, and keep that as its proof.

    It is queued once; the sharing gate sees it before it leaves, and what it stops is `held` and
    shown at the incident. Raises what `obligation_step.submit` raises, and `BadContact`.
    """
    viewer.require(Permission.OBLIGATION_SUBMIT)
    viewer.require(Permission.MESSAGE_SEND)
    now = context.clock()
    to = check_text("address", address)
    async with transaction(context.pool, now, viewer=viewer_setting(viewer)) as tx:
        one = await obligation.step(tx.db, viewer, step, lock=True)
        if one.state != "in_review":
            raise NotInState(f"{one.step} of {one.number} is {one.state}")
        if one.four_eyes and one.drafted_id == viewer.person_id:
            raise Refused(
                f"you drafted {one.step} of {one.number}; another person has to send it",
                AuditEntry(actor=viewer.login, action="obligation:submit",
                           object=f"obligation:{one.number}", outcome="refused", rule="four_eyes",
                           detail={"step": one.step}),
            )  # fmt: skip
        duty = await obligation.known(tx.db, one.obligation)
        if duty.incident_id is None:
            raise BadObligation("address: a duty of no incident is exported, not mailed")
        made = await _paper(tx.db, viewer, step, None)
        message = await message_write.queue_notice(
            tx, incident_id=duty.incident_id, address=to, template="letter",
            fields={"text": made.text}, key=f"obligation:{one.uuid}:{one.version}", by=viewer.login,
            lang=made.lang, remind=False, now=now, random=context.random,
        )  # fmt: skip
        sent = Sent(sent_at=now, recipient=to, way="mail", message=message)
        return await obligation_step.submit(tx, viewer, step, sent, version, now, context.random)


def entry_of(pack: Pack, step: str) -> Entry | None:
    """Where a country takes this step in, as far as the rules say."""
    receivers = next((each.to for each in pack.steps if each.id == step), ())
    return next((each for each in pack.entries if each.to in receivers), None)


def portal(duty: Obligation, pack: Pack, entry: Entry, body: Mapping[str, Any]) -> dict[str, Any]:
    """What is carried to a portal without an interface: the fields, flat, and where it goes."""
    fields = {name: each.get("value") for name, each in body["fields"].items()
              if each.get("state") == "given"}  # fmt: skip
    unknown = sorted(n for n, each in body["fields"].items() if each.get("state") == "unknown")
    return {
        "schema": "zvon.entry/1", "entry": entry.name, "url": entry.url, "country": pack.country,
        "regulation": pack.regulation, "report": body["step"], "reference": duty.number,
        "incident": duty.incident_number, "entity": duty.entity, "fields": fields,
        "unknown_yet": unknown,
    }  # fmt: skip


async def _paper(db: Db, viewer: Viewer, step: UUID, lang: str | None) -> Paper:
    one = await obligation.step(db, viewer, step)
    if not one.form:
        raise BadObligation(f"{one.step} of {one.number} has no form")
    duty = await obligation.known(db, one.obligation)
    row = await obligation.pack_of(db, duty)
    form, pack = await rule_pack.form(db, one.form), row.rules
    speak = translator(lang or language(pack, one))
    html = obligation_paper.page(
        duty, one, pack, form, speak, checked_by=row.checked_by, tlp=await _tlp(db, duty),
        drafted=one.submitted_at is None,
    )  # fmt: skip
    text = obligation_paper.plain(duty, one, pack, form, speak, checked_by=row.checked_by)
    body = obligation_step.body_of(duty, one)
    name = f"{duty.number}-{one.step}" + (f"-{one.n}" if one.n > 1 else "")
    return Paper(name=name, lang=speak.lang, html=html, text=text, body=body,
                 foot=f"{duty.number} · {form.name(speak.lang)} · {await _tlp(db, duty)}")  # fmt: skip


async def _tlp(db: Db, duty: Obligation) -> str:
    return f"TLP:{(await obligation.marking(db, duty) or Tlp.AMBER).name.replace('_', '+')}"
