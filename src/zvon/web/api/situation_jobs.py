"""Situation reports on a schedule: who gets which, what was made, and each as a file."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Response, Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.formats.paper.docx import to_docx
from zvon.formats.paper.html import STYLE_HASH, to_html
from zvon.formats.paper.markdown import to_markdown
from zvon.model.marking import Tlp
from zvon.model.period import Every
from zvon.respond import situation
from zvon.respond.situation import Audience, Facts
from zvon.store import situation_job
from zvon.store.situation_job import Job, NewJob
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.api.printing import printed
from zvon.web.api.situation import MEDIA, Form
from zvon.web.problem import SIGNED, problems

Lang = Literal["sl", "hr", "en"]
Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Login = Annotated[str, Meta(min_length=1, max_length=200)]
People = Annotated[list[Login], Meta(max_length=situation_job.MOST_RECEIVERS)]
Contacts = Annotated[list[UUID], Meta(max_length=situation_job.MOST_RECEIVERS)]


class ContactOut(Struct, frozen=True):
    """A contact who gets it."""

    id: UUID
    name: str


class JobOut(Struct, frozen=True, kw_only=True):
    """A schedule. `next_at` is when the period ends that is reported next; `version` goes back."""

    id: UUID
    name: str
    audience: str
    lang: str
    form: str
    every: str
    zone: str
    next_at: datetime
    last_at: datetime | None
    paused: bool
    problem: str
    made_by: str
    people: list[str]
    contacts: list[ContactOut]
    version: int


class ReportOut(Struct, frozen=True, kw_only=True):
    """A report that was made; `sha256` is of its facts, byte for byte as its JSON form gives them."""

    id: UUID
    job: UUID
    name: str
    since: datetime
    until: datetime
    tlp: str
    sha256: str
    made_at: datetime
    letters: int
    mine: bool
    seen: bool


class Jobs(Struct, frozen=True):
    """Schedules by name."""

    jobs: list[JobOut]


class Reports(Struct, frozen=True):
    """Reports, newest first."""

    reports: list[ReportOut]


class JobIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A schedule: for whom, in which language and form, how often, and who gets it."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    audience: Audience
    every: Every
    lang: Lang = "en"
    form: Form = "html"
    zone: Annotated[str, Meta(min_length=1, max_length=60)] = "UTC"
    people: People = []
    contacts: Contacts = []


class JobChangeIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who gets it from now on, whole, and whether it rests."""

    version: Version
    paused: bool
    people: People = []
    contacts: Contacts = []


class EndIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That no more are made."""

    version: Version


def job_out(j: Job) -> JobOut:
    """What the API shows of a schedule."""
    return JobOut(
        id=j.uuid, name=j.name, audience=j.audience, lang=j.lang, form=j.form, every=j.every,
        zone=j.zone, next_at=j.next_at, last_at=j.last_at, paused=j.paused, problem=j.problem,
        made_by=j.made_by, people=list(j.people), version=j.version,
        contacts=[ContactOut(UUID(c["id"]), c["name"]) for c in j.contacts],
    )  # fmt: skip


async def _one(context: In, who: Who, id: UUID) -> JobOut:
    async with read(context.pool, who) as db:
        return job_out(await situation_job.get(db, who, id))


@get("/situation-jobs", opt={"permission": Permission.METRIC_READ}, responses=problems(*SIGNED))
async def list_jobs(context: In, who: Who) -> Jobs:
    """The schedules that run."""
    async with read(context.pool, who) as db:
        return Jobs([job_out(j) for j in await situation_job.list_all(db, who)])


@post("/situation-jobs", opt={"permission": Permission.SITUATION_PUBLISH},
      responses=problems(*SIGNED, 422))  # fmt: skip
async def add_job(context: In, who: Who, data: JobIn) -> JobOut:
    """Have a report made at the end of each week, month or quarter."""
    now = context.clock()
    new = NewJob(
        name=data.name, audience=data.audience.value, lang=data.lang, form=data.form,
        every=data.every, zone=data.zone, people=data.people, contacts=data.contacts,
    )  # fmt: skip
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await situation_job.create(tx, who, new, now, random=context.random)
    return await _one(context, who, made)


@post("/situation-jobs/{id:uuid}/change", opt={"permission": Permission.SITUATION_PUBLISH},
      responses=problems(*SIGNED, 404, 409, 422))  # fmt: skip
async def change_job(context: In, who: Who, id: UUID, data: JobChangeIn) -> JobOut:
    """Say who gets it, let it rest, or go on."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await situation_job.change(
            tx, who, id, version=data.version, paused=data.paused, people=data.people,
            contacts=data.contacts, now=now,
        )  # fmt: skip
    return await _one(context, who, id)


