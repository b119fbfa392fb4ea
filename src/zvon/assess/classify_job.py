"""The job `assess.classify`: incidents that changed get the classes that rules find."""

from typing import Any

import msgspec

from zvon.assess.classify import Declared, classes
from zvon.jobs import Context
from zvon.model.verdict import Category
from zvon.store import classification, classifying, suggestion
from zvon.store.transaction import transaction


async def classify(context: Context, _payload: dict[str, Any]) -> None:
    """Classify what changed, some hundred at a time; suggest what similar ones were."""
    now = context.clock()
    while True:
        async with transaction(context.pool, now) as tx:
            changed = await classifying.changed(tx)
            for each in await classifying.declaring(tx, changed):
                category = None if each.category is None else Category(each.category)
                found = classes(Declared(category=category, alerts=each.alerts, tags=each.tags))
                await classification.put_found(
                    tx, each.id,
                    [classification.Found(taxonomy=c.taxonomy, term=c.term, rule=c.rule,
                                          reason=msgspec.to_builtins(c.reason)) for c in found],
                    now,
                )  # fmt: skip
                await suggestion.by_likeness(tx, each.id, now, context.random)
        if not changed:
            return
