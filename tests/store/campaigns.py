"""Waves of reports in campaigns with their incidents, as assessment would leave them."""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from tests.store.world import new_uuid, report, verdict
from zvon.model.advice import NameAdvice
from zvon.model.observable import Observable, ObservableType
from zvon.model.scope import Scope
from zvon.store import campaign, incident
from zvon.store import verdict as verdicts
from zvon.store.campaign import Joined, Joining, Key
from zvon.store.party import Db, Party
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import SYSTEM, read

T = ObservableType


class Came(Struct, frozen=True):
    """A report that was judged and seated."""

    record_id: int
    uuid: Any
    joined: Joined


def domain(name: str) -> Key:
    """A strong key."""
    return Key(Observable(T.REGISTERED, name), True, "SAME_DOMAIN")


def text(name: str) -> Key:
    """A medium key."""
    return Key(Observable(T.TEMPLATE, name), False, "SAME_TEXT")


def sender(name: str) -> Key:
    """A medium key of another kind."""
    return Key(Observable(T.SENDER, name), False, "SAME_SENDER")


def page(mark: str, relation: str) -> Key:
    """A mark of a page, seen in the surroundings `relation`."""
    return Key(Observable(T.SKELETON, mark), True, "SAME_PAGE", relation)


async def came(pool: Pool, now: datetime, home: Party, *keys: Key, name: str = "a.example") -> Came:
    """One report through campaign and incident, with advice about `name`."""
    async with transaction(pool, now) as tx:
        record_id, uuid = await report(tx, now, home)
        advice = (NameAdvice(name=name, scope=Scope.REGISTRABLE_SUB, reason="dedicated"),)
        judged = verdict()
        joining = Joining(record_id=record_id, keys=tuple(keys), at=now, uuid=new_uuid(now))
        await campaign.note_keys(tx, [joining])
        await verdicts.put_all(tx, [(record_id, judged, advice)], now)
        (joined,) = await campaign.join_all(tx, [joining], now)
        await incident.for_campaign(
            tx, campaign_id=joined.campaign_id, report_record_id=record_id, verdict=judged,
            title_code="TITLE_PHISHING_BRAND", title_params={"brand": "si.posta"}, names=advice,
            rank=1.0, rank_reasons=[], now=now, merged=joined.merged, random=os.urandom,
        )  # fmt: skip
    return Came(record_id, uuid, joined)


async def rejoin(pool: Pool, now: datetime, one: Came, *keys: Key) -> Joined:
    """The same report with keys that came late."""
    async with transaction(pool, now) as tx:
        joining = Joining(record_id=one.record_id, keys=tuple(keys), at=now, uuid=new_uuid(now))
        await campaign.note_keys(tx, [joining])
        (joined,) = await campaign.join_all(tx, [joining], now)
        return joined


_STATE = """
select jsonb_build_object(
  'campaigns', (select jsonb_agg(jsonb_build_array(id, brand, first_at, last_at, merged_into)
                order by id) from campaign where id = any(%(known)s)),
  'keys', (select jsonb_agg(to_jsonb(k) order by observable_id, campaign_id) from campaign_key k),
  'members', (select jsonb_agg(to_jsonb(m) order by campaign_id, record_id) from campaign_member m),
  'reports', (select jsonb_agg(jsonb_build_array(record_id, campaign_id, incident_id)
              order by record_id) from report),
  'names', (select jsonb_agg(to_jsonb(n) order by incident_id, name) from incident_name n),
  'incidents', (select jsonb_agg(jsonb_build_array(id, campaign_id, state, duplicate_of,
                report_count, first_at, last_at, names, name_count) order by id)
                from incident where campaign_id = any(%(known)s)),
  'apart', (select jsonb_agg(jsonb_build_array(record_id, campaign_id)
            order by record_id, campaign_id) from campaign_apart where undone_at is null))
"""


async def state(pool: Pool, known: Sequence[int]) -> Any:
    """All that a step on these campaigns may change and an undo must put back."""
    async with read(pool, SYSTEM) as db:
        row = await (await db.execute(_STATE, {"known": list(known)})).fetchone()
    assert row is not None
    return row[0]


async def lies_in(db: Db, one: Came) -> tuple[int, int]:
    """The campaign and the incident of a report now."""
    row = await (
        await db.execute(
            "select campaign_id, incident_id from report where record_id = %s", (one.record_id,)
        )
    ).fetchone()
    assert row is not None
    return row[0], row[1]
