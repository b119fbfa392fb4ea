"""The warning lists that a value is on: mostly a reason not to act on it, and always which list."""

from collections.abc import Sequence

from zvon.collect.enricher.enricher import Asking, Enricher, Facts
from zvon.collect.reference.folder import reference
from zvon.model.fact import Fact
from zvon.model.observable import DERIVED, Observable, ObservableType


async def facts(asking: Asking, values: Sequence[Observable]) -> Facts:
    """`LISTED` for each list, by the list's name."""
    lists = reference(asking.context.settings.reference_folder).warning_lists
    return {
        value: [Fact("LISTED", each.name, {"list": each.slug, "about": each.description[:300]})
                for each in hits]
        for value, hits in zip(values, lists.all_hits(values), strict=True) if hits
    }  # fmt: skip


ENRICHER = Enricher(name="warning-list", types=frozenset(ObservableType) - DERIVED, facts=facts)
