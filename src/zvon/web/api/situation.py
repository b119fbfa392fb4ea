"""Situation reports: the measures of a period for one audience, as a file."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from litestar import Response, Router, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.formats.paper.docx import to_docx
from zvon.formats.paper.html import STYLE_HASH, to_html
from zvon.formats.paper.markdown import to_markdown
from zvon.respond import situation
from zvon.respond.situation import Audience
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.api.metrics import Days, wanted_of
from zvon.web.api.printing import printed
from zvon.web.problem import SIGNED, problems

Form = Literal["html", "md", "pdf", "docx", "json"]
MEDIA: dict[Form, str] = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "json": "application/json",
}


@get(
    "/situation/{audience:str}", opt={"permission": Permission.METRIC_READ},
    responses=problems(*SIGNED, 404, 409, 422), media_type="application/octet-stream",
)  # fmt: skip
async def get_situation(
    context: In,
    who: Who,
    audience: str,
    form: Annotated[Form, Parameter(query="format")] = "html",
    lang: Literal["sl", "hr", "en"] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    days: Days = None,
) -> Response[bytes]:
    """The report of a period as a file in the language asked for, or the caller's."""
    try:
        chosen = Audience(audience)
    except ValueError:
        raise LookupError(f"there is no audience {audience[:40]!r}") from None
    now = context.clock()
    wanted = wanted_of(now, since, until, days)
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        facts = await situation.gather(tx.db, who, chosen, wanted, context.settings.country, now)
        situation.note(tx, who, facts)
    name = f"zvon-{chosen}-{wanted.since:%Y%m%d}-{wanted.until:%Y%m%d}.{form}"
    headers = {
        "Content-Disposition": f'{"inline" if form == "html" else "attachment"}; filename="{name}"',
        "Content-Security-Policy": f"default-src 'none'; style-src '{STYLE_HASH}'; sandbox",
    }
    if form == "json":
        return Response(msgspec.json.encode(facts), media_type=MEDIA[form], headers=headers)
    paper = situation.paper(facts, lang or who.lang, context.settings.console_url.rstrip("/"))
    if form == "pdf":
        body = await printed(context, to_html(paper), facts.tlp)
    elif form == "docx":
        body = to_docx(paper)
    else:
        body = (to_html if form == "html" else to_markdown)(paper).encode()
    return Response(body, media_type=MEDIA[form], headers=headers)


router = Router("/", route_handlers=[get_situation], tags=["metrics"])
