"""Counts of a week by cell, the ledger of what privacy was spent, and what was published.

One reporter counts in one cell of a data set and week: the first. Who the reporter is says the
keyed hash of their mail address or their organisation; a report without either is its own.
"""

from collections.abc import Collection
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.brand import by_id
from zvon.model.statistics import OTHER, Cell, DataSet, NoDataSet
from zvon.store.party import Db
from zvon.store.transaction import Tx

PUBLIC = "public"
# Sums of floating-point epsilons: what is less than this over the limit is not over it.
ROUNDING = 1e-9

_QUERIES: dict[str, LiteralString] = {
    "reports": """
        select distinct on (reporter) value, country from (
          select r.record_id as n, r.channel as value, y.country,
                 zvon_reporter(r.record_id) as reporter
          from report r join record c on c.id = r.record_id join party y on y.id = c.orgc_id
          where r.received_at >= %(from)s and r.received_at < %(to)s) x
        order by reporter, n
        """,
    "incidents": """
        select distinct on (reporter) value, country from (
          select i.id as n, i.brand as value, y.country,
                 coalesce(zvon_first_reporter(i.id), 'incident ' || i.id) as reporter
          from incident i join party y on y.id = i.org_id
          where i.first_at >= %(from)s and i.first_at < %(to)s and i.origin = 'own'
            and i.duplicate_of is null) x
        order by reporter, n
        """,
    "blocks": """
        select distinct on (reporter) value, country from (
          select b.id as n, b.category as value, f.country,
                 coalesce(zvon_first_reporter(b.incident_id), 'block ' || b.id) as reporter
          from block b join feed f on f.id = b.feed_id
          where b.published_at >= %(from)s and b.published_at < %(to)s) x
        order by reporter, n
        """,
}
_RELEASE: LiteralString = """
    select uuid, data_set, audience, period, week, epsilon, cells, at, by_login
    from statistics_release where """
_NEWEST: LiteralString = " order by week desc, data_set limit 500"


class BudgetSpent(PermissionError):
    """What the audience may get of this data set in this year was given; nothing more leaves."""


class Budget(Struct, frozen=True, kw_only=True):
    """What an audience may get of a data set in a year, and what it got."""

    data_set: str
    audience: str
    period: str
    epsilon: float
    spent: float


class Release(Struct, frozen=True, kw_only=True):
    """One week of one data set as it was published; it is never drawn again."""

    uuid: UUID
    data_set: str
    audience: str
    period: str
    week: str
    epsilon: float
    cells: tuple[Cell, ...]
    at: datetime
    by_login: str


async def exact(
    db: Db, of: DataSet, since: datetime, until: datetime
) -> dict[tuple[str, str], int]:
    """Counts of a week by row and country, one contribution a reporter. Stays inside this node."""
    query = _QUERIES.get(of.id)
    if query is None:
        raise NoDataSet(f"nothing is counted for the data set {of.id!r}")
    cursor = await db.execute(query, {"from": since, "to": until})
    found: dict[tuple[str, str], int] = {}
    for value, country in await cursor.fetchall():
        row = _sector(value) if of.dimension == "sector" else value
        found[row, country] = found.get((row, country), 0) + 1
    return found


async def countries(db: Db) -> Collection[str]:
    """The countries that have a data policy here, which are the columns of every release."""
    rows = await (await db.execute("select distinct country from data_policy")).fetchall()
    return [country for (country,) in rows]


async def lock_budget(tx: Tx, of: DataSet, audience: str, period: str) -> Budget:
    """The ledger's row, locked until the transaction ends; made when it is the first of its year."""
    await tx.execute(
        """
        insert into statistics_budget (data_set, audience, period, epsilon)
        values (%s, %s, %s, %s) on conflict do nothing
        """,
        (of.id, audience, period, of.budget[audience]),
    )
    row = await (
        await tx.execute(
            """
            select epsilon, spent from statistics_budget
            where data_set = %s and audience = %s and period = %s for update
            """,
            (of.id, audience, period),
        )
    ).fetchone()
    assert row is not None
    return Budget(data_set=of.id, audience=audience, period=period, epsilon=row[0], spent=row[1])


async def put(tx: Tx, budget: Budget, release: Release) -> None:
    """Keep a release and spend its epsilon. Raises `BudgetSpent` when that is over the budget."""
    spent = budget.spent + release.epsilon
    if spent > budget.epsilon + ROUNDING:
        raise BudgetSpent(
            f"{budget.data_set} for {budget.audience} in {budget.period}: {budget.spent:g} of"
            f" {budget.epsilon:g} is spent, and a week costs {release.epsilon:g}"
        )
    await tx.execute(
        """
        insert into statistics_release
          (uuid, data_set, audience, period, week, epsilon, cells, at, by_login)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        (release.uuid, release.data_set, release.audience, release.period, release.week,
         release.epsilon, Jsonb(msgspec.to_builtins(release.cells)), release.at, release.by_login),
    )  # fmt: skip
    await tx.execute(
        "update statistics_budget set spent = %s"
        " where data_set = %s and audience = %s and period = %s",
        (spent, budget.data_set, budget.audience, budget.period),
    )


async def one(db: Db, data_set: str, audience: str, week: str) -> Release | None:
    """What was published of a week, if anything was."""
    found = await _select(
        db, "data_set = %(set)s and audience = %(audience)s and week = %(week)s",
        {"set": data_set, "audience": audience, "week": week},
    )  # fmt: skip
    return found[0] if found else None


async def published(
    db: Db, *, audience: str = PUBLIC, data_set: str | None = None, period: str | None = None
) -> list[Release]:
    """What an audience was given, the newest week first; for `public` anybody may ask."""
    return await _select(
        db,
        """
        audience = %(audience)s and (%(set)s::text is null or data_set = %(set)s)
        and (%(period)s::text is null or period = %(period)s)
        """,
        {"audience": audience, "set": data_set, "period": period},
    )


async def budgets(db: Db, viewer: Viewer) -> list[Budget]:
    """The ledger, the newest year first. Raises `Denied`."""
    viewer.require(Permission.STATISTICS_READ)
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            "select data_set, audience, period, epsilon, spent from statistics_budget"
            " order by period desc, data_set, audience"
        )
        return [Budget(**row) for row in await cursor.fetchall()]


async def _select(db: Db, where: LiteralString, params: dict[str, str | None]) -> list[Release]:
    async with db.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_RELEASE + where + _NEWEST, params)
        return [
            Release(**{**row, "cells": msgspec.convert(row["cells"], tuple[Cell, ...])})
            for row in await cursor.fetchall()
        ]


def _sector(brand: str | None) -> str:
    """The sector of whom an incident imitates."""
    known = by_id().get(brand) if brand else None
    return known.sector if known else OTHER
