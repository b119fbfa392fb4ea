"""Models of this node: versions, cards, drift, and which one decides."""

from base64 import b64decode
from binascii import Error as Base64Error
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from zipfile import BadZipFile

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.assess.learn import Watched, refusals, watched
from zvon.assess.model import PHISH_URL
from zvon.ml import url
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.store import model_version
from zvon.store.model_version import Version
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, BadInput, problems

MAX_WEIGHTS = 12_000_000  # characters of base64; a model has at most 5 MB
Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{1,40}$")]


class VersionOut(Struct, frozen=True, kw_only=True):
    """A version; `figures` are those of its card."""

    id: UUID
    name: str
    version: str
    state: str
    sha256: str
    use: str
    figures: Any
    refusals: list[str]
    made_at: datetime
    changed_at: datetime
    by: str | None


class Models(Struct, frozen=True, kw_only=True):
    """Every version of this node, and what the monitor says of the one in use."""

    versions: list[VersionOut]
    drift: Watched
    alarm: bool


class NewVersion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A trained model: its weights in base64, `meta.json` and the card."""

    name: Name = PHISH_URL
    version: Annotated[str, Meta(min_length=1, max_length=60)]
    weights: Annotated[str, Meta(max_length=MAX_WEIGHTS)]
    meta: dict[str, Any]
    card: Annotated[str, Meta(max_length=100_000)]


class Decided(Struct, frozen=True):
    """What decides now: a version, or `shipped`."""

    name: str
    version: str


@get("/models", opt={"permission": Permission.MODEL_READ}, responses=problems(*SIGNED))
async def get_models(context: In, who: Who) -> Models:
    """All versions, newest first, and the drift of the model in use."""
    async with read(context.pool, who) as db:
        rows = await model_version.all_of(db, who)
        drift = await watched(db, context.clock())
    return Models(versions=[_out(row) for row in rows], drift=drift, alarm=drift.alarm)


@post(
    "/models", opt={"permission": Permission.MODEL_MANAGE}, responses=problems(*SIGNED, 409, 422),
    request_max_body_size=MAX_WEIGHTS + 1_000_000,
)  # fmt: skip
async def add_model(context: In, who: Who, data: NewVersion) -> VersionOut:
    """Take in a trained model as a candidate; nothing changes until a person promotes it."""
    if data.name != PHISH_URL:
        raise BadInput(f"models called {data.name!r} are not changed at run time")
    try:
        weights = b64decode(data.weights, validate=True)
        url.load(weights, data.meta)
    except (Base64Error, BadZipFile, KeyError, OSError, TypeError, ValueError) as problem:
        raise BadInput(f"no weights of ours: {problem}") from None
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await model_version.add(
            tx, who, uuid=uuid7(now, context.random(RANDOM_BYTES)), name=data.name,
            version=data.version, weights=weights, meta=data.meta, card=data.card,
            refusals=refusals(data.meta), now=now,
        )  # fmt: skip
    async with read(context.pool, who) as db:
        rows = await model_version.all_of(db, who, data.name)
    return next(_out(row) for row in rows if row.version == data.version)


@post(
    "/models/{name:str}/{version:str}/shadow", opt={"permission": Permission.MODEL_MANAGE},
    responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def shadow(context: In, who: Who, name: Name, version: str) -> Decided:
    """Let a candidate score beside the champion."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await model_version.shadow(tx, who, name, version, now)
    return Decided(name, version)


@post(
    "/models/{name:str}/{version:str}/promotion", opt={"permission": Permission.MODEL_MANAGE},
    responses=problems(*SIGNED, 404, 409),
)  # fmt: skip
async def promote(context: In, who: Who, name: Name, version: str) -> Decided:
    """Make a version the one that decides."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await model_version.promote(tx, who, name, version, now)
    return Decided(name, version)


@post(
    "/models/{name:str}/rollback", opt={"permission": Permission.MODEL_MANAGE},
    responses=problems(*SIGNED, 409),
)  # fmt: skip
async def rollback(context: In, who: Who, name: Name) -> Decided:
    """Put the version before this one back."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        before = await model_version.rollback(tx, who, name, now)
    return Decided(name, before or "shipped")


def _out(row: Version) -> VersionOut:
    return VersionOut(
        id=row.uuid, name=row.name, version=row.version, state=row.state, sha256=row.sha256.hex(),
        use=str(row.meta.get("use", "")), figures=row.meta.get("figures"),
        refusals=list(row.refusals), made_at=row.made_at, changed_at=row.changed_at, by=row.by,
    )  # fmt: skip


router = Router(
    "/", route_handlers=[get_models, add_model, shadow, promote, rollback], tags=["learning"]
)
