"""Whom the node writes to, and whom to write to about a value."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.model.mail_policy import shipped
from zvon.model.marking import Tlp
from zvon.store import contact, contact_lookup
from zvon.store.contact_lookup import BadSubject
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.message_words import CHANNELS, KINDS
from zvon.web.pages.page import render

MARKINGS = [(int(tlp), tlp.label) for tlp in Tlp if tlp is not Tlp.RED]
EVERY = (0, 3600, 86_400, 604_800)


@get("/contacts", opt={"permission": Permission.CONTACT_READ}, include_in_schema=False)
async def contacts_page(
    request: AnyRequest,
    context: In,
    who: Who,
    text: Annotated[str, Parameter(max_length=200)] = "",
    value: Annotated[str, Parameter(max_length=2000)] = "",
    after: Annotated[UUID | None, Parameter()] = None,
) -> Response[str]:
    """Contacts by name; with `value` also whom to write to about it."""
    async with read(context.pool, who, context.clock()) as db:
        last = None if after is None else await contact.get(db, who, after)
        rows = await contact.page(
            db, who, text=text, after=None if last is None else (last.name, last.id)
        )
        found, unknown = [], False
        if value.strip():
            try:
                found = await contact_lookup.lookup(db, who, value, context.settings.country)
            except BadSubject:
                unknown = True
    values = {
        "rows": rows, "text": text, "value": value, "found": found, "unknown": unknown,
        "next": rows[-1].uuid if len(rows) == contact.PAGE else None, **_choices(),
    }  # fmt: skip
    return render(request, "contacts.html", values)


@get("/contacts/{id:uuid}", opt={"permission": Permission.CONTACT_READ}, include_in_schema=False)
async def contact_page(request: AnyRequest, context: In, who: Who, id: UUID) -> Response[str]:
    """One contact, with what is theirs."""
    async with read(context.pool, who, context.clock()) as db:
        found = await contact.get(db, who, id)
    return render(request, "contact.html", {"c": found, **_choices()})


def _choices() -> dict[str, object]:
    return {
        "kinds": list(KINDS), "channels": list(CHANNELS), "markings": MARKINGS, "everies": EVERY,
        "classes": [each.id for each in shipped().notice.classes],
    }  # fmt: skip


HANDLERS = (contacts_page, contact_page)
