"""Brands: who is imitated here, which names are theirs, and what their desks say of others."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.ml.brand import compiled
from zvon.model.brand import Brand
from zvon.model.name import BadName, canonical
from zvon.store import brand as brands
from zvon.store import brand_change, desk
from zvon.store.brand_change import Changed
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems

Text = Annotated[str, Meta(min_length=1, max_length=300)]
Texts = Annotated[list[Text], Meta(max_length=100)]
Marked = Annotated[dict[Text, Annotated[str, Meta(min_length=1, max_length=1)]],
                   Meta(max_length=100)]  # fmt: skip
Reason = Annotated[str, Meta(min_length=3, max_length=500)]
Name = Annotated[str, Parameter(min_length=1, max_length=300)]
Id = Annotated[str, Parameter(min_length=1, max_length=60)]


class BrandIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A brand's row as it should be, and why. What is left out becomes empty."""

    reason: Reason
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    country: Annotated[str, Meta(max_length=2)] = ""
    sector: Annotated[str, Meta(min_length=1, max_length=30)]
    official: Marked
    hosts: Marked = {}
    shared: Texts = []
    mail: Texts = []
    senders: Texts = []
    sender_ids: Texts = []
    short_codes: Texts = []
    distinctive: Texts = []
    words: Texts = []
    abroad: Texts = []
    context: Texts = []
    called: Texts = []
    exclude: Texts = []
    favicons: Annotated[list[Annotated[int, Meta(ge=-(2**31), lt=2**31)]], Meta(max_length=100)] = []  # fmt: skip
    logos: Texts = []
    templates: Annotated[list[Annotated[str, Meta(max_length=1000)]], Meta(max_length=100)] = []


class WordIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A name, and whether it is the brand's own."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    ours: bool
    reason: Annotated[str, Meta(max_length=500)] = ""


class Confirmation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Nothing to say: the official names are right as they stand."""


class Restoration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, and which version; without one the version before the newest. 0 is the one that ships."""

    reason: Reason
    version: int | None = None


class BrandLine(Struct, frozen=True, kw_only=True):
    """A brand in a list. `verified_by` is empty while nobody has confirmed its official names."""

    id: str
    name: str
    country: str
    sector: str
    official: list[str]
    verified_by: str


class Brands(Struct, frozen=True, kw_only=True):
    """The brands that the caller may see, and the state of the registry."""

    version: str
    brands: list[BrandLine]


class ChangedOut(Struct, frozen=True, kw_only=True):
    """The brand after the change. `lifted` are names whose blocks ended because they are the
    brand's; `blocked` are such names that a block still stands against.
    """

    brand: Brand
    warnings: list[str]
    lifted: list[str]
    blocked: list[str]


class VersionOut(Struct, frozen=True, kw_only=True):
    """One state of the row: who put it, when and why. Version 0 is the one that ships."""

    version: int
    by: str | None
    reason: str
    at: datetime | None
    brand: Brand


class Versions(Struct, frozen=True, kw_only=True):
    """Versions, the newest first."""

    versions: list[VersionOut]


class WordOut(Struct, frozen=True, kw_only=True):
    """What was said of a name."""

    name: str
    ours: bool
    by: str | None
    at: datetime


class WordsOut(Struct, frozen=True, kw_only=True):
    """What the desk said of names, the newest first."""

    words: list[WordOut]


class DeskCampaignOut(Struct, frozen=True, kw_only=True):
    """A campaign against the brand, in numbers."""

    id: UUID
    number: str
    first_at: datetime
    last_at: datetime
    reports: int
    names: int


class DeskNameOut(Struct, frozen=True, kw_only=True):
    """A name that attacks the brand; `block` is the state of its block, `ours` the desk's word."""

    name: str
    campaign: str | None
    reports: int
    first_at: datetime
    last_at: datetime
    block: str | None
    ours: bool | None


class Attacks(Struct, frozen=True, kw_only=True):
    """Campaigns and names against a brand: no report, no reporter, no text."""

    campaigns: list[DeskCampaignOut]
    names: list[DeskNameOut]


class HitOut(Struct, frozen=True, kw_only=True):
    """How a name uses a brand's name."""

    brand: str
    technique: str
    alias: str
    written: str


class Checked(Struct, frozen=True, kw_only=True):
    """Whose official name it is, or which brands' names it uses."""

    name: str
    official: str | None
    hits: list[HitOut]


def shown_change(changed: Changed) -> ChangedOut:
    """A change as the API shows it."""
    return ChangedOut(brand=changed.brand, warnings=list(changed.warnings),
                      lifted=list(changed.lifted), blocked=list(changed.blocked))  # fmt: skip


@get("/brands", opt={"permission": Permission.BRAND_READ}, responses=problems(*SIGNED))
async def list_brands(context: In, who: Who) -> Brands:
    """The brands by id; the desk of a bank or a Post sees its own."""
    async with read(context.pool, who) as db:
        found = await brands.visible(db, who)
        state = (await brands.current(db)).version
    return Brands(
        version=state,
        brands=[
            BrandLine(id=b.id, name=b.name, country=b.country, sector=b.sector,
                      official=list(b.official), verified_by=b.verified_by)
            for b in found
        ],
    )  # fmt: skip


