"""Campaigns across borders: pages of one kit meet by keyed marks, without a raw message.

What leaves with an event are marks (`privacy.kit_mark`) for the version of the membership that
holds at that time. A partner's marks are compared with those of our own campaigns, when an event
comes and every few minutes, because a kit may be seen here later than there.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from zvon.jobs import Context
from zvon.model.event import Event
from zvon.model.observable import Observable, ObservableType
from zvon.privacy.kit_mark import key_of, mark
from zvon.store import campaign_share, peer
from zvon.store.party import Db
from zvon.store.transaction import Tx, transaction


async def marks(db: Db, incident_uuid: UUID, group_uuid: UUID) -> list[str]:
    """The marks of an incident's pages for the members of a group."""
    found = await campaign_share.of_incident(db, incident_uuid)
    chain = await campaign_share.versions(db, group_uuid)
    if not found or not chain:
        return []
    version, document = chain[0]
    key = key_of(document)
    return [mark(key, version, one.type.value, one.value) for one in found]


def told(event: Event, group_uuid: UUID) -> list[Observable]:
    """The marks of a partner's event as values that are kept here."""
    return [Observable(ObservableType.KIT_MARK, f"{group_uuid} {one}") for one in event.kits]


async def link(tx: Tx, group_uuid: UUID, now: datetime) -> int:
    """Tie the events of a group to our campaigns that show the same kit; how many are new."""
    own = await campaign_share.own(tx.db, now)
    if not own:
        return 0
    asked = []
    for version, document in await campaign_share.versions(tx.db, group_uuid):
        key = key_of(document)
        asked += [
            (f"{group_uuid} {mark(key, version, one.type.value, one.value)}", campaign)
            for one, campaign in own
        ]
    return len(await campaign_share.attach(tx, asked, now))


async def look(context: Context, _payload: dict[str, Any]) -> None:
    """The job: compare again, for kits that were seen here after the partner's event."""
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        for group in await peer.groups(tx.db):
            await link(tx, group.uuid, now)
