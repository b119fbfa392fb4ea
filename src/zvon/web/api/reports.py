"""Reports: handed in by anybody, read by those who work on them."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.exceptions import ClientException
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.collect.submit import submit
from zvon.locale import best, translator
from zvon.locale.sentence import answer as answer_sentences
from zvon.model.brand import by_id
from zvon.model.marking import Tlp
from zvon.model.report import MAX_REPORT_BYTES, Channel, Door, Lang, ReportIn
from zvon.model.verdict import Reason
from zvon.store import report as reports
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, MaybeWho, Who
from zvon.web.doorkeeper import PUBLIC
from zvon.web.problem import SIGNED, BadInput, TooLarge, problems

MAX_TEXT = 100_000
TOKEN = Annotated[str, Parameter(min_length=1, max_length=100)]


class TextIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message as text, how it came, and the language for the answer."""

    text: Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
    channel: Channel = Channel.UNKNOWN
    lang: Lang | None = None


class ReportReceipt(Struct, frozen=True, kw_only=True):
    """What the reporter gets: the number, and where the answer will be."""

    report: str
    status: str
    receipt_url: str
    id: UUID


class ReceiptOut(Struct, frozen=True, kw_only=True):
    """The answer to a reporter, sentence by sentence; empty while we are looking.

    `changed_at` says when a later finding, or a person, made it another answer.
    """

    report: str
    status: str
    answer: str | None
    addons: list[str]
    sentences: list[str]
    lang: str
    received_at: datetime
    answered_at: datetime | None
    changed_at: datetime | None


class IncidentRef(Struct, frozen=True):
    """The incident that the report belongs to."""

    id: UUID
    number: str


class VerdictOut(Struct, frozen=True, kw_only=True):
    """The newest verdict on the report."""

    word: str
    category: str
    brand: str | None
    probability: float | None
    reasons: list[Reason]
    models: list[str]


class ReportItem(Struct, frozen=True, kw_only=True):
    """A report in a list."""

    id: UUID
    number: str
    channel: str
    lang: str
    status: str
    answer: str | None
    tlp: str
    received_at: datetime


class Reports(Struct, frozen=True):
    """A page of reports, newest first."""

    reports: list[ReportItem]
    next: str | None


class ReportOut(ReportItem, frozen=True, kw_only=True):
    """A report with its message, observables, verdict and place."""

    decoded_at: datetime | None
    answered_at: datetime | None
    message: dict[str, Any] | None
    observables: list[dict[str, Any]]
    verdict: VerdictOut | None
    incident: IncidentRef | None
    campaign: str | None
    quarantine: str | None


