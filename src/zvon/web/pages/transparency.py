"""The public record for people: what was decided lately, how much in all, and how to verify it."""

from datetime import timedelta

from litestar import Response, get

from zvon.formats.transparency import decode
from zvon.store import transparency as record
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.inject import AnyRequest, In
from zvon.web.api.transparency import signed
from zvon.web.doorkeeper import PUBLIC
from zvon.web.pages import public_words
from zvon.web.pages.page import render

SHOWN = 50
YEAR = timedelta(days=366)


@get("/transparency", opt={"permission": PUBLIC}, include_in_schema=False)
async def transparency(request: AnyRequest, context: In) -> Response[str]:
    """The page of the record."""
    async with read(context.pool, SYSTEM) as db:
        rows = await record.newest(db, SHOWN)
        months = await record.months(db, context.clock() - YEAR)
    values = {
        "entries": [decode(row.body.encode()) for row in rows],
        "months": months,
        "checkpoint": await signed(context),
        "words": public_words,
        "console": context.settings.console_url,
    }
    return render(request, "transparency.html", values, remember=False)


HANDLERS = (transparency,)
