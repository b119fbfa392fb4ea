"""How likely what is new belongs to an attack: a calibrated term of the rank, never a decision."""

from collections.abc import Collection
from datetime import datetime, timedelta

from zvon.assess.alert_policy import Policy
from zvon.ml.triage.features import Sighting
from zvon.ml.triage.model import shipped
from zvon.store import alert_place
from zvon.store.alert_realm import Realm
from zvon.store.transaction import Tx

HOUR_S = 3600


async def triage(
    tx: Tx, realm: Realm, incidents: Collection[int], since: datetime, policy: Policy
) -> dict[int, float]:
    """For each of these incidents the highest probability among its groups seen since then.

    A group is judged among its neighbours of the hour before, so these are read too.
    """
    if not incidents:
        return {}
    begin = since - timedelta(seconds=HOUR_S)
    rows = await alert_place.recent(tx, realm.id, begin, policy.triage_most)
    start = realm.first_at or begin
    sightings = [
        Sighting(row.last_at.timestamp(), row.signature, row.host, row.hours, row.signature_hours,
                 max(0.0, (row.last_at - start).total_seconds() / HOUR_S))
        for row in rows
    ]  # fmt: skip
    titles = {row.signature: row.title for row in rows}
    found = shipped().probabilities(sightings, lambda code: titles.get(code, code))
    likely: dict[int, float] = {}
    for row, p in zip(rows, found.tolist(), strict=True):
        if row.incident_id in incidents and row.incident_id is not None:
            likely[row.incident_id] = max(p, likely.get(row.incident_id, 0.0))
    return likely
