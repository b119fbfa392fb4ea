"""Alerts as a sensor's source stores them, for tests of the correlation in the node."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from zvon.config import Settings
from zvon.jobs import Context
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.store.ingest import SAID, RecordIn, Sighted, ingest
from zvon.store.party import Party
from zvon.store.transaction import Pool, transaction


class Clock:
    """A clock that a test moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def context(pool: Pool, at: datetime) -> Context:
    """What the job is given; it never asks who the node is."""
    nobody: Any = None
    return Context(pool=pool, settings=Settings(), node=nobody, clock=Clock(at), random=os.urandom)


def alert(
    own: Party,
    at: datetime,
    rule: str = "2027390",
    host: str = "192.168.1.7",
    *,
    maker: Party | None = None,
    actor: str = "203.0.113.9",
    title: str = "Inbound connection of an unusual kind",
    severity: int = 2,
    revision: int = 1,
    names: Sequence[str] = (),
    tlp: Tlp = Tlp.AMBER,
    arrived: datetime | None = None,
) -> RecordIn:
    """One alert of a network sensor as the intake stores it."""
    said = {
        "event_type": "alert", "src_ip": actor, "dest_ip": host,
        "alert": {"signature_id": int(rule), "rev": revision, "signature": title,
                  "severity": severity},
    }  # fmt: skip
    values = [Observable(ObservableType.IPV4, actor), Observable(ObservableType.IPV4, host)]
    values += [Observable(ObservableType.DOMAIN, name) for name in names]
    came = arrived or at
    return RecordIn(
        uuid=uuid7(came, os.urandom(RANDOM_BYTES)), kind="alert", created_at=at, modified_at=came,
        tlp=tlp, pap=Pap.AMBER, org_id=own.id, orgc_id=(maker or own).id,
        payload={"format": "eve", "position": "line 1", "title": title, "said": said},
        observables=[Sighted(each, SAID, at) for each in values],
    )  # fmt: skip


async def arrive(pool: Pool, now: datetime, batch: Sequence[RecordIn]) -> list[int]:
    """The alerts come in, at most 2,000 in one transaction."""
    ids: list[int] = []
    for start in range(0, len(batch), 2000):
        async with transaction(pool, now) as tx:
            ids += await ingest(tx, batch[start : start + 2000], now)
    return ids
