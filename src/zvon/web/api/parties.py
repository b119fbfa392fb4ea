"""Organisations that this node knows, and which of them may block alone for an hour."""

from typing import Annotated
from uuid import UUID

from litestar import Router, get, put
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.store import trusted
from zvon.store.transaction import transaction
from zvon.store.trusted import Partner
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems


class PartyOut(Struct, frozen=True, kw_only=True):
    """An organisation; with `brands` it is a trusted partner for attacks on these."""

    id: UUID
    name: str
    kind: str
    country: str
    own: bool
    brands: list[str]


class Parties(Struct, frozen=True):
    """Every organisation, the operator first."""

    parties: list[PartyOut]


class TrustIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Brands for which its people may block alone for an hour; none ends the trust."""

    brands: Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=50)]


def _out(one: Partner) -> PartyOut:
    return PartyOut(id=one.uuid, name=one.name, kind=one.kind, country=one.country, own=one.own,
                    brands=one.brands)  # fmt: skip


@get("/parties", opt={"permission": Permission.POLICY_READ}, responses=problems(*SIGNED))
async def list_parties(context: In, who: Who) -> Parties:
    """Organisations and the trust in them."""
    async with read(context.pool, who) as db:
        found = await trusted.list_all(db, who)
    return Parties([_out(one) for one in found])


@put(
    "/parties/{id:uuid}/brands", opt={"permission": Permission.POLICY_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def trust_party(context: In, who: Who, id: UUID, data: TrustIn) -> Parties:
    """Trust a bank or the Post with the hour of one person, or end the trust."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await trusted.trust(tx, who, id, data.brands)
        found = await trusted.list_all(tx.db, who)
    return Parties([_out(one) for one in found if one.uuid == id])


router = Router("/", route_handlers=[list_parties, trust_party], tags=["parties"])