@get("/brands/check", opt={"permission": Permission.BRAND_READ}, responses=problems(*SIGNED, 422))
async def check_name(context: In, who: Who, name: Name) -> Checked:
    """What the matcher says of a name; a desk is told of its own brands."""
    try:
        host = canonical(name)
    except BadName as problem:
        raise BadInput(f"name: {problem}") from None
    async with read(context.pool, who) as db:
        seen = {b.id for b in await brands.visible(db, who)}
        registry = await brands.current(db)
    owner = registry.official(host)
    return Checked(
        name=host,
        official=owner.id if owner and owner.id in seen else None,
        hits=[
            HitOut(brand=h.brand.id, technique=h.technique.value, alias=h.alias, written=h.written)
            for h in compiled(registry).match(host) if h.brand.id in seen
        ],
    )  # fmt: skip


@get(
    "/brands/{id:str}", opt={"permission": Permission.BRAND_READ}, responses=problems(*SIGNED, 404)
)
async def get_brand(context: In, who: Who, id: Id) -> Brand:
    """All that is known of a brand."""
    async with read(context.pool, who) as db:
        return await brands.get(db, who, id)


@put(
    "/brands/{id:str}", opt={"permission": Permission.BRAND_EDIT},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def edit_brand(context: In, who: Who, id: Id, data: BrandIn) -> ChangedOut:
    """Put a new version of a brand's row. New official names wait for their confirmation."""
    fields: dict[str, Any] = msgspec.to_builtins(data)
    reason = fields.pop("reason")
    row = msgspec.convert({"id": id, **fields}, Brand)
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return shown_change(await brand_change.edit(tx, who, row, reason, now))


@post(
    "/brands/{id:str}/verification", opt={"permission": Permission.BRAND_EDIT},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def verify_brand(context: In, who: Who, id: Id, data: Confirmation) -> Brand:
    """Confirm the official names: from now on they clear a report."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return await brand_change.verify(tx, who, id, now)


@get(
    "/brands/{id:str}/versions", opt={"permission": Permission.BRAND_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_versions(context: In, who: Who, id: Id) -> Versions:
    """Every version of the row."""
    async with read(context.pool, who) as db:
        found = await brands.history(db, who, id)
    return Versions(
        versions=[
            VersionOut(version=v.version, by=v.by, reason=v.reason, at=v.at, brand=v.body)
            for v in found
        ]
    )


@post(
    "/brands/{id:str}/restoration", opt={"permission": Permission.BRAND_EDIT},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def restore_brand(context: In, who: Who, id: Id, data: Restoration) -> ChangedOut:
    """Undo a change: an earlier version becomes the newest."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return shown_change(
            await brand_change.restore(tx, who, id, data.reason, now, version=data.version)
        )


@get(
    "/brands/{id:str}/words", opt={"permission": Permission.BRAND_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_words(context: In, who: Who, id: Id) -> WordsOut:
    """What the desk said of names."""
    async with read(context.pool, who) as db:
        found = await brands.words(db, who, id)
    return WordsOut(words=[WordOut(name=w.name, ours=w.ours, by=w.by, at=w.at) for w in found])


@post(
    "/brands/{id:str}/words", opt={"permission": Permission.BRAND_EDIT},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def say_word(context: In, who: Who, id: Id, data: WordIn) -> ChangedOut:
    """Say whether a name is the brand's own. Its own is never proposed for a block again."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return shown_change(
            await brand_change.say(
                tx, who, id, data.name, ours=data.ours, reason=data.reason, now=now
            )
        )


@delete(
    "/brands/{id:str}/words/{name:str}", opt={"permission": Permission.BRAND_EDIT},
    status_code=200, responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def unsay_word(context: In, who: Who, id: Id, name: Name) -> ChangedOut:
    """Take back what was said of a name."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return shown_change(await brand_change.unsay(tx, who, id, name, now))


@get(
    "/brands/{id:str}/attacks", opt={"permission": Permission.BRAND_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def list_attacks(context: In, who: Who, id: Id) -> Attacks:
    """Campaigns and names against the brand, the last active first."""
    async with read(context.pool, who) as db:
        await brands.get(db, who, id)
        campaigns = await desk.campaigns(db, who, id)
        names = await desk.names(db, who, id)
    return Attacks(
        campaigns=[
            DeskCampaignOut(id=c.uuid, number=c.number, first_at=c.first_at, last_at=c.last_at,
                            reports=c.reports, names=c.names)
            for c in campaigns
        ],
        names=[
            DeskNameOut(name=n.name, campaign=n.campaign, reports=n.reports, first_at=n.first_at,
                        last_at=n.last_at, block=n.block, ours=n.ours)
            for n in names
        ],
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[
        list_brands, check_name, get_brand, edit_brand, verify_brand, list_versions,
        restore_brand, list_words, say_word, unsay_word, list_attacks,
    ],
    tags=["brands"],
)  # fmt: skip