@post("/situation-jobs/{id:uuid}/end", opt={"permission": Permission.SITUATION_PUBLISH},
      responses=problems(*SIGNED, 404, 409))  # fmt: skip
async def end_job(context: In, who: Who, id: UUID, data: EndIn) -> Jobs:
    """Make no more of them; what was made stays."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await situation_job.end(tx, who, id, version=data.version, now=now)
    async with read(context.pool, who) as db:
        return Jobs([job_out(j) for j in await situation_job.list_all(db, who)])


@get("/situation-reports", opt={"permission": Permission.METRIC_READ},
     responses=problems(*SIGNED, 422))  # fmt: skip
async def list_reports(
    context: In, who: Who, limit: Annotated[int, Parameter(ge=1, le=500)] = 50
) -> Reports:
    """What was made, as far as its marking lets the caller read it."""
    async with read(context.pool, who) as db:
        found = await situation_job.reports(db, who, limit=limit)
    return Reports([
        ReportOut(id=m.uuid, job=m.job, name=m.name, since=m.since, until=m.until,
                  tlp=Tlp(m.tlp).label, sha256=m.sha256.hex(), made_at=m.made_at, letters=m.letters,
                  mine=m.mine, seen=m.seen) for m in found
    ])  # fmt: skip


@get(
    "/situation-reports/{id:uuid}", opt={"permission": Permission.METRIC_READ},
    responses=problems(*SIGNED, 404, 409, 422), media_type="application/octet-stream",
)  # fmt: skip
async def get_report(
    context: In, who: Who, id: UUID,
    form: Annotated[Form | None, Parameter(query="format")] = None, lang: Lang | None = None,
) -> Response[bytes]:  # fmt: skip
    """A report as a file, from the facts as they were kept; JSON is those facts themselves."""
    async with read(context.pool, who) as db:
        made = await situation_job.report(db, who, id)
    wanted: Form = form or made.form  # type: ignore[assignment]
    name = f"zvon-{made.audience}-{made.since:%Y%m%d}-{made.until:%Y%m%d}.{wanted}"
    headers = {
        "Content-Disposition": f'{"inline" if wanted == "html" else "attachment"}; filename="{name}"',
        "Content-Security-Policy": f"default-src 'none'; style-src '{STYLE_HASH}'; sandbox",
    }
    if wanted == "json":
        return Response(made.facts.encode(), media_type=MEDIA[wanted], headers=headers)
    facts = msgspec.json.decode(made.facts, type=Facts)
    paper = situation.paper(facts, lang or made.lang, context.settings.console_url.rstrip("/"))
    if wanted == "pdf":
        body = await printed(context, to_html(paper), facts.tlp)
    elif wanted == "docx":
        body = to_docx(paper)
    else:
        body = (to_html if wanted == "html" else to_markdown)(paper).encode()
    return Response(body, media_type=MEDIA[wanted], headers=headers)


@post("/situation-reports/{id:uuid}/seen", opt={"permission": Permission.METRIC_READ},
      responses=problems(*SIGNED, 404))  # fmt: skip
async def mark_seen(context: In, who: Who, id: UUID) -> Reports:
    """Take a report off the caller's list; what is left on it."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await situation_job.mark_seen(tx, who, id, now)
    listed = await list_reports.fn(context, who, 50)
    return Reports([r for r in listed.reports if r.mine and not r.seen])


router = Router(
    "/",
    route_handlers=[list_jobs, add_job, change_job, end_job, list_reports, get_report, mark_seen],
    tags=["metrics"],
)  # fmt: skip
