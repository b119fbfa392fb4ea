"""One step of a duty: its draft, its review, sending it with proof, and taking it along."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.respond import obligation as filling
from zvon.respond import obligation_send
from zvon.respond.obligation_paper import STYLE_HASH
from zvon.store import obligation, obligation_alarm, obligation_step
from zvon.store.obligation import Step
from zvon.store.obligation_start import BadObligation
from zvon.store.obligation_step import Sent
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.api.obligations import Line, Moment, StepWhole, step_values
from zvon.web.api.printing import printed
from zvon.web.problem import SIGNED, problems

Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Lang = Annotated[Literal["sl", "hr", "en"] | None, Parameter(description="Else the receiver's.")]
CHANGES = problems(*SIGNED, 404, 409, 422)


class AtVersion(Struct, frozen=True, forbid_unknown_fields=True):
    """The version that was read; another one is a conflict."""

    version: Version


class Fields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Fields of the draft: a value, `null` for empty, or `{"unknown": true}` for unknown yet."""

    version: Version
    fields: Annotated[dict[str, Any], Meta(max_length=100)]


class Because(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    version: Version
    reason: Reason


class Agreement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Yes or no to what another person asked."""

    version: Version
    agree: bool


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it was sent. Without `sent_at` now; `receipt` is the number that came back."""

    version: Version
    recipient: Line
    way: Literal["mail", "file", "portal", "phone", "other"]
    sent_at: Moment | None = None
    receipt: Annotated[str, Meta(max_length=300)] = ""


class Mail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the node sends it by mail."""

    version: Version
    address: Annotated[str, Meta(min_length=3, max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]


class ReceiptIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the authority confirmed it with. Without `at` it came now."""

    version: Version
    receipt: Line
    at: Moment | None = None


@get(
    "/obligation-steps/{id:uuid}",
    opt={"permission": Permission.OBLIGATION_READ},
    responses=problems(*SIGNED, 404),
)
async def get_step(context: In, who: Who, id: UUID) -> StepWhole:
    """One step with its draft."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        return _out(await obligation.step(db, who, id), now)


@post(
    "/obligation-steps/{id:uuid}/fields",
    opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=200,
    responses=CHANGES,
)
async def fill_fields(context: In, who: Who, id: UUID, data: Fields) -> StepWhole:
    """Write fields of the draft; all of them or none."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_step.fill(tx, who, id, data.fields, data.version, now)
    return _out(made, now)


@post(
    "/obligation-steps/{id:uuid}/prefill",
    opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=200,
    responses=CHANGES,
)
async def prefill_fields(context: In, who: Who, id: UUID, data: AtVersion) -> StepWhole:
    """Fill from the incident what no person wrote, each with its source."""
    return _out(await filling.prefill(context, who, id, data.version), context.clock())


@post(
    "/obligation-steps/{id:uuid}/review",
    opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=200,
    responses=CHANGES,
)
async def review_step(context: In, who: Who, id: UUID, data: AtVersion) -> StepWhole:
    """Give the draft to whoever sends it; required fields have a value or are unknown yet."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await obligation_step.review(tx, who, id, data.version, now), now)


@post(
    "/obligation-steps/{id:uuid}/return",
    opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=200,
    responses=CHANGES,
)
async def return_step(context: In, who: Who, id: UUID, data: Because) -> StepWhole:
    """The draft is not right yet."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_step.give_back(tx, who, id, data.reason, data.version, now)
    return _out(made, now)


@post(
    "/obligation-steps/{id:uuid}/submission",
    opt={"permission": Permission.OBLIGATION_SUBMIT},
    status_code=200,
    responses=CHANGES,
)
async def submit_step(context: In, who: Who, id: UUID, data: Proof) -> StepWhole:
    """Write down that it was sent: to whom, how, when, and what came back."""
    now = context.clock()
    sent = Sent(sent_at=data.sent_at or now, recipient=data.recipient, way=data.way,
                receipt=data.receipt)  # fmt: skip
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_step.submit(tx, who, id, sent, data.version, now, context.random)
    return _out(made, now)


@post(
    "/obligation-steps/{id:uuid}/mail",
    opt={"permission": Permission.OBLIGATION_SUBMIT},
    status_code=200,
    responses=CHANGES,
)
async def mail_step(context: In, who: Who, id: UUID, data: Mail) -> StepWhole:
    """Have the node send it by mail, through the sharing gate; the message is the proof."""
    made = await obligation_send.send_mail(context, who, id, data.address, data.version)
    return _out(made, context.clock())


@post(
    "/obligation-steps/{id:uuid}/receipt",
    opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=200,
    responses=CHANGES,
)
async def accept_step(context: In, who: Who, id: UUID, data: ReceiptIn) -> StepWhole:
    """The authority confirmed it."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_step.accept(
            tx, who, id, data.receipt, data.at or now, data.version, now, context.random
        )
    return _out(made, now)


@post(
    "/obligation-steps/{id:uuid}/not-applicable",
    opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=200,
    responses=CHANGES,
)
async def ask_not_applicable(context: In, who: Who, id: UUID, data: Because) -> StepWhole:
    """Say that the step does not apply; another person has to agree."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_step.ask_not_applicable(tx, who, id, data.reason, data.version, now)
    return _out(made, now)


@post(
    "/obligation-steps/{id:uuid}/not-applicable/answer", opt={"permission": Permission.OBLIGATION_SUBMIT}, status_code=200,
    responses=CHANGES,
)  # fmt: skip
async def answer_not_applicable(context: In, who: Who, id: UUID, data: Agreement) -> StepWhole:
    """Agree, or not, that the step does not apply."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_step.answer_not_applicable(
            tx, who, id, agree=data.agree, version=data.version, now=now
        )
    return _out(made, now)


@post(
    "/obligation-steps/{id:uuid}/take-up",
    opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=200,
    responses=CHANGES,
)
async def take_up_step(context: In, who: Who, id: UUID, data: Because) -> StepWhole:
    """The step applies after all."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await obligation_step.take_up(
            tx, who, id, data.reason, data.version, now, context.random
        )
    return _out(made, now)


