"""What this node itself knows of a value: how many records, of which sources, since when."""

from collections.abc import Sequence

from zvon.collect.enricher.enricher import Asking, Enricher, Facts
from zvon.model.fact import Fact
from zvon.model.observable import Observable, ObservableType
from zvon.store import sighting


async def facts(asking: Asking, values: Sequence[Observable]) -> Facts:
    """`SIGHTED` for each source that named it, as far as the person who asks may see."""
    assert asking.db is not None
    found = await sighting.of_values(asking.db, values)
    return {
        value: [
            Fact("SIGHTED", each.source, {
                "records": each.records, "first": each.first.isoformat(),
                "last": each.last.isoformat(), "accused": each.accused,
            })
            for each in rows
        ]
        for value, rows in found.items()
    }  # fmt: skip


ENRICHER = Enricher(name="sightings", types=frozenset(ObservableType), facts=facts)
