"""Requests of people about their data: taking in, identifying, searching, answering, erasing."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.jobs import enqueue
from zvon.locale import translator
from zvon.respond.person_export import PersonExport, export, page
from zvon.store import data_policy, data_request, data_request_change
from zvon.store.data_request import DataRequest, Given, Kind
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Moment = Annotated[datetime, Meta(tz=True)]


class GivenIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An identifier that the person gave, to be looked for."""

    kind: Literal["name", "email", "phone", "iban", "card", "plate", "national_id"]
    text: Annotated[str, Meta(min_length=3, max_length=320)]


class NewDataRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request of a person. `received_at` starts its clock; without it now does."""

    kind: Kind
    country: Country
    lang: Literal["sl", "hr", "en"] = "en"
    contact: Annotated[str, Meta(max_length=1000)] = ""
    identifiers: Annotated[list[GivenIn], Meta(min_length=1, max_length=20)]
    received_at: Moment | None = None


class How(Struct, frozen=True, forbid_unknown_fields=True):
    """How it was made sure who asks."""

    how: Reason


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why; it goes into the answer."""

    reason: Reason


class Answer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the person was told; `granted` false refuses the request."""

    granted: bool
    reason: Reason


class Erasure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Erase the person everywhere, except in the classes of `except_for`, each with its reason."""

    reason: Reason
    except_for: Annotated[dict[str, Reason], Meta(max_length=50)] = {}


class StepOut(Struct, frozen=True):
    """What was done about a request, by whom and when."""

    code: str
    detail: dict[str, Any]
    by: str
    at: datetime


class DataRequestOut(Struct, frozen=True, kw_only=True):
    """A request. `until` is when it has to be answered; `found` and `done` are by class of data."""

    id: UUID
    number: str
    kind: str
    country: str
    lang: str
    state: str
    received_at: datetime
    due_at: datetime
    until: datetime
    overdue: bool
    extension_reason: str
    identified_by: str | None
    answered_by: str | None
    answered_at: datetime | None
    reason: str
    found: dict[str, int]
    done: dict[str, Any]


class DataRequestWhole(DataRequestOut, frozen=True, kw_only=True):
    """A request with its steps; `revoked` releases were taken back, `receipts` of partners came."""

    steps: list[StepOut]
    revoked: int
    receipts: int


class DataRequests(Struct, frozen=True):
    """Requests, the most urgent first."""

    data_requests: list[DataRequestOut]


@get(
    "/data-requests", opt={"permission": Permission.DATA_REQUEST_READ}, responses=problems(*SIGNED)
)
async def list_requests(context: In, who: Who, closed: bool = False) -> DataRequests:
    """Open requests; with `closed` the latest closed ones instead."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        found = await data_request.list_all(db, who, closed=closed)
    return DataRequests([_out(one, now) for one in found])


@post(
    "/data-requests", opt={"permission": Permission.DATA_REQUEST_MANAGE},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def new_request(context: In, who: Who, data: NewDataRequest) -> DataRequestOut:
    """Take a request in; its identifiers are sealed until it is closed, then erased."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await data_request_change.add(
            tx, who, kind=data.kind, country=data.country, lang=data.lang, contact=data.contact,
            given=[Given(kind=each.kind, text=each.text) for each in data.identifiers],
            received_at=data.received_at or now, now=now, key=context.node.key,
            random=context.random,
        )  # fmt: skip
    return _out(made, now)


