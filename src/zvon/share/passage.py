"""An event through the gate with what this node knows: agreement, key, register, brands, decisions."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from zvon.access.node import Node
from zvon.model.marking import Pap, Tlp
from zvon.model.policy import Policy, compile_policy, read_agreement
from zvon.privacy.engine import BadOverride
from zvon.privacy.facts import Facts, with_brands
from zvon.share.gate import Gated, known_sides, pass_event
from zvon.share.keys import domain
from zvon.store import brand, constituency, peer
from zvon.store.party import Db
from zvon.store.transaction import Tx

Random = Callable[[int], bytes]


async def policy_of(db: Db, group_uuid: UUID, event: Mapping[str, Any]) -> Policy:
    """What the group agreed and the event's marking, compiled. Raises `NoSuchGroup`."""
    group = await peer.group(db, group_uuid)
    fields = {**group.policy, "max_tlp": Tlp(group.max_tlp).label}
    return compile_policy(
        read_agreement(fields),
        group=str(group_uuid),
        tlp=[Tlp(event["tlp"])],
        pap=[Pap(event["pap"])],
    )


async def passage(
    tx: Tx, event: dict[str, Any], policy: Policy, group_uuid: UUID, epoch: str, node: Node,
    now: datetime, random: Random, places: Mapping[str, str],
) -> Gated:  # fmt: skip
    """What the gate makes of an event; `places` are decisions of people by the place of a span.

    A decision whose place is no span any more is not used, so that the span is looked at anew.
    Raises `BadOverride` for keeping what may never be kept.
    """
    keys = await domain(tx, group_uuid, epoch, node, now, random)
    facts = known_sides(event, await facts_of(tx.db, node, now))
    gated = pass_event(event, facts=facts, policy=policy, keys=keys)
    overrides = {
        n: places[place]
        for n, span in enumerate(gated.outcome.spans)
        if (place := f"{span.part}:{span.start}:{span.end}") in places
    }
    if not overrides:
        return gated
    return pass_event(event, facts=facts, policy=policy, keys=keys, overrides=overrides)


async def facts_of(db: Db, node: Node, now: datetime) -> Facts:
    """What this node knows about values: its constituency and the brands."""
    ours = await constituency.register(db, node.uuid, now)
    return with_brands(Facts(register=ours), await brand.current(db))


def place_of(span: Mapping[str, Any]) -> str:
    """Where a stored span stands: `part:start:end`."""
    return f"{span['part']}:{span['start']}:{span['end']}"


def by_place(spans: Sequence[Mapping[str, Any]], overrides: Mapping[int, str]) -> dict[str, str]:
    """Decisions by the place of the span instead of its number in `spans`. Raises `BadOverride`."""
    if any(not 0 <= n < len(spans) for n in overrides):
        raise BadOverride("there is no span with that number")
    return {place_of(spans[n]): word for n, word in overrides.items()}


def stored_spans(gated: Gated) -> list[dict[str, Any]]:
    """The spans as they stand in a row; they hold originals."""
    spans: list[dict[str, Any]] = msgspec.to_builtins(gated.outcome.spans)
    return spans


def stored_residue(gated: Gated) -> dict[str, Any]:
    """The residue scan, the preview and the status as they stand in a row."""
    found: dict[str, Any] = msgspec.to_builtins(gated.outcome.residue)
    return {**found, "preview": gated.outcome.preview, "reason": gated.outcome.status.value}


def named(gated: Gated, uuid: UUID) -> dict[str, Any] | None:
    """The event that may leave under the identifier of its release, or `None`."""
    return None if gated.event is None else {**gated.event, "uuid": str(uuid)}
