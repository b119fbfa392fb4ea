"""Ask the enrichers about values: offline ones always, others when a person wants and may."""

from collections.abc import Mapping, Sequence

import structlog
from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.collect.enricher import enrichers
from zvon.collect.enricher.enricher import Asking, Enricher, Unavailable
from zvon.jobs import Context
from zvon.model.fact import Fact
from zvon.model.marking import Pap
from zvon.model.observable import Observable
from zvon.store import enrichment, sighting
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting

MAX_VALUES = 1000
MAX_ASKED = 20

log = structlog.get_logger("zvon.enricher")


class Known(Struct, frozen=True, kw_only=True):
    """What one enricher says of one value. `problem` says why it says nothing.

    `cached` marks an answer that was kept from an earlier question.
    """

    enricher: str
    facts: tuple[Fact, ...] = ()
    problem: str = ""
    cached: bool = False


async def enrich(
    context: Context, viewer: Viewer, values: Sequence[Observable], *, ask: bool = False
) -> dict[Observable, list[Known]]:
    """What is known of `values` (at most 1,000; with `ask` at most 20).

    With `ask`, enrichers that tell somebody outside are used too, unless every record of the value
    forbids it (PAP:RED); without, only what they said before. Raises `Denied` and `ValueError`.
    """
    viewer.require(Permission.SEARCH_READ)
    most = MAX_ASKED if ask else MAX_VALUES
    if len(values) > most:
        raise ValueError(f"at most {most} values at once")
    found: dict[Observable, list[Known]] = {value: [] for value in values}
    async with read(context.pool, viewer) as db:
        paps = await sighting.least_pap(db, values) if ask else {}
        kept = await enrichment.kept(db, viewer, values, context.clock())
        for each in enrichers():
            if not each.asks:
                await _offline(each, Asking(context, db), found)
    for each in enrichers():
        if each.asks and each.ready(context):
            await _asked(context, viewer, each, found, kept, paps if ask else None)
    return found


async def _offline(each: Enricher, asking: Asking, found: dict[Observable, list[Known]]) -> None:
    values = [value for value in found if value.type in each.types]
    try:
        said = await each.facts(asking, values) if values else {}
    except Unavailable as problem:
        log.warning("enricher unavailable", enricher=each.name, problem=str(problem))
        for value in values:
            found[value].append(Known(enricher=each.name, problem=str(problem)))
        return
    for value, facts in said.items():
        if facts:
            found[value].append(Known(enricher=each.name, facts=tuple(facts)))


async def _asked(
    context: Context,
    viewer: Viewer,
    each: Enricher,
    found: dict[Observable, list[Known]],
    kept: Mapping[tuple[Observable, str], tuple[Fact, ...]],
    paps: Mapping[Observable, Pap] | None,
) -> None:
    for value, said in found.items():
        if value.type not in each.types:
            continue
        known = kept.get((value, each.name))
        if known is not None:
            said.append(Known(enricher=each.name, facts=known, cached=True))
        elif paps is None:
            continue
        elif paps.get(value, Pap.CLEAR) is Pap.RED:
            said.append(Known(enricher=each.name, problem="PAP:RED"))
        else:
            said.append(await _ask(context, viewer, each, value))


async def _ask(context: Context, viewer: Viewer, each: Enricher, value: Observable) -> Known:
    """Ask about one value; no database connection is held meanwhile."""
    try:
        said = await each.facts(Asking(context), [value])
    except Unavailable as problem:
        return Known(enricher=each.name, problem=str(problem))
    facts = tuple(said.get(value, ()))
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(viewer)) as tx:
        await enrichment.keep(tx, viewer, value, each.name, facts, now, now + each.keep)
    return Known(enricher=each.name, facts=facts)
