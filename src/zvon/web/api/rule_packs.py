"""Rule packs: loading a version, two people making it active, and who checked it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.locale import translator
from zvon.model.rule_pack_file import MOST_BYTES, differences
from zvon.store import rule_pack
from zvon.store.party import Db
from zvon.store.rule_pack import NoPack, PackRow
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.blocks import Reason
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Body = Annotated[str, Meta(min_length=1, max_length=MOST_BYTES)]
CHANGES = problems(*SIGNED, 404, 409, 422)


class NewPack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of a pack as it is written (TOML, `zvon.rulepack/1`), and of forms that it needs."""

    body: Body
    forms: Annotated[list[Body], Meta(max_length=20)] = []


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class Lawyer(Struct, frozen=True, forbid_unknown_fields=True):
    """Who checked the version: the name of a lawyer."""

    checked_by: Reason


class PackOut(Struct, frozen=True, kw_only=True):
    """A version of a pack. `disabled` says why nobody can make it active."""

    id: UUID
    pack: str
    version: str
    title: str
    regulation: str
    country: str
    side: str
    state: str
    disabled: str
    checked_by: str
    valid_from: date
    valid_to: date | None
    citations: list[str]
    sha256: str
    proposer: str | None
    approver: str | None
    loaded_at: datetime


class DifferenceOut(Struct, frozen=True, kw_only=True):
    """One thing that the version changes against the active one, in the reader's language."""

    code: str
    params: dict[str, str]
    text: str


class PackWhole(PackOut, frozen=True, kw_only=True):
    """A version with its file and what it changes."""

    body: str
    differences: list[DifferenceOut]


class Packs(Struct, frozen=True):
    """Every version, by pack, the newest first."""

    packs: list[PackOut]


@get("/rule-packs", opt={"permission": Permission.OBLIGATION_READ}, responses=problems(*SIGNED))
async def list_packs(context: In, who: Who) -> Packs:
    """Every version of every pack."""
    async with read(context.pool, who) as db:
        return Packs([_out(each, who.lang) for each in await rule_pack.list_all(db, who)])


@post("/rule-packs", opt={"permission": Permission.RULE_PACK_MANAGE}, responses=problems(*SIGNED, 409, 422),
      request_max_body_size=8 * MOST_BYTES)  # fmt: skip
async def load_pack(context: In, who: Who, data: NewPack) -> Packs:
    """Load a version; it holds for nothing until two people made it active."""
    now = context.clock()
    forms = {f"form {n}": text for n, text in enumerate(data.forms, start=1)}
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await rule_pack.load(tx, {"pack": data.body}, forms, now, context.random, by=who)
    return Packs([_out(each, who.lang) for each in made])


@get(
    "/rule-packs/{id:uuid}", opt={"permission": Permission.OBLIGATION_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_pack(context: In, who: Who, id: UUID) -> PackWhole:
    """One version, its file, and what it changes against the active one."""
    who.require(Permission.OBLIGATION_READ)
    async with read(context.pool, who) as db:
        return await _whole(db, await rule_pack.get(db, id), who.lang)


@post(
    "/rule-packs/{id:uuid}/proposal",
    opt={"permission": Permission.RULE_PACK_MANAGE},
    status_code=200,
    responses=CHANGES,
)
async def propose_pack(context: In, who: Who, id: UUID, data: Why) -> PackWhole:
    """Ask that this version holds; another person has to agree."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await rule_pack.propose(tx, who, id, data.reason, now)
        return await _whole(tx.db, made, who.lang)


@post(
    "/rule-packs/{id:uuid}/approval",
    opt={"permission": Permission.RULE_PACK_MANAGE},
    status_code=200,
    responses=CHANGES,
)
async def approve_pack(context: In, who: Who, id: UUID) -> PackWhole:
    """Agree to another person's proposal: the version is active, the one before retires."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        return await _whole(tx.db, await rule_pack.approve(tx, who, id, now), who.lang)


@post(
    "/rule-packs/{id:uuid}/withdrawal",
    opt={"permission": Permission.RULE_PACK_MANAGE},
    status_code=200,
    responses=CHANGES,
)
async def withdraw_pack(context: In, who: Who, id: UUID, data: Why) -> PackWhole:
    """Take a proposal back or turn it down, or retire an active version."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await rule_pack.withdraw(tx, who, id, data.reason)
        return await _whole(tx.db, made, who.lang)


@post(
    "/rule-packs/{id:uuid}/signature",
    opt={"permission": Permission.RULE_PACK_MANAGE},
    status_code=200,
    responses=CHANGES,
)
async def sign_pack(context: In, who: Who, id: UUID, data: Lawyer) -> PackWhole:
    """Write down which lawyer checked it; the watermark goes."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        made = await rule_pack.sign(tx, who, id, data.checked_by, now)
        return await _whole(tx.db, made, who.lang)


def _out(row: PackRow, lang: str) -> PackOut:
    rules = row.rules
    return PackOut(
        id=row.uuid, pack=row.pack, version=row.version, title=rules.name(lang),
        regulation=rules.regulation, country=row.country, side=row.side, state=row.state,
        disabled=row.disabled, checked_by=row.checked_by, valid_from=rules.valid_from,
        valid_to=rules.valid_to, citations=list(rules.citations), sha256=row.sha256,
        proposer=row.proposer, approver=row.approver, loaded_at=row.loaded_at,
    )  # fmt: skip


async def _whole(db: Db, row: PackRow, lang: str) -> PackWhole:
    speak = translator(lang)
    try:
        old = (await rule_pack.active(db, row.pack)).rules
    except NoPack:
        old = row.rules
    shown = _out(row, lang)
    return PackWhole(
        **{name: getattr(shown, name) for name in PackOut.__struct_fields__}, body=row.body,
        differences=[
            DifferenceOut(code=d.code, params=d.params, text=speak.text(d.code, **d.params))
            for d in differences(old, row.rules)
        ],
    )  # fmt: skip


router = Router(
    "/",
    route_handlers=[list_packs, load_pack, get_pack, propose_pack, approve_pack, withdraw_pack,
                    sign_pack],
    tags=["rule packs"],
)  # fmt: skip
