"""A new source, as a form: the fields are those that its kind has."""

import types
from typing import Annotated, Literal, get_args, get_origin

import msgspec
from litestar import Response, get
from litestar.params import Parameter
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.collect.source.kind import Kind
from zvon.collect.source.kinds import kinds
from zvon.formats.registry import formats
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages.page import render


class Asked(Struct, frozen=True, kw_only=True):
    """One field of a form. `kind` is `text`, `int`, `float`, `bool`, `list` or `choice`."""

    name: str
    kind: str
    needed: bool
    default: str = ""
    choices: tuple[str, ...] = ()


@get("/sources/new", opt={"permission": Permission.SOURCE_MANAGE}, include_in_schema=False)
async def form(
    request: AnyRequest,
    context: In,
    who: Who,
    kind: Annotated[str, Parameter(max_length=60)] = "http",
) -> Response[str]:
    """The form of one kind; another kind is another form."""
    chosen = kinds().get(kind, kinds()["http"])
    values = {
        "kinds": sorted(kinds()), "kind": chosen, "fields": fields(chosen),
        "formats": sorted(formats()),
    }  # fmt: skip
    return render(request, "new_source.html", values)


def fields(kind: Kind) -> list[Asked]:
    """The settings of a kind, in their order."""
    made: list[Asked] = []
    for field in msgspec.structs.fields(kind.settings):
        needed = field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT
        default = "" if field.default in {msgspec.NODEFAULT, None} else str(field.default)
        word, choices = _word(field.type)
        made.append(Asked(name=field.encode_name, kind=word, needed=needed, default=default,
                          choices=choices))  # fmt: skip
    return made


def _word(of: object) -> tuple[str, tuple[str, ...]]:
    """How a type is asked for."""
    origin = get_origin(of)
    if origin is Annotated:
        return _word(get_args(of)[0])
    if origin is Literal:
        return "choice", tuple(str(each) for each in get_args(of))
    if origin in {list, tuple}:
        return "list", ()
    if origin is types.UnionType:
        return _word(next(each for each in get_args(of) if each is not type(None)))
    return {int: "int", float: "float", bool: "bool"}.get(of, "text"), ()  # type: ignore[call-overload]


HANDLERS = (form,)