@post(
    "/obligation-steps/{id:uuid}/seen",
    opt={"permission": Permission.OBLIGATION_WRITE},
    status_code=204,
    responses=problems(*SIGNED, 404),
)
async def alarm_seen(context: In, who: Who, id: UUID) -> None:
    """Say that one knows of the alarm of this step."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await obligation_alarm.seen(tx, who, id, now)


@get(
    "/obligation-steps/{id:uuid}/export", opt={"permission": Permission.OBLIGATION_READ}, responses=problems(*SIGNED, 404, 409, 422),
    media_type="application/octet-stream",
)  # fmt: skip
async def export_step(
    context: In, who: Who, id: UUID,
    format: Annotated[
        Literal["json", "html", "pdf", "portal"],
        Parameter(description="`portal` is the file that an entry point of a country takes in."),
    ] = "json",
    lang: Lang = None,
) -> Response[bytes]:  # fmt: skip
    """The report as JSON, as a page to print, as PDF, or as a file for the entry point of a country."""
    made = await obligation_send.paper(context, who, id, lang)
    if format == "html":
        return _file(
            made.html.encode(), "text/html; charset=utf-8", f"{made.name}.html", inline=True
        )
    if format == "pdf":
        body_pdf = await printed(context, made.html, made.foot)
        return _file(body_pdf, "application/pdf", f"{made.name}.pdf")
    body: dict[str, Any] = made.body
    if format == "portal":
        async with read(context.pool, who) as db:
            one = await obligation.step(db, who, id)
            duty = await obligation.known(db, one.obligation)
            pack = (await obligation.pack_of(db, duty)).rules
        entry = obligation_send.entry_of(pack, one.step)
        if entry is None:
            raise BadObligation(f"format: the rules {pack.id} name no entry point for {one.step}")
        body = obligation_send.portal(duty, pack, entry, body)
    return _file(msgspec.json.format(msgspec.json.encode(body)), "application/json",
                 f"{made.name}{'-portal' if format == 'portal' else ''}.json")  # fmt: skip


def _file(body: bytes, media: str, name: str, *, inline: bool = False) -> Response[bytes]:
    how = "inline" if inline else "attachment"
    headers = {
        "Content-Disposition": f'{how}; filename="{name}"',
        "Content-Security-Policy": f"default-src 'none'; style-src '{STYLE_HASH}'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=media, headers=headers)


def _out(one: Step, now: datetime) -> StepWhole:
    return StepWhole(**step_values(one, now), fields=one.fields)


router = Router(
    "/",
    route_handlers=[get_step, fill_fields, prefill_fields, review_step, return_step, submit_step,
                    mail_step, accept_step, ask_not_applicable, answer_not_applicable, take_up_step,
                    alarm_seen, export_step],
    tags=["obligations"],
)  # fmt: skip
