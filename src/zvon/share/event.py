"""What an incident would tell others, before the sharing gate has looked at it."""

from typing import Any
from uuid import UUID

import msgspec

from zvon.model.event import (
    MAX_OBSERVABLES,
    Event,
    EventName,
    EventObservable,
    EventReason,
    Title,
    wire,
)
from zvon.model.observable import DERIVED, TYPE
from zvon.model.verdict import Category, VerdictWord
from zvon.store import event as rows
from zvon.store.party import Db

SIDES = {1: "attacker", 2: "link_text", 3: "near", 4: "reporter"}
_PARTS = ("subject", "sender_name", "text", "remark")
MAX_VALUES_BYTES = 400_000


async def build(db: Db, incident_uuid: UUID) -> dict[str, Any]:
    """The event of an incident as the gate takes it: `model.event.Event` as plain values.

    `uuid` is null; `parts` and `observables` still hold what belongs to victims and reporters.
    Report numbers, people of this organisation and remarks of analysts are never part of it.
    Raises `NoSuchIncident`.
    """
    facts = await rows.incident_facts(db, incident_uuid)
    messages = await rows.incident_messages(db, facts["id"])
    seen = _fitting(await rows.incident_observables(db, facts["id"], MAX_OBSERVABLES))
    reasons = msgspec.convert(facts["reasons"], list[dict[str, Any]])
    names = tuple(
        EventName(name=n["name"], scope=n["scope"], reason=n["reason"])
        for n in await rows.incident_names(db, facts["id"])
    )
    event = Event(
        uuid=None,
        title=Title(code=facts["title"], params=facts["title_params"]),
        parts=_parts(messages),
        names=names,
        observables=tuple(
            EventObservable(type=TYPE[kind], value=value, side=SIDES.get(role, "reporter"))
            for kind, value, role in seen
            if TYPE[kind] not in DERIVED and role != 3
        ),
        reasons=tuple(
            EventReason(
                code=r["code"],
                params=r.get("params", {}),
                weight=r.get("weight", 0.0),
                source=r.get("source", ""),
            )
            for r in reasons
        ),
        verdict=VerdictWord(facts["verdict"] or "undetermined"),
        category=Category(facts["category"] or "unsure"),
        brand=facts["brand"],
        probability=facts["probability"],
        counts={"reports": facts["report_count"], "names": len(names)},
        first=facts["first_at"],
        last=facts["last_at"],
        countries=(facts["country"],),
        tlp=facts["tlp"],
        pap=facts["pap"],
        lang=next((m["lang"] for m in messages if m.get("lang")), None),
    )
    return wire(event)


def _fitting(seen: list[tuple[int, str, int]]) -> list[tuple[int, str, int]]:
    """The values that are seen most, as many as fit into one entry of a feed."""
    size, kept = 0, []
    for row in seen:
        size += len(row[1].encode()) + 60
        if size > MAX_VALUES_BYTES:
            break
        kept.append(row)
    return kept


def _parts(messages: list[dict[str, Any]]) -> dict[str, str]:
    """The texts by name: `message.text` and so on for the first, `r2.text` for the second."""
    parts: dict[str, str] = {}
    for number, message in enumerate(messages, start=1):
        prefix = "message" if number == 1 else f"r{number}"
        for part in _PARTS:
            if message.get(part):
                parts[f"{prefix}.{part}"] = str(message[part])
    return parts
