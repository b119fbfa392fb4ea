"""Which incident each group goes into, after a batch: one that lives, a successor, or a new one."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from zvon.assess import alert_policy
from zvon.assess.alert_triage import triage
from zvon.jobs import Context
from zvon.ml.correlate.engine import Outcome
from zvon.ml.correlate.link import Hub
from zvon.ml.correlate.memory import Memory
from zvon.store import alert_group, alert_incident, alert_link, alert_place, incident_merge
from zvon.store.alert_group import Placed
from zvon.store.alert_incident import ENDED, Standing
from zvon.store.alert_link import Pair
from zvon.store.alert_place import Lying
from zvon.store.alert_realm import Realm
from zvon.store.transaction import Tx

SYSTEM = "system"
BY_ALERTS = "ALERTS_JOINED_THEM"


class Home(Struct, frozen=True):
    """The incident of a component; `after` an ended one a new incident is to be made."""

    incident_id: int | None
    after: int | None = None
    ended: bool = False
    others: tuple[int, ...] = ()


async def place(
    context: Context, tx: Tx, realm: Realm, memory: Memory, outcomes: Sequence[Outcome],
    placed: Mapping[int, Placed], since: datetime,
) -> None:  # fmt: skip
    """Write the links that a batch made, and put its groups into incidents.

    `since` is when the first of its alerts happened.
    """
    now = context.clock()
    await _links(context, tx, realm, memory, outcomes, now)
    touched = {memory.component(each.group) for each in outcomes if each.novel}
    touched |= {memory.component(link.a) for each in outcomes for link in each.links}
    lying = await alert_place.of_components(tx, realm.id, touched)
    stand = await alert_incident.standing(
        tx, {each.incident_id for groups in lying.values() for each in groups
             if each.incident_id is not None}
        | {each.incident_id for each in placed.values() if each.incident_id is not None}
    )  # fmt: skip
    counted = {stand[each.incident_id].id for each in placed.values()
               if each.incident_id is not None and each.incident_id in stand}  # fmt: skip
    for component, groups in sorted(lying.items()):
        counted |= await _component(context, tx, memory, component, groups, stand, now)
    await alert_incident.count(tx, counted, now)
    policy = alert_policy.shipped()
    await alert_place.put_triage(tx, await triage(tx, realm, counted, since, policy))
    for each in placed.values():
        if each.attention and each.incident_id is not None:
            await alert_incident.attention(tx, stand[each.incident_id], each, now)
    await _hubs(context, tx, realm, memory, outcomes, lying, now)


async def _component(
    context: Context, tx: Tx, memory: Memory, component: int, groups: Sequence[Lying],
    stand: Mapping[int, Standing], now: datetime,
) -> set[int]:  # fmt: skip
    """Put what lies loose in one component into its incident; the incidents to count anew."""
    loose = [each.id for each in groups if each.incident_id is None]
    found = [stand[each.incident_id] for each in groups
             if each.incident_id is not None and each.incident_id in stand]  # fmt: skip
    known = {each.id: each for each in found}
    home = _home(list(known.values()))
    if home.incident_id is None:
        if not loose or (home.after is None and not _asks(memory, component)):
            return set()
        made = await alert_incident.found(
            tx, loose, after=home.after, told="INCIDENT_FROM_ALERTS", now=now,
            random=context.random,
        )  # fmt: skip
        await alert_link.relate(tx, loose[0], now, context.random,
                                most=alert_policy.shipped().related_most)  # fmt: skip
        return {made}
    changed = {home.incident_id}
    if loose:
        await alert_incident.assign(tx, loose, home.incident_id)
        await alert_incident.told_groups(tx, home.incident_id, len(loose), now, ended=home.ended)
    into = await incident_merge.side(tx, home.incident_id) if home.others else None
    for other in home.others:
        assert into is not None
        if known[other].handled:  # what a person works on no machine puts elsewhere
            continue
        await incident_merge.merge(
            tx, into, await incident_merge.side(tx, other), by_person=None, actor=SYSTEM,
            reason=BY_ALERTS, now=now, random=context.random,
        )  # fmt: skip
    return changed


def _home(known: Sequence[Standing]) -> Home:
    """The oldest that lives, one that a person works on first; else after the newest that ended.

    Into one that was rejected, what comes later is counted, and opens nothing.
    """
    living = (each for each in known if each.state not in ENDED)
    alive = sorted(living, key=lambda each: (not each.handled, each.id))
    if alive:
        return Home(alive[0].id, others=tuple(each.id for each in alive[1:]))
    ended = max(known, key=lambda each: each.id, default=None)
    if ended is None:
        return Home(None)
    if ended.state == "rejected":
        return Home(ended.id, ended=True)
    return Home(None, after=ended.id)


def _asks(memory: Memory, component: int) -> bool:
    """Whether a component says enough that a person is asked."""
    held = memory.component_of(component)
    return held is not None and held.value >= memory.policy.incident.floor


async def _links(
    context: Context, tx: Tx, realm: Realm, memory: Memory, outcomes: Sequence[Outcome],
    now: datetime,
) -> None:  # fmt: skip
    links = [link for each in outcomes for link in each.links]
    if not links:
        return
    episodes = sorted({end for link in links for end in (link.a, link.b)})
    before = await alert_group.component_of(tx, realm.id, episodes)
    moved = {component: memory.component(episode) for episode, component in before.items()
             if component != memory.component(episode)}  # fmt: skip
    await alert_group.recompose(tx, realm.id, moved)
    rows = await alert_place.rows_of(tx, realm.id, episodes)
    pairs = [Pair(rows[link.a], rows[link.b], link) for link in links
             if link.a in rows and link.b in rows]  # fmt: skip
    await alert_link.put(tx, pairs, now, context.random)


async def _hubs(
    context: Context, tx: Tx, realm: Realm, memory: Memory, outcomes: Sequence[Outcome],
    lying: Mapping[int, Sequence[Lying]], now: datetime,
) -> None:  # fmt: skip
    hubs: dict[tuple[str, str], Hub] = {
        (h.type, h.value): h for each in outcomes for h in each.hubs
    }
    await alert_link.hubs(tx, realm.id, hubs, now, context.random)
    for component in sorted({each.stopped for each in outcomes if each.stopped is not None}):
        groups = await alert_place.of_components(tx, realm.id, {component})
        held = groups.get(component, ())
        incident_id = next(
            (each.incident_id for each in held if each.incident_id is not None), None
        )
        if await alert_link.full(tx, realm.id, component, len(held), incident_id, now,
                                 context.random) and incident_id is not None:  # fmt: skip
            await alert_incident.told_full(tx, incident_id, len(held), now)
