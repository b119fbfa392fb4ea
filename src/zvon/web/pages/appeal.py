"""Objecting to a block: a form without an account, and the page that its answer appears on.

The form never says whether a name is blocked or looked into: whoever files gets a number, a time
and a link in any case. No cookie is set, and the link is the only way back.
"""

import re
from typing import Annotated

from litestar import Response, get, post
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter
from litestar.response import Redirect
from msgspec import Struct

from zvon.jobs import Context
from zvon.model.name import BadName
from zvon.store import appeal as appeals
from zvon.store.public_block import name_of
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read
from zvon.web.api.check import MAX_ASKED, name_in
from zvon.web.api.inject import AnyRequest, In
from zvon.web.doorkeeper import PUBLIC
from zvon.web.pages.page import language, render
from zvon.web.turns import APPEALS, TooOften, turn

MAX_BODY = 64 * 1024
LEAST_TEXT = 10
_REFERENCE = re.compile(r"B-\d{2}-\d{4,9}", re.ASCII)


class Form(Struct, frozen=True):
    """What the form sends. `homepage` is hidden from people; only a program fills it in."""

    about: str = ""
    text: str = ""
    contact: str = ""
    homepage: str = ""


class Unfit(ValueError):
    """The form cannot be taken as it is; the text is a sentence of the catalogue."""


@get("/appeal", opt={"permission": PUBLIC}, include_in_schema=False)
async def form(
    request: AnyRequest,
    ref: Annotated[str, Parameter(max_length=MAX_ASKED)] = "",
    name: Annotated[str, Parameter(max_length=MAX_ASKED)] = "",
) -> Response[str]:
    """The form; `ref` or `name` stands in it already."""
    return _page(request, Form(about=ref or name), None, 200)


@post("/appeal", opt={"permission": PUBLIC}, include_in_schema=False, request_max_body_size=MAX_BODY)  # fmt: skip
async def file(
    request: AnyRequest,
    context: In,
    data: Annotated[Form, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[str] | Redirect:
    """Take the objection and lead to its page; what is missing is said beside the form."""
    lang = language(request, None)
    try:
        name = await _about(context, data)
        turn(request, APPEALS, context)
    except Unfit as problem:
        return _page(request, data, str(problem), 422)
    except TooOften:
        return _page(request, data, "Too many objections at once; try again in an hour.", 429)
    now = context.clock()
    try:
        async with transaction(context.pool, now) as tx:
            _, token = await appeals.file(
                tx, name=name, text=data.text, contact=data.contact, lang=lang, now=now,
                random=context.random, key=context.node.key,
            )  # fmt: skip
    except appeals.BadAppeal:
        return _page(request, data, "That does not fit.", 422)
    return Redirect(f"/appeal/{token}?lang={lang}", status_code=303)


async def _about(context: Context, data: Form) -> str:
    """The name that the form is about. Raises `Unfit`."""
    if data.homepage:
        raise Unfit("The field that must stay empty was filled in; empty it and send again.")
    about = data.about.strip()
    if not about:
        raise Unfit("Say which name it is about.")
    if len(about) > MAX_ASKED or len(data.text) > appeals.MOST_TEXT:
        raise Unfit("That is too long.")
    if len(data.contact) > appeals.MOST_CONTACT:
        raise Unfit("That is too long.")
    if len(data.text.strip()) < LEAST_TEXT:
        raise Unfit("Say in at least ten characters why the block is wrong.")
    name: str | None
    if _REFERENCE.fullmatch(about.upper()):
        async with read(context.pool, SYSTEM) as db:
            name = await name_of(db, about.upper())
    else:
        try:
            name = name_in(about)
        except BadName:
            name = None
    if name is None:
        raise Unfit("That is no name and no reference.")
    return name


@get("/appeal/{token:str}", opt={"permission": PUBLIC}, include_in_schema=False)
async def status(
    request: AnyRequest, context: In, token: Annotated[str, Parameter(max_length=100)]
) -> Response[str]:
    """How an objection stands, for whoever has its link."""
    async with read(context.pool, SYSTEM) as db:
        found = await appeals.by_token(db, token)
    return render(
        request, "appeal_status.html", {"appeal": found}, speaks=found.lang, remember=False
    )


def _page(request: AnyRequest, data: Form, problem: str | None, code: int) -> Response[str]:
    values = {"form": data, "problem": problem, "most": appeals.MOST_TEXT}
    return render(request, "appeal.html", values, status=code, remember=False)


HANDLERS = (form, file, status)
