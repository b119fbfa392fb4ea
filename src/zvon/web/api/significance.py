"""Is an incident significant in the sense of the law: the facts, and what the rules make of them."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get, post
from litestar.params import Parameter
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.model.significance import Checked, Significance, Value
from zvon.store import obligation_fact
from zvon.store.obligation_fact import Asked
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import In, Who
from zvon.web.problem import SIGNED, problems

Name = Annotated[str, Meta(min_length=1, max_length=64)]
PackId = Annotated[str | None, Parameter(max_length=64, description="Else every pack with rules.")]


class FactIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fact; `null` takes it back: nobody knows."""

    name: Name
    value: bool | float | Annotated[str, Meta(max_length=500)] | None


class FactsIn(Struct, frozen=True, forbid_unknown_fields=True):
    """Facts; all of them are taken or none."""

    facts: Annotated[list[FactIn], Meta(min_length=1, max_length=100)]


class CheckedOut(Struct, frozen=True, kw_only=True):
    """One comparison; `value` is null when nobody knows it."""

    fact: str
    sign: str
    limit: Value
    value: Value | None
    source: str | None
    answer: str


class CriterionOut(Struct, frozen=True, kw_only=True):
    """One criterion; `exception` excuses it when all of it holds."""

    id: str
    cite: str
    kind: str
    answer: str
    checked: list[CheckedOut]
    exception: list[CheckedOut]
    with_incidents: list[str]


class SignificanceOut(Struct, frozen=True, kw_only=True):
    """`yes`, `no`, or `unknown` and which facts are missing."""

    pack: str
    version: str
    state: str
    checked_by: str
    regulation: str
    answer: str
    missing: list[str]
    criteria: list[CriterionOut]
    facts: dict[str, Value]
    at: datetime


class Judgements(Struct, frozen=True):
    """What each pack comes to."""

    significance: list[SignificanceOut]


@get(
    "/incidents/{id:uuid}/significance", opt={"permission": Permission.OBLIGATION_READ},
    responses=problems(*SIGNED, 404),
)  # fmt: skip
async def get_significance(context: In, who: Who, id: UUID, pack: PackId = None) -> Judgements:
    """Judge an incident; no duty starts by itself."""
    now = context.clock()
    async with read(context.pool, who, now) as db:
        return Judgements(
            [_out(e, now) for e in await obligation_fact.judge(db, who, id, pack, now)]
        )


@post(
    "/incidents/{id:uuid}/facts", opt={"permission": Permission.OBLIGATION_WRITE}, status_code=200,
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def put_facts(context: In, who: Who, id: UUID, data: FactsIn) -> Judgements:
    """Write facts down; what stood before stays in the record."""
    now = context.clock()
    said = {each.name: each.value for each in data.facts}
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        await obligation_fact.put(tx, who, id, said, now)
        found = await obligation_fact.judge(tx.db, who, id, None, now)
    return Judgements([_out(each, now) for each in found])


def criteria_out(result: Significance) -> list[CriterionOut]:
    """What the API shows of the criteria."""
    return [
        CriterionOut(
            id=c.id, cite=c.cite, kind=c.kind, answer=c.answer.value,
            checked=[_checked(each) for each in c.checked],
            exception=[_checked(each) for each in c.exception],
            with_incidents=list(c.with_incidents),
        )
        for c in result.criteria
    ]  # fmt: skip


def _out(one: Asked, now: datetime) -> SignificanceOut:
    return SignificanceOut(
        pack=one.pack.pack, version=one.pack.version, state=one.pack.state,
        checked_by=one.pack.checked_by, regulation=one.pack.rules.regulation,
        answer=one.result.answer.value, missing=list(one.result.missing),
        criteria=criteria_out(one.result),
        facts={name: fact.value for name, fact in sorted(one.facts.items())}, at=now,
    )  # fmt: skip


def _checked(one: Checked) -> CheckedOut:
    return CheckedOut(fact=one.fact, sign=one.sign, limit=one.limit, value=one.value,
                      source=one.source, answer=one.answer.value)  # fmt: skip


router = Router("/", route_handlers=[get_significance, put_facts], tags=["obligations"])
