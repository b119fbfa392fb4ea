"""The wordings of letters: those in force, every version, and what one would say of an incident."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post, put
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.share import letter_preview
from zvon.store import message_template
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class TemplateIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new wording of a letter."""

    subject: Annotated[str, Meta(min_length=1, max_length=300)]
    body: Annotated[str, Meta(min_length=1, max_length=20_000)]


class TemplateOut(Struct, frozen=True, kw_only=True):
    """The wording in force; version 0 is what ships. `places` are what it can be filled with."""

    code: str
    lang: str
    version: int
    subject: str
    body: str
    places: list[str]


class Templates(Struct, frozen=True):
    """Every wording in force."""

    templates: list[TemplateOut]


class VersionOut(TemplateOut, frozen=True, kw_only=True):
    """One version; `by` wrote it (nobody: it ships), `sent` letters went out with it."""

    by: str | None
    at: datetime | None
    sent: int


class Versions(Struct, frozen=True):
    """The versions of a wording, the newest first, what ships last."""

    versions: list[VersionOut]


class Tried(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The incident that a wording is tried on; without a text the wording in force is."""

    incident: UUID
    subject: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    body: Annotated[str, Meta(min_length=1, max_length=20_000)] | None = None


class TriedOut(Struct, frozen=True, kw_only=True):
    """The letter as it would leave; `reason` says why the gate would stop it."""

    subject: str
    text: str
    state: str
    reason: str


@get("/message-templates", opt={"permission": Permission.CONTACT_READ}, responses=problems(*SIGNED))
async def list_templates(context: In, who: Who) -> Templates:
    """The wordings of letters."""
    async with read(context.pool, who) as db:
        return Templates([_template(each) for each in await message_template.list_all(db, who)])


@put(
    "/message-templates/{code:str}/{lang:str}", opt={"permission": Permission.CONTACT_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def put_template(
    context: In,
    who: Who,
    code: Annotated[str, Parameter(max_length=60)],
    lang: Annotated[str, Parameter(max_length=5)],
    data: TemplateIn,
) -> TemplateOut:
    """A new version of a wording; what was sent keeps its own."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return _template(
            await message_template.put(tx, who, code, lang, data.subject, data.body, now)
        )


@get(
    "/message-templates/{code:str}/{lang:str}/versions",
    opt={"permission": Permission.CONTACT_READ}, responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_versions(
    context: In,
    who: Who,
    code: Annotated[str, Parameter(max_length=60)],
    lang: Annotated[str, Parameter(max_length=5)],
) -> Versions:
    """Every version of a wording."""
    async with read(context.pool, who) as db:
        found = await message_template.versions(db, who, code, lang)
    return Versions(
        [
            VersionOut(code=each.template.code, lang=each.template.lang, by=each.by, at=each.at,
                       version=each.template.version, subject=each.template.subject,
                       body=each.template.body, places=_places(code), sent=each.sent)
            for each in found
        ]
    )  # fmt: skip


@post(
    "/message-templates/{code:str}/{lang:str}/preview",
    opt={"permission": Permission.CONTACT_READ}, status_code=200,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def try_template(
    context: In,
    who: Who,
    code: Annotated[str, Parameter(max_length=60)],
    lang: Annotated[str, Parameter(max_length=5)],
    data: Tried,
) -> TriedOut:
    """What a wording would say of an incident, as the gate would let it out; nothing is sent."""
    async with read(context.pool, who) as db:
        old = await message_template.current(db, code, lang)
    it = message_template.wording(
        code, lang, data.subject or old.subject, data.body or old.body, old.version
    )
    seen = await letter_preview.of(context, who, it, data.incident)
    return TriedOut(subject=seen.subject, text=seen.text, state=seen.state, reason=seen.reason)


def _template(it: message_template.Template) -> TemplateOut:
    return TemplateOut(code=it.code, lang=it.lang, version=it.version, subject=it.subject,
                       body=it.body, places=_places(it.code))  # fmt: skip


def _places(code: str) -> list[str]:
    return sorted(message_template.COMMON | message_template.PLACES[code])


router = Router(
    "/",
    route_handlers=[list_templates, put_template, list_versions, try_template],
    tags=["contacts"],
)
