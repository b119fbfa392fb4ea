"""Wazuh and OSSEC alerts (`alerts.json`, `archives.json`; Wazuh 3 to 4)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID, uuid5

from zvon.formats.clock import read_time
from zvon.formats.found import REPORTER, Found
from zvon.formats.json_field import at_path, members, text, texts
from zvon.formats.json_objects import guess_by, read_objects
from zvon.formats.log import windows
from zvon.formats.log.field import take_fields
from zvon.formats.log.message import take_message
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options

NAMESPACE = UUID("b6c1f6a2-6c3e-5d0f-9f43-5a0e4e7b1d29")

_TIMES = ("timestamp", "@timestamp")


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """An alert for each event that a rule found, a line of a log for each other."""
    return read_objects(chunks, options, read_object, "This is no event of Wazuh.")


def sniff(sample: bytes, name: str) -> Guess | None:
    """The rule, the agent and the manager of each event."""
    return guess_by(sample, 96, "rule, agent, manager", _is_event)


def _is_event(value: dict[str, Any]) -> bool:
    sides = {"agent", "manager", "decoder", "location", "full_log", "predecoder"} & value.keys()
    if isinstance(value.get("rule"), dict) and "level" in value["rule"]:
        return len(sides) >= 2
    return {"agent", "manager"} <= sides and len(sides) >= 3


def read_object(value: dict[str, Any], position: str, options: Options) -> Item | None:
    """The item of an event; none when it is no event of Wazuh."""
    if not _is_event(value):
        return None
    said = next((value[key] for key in _TIMES if value.get(key)), None)
    at, clock = read_time(said, options)
    found = Found(options.region, at)
    data = members(value.get("data"))
    take_fields(found, {key: each for key, each in data.items() if key != "win"})
    if isinstance(data.get("win"), dict):
        windows.take_event(found, windows.Event.of_wazuh(data["win"]))
    take_fields(found, {"syscheck": members(value.get("syscheck"))})
    take_fields(found, {"vulnerability": members(data.get("vulnerability"))})
    if not found:
        take_message(found, text(value.get("full_log")))
    found.machine(at_path(value, "agent", "name"), REPORTER)
    found.address(at_path(value, "agent", "ip"), REPORTER)
    rule = members(value.get("rule"))
    tags = [*texts(rule.get("groups")), *texts(at_path(rule, "mitre", "id"))]
    return Item(
        kind=ItemKind.ALERT if rule else ItemKind.LOG, position=position, payload=value,
        values=found.values(), at=at, id=_identity(value), title=text(rule.get("description")),
        tags=(*dict.fromkeys(tags), *clock),
    )  # fmt: skip


def _identity(value: dict[str, Any]) -> UUID | None:
    """Wazuh numbers alerts by time and place in its own log, once for each manager."""
    own = value.get("id")
    if not isinstance(own, str) or "." not in own:
        return None
    manager = text(at_path(value, "manager", "name"))
    return uuid5(NAMESPACE, f"{manager}|{own}|{text(value.get('timestamp'))}")


FORMAT = Format(name="wazuh", sniff=sniff, decode=decode, media_type="application/x-ndjson")