@get(
    "/data-requests/{id:uuid}", opt={"permission": Permission.DATA_REQUEST_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_request(context: In, who: Who, id: UUID) -> DataRequestWhole:
    """One request with everything that was done about it."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        found = await data_request.get(db, who, id)
        steps = await data_request.steps(db, who, found)
    async with read(context.pool, SYSTEM) as db:
        revoked, receipts = await data_request.partners(db, found)
    return DataRequestWhole(
        **{name: getattr(_out(found, now), name) for name in DataRequestOut.__struct_fields__},
        steps=[StepOut(s.code, s.detail, s.by_login, s.at) for s in steps],
        revoked=revoked, receipts=receipts,
    )  # fmt: skip


@post(
    "/data-requests/{id:uuid}/identity", opt={"permission": Permission.DATA_REQUEST_MANAGE},
    status_code=200, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def identify(context: In, who: Who, id: UUID, data: How) -> DataRequestOut:
    """Say how it was made sure who asks; before that nothing is searched."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await data_request_change.identify(tx, who, id, data.how, now), now)


@post(
    "/data-requests/{id:uuid}/extension", opt={"permission": Permission.DATA_REQUEST_MANAGE},
    status_code=200, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def extend(context: In, who: Who, id: UUID, data: Why) -> DataRequestOut:
    """Take two months more, once, within the first month."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _out(await data_request_change.extend(tx, who, id, data.reason, now), now)


@post(
    "/data-requests/{id:uuid}/search", opt={"permission": Permission.DATA_REQUEST_MANAGE},
    status_code=HTTPStatus.ACCEPTED, responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def search(context: In, who: Who, id: UUID) -> DataRequestOut:
    """Have the person looked for in every class; the counts appear with the request."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        found = await data_request.get(tx.db, who, id)
        if found.state not in {"identified", "searched"}:
            raise data_request.NotInStep(found.number, found.state, ("identified", "searched"))
        await enqueue(tx, "respond.data_request_search", {"request": str(id), "by": who.login},
                      dedupe=f"data_request_search:{id}")  # fmt: skip
    return _out(found, now)


@get(
    "/data-requests/{id:uuid}/export", opt={"permission": Permission.DATA_REQUEST_MANAGE},
    responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def export_json(context: In, who: Who, id: UUID) -> PersonExport:
    """What is kept of the person, for them, with other people masked; making it is in the audit."""
    async with read(context.pool, who, context.clock()) as db:
        found = await data_request.get(db, who, id)
    return await export(context, who, found)


@get(
    "/data-requests/{id:uuid}/export.html", opt={"permission": Permission.DATA_REQUEST_MANAGE},
    responses=problems(*SIGNED, 404, 409), media_type="text/html",
)  # fmt: skip
async def export_html(context: In, who: Who, id: UUID) -> Response[str]:
    """The same as a page to print, in the language of the person."""
    async with read(context.pool, who, context.clock()) as db:
        found = await data_request.get(db, who, id)
        policy = await data_policy.of_country(db, found.country)
    made = page(await export(context, who, found), policy, translator(found.lang))
    named = {"Content-Disposition": f'attachment; filename="{found.number}.html"'}
    return Response(made, media_type="text/html; charset=utf-8", headers=named)


@post(
    "/data-requests/{id:uuid}/answer", opt={"permission": Permission.DATA_REQUEST_MANAGE},
    status_code=200, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def answer(context: In, who: Who, id: UUID, data: Answer) -> DataRequestOut:
    """Close a request with what the person was told; its identifiers are erased."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        done = await data_request_change.answer(
            tx, who, id, granted=data.granted, reason=data.reason, now=now
        )
    return _out(done, now)


@post(
    "/data-requests/{id:uuid}/erasure", opt={"permission": Permission.DATA_REQUEST_MANAGE},
    status_code=HTTPStatus.ACCEPTED, responses=problems(*SIGNED, 404, 409, 422),
)  # fmt: skip
async def erase(context: In, who: Who, id: UUID, data: Erasure) -> DataRequestOut:
    """Have the person erased here and at partners; it cannot be taken back."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        done = await data_request_change.begin_erasing(
            tx, who, id, except_for=data.except_for, reason=data.reason, now=now
        )
        await enqueue(tx, "respond.data_request_erase", {"request": str(id)},
                      dedupe=f"data_request_erase:{id}")  # fmt: skip
    return _out(done, now)


def _out(one: DataRequest, now: datetime) -> DataRequestOut:
    return DataRequestOut(
        id=one.uuid, number=one.number, kind=one.kind, country=one.country, lang=one.lang,
        state=one.state, received_at=one.received_at, due_at=one.due_at, until=one.until,
        overdue=one.overdue(now), extension_reason=one.extension_reason,
        identified_by=one.identified_by, answered_by=one.answered_by, answered_at=one.answered_at,
        reason=one.reason, found=one.found, done=one.done,
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[list_requests, new_request, get_request, identify, extend, search, export_json,
                    export_html, answer, erase],
    tags=["data-requests"],
)  # fmt: skip
