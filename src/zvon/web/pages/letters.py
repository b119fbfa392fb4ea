"""The wordings of letters, our keys for mail, and the notices to owners: what stands behind messages."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats import mail_key
from zvon.formats.letter_text import BadTemplate
from zvon.jobs import Context
from zvon.locale import LANGS
from zvon.share import letter_preview
from zvon.store import incident_brief, message_key, message_template, notice
from zvon.store.incident_brief import NoNumber
from zvon.store.message_template import COMMON, PLACES
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.message_words import LOOKS
from zvon.web.pages.messages import shown
from zvon.web.pages.page import render


@get("/message-templates", opt={"permission": Permission.CONTACT_READ}, include_in_schema=False)
async def templates_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """The wording in force of every letter in every language."""
    async with read(context.pool, who, context.clock()) as db:
        found = await message_template.list_all(db, who)
    rows = {code: {t.lang: t for t in found if t.code == code} for code in PLACES}
    return render(request, "message_templates.html", {"rows": rows})


@get(
    "/message-templates/{code:str}/{speaks:str}", opt={"permission": Permission.CONTACT_READ},
    include_in_schema=False,
)  # fmt: skip
async def template_page(
    request: AnyRequest,
    context: In,
    who: Who,
    code: Annotated[str, Parameter(max_length=60)],
    speaks: Annotated[str, Parameter(max_length=5)],
    number: Annotated[str, Parameter(max_length=40)] = "",
) -> Response[str]:
    """One wording: its versions, what can stand in it, and what it says of the incident `number`."""
    async with read(context.pool, who, context.clock()) as db:
        versions = await message_template.versions(db, who, code, speaks)
    values: dict[str, Any] = {
        "code": code, "speaks": speaks, "versions": versions, "now_in_force": versions[0].template,
        "places": sorted(COMMON | PLACES[code]), "speaks_all": LANGS, "number": number.strip(),
        "msg_quoted": shown, **await _tried(context, who, versions[0].template, number.strip()),
    }  # fmt: skip
    return render(request, "message_template.html", values)


async def _tried(
    context: Context, who: Viewer, wording: message_template.Template, number: str
) -> dict[str, Any]:
    """The wording on a real incident; `unknown` when there is none with this number."""
    values: dict[str, Any] = {"seen": None, "unknown": False, "about": None, "bad": ""}
    if not number or not who.may(Permission.INCIDENT_READ):
        return values
    try:
        async with read(context.pool, who, context.clock()) as db:
            values["about"] = await incident_brief.by_number(db, who, number)
        values["seen"] = await letter_preview.of(context, who, wording, values["about"])
    except NoNumber:
        values["unknown"] = True
    except BadTemplate as problem:
        values["bad"] = str(problem)
    return values


@get("/message-keys", opt={"permission": Permission.CONTACT_READ}, include_in_schema=False)
async def keys_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """Our own keys: their public halves, for those who write to us."""
    async with read(context.pool, SYSTEM) as db:
        found = await message_key.public(db, who)
        former = await message_key.former(db, who)
    own = context.settings.message_address or context.settings.mailbox_address
    values = {
        "keys": [(each, mail_key.readable(each.kind, each.public)) for each in found],
        "former": former, "own": own, "kinds_used": [each.kind for each in found],
    }  # fmt: skip
    return render(request, "message_keys.html", values)


@get("/notices", opt={"permission": Permission.MESSAGE_READ}, include_in_schema=False)
async def notices_page(
    request: AnyRequest,
    context: In,
    who: Who,
    before: Annotated[UUID | None, Parameter()] = None,
) -> Response[str]:
    """What is gathered for owners, what waits for a look, and what was told."""
    async with read(context.pool, who, context.clock()) as db:
        gathered = await notice.waiting(db, who) if before is None else []
        done = await notice.done(db, who, before)
    values = {
        "review": [each for each in gathered if each.state == "review"],
        "gathering": [each for each in gathered if each.state == "gathering"],
        "done": done, "before": before, "msg_looks": LOOKS,
        "next": done[-1].uuid if len(done) == notice.PAGE else None,
    }  # fmt: skip
    return render(request, "notices.html", values)


HANDLERS = (templates_page, template_page, keys_page, notices_page)
