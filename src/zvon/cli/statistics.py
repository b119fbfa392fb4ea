"""`zvon statistics`: counts for outsiders, with noise and a budget."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

if TYPE_CHECKING:
    from zvon.store.statistics import Release

app = App(
    name="statistics", help="Counts for outsiders: each week once, with noise, within a budget."
)

Root = Annotated[Path | None, Parameter(help="Folder of the node (else ZVON_ROOT).")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print one JSON object.")]
Audience = Literal["public", "partners"]


@app.command
def publish(
    data_set: Annotated[str, Parameter(help="reports, incidents or blocks.")],
    week: Annotated[str, Parameter(help="A week that is over, such as 2026-W46.")],
    *,
    audience: Audience = "public",
    root: Root = None,
    json_: AsJson = False,
) -> int:
    """Publish a week; one that was published is shown as it was. Exit 1 when the budget is spent."""
    from zvon.store.statistics import BudgetSpent

    try:
        made, fresh = asyncio.run(_publish(root, data_set, week, audience))
    except BudgetSpent as problem:
        print(f"statistics: {problem}", file=sys.stderr)
        return 1
    if json_:
        print(json.dumps(_told(made) | {"fresh": fresh}))
    else:
        print("published" if fresh else "was published before; this is what it said")
        _show([made])
    return 0


@app.command
def show(
    *,
    data_set: Annotated[str | None, Parameter(help="Only this one.")] = None,
    year: Annotated[int | None, Parameter(help="Only this year.")] = None,
    audience: Audience = "public",
    root: Root = None,
    json_: AsJson = False,
) -> int:
    """What was published, the newest week first; every number with its 95 % interval."""
    found = asyncio.run(_published(root, data_set, year, audience))
    if json_:
        print(json.dumps({"releases": [_told(each) for each in found]}))
    else:
        _show(found)
    return 0


def _show(found: "list[Release]") -> None:
    from zvon.model.statistics import plan

    small = f"<{plan().suppress_below}"
    for each in found:
        print(f"{each.week}  {each.data_set} for {each.audience}  (epsilon {each.epsilon:g})")
        said = [c for c in each.cells if c.count is not None]
        for cell in said:
            print(f"  {cell.value:20} {cell.country:6} {cell.count:8}   {cell.low} to {cell.high}")
        if len(said) < len(each.cells):
            print(f"  {len(each.cells) - len(said)} other counts are {small}")
    if not found:
        print("nothing is published")


def _told(each: "Release") -> dict[str, object]:
    import msgspec

    told: dict[str, object] = msgspec.to_builtins(each)
    return told


async def _publish(
    root: Path | None, data_set: str, week: str, audience: str
) -> "tuple[Release, bool]":
    import os

    from zvon.cli.node import open_node, utc_now
    from zvon.share import statistics
    from zvon.store.transaction import transaction

    async with open_node(root, size=1) as context, transaction(context.pool, utc_now()) as tx:
        return await statistics.publish(tx, None, data_set, week, audience, utc_now(), os.urandom)


async def _published(
    root: Path | None, data_set: str | None, year: int | None, audience: str
) -> "list[Release]":
    from zvon.cli.node import open_node
    from zvon.store.statistics import published
    from zvon.store.visibility import SYSTEM, read

    async with open_node(root, size=1) as context, read(context.pool, SYSTEM) as db:
        return await published(
            db, audience=audience, data_set=data_set, period=None if year is None else f"{year:04}"
        )
