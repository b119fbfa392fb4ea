"""What is known of values: enrichers of the node, and those that ask somebody outside."""

from typing import Annotated

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.collect.enricher.run import Known, enrich
from zvon.formats.defang import refang
from zvon.model.observable import ObservableType, canonical
from zvon.store import reference
from zvon.store.visibility import read
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Text = Annotated[str, Meta(min_length=1, max_length=8192)]


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value to ask outside enrichers about."""

    type: ObservableType
    value: Text


class KnownOf(Struct, frozen=True, kw_only=True):
    """A value in its canonical form, and what each enricher says of it."""

    type: ObservableType
    value: str
    known: list[Known]


class SetOut(Struct, frozen=True, kw_only=True):
    """A set of reference data in use."""

    name: str
    version: str
    sha256: str
    entries: int


class Sets(Struct, frozen=True, kw_only=True):
    """The reference data in use."""

    sets: list[SetOut]


@get(
    "/observables",
    opt={"permission": Permission.SEARCH_READ},
    responses=problems(*SIGNED, 400, 422),
)
async def look(
    context: In,
    who: Who,
    type: Annotated[ObservableType, Parameter(description="What the value is.")],
    value: Annotated[Text, Parameter(description="The value, defanged or not.")],
) -> KnownOf:
    """Say what is known of a value; nobody outside learns of it."""
    asked = canonical(type, refang(value))
    found = await enrich(context, who, [asked])
    return KnownOf(type=asked.type, value=asked.value, known=found[asked])


@post(
    "/observables/ask",
    status_code=200,
    opt={"permission": Permission.SEARCH_READ},
    responses=problems(*SIGNED, 400, 422),
)
async def ask(context: In, who: Who, data: Asked) -> KnownOf:
    """Ask the outside enrichers too; each question is in the audit."""
    asked = canonical(data.type, refang(data.value))
    found = await enrich(context, who, [asked], ask=True)
    return KnownOf(type=asked.type, value=asked.value, known=found[asked])


@get("/reference", opt={"permission": Permission.SEARCH_READ}, responses=problems(*SIGNED))
async def sets(context: In, who: Who) -> Sets:
    """Say which reference data is in use."""
    async with read(context.pool, who) as db:
        rows = await reference.used(db, who)
    return Sets(sets=[SetOut(name=r.name, version=r.version, sha256=r.sha256.hex(), entries=r.entries)
                      for r in rows])  # fmt: skip


router = Router("", route_handlers=[look, ask, sets], tags=["search"])
