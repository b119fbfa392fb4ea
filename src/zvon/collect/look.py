"""The job `collect.look`: what DNS says now of names that are blocked, for whoever asked for it."""

from typing import Any

from zvon.collect.enrich import Subject, fetch
from zvon.jobs import Context, enqueue
from zvon.model.name import BadName, canonical
from zvon.model.observable import Observable, ObservableType
from zvon.model.suffix import is_private, registered
from zvon.store import evidence, observable
from zvon.store.observable import code_of, digest
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

MOST_NAMES = 12


async def look(context: Context, payload: dict[str, Any]) -> None:
    """Ask for `names`, keep what comes as evidence, and hand `blocks` on to the job `then`."""
    names = []
    for text in payload["names"][:MOST_NAMES]:
        try:
            name = canonical(str(text))
        except BadName:
            continue
        names.append(Subject(name, registered(name) or name, is_private(name)))
    about = [Observable(ObservableType.REGISTERED, name.registered) for name in names]
    async with read(context.pool, SYSTEM) as db:
        fresh = await evidence.fresh(db, about, context.clock())
    found = await fetch(context.settings, names, fresh, context.clock)
    rows = [row for row in found.rows if row not in fresh]
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        values = sorted({row.observable for row in rows})
        await observable.known_ids(
            tx, [(digest(code_of(v), v.value.encode()), code_of(v), v.value) for v in values]
        )
        await evidence.put(tx, None, rows)
        await enqueue(tx, str(payload["then"]), {"blocks": payload["blocks"]})
