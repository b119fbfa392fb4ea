"""The register of what is ours; its values are for those who keep it."""

from datetime import datetime
from typing import Annotated, Literal

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.privacy.register_entry import Entry, canonical_value
from zvon.privacy.register_file import BadRegister, entries
from zvon.share import constituency as ours
from zvon.share.passage import facts_of
from zvon.store import constituency
from zvon.store.constituency import Kind, Row
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.problem import SIGNED, problems

MOST_AT_ONCE = 10_000
MOST_FILE_BYTES = 64 * 1024 * 1024
Value = Annotated[str, Meta(min_length=1, max_length=300)]


class EntryIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is ours; `weak` when others share it (hosting, CDN, carrier NAT)."""

    kind: Kind
    value: Value
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    sector: Annotated[str, Meta(max_length=60)] = ""
    weak: bool = False


class EntriesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entries to add, from where they are known, and how long they hold."""

    entries: Annotated[list[EntryIn], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    source: Annotated[str, Meta(max_length=200)] = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class Named(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry, named by its kind and value."""

    kind: Kind
    value: Value


class NamesIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Entries to take out."""

    entries: Annotated[list[Named], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class EntriesOut(Struct, frozen=True, kw_only=True):
    """Entries by age, how many there are by kind, and where the next page begins."""

    entries: list[Row]
    counts: dict[str, int]
    next: str | None


class Changed(Struct, frozen=True, kw_only=True):
    """How many entries changed."""

    changed: int


class Looked(Struct, frozen=True, kw_only=True):
    """What the register says of a value: the kind of the entry that it falls under, or nothing."""

    kind: str | None
    weak: bool = False
    sector: str = ""
    country: str | None = None


@get(
    "/constituency", opt={"permission": Permission.CONSTITUENCY_READ},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def list_entries(
    context: In,
    who: Who,
    kind: Kind | None = None,
    text: Annotated[str, Parameter(max_length=300)] = "",
    after: Annotated[str, Parameter(pattern="^[0-9]{1,18}$")] = "0",
    limit: Annotated[int, Parameter(ge=1, le=1000)] = constituency.PAGE,
) -> EntriesOut:
    """The register, page by page."""
    async with read(context.pool, who) as db:
        rows = await constituency.page(db, who, kind=kind, text=text, after=int(after), limit=limit)
        counts = await constituency.counts(db, who)
    following = str(rows[-1].id) if len(rows) == limit else None
    return EntriesOut(entries=rows, counts=counts, next=following)


@get(
    "/constituency/look", opt={"permission": Permission.CONSTITUENCY_READ},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def look(
    context: In,
    who: Who,
    value: Annotated[str, Parameter(min_length=1, max_length=300)],
    kind: Literal["name", "address", "mail", "phone", "asn", "bic"],
) -> Looked:
    """Is this value ours?"""
    who.require(Permission.CONSTITUENCY_READ)
    form = {"name": "domain", "address": "prefix"}.get(kind, kind)
    known = canonical_value(form, value)
    async with read(context.pool, who) as db:
        register = (await facts_of(db, context.node, context.clock())).register
    hit = register.look(kind, known)
    if hit is None:
        return Looked(kind=None)
    return Looked(kind=hit.kind, weak=hit.weak, sector=hit.sector, country=hit.country)


@post(
    "/constituency", opt={"permission": Permission.CONSTITUENCY_MANAGE},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def add(context: In, who: Who, data: EntriesIn) -> Changed:
    """Add entries; what waits for release is looked at again."""
    now = context.clock()
    rows = [
        Entry(kind=e.kind, value=canonical_value(e.kind, e.value), country=e.country,
              sector=e.sector, weak=e.weak)
        for e in data.entries
    ]  # fmt: skip
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        changed = await ours.add(
            tx, who, rows, now, source=data.source, valid_from=data.valid_from,
            valid_to=data.valid_to,
        )  # fmt: skip
    return Changed(changed=changed)


@post(
    "/constituency/file", opt={"permission": Permission.CONSTITUENCY_MANAGE},
    request_max_body_size=MOST_FILE_BYTES, responses=problems(*SIGNED, 413, 422),
)  # fmt: skip
async def take_file(
    request: AnyRequest,
    context: In,
    who: Who,
    country: Annotated[str | None, Parameter(pattern="^[A-Z]{2}$")] = None,
    holder: Annotated[str | None, Parameter(max_length=100)] = None,
    source: Annotated[str, Parameter(max_length=200)] = "",
) -> Changed:
    """Add the entries of a file: CSV, bare values, or the delegation list of a RIR; all or none."""
    who.require(Permission.CONSTITUENCY_MANAGE)
    body = await request.body()
    try:
        lines = body.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as problem:
        raise BadRegister(f"byte {problem.start}: the file is not UTF-8") from None
    rows = list(entries(lines, country=country, holder=holder))
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return Changed(changed=await ours.add(tx, who, rows, now, source=source))


@post(
    "/constituency/removals", opt={"permission": Permission.CONSTITUENCY_MANAGE},
    responses=problems(*SIGNED, 422),
)  # fmt: skip
async def remove(context: In, who: Who, data: NamesIn) -> Changed:
    """Take entries out; what waits for release is looked at again."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        gone = await ours.remove(tx, who, [(e.kind, e.value) for e in data.entries])
    return Changed(changed=gone)


router = Router("/", route_handlers=[list_entries, look, add, take_file, remove],
                tags=["constituency"])  # fmt: skip
