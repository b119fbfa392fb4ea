"""Takedown packages as people follow them: which letter went to whom, what came of it, and the page."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from msgspec import Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.observable import TYPE, ObservableType
from zvon.store import takedown
from zvon.store.event import incident_observables
from zvon.store.party import Db
from zvon.store.takedown import Takedown

MOST_VALUES = 500
MOST_TARGETS = 10
ATTACKER = 1


class Letter(Struct, frozen=True, kw_only=True):
    """What became of the letter to one recipient; without a `message` none was written yet."""

    kind: str
    address: str
    source: str
    message: UUID | None = None
    state: str = ""
    sent_at: datetime | None = None
    answered: bool = False
    reminders: int = 0


class Package(Struct, frozen=True, kw_only=True):
    """A package with its letters; `gone_at` since when looks find the page gone."""

    takedown: Takedown
    looked_at: datetime | None
    gone_at: datetime | None
    letters: tuple[Letter, ...]

    @property
    def written(self) -> bool:
        """Was anybody written to?"""
        return any(each.message for each in self.letters)


_LETTERS: LiteralString = """
select k.uuid, k.look_asked_at, k.gone_at, m.uuid, lower(m.recipients[1]), m.state, m.sent_at,
       exists (select from message a where a.thread_id = m.thread_id and a.direction = 'in'
               and a.trust in ('signed', 'authenticated') and a.machine = ''),
       m.reminders
from takedown k left join message m on m.takedown_id = k.id and m.direction = 'out'
where k.uuid = any (%s)
order by m.id
"""


async def of_incident(db: Db, viewer: Viewer, incident: UUID) -> list[Package]:
    """The packages of an incident with their letters, the newest first. Raises `Denied`.

    Letters are left out for those who may not read messages.
    """
    made = await takedown.of_incident(db, viewer, incident)
    if not made:
        return []
    rows = await (await db.execute(_LETTERS, ([each.uuid for each in made],))).fetchall()
    reads = viewer.may(Permission.MESSAGE_READ)
    found = []
    for each in made:
        mine = [row for row in rows if row[0] == each.uuid]
        sent = {row[4]: row for row in mine if row[3] is not None} if reads else {}
        letters = []
        for to in each.contacts:
            row = sent.get(to.address.lower())
            letters.append(
                Letter(kind=to.kind, address=to.address, source=to.source)
                if row is None
                else Letter(kind=to.kind, address=to.address, source=to.source, message=row[3],
                            state=row[5], sent_at=row[6], answered=row[7], reminders=row[8])
            )  # fmt: skip
        found.append(Package(takedown=each, looked_at=mine[0][1], gone_at=mine[0][2],
                             letters=tuple(letters)))  # fmt: skip
    return found


async def targets(db: Db, viewer: Viewer, incident_id: int, made: Sequence[Package]) -> list[str]:
    """Pages that the reports of an incident name and that no package is about yet."""
    viewer.require(Permission.INCIDENT_READ)
    about = {each.takedown.url for each in made}
    return [
        value
        for code, value, role in await incident_observables(db, incident_id, MOST_VALUES)
        if TYPE.get(code) is ObservableType.URL and role == ATTACKER and value not in about
    ][:MOST_TARGETS]
