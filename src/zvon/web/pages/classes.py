"""The part of an incident's page that says of what kind it is, and what resembles it."""

from itertools import groupby
from typing import Any

from zvon.access.viewer import Viewer
from zvon.model import rsit
from zvon.store import classification, incident_similar, suggestion
from zvon.store.party import Db


async def facts_for(db: Db, who: Viewer, incident_id: int) -> dict[str, Any]:
    """Values of `incident_classes.html` for one incident."""
    said = await classification.of_incident(db, who, incident_id)
    types = [each.term for each in said if each.taxonomy == "rsit"]
    return {
        "classes": [each for each in said if each.taxonomy != "attack"],
        "attack": [each for each in said if each.taxonomy == "attack"],
        "national": [
            (each.name, [t.names.get(who.lang) or t.term for t in each.of(types)])
            for each in await classification.taxonomies(db)
            if each.of(types)
        ],
        "suggestions": await suggestion.open_of(db, who, incident_id),
        "similar": await incident_similar.similar(db, who, incident_id),
        "rsit_types": [
            (name, list(terms))
            for name, terms in groupby(rsit.types(), key=lambda term: term.partition("/")[0])
        ],
    }
