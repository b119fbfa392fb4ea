"""Is this name blocked? A page for everybody: one field, one answer, nothing kept."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import Parameter

from zvon.model.name import BadName, display
from zvon.web.api.check import MAX_ASKED, looked_up, name_in
from zvon.web.api.inject import AnyRequest, In
from zvon.web.doorkeeper import PUBLIC
from zvon.web.pages import public_words
from zvon.web.pages.page import render
from zvon.web.turns import CHECKS, turn


@get("/check", opt={"permission": PUBLIC}, include_in_schema=False)
async def check(
    request: AnyRequest, context: In, name: Annotated[str, Parameter(max_length=MAX_ASKED)] = ""
) -> Response[str]:
    """The field, and the answer when a name was given."""
    values: dict[str, Any] = {"asked": name, "problem": None, "name": None, "people": None, "blocks": [],
              "words": public_words}  # fmt: skip
    if not name.strip():
        return render(request, "check.html", values, remember=False)
    turn(request, CHECKS, context)
    try:
        understood = name_in(name)
    except BadName:
        values["problem"] = "This is no name that could be blocked."
        return render(request, "check.html", values, status=422, remember=False)
    people = display(understood)
    values |= {
        "name": understood,
        "people": people if people != understood else None,
        "blocks": await looked_up(context.pool, understood),
    }
    return render(request, "check.html", values, remember=False)


HANDLERS = (check,)
