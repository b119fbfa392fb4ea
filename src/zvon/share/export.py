"""Handing a shared event to other tools."""

from uuid import UUID

import msgspec

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.misp import Organisation, encode
from zvon.locale import translator
from zvon.locale.sentence import sentence
from zvon.model.event import Event
from zvon.store import event as events
from zvon.store.party import Db


class NoEvent(LookupError):
    """There is no such event, or the viewer may not see it; which of the two is not said."""

    def __init__(self, uuid: UUID) -> None:
        super().__init__(f"no event {uuid}")


async def misp(db: Db, viewer: Viewer, event_uuid: UUID) -> bytes:
    """The event as MISP core JSON in UTF-8.

    An event is what passed the sharing gate, ours or a partner's; an incident that was never
    released has none. `db` reads as `viewer` (`store.visibility.read`), so that a marking above
    the viewer's hides it. Raises `NoEvent`, `Denied`.
    """
    viewer.require(Permission.SHARE_READ)
    found = await events.event_payload(db, event_uuid)
    if found is None:
        raise NoEvent(event_uuid)
    event = msgspec.convert(found["event"], Event)
    body = encode(
        msgspec.structs.replace(event, tlp=found["tlp"], pap=found["pap"]),
        info=sentence(translator(viewer.lang), event.title.code, event.title.params),
        orgc=Organisation(uuid=found["party_uuid"], name=found["party_name"]),
        at=found["modified_at"],
    )
    return msgspec.json.encode(body)
