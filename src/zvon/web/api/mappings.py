"""How the tables of a source are read: looked at, tried on its newest table, confirmed."""

import codecs
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import anyio.to_thread
import msgspec
from litestar import Router, get, post, put
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.collect import preview as previews
from zvon.collect.preview import PreviewRow
from zvon.jobs import enqueue_all
from zvon.model.ids import RANDOM_BYTES
from zvon.model.item import Options
from zvon.model.mapping import Mapping, Meaning
from zvon.model.observable import ObservableType
from zvon.store import mapping, source
from zvon.store.mapping import Version
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems


class ColumnIn(Struct, frozen=True, kw_only=True):
    """One column: its number from 0, what it means, and of values their type.

    Without a type each cell is read for whatever it is. `form` is the pattern of a time
    (`strptime`), `epoch`, or empty for ISO 8601.
    """

    index: Annotated[int, Meta(ge=0, le=10_000)]
    name: Annotated[str, Meta(max_length=500)] = ""
    means: Meaning = "keep"
    type: ObservableType | None = None
    role: Literal["said", "named", "reporter"] = "said"
    form: Annotated[str, Meta(max_length=100)] = ""
    sure: Annotated[float, Meta(ge=0.0, le=1.0)] = 1.0
    why: Annotated[str, Meta(max_length=200)] = ""


class MappingIn(Struct, frozen=True, kw_only=True):
    """The dialect of a table and its columns."""

    delimiter: Annotated[str, Meta(max_length=1, pattern=r'^[^\r\n\x00"]$')] = ","
    quote: Annotated[str, Meta(max_length=1, pattern=r"^[^\r\n\x00A-Za-z0-9]?$")] = '"'
    comment: Annotated[str, Meta(max_length=4)] = "#"
    header: bool = True
    skip: Annotated[int, Meta(ge=0, le=10_000)] = 0
    encoding: Annotated[str, Meta(max_length=40)] = "utf-8"
    columns: Annotated[list[ColumnIn], Meta(min_length=1, max_length=500)] = []

    def mapping(self) -> Mapping:
        """The same as decoders take it. Raises `BadInput`."""
        try:
            if not codecs.lookup(self.encoding)._is_text_encoding:
                raise LookupError
        except (LookupError, ValueError):
            raise BadInput(f"encoding: {self.encoding!r} is none") from None
        if self.quote == self.delimiter:
            raise BadInput("quote: it is the delimiter")
        if len({c.index for c in self.columns}) < len(self.columns):
            raise BadInput("columns: one number stands there twice")
        return msgspec.convert(msgspec.to_builtins(self), Mapping)


class MappingOut(Struct, frozen=True, kw_only=True):
    """A mapping; `proposed` ones wait for a person, and so many deliveries wait with it."""

    id: UUID
    state: str
    mapping: Mapping
    made_at: datetime
    confirmed_at: datetime | None
    by: str | None
    waiting: int


class Confirmed(Struct, frozen=True, kw_only=True):
    """So many deliveries that waited are read now; replay those that were read before."""

    started: int


class Preview(Struct, frozen=True, kw_only=True):
    """The first rows of the source's newest table: as they stand, and as the mapping reads them."""

    cells: list[list[str]]
    rows: list[PreviewRow]


def _out(v: Version) -> MappingOut:
    return MappingOut(id=v.uuid, state=v.state, mapping=v.body, made_at=v.made_at,
                      confirmed_at=v.confirmed_at, by=v.by, waiting=v.waiting)  # fmt: skip


@get(
    "/sources/{id:uuid}/mapping", opt={"permission": Permission.SOURCE_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_mapping(context: In, who: Who, id: UUID) -> MappingOut:
    """The confirmed mapping of a source, else what is proposed."""
    async with read(context.pool, who) as db:
        return _out(await mapping.wanted(db, who, id))


@put(
    "/sources/{id:uuid}/mapping", opt={"permission": Permission.SOURCE_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def confirm_mapping(context: In, who: Who, id: UUID, data: MappingIn) -> Confirmed:
    """Read the tables of a source like this from now on; what waited for it is read at once."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        waited = await mapping.confirm(
            tx, who, id, data.mapping(), now, context.random(RANDOM_BYTES)
        )
        await enqueue_all(tx, "collect.intake", [{"delivery_id": each} for each in waited])
    return Confirmed(started=len(waited))


@post(
    "/sources/{id:uuid}/mapping/preview", opt={"permission": Permission.SOURCE_READ},
    status_code=200, responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def preview_mapping(context: In, who: Who, id: UUID, data: MappingIn) -> Preview:
    """How a mapping would read the first rows of the source's newest table; nothing is stored."""
    how = data.mapping()
    async with read(context.pool, who) as db:
        setup = await source.get(db, who, id)
    body = await previews.sample(context.pool, setup)
    options = Options(received_at=context.clock(), zone=setup.zone, region=setup.region,
                      mapping=how)  # fmt: skip
    cells = await anyio.to_thread.run_sync(previews.cells, body, how)
    rows = await anyio.to_thread.run_sync(previews.preview, body, options)
    return Preview(cells=cells, rows=rows)


router = Router(
    "/", route_handlers=[get_mapping, confirm_mapping, preview_mapping], tags=["sources"]
)