@post(
    "/reports", opt={"permission": PUBLIC}, status_code=HTTPStatus.ACCEPTED,
    request_max_body_size=MAX_REPORT_BYTES + 1024 * 1024,
    responses=problems(401, 403, 409, 415, 422),
)  # fmt: skip
async def hand_in(request: AnyRequest, context: In, maybe_who: MaybeWho) -> ReportReceipt:
    """Hand in a report: JSON `{"text", "channel", "lang"}`, or the raw bytes with their type.

    Raw bytes (`message/rfc822`, `text/plain`, …) take `channel` and `lang` as query parameters. No
    account is needed. `Idempotency-Key` makes a repeated request the same report.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    query = request.query_params
    if kind == "application/json":
        body, media_type, channel, lang = _from_json(await request.body())
    else:
        body = await request.body()
        media_type = kind or "application/octet-stream"
        channel = _word(Channel, query.get("channel", Channel.UNKNOWN.value), "channel")
        lang = _word(Lang, query["lang"], "lang") if "lang" in query else None
    if not body.strip():
        raise BadInput("the report is empty")
    if len(body) > MAX_REPORT_BYTES:
        raise TooLarge(f"a report has at most {MAX_REPORT_BYTES // 2**20} MB")
    spoken = lang or Lang(best(request.headers.get("accept-language", ""), context.settings.lang))
    receipt = await submit(
        context.pool,
        ReportIn(
            body=body,
            media_type=media_type,
            channel=channel,
            door=Door.API,
            lang=spoken,
            received_at=context.clock(),
            party_id=maybe_who.party_id if maybe_who else None,
        ),
        now=context.clock(),
        random=context.random,
        key=_idempotency_key(request),
    )
    return ReportReceipt(
        report=receipt.report,
        status=receipt.status,
        receipt_url=f"{base_url(context)}/receipt/{receipt.token}",
        id=receipt.uuid,
    )


def _from_json(body: bytes) -> tuple[bytes, str, Channel, Lang | None]:
    try:
        data = msgspec.json.decode(body, type=TextIn)
    except msgspec.ValidationError as error:
        raise BadInput(str(error)) from None
    except msgspec.DecodeError as error:
        raise ClientException(f"the body is not JSON: {error}") from None
    if "\0" in data.text:
        raise BadInput("text holds a NUL character", [{"key": "text"}])
    try:
        raw = data.text.encode()
    except UnicodeEncodeError:
        raise BadInput("text holds half of a character", [{"key": "text"}]) from None
    return raw, "text/plain; charset=utf-8", data.channel, data.lang


def _word(kind: type[Channel] | type[Lang], text: str, key: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise BadInput(
            f"{key} is one of {', '.join(kind)}", [{"key": key, "value": text[:40]}]
        ) from None


def _idempotency_key(request: AnyRequest) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (1 <= len(key) <= 200):
        raise BadInput("Idempotency-Key has 1 to 200 characters")
    return key


def base_url(context: In) -> str:
    """How people reach this node."""
    return context.settings.public_url or f"http://{context.settings.http}"


@get("/receipts/{token:str}", opt={"permission": PUBLIC}, responses=problems(404))
async def receipt(context: In, token: TOKEN) -> ReceiptOut:
    """The answer to a report, for whoever holds the receipt."""
    async with read(context.pool, "system") as db:
        view = await reports.by_token(db, token)
    return receipt_out(view)


def receipt_out(view: reports.ReceiptView, lang: str | None = None) -> ReceiptOut:
    """What a receipt says now, in the reporter's language unless another is asked for."""
    speak = translator(lang or view.lang)
    sentences = (
        answer_sentences(
            speak, view.answer, number=view.number, addons=view.addons,
            brand=brand_name(view.brand), category=view.category,
        )
        if view.answer
        else ()
    )  # fmt: skip
    return ReceiptOut(
        report=view.number, status=view.status, answer=view.answer, addons=list(view.addons),
        sentences=list(sentences), lang=speak.lang, received_at=view.received_at,
        answered_at=view.answered_at, changed_at=view.changed_at,
    )  # fmt: skip


def brand_name(brand: str | None) -> str | None:
    """The brand's name for people; its id when the registry does not know it."""
    if brand is None:
        return None
    known = by_id().get(brand)
    return known.name if known else brand


@get("/reports", opt={"permission": Permission.REPORT_READ}, responses=problems(*SIGNED, 422))
async def list_reports(
    context: In,
    who: Who,
    after: Annotated[str | None, Parameter(max_length=100)] = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 100,
) -> Reports:
    """Reports, newest first."""
    async with read(context.pool, who) as db:
        page = await reports.page(db, who, after=after, limit=limit)
    return Reports(
        [ReportItem(id=r.uuid, number=r.number, channel=r.channel, lang=r.lang, status=r.status,
                    answer=r.answer, tlp=Tlp(r.tlp).label, received_at=r.received_at)
         for r in page.rows],
        page.next,
    )  # fmt: skip


@get(
    "/reports/{id:uuid}", opt={"permission": Permission.REPORT_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_report(context: In, who: Who, id: UUID) -> ReportOut:
    """One report."""
    async with read(context.pool, who, context.clock()) as db:
        return report_out(await reports.get(db, who, id))


def report_out(r: reports.ReportDetail) -> ReportOut:
    """What the API shows of a report, to those of the node."""
    verdict = None
    if r.verdict is not None:
        v = r.verdict
        verdict = VerdictOut(word=v.word, category=v.category, brand=v.brand,
                             probability=v.probability, reasons=list(v.reasons),
                             models=list(v.models))  # fmt: skip
    return ReportOut(
        id=r.uuid, number=r.number, channel=r.channel, lang=r.lang, status=r.status,
        answer=r.answer, tlp=Tlp(r.tlp).label, received_at=r.received_at,
        decoded_at=r.decoded_at, answered_at=r.answered_at,
        message=msgspec.to_builtins(r.message) if r.message else None,
        observables=[msgspec.to_builtins(o) for o in r.observables], verdict=verdict,
        incident=IncidentRef(r.incident_uuid, r.incident_number)
        if r.incident_uuid and r.incident_number else None,
        campaign=r.campaign_number, quarantine=r.quarantine,
    )  # fmt: skip


router = Router("/", route_handlers=[hand_in, receipt, list_reports, get_report], tags=["reports"])
