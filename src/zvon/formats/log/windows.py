"""Windows events and Sysmon as JSON: of evtx_dump, Winlogbeat, NXLog and the like, and of Wazuh."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, REPORTER, SAID, Found, Take, of, take_file, take_user
from zvon.formats.json_field import at_path, members, text
from zvon.formats.json_objects import guess_by, read_objects
from zvon.formats.log.field import Meaning
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options, ValueRole
from zvon.model.observable import ObservableType

_T = ObservableType

# Detections of Microsoft Defender (event ids of its Operational channel).
_DETECTED = frozenset({1006, 1007, 1008, 1015, 1116, 1117, 1118, 1119})
_DEFENDER = "Microsoft-Windows-Windows Defender"
# `MD5=…,SHA256=…,IMPHASH=…` of Sysmon.
_HASHES = re.compile(r"(MD5|SHA1|SHA256|IMPHASH)=([0-9A-Fa-f]{32,64})", re.IGNORECASE)


def _hashes(found: Found, value: Any, role: ValueRole) -> bool:
    if not isinstance(value, str):
        return False
    taken = 0
    for kind, digits in _HASHES.findall(value):
        taken += (
            found.add(_T.IMPHASH, digits, role)
            if kind.upper() == "IMPHASH"
            else found.hash(digits, role)
        )
    return taken > 0


def _answers(found: Found, value: Any, role: ValueRole) -> bool:
    """`type: 5 name;::ffff:192.0.2.1;` of Sysmon's event 22."""
    if not isinstance(value, str):
        return False
    return found.host([part.rpartition(" ")[2] for part in value.split(";")], role)


def _share(found: Found, value: Any, role: ValueRole) -> bool:
    r"""The machine of `\\name\share`, the path itself otherwise."""
    return isinstance(value, str) and "\\" in value and found.add(_T.FILEPATH, value, role)


FIELDS: dict[str, Meaning] = {
    **dict.fromkeys(
        ("sourceip", "destinationip", "ipaddress", "sourceaddress", "destaddress", "clientaddress",
         "remoteaddress", "sourcenetworkaddress", "address", "remoteip", "callingstationid"),
        (Found.address, SAID)),
    **dict.fromkeys(("destinationhostname", "queryname", "targetservername"), (Found.host, SAID)),
    **dict.fromkeys(("sourcehostname", "workstationname", "workstation", "remotemachinename"),
                    (Found.machine, NAMED)),
    **dict.fromkeys(("image", "parentimage", "targetfilename", "imageloaded", "newprocessname",
                     "processname", "parentprocessname", "sourceimage", "targetimage", "application",
                     "callerprocessname", "imagepath", "servicefilename", "originalfilename",
                     "processpath"), (take_file, NAMED)),
    **dict.fromkeys(("user", "subjectusername", "targetusername", "accountname", "sourceuser",
                     "targetuser", "parentuser", "targetoutboundusername", "samaccountname"),
                    (take_user, NAMED)),
    **dict.fromkeys(("hashes", "hash"), (_hashes, SAID)),
    "queryresults": (_answers, NAMED), "targetobject": (of(_T.REGKEY), NAMED),
    "pipename": (of(_T.PIPE), NAMED), "servicename": (of(_T.SERVICE), NAMED),
    "sharename": (_share, NAMED),
}  # fmt: skip
# Accounts of the system itself, which stand in nearly every event.
_SYSTEM = frozenset({"system", "local service", "network service", "anonymous logon", "-", "window manager",
                     "nt authority\\system", "nt authority\\network service",
                     "nt authority\\local service"})  # fmt: skip


# Beside `EventID` in shapes without levels; and a table of Azure that may leave the number out.
_FLAT = frozenset(
    {"Channel", "EventSourceName", "SourceName", "ProviderName", "EventLog", "Computer"}
)
_PROVIDERS = ("SourceName", "ProviderName", "EventSourceName", "Source")
_LOG_ANALYTICS = frozenset({"EventLog", "Source", "Computer", "EventLevelName"})


class Event(Struct, frozen=True):
    """What all shapes say: `fields` are those of the event itself, by their own names."""

    id: int | None
    channel: str
    provider: str
    computer: str
    time: Any
    fields: dict[str, Any]

    @classmethod
    def of_wazuh(cls, win: dict[str, Any]) -> "Event":
        """Wazuh keeps both parts under names that begin in lower case."""
        system = members(win.get("system"))
        return cls(
            _number(system.get("eventID")), text(system.get("channel")),
            text(system.get("providerName")), text(system.get("computer")),
            system.get("systemTime"), members(win.get("eventdata")),
        )  # fmt: skip


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """A line of a log for each event; a detection of Defender is an alert."""
    return read_objects(chunks, options, read_object, "This is no event of Windows.")


def sniff(sample: bytes, name: str) -> Guess | None:
    """The parts `System` and `EventData`, `winlog`, or an `EventID` with its channel."""
    return guess_by(sample, 95, "EventID, Channel", lambda value: event_of(value) is not None)


def event_of(value: dict[str, Any]) -> Event | None:
    """The event in any of the shapes; none when it is something else."""
    if isinstance(value.get("winlog"), dict):
        return _winlogbeat(value, value["winlog"])
    event = value.get("Event") if isinstance(value.get("Event"), dict) else value
    if isinstance(event, dict) and isinstance(event.get("System"), dict):
        return _rendered(event)
    if ("EventID" in value and _FLAT & value.keys()) or value.keys() >= _LOG_ANALYTICS:
        return _flat(value)
    if "event_id" in value and isinstance(value.get("event_data"), dict):
        return _old_winlogbeat(value)
    return None


def read_object(value: dict[str, Any], position: str, options: Options) -> Item | None:
    """The item of an event; none when it is no event of Windows."""
    event = event_of(value)
    if event is None:
        return None
    at, clock = read_time(event.time, options)
    found = Found(options.region, at)
    take_event(found, event)
    detected = event.id in _DETECTED and event.provider.startswith(_DEFENDER)
    name = text(event.fields.get("Threat Name")) if detected else ""
    return Item(
        kind=ItemKind.ALERT if detected else ItemKind.LOG, position=position, payload=value,
        values=found.values(), at=at,
        title=name or " ".join(filter(None, (event.provider or event.channel, str(event.id or "")))),
        tags=clock,
    )  # fmt: skip


def take_event(found: Found, event: Event) -> None:
    """Add what the fields of the event hold, and the machine that wrote it."""
    for key, each in event.fields.items():
        meaning = FIELDS.get(key.lower().replace("_", ""))
        if meaning is None or (isinstance(each, str) and each.lower() in _SYSTEM):
            continue
        take: Take = meaning[0]
        take(found, each, meaning[1])
    found.machine(event.computer, REPORTER)


def _winlogbeat(value: dict[str, Any], winlog: dict[str, Any]) -> Event:
    fields = members(winlog.get("event_data")) or members(winlog.get("user_data"))
    return Event(
        _number(winlog.get("event_id")), text(winlog.get("channel")),
        text(winlog.get("provider_name")), text(winlog.get("computer_name")),
        at_path(value, "event", "created") or value.get("@timestamp"), fields,
    )  # fmt: skip


def _old_winlogbeat(value: dict[str, Any]) -> Event:
    """Winlogbeat up to version 6."""
    return Event(
        _number(value.get("event_id")), text(value.get("log_name")),
        text(value.get("source_name")), text(value.get("computer_name")),
        value.get("@timestamp"), members(value.get("event_data")),
    )  # fmt: skip


def _rendered(event: dict[str, Any]) -> Event:
    """XML turned into JSON: attributes under `#attributes` or beside, text under `#text`."""
    system = members(event.get("System"))
    created = system.get("TimeCreated")
    provider = system.get("Provider")
    return Event(
        _number(_plain(system.get("EventID"))), text(_plain(system.get("Channel"))),
        text(_attribute(provider, "Name")), text(_plain(system.get("Computer"))),
        _attribute(created, "SystemTime") or created, _data(event),
    )  # fmt: skip


def _data(event: dict[str, Any]) -> dict[str, Any]:
    data = members(event.get("EventData"))
    listed = data.get("Data")
    if isinstance(listed, list):  # <Data Name="…">…</Data>
        named = {
            text(_attribute(each, "Name")): _plain(each)
            for each in listed
            if isinstance(each, dict)
        }
        return {**data, **named}
    if not data:
        for each in members(event.get("UserData")).values():
            data = {**data, **members(each)}
    return data


def _flat(value: dict[str, Any]) -> Event:
    # Sysmon writes the time of what happened in UTC and without saying so.
    happened = value.get("UtcTime")
    zoned = (
        f"{happened.removesuffix('Z')}+00:00" if isinstance(happened, str) and happened else None
    )
    times = ("@timestamp", "EventTime", "TimeCreated", "TimeGenerated", "EventReceivedTime")
    named = next((value[key] for key in times if value.get(key)), None)
    return Event(
        _number(value.get("EventID")), text(value.get("Channel")) or text(value.get("EventLog")),
        next((said for key in _PROVIDERS if (said := text(value.get(key)))), ""),
        text(value.get("Hostname")) or text(value.get("Computer")),
        zoned or named, value,
    )  # fmt: skip


def _attribute(value: Any, name: str) -> Any:
    return at_path(value, "#attributes", name) or at_path(value, name) or at_path(value, f"@{name}")


def _plain(value: Any) -> Any:
    return value.get("#text") if isinstance(value, dict) else value


def _number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return (
        int(value)
        if isinstance(value, str) and value.isascii() and value[:6].isdigit() and (len(value) <= 6)
        else None
    )


FORMAT = Format(name="windows", sniff=sniff, decode=decode, media_type="application/x-ndjson")
