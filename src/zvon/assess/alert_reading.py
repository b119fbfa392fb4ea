"""What an alert of any sensor says in the same words: rule, machine, actor, severity."""

import ipaddress
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct

from zvon.ml.correlate.alert import Alert
from zvon.ml.correlate.reading import alert_of, title_of
from zvon.model.observable import DERIVED, TYPE, ObservableType
from zvon.store.alert_fresh import Fresh
from zvon.store.ingest import NAMED, REPORTER, SAID

MAX_TEXT = 200
MOST_VALUES = 24
_MACHINE = frozenset({ObservableType.HOSTNAME, ObservableType.IPV4, ObservableType.IPV6})
_ADDRESS = frozenset({ObservableType.IPV4, ObservableType.IPV6})
# Classes of machines, not machines; and how a thing is written, not what it is.
_TELLS_LITTLE = frozenset({ObservableType.ASN, ObservableType.USERAGENT, ObservableType.CIDR,
                           ObservableType.ATTACK_ID, ObservableType.CWE, ObservableType.MAC,
                           *DERIVED})  # fmt: skip
Path = tuple[str, ...]


class Fields(Struct, frozen=True, forbid_unknown_fields=True):
    """Where one format says what; see `alert_fields.toml`. `ends` are both ends of a flow."""

    source: str
    rule: tuple[Path, ...]
    revision: tuple[Path, ...]
    title: tuple[Path, ...]
    machine: tuple[Path, ...]
    actor: tuple[Path, ...]
    ends: tuple[Path, ...]
    severity: tuple[Path, ...]
    level: tuple[tuple[int, int], ...]


class Reading(Struct, frozen=True, kw_only=True, gc=False):
    """One alert in our words. `severity` is 0 (not said) to 4; `types` are codes of its values.

    `machine` is where it happened, `actor` who did it, as far as the alert says.
    """

    source: str
    rule: str
    revision: str
    title: str
    machine: str
    actor: str
    severity: int
    values: tuple[tuple[str, str], ...]
    types: frozenset[int]
    grade: int | None = None  # 0 to 15, where the correlation reads this format by itself

    @property
    def signature(self) -> str:
        """The rule with the kind of sensor that it is of."""
        return f"{self.source}:{self.rule}"


@cache
def table() -> tuple[int, Mapping[str, Fields]]:
    """The version of the table of fields, and the fields of each format."""
    body = tomllib.loads((files("zvon.assess") / "alert_fields.toml").read_text())
    version = int(body.pop("version"))
    return version, msgspec.convert(body, dict[str, Fields])


def read(fresh: Fresh) -> Reading:
    """The reading of a record; whatever it says, there is one."""
    payload = fresh.payload if isinstance(fresh.payload, dict) else {}
    name = _text(payload.get("format"))
    fields = table()[1].get(name)
    said = payload.get("said")
    title = _text(payload.get("title"))
    if fields is None:
        return _plain(fresh, name, title)
    if isinstance(said, dict) and (own := alert_of(name, said, 0.0)) is not None:
        return _known(fresh, name, said, own, fields)
    rule = _first(said, fields.rule) or title
    words = title or _first(said, fields.title) or rule
    machine, actor = _first(said, fields.machine), _first(said, fields.actor)
    if fields.ends and not machine:
        machine, actor = _sides(_first(said, fields.ends[:1]), _first(said, fields.ends[1:]))
    return _reading(
        fresh, fields.source, rule, _first(said, fields.revision), words, machine, actor,
        _level(_first(said, fields.severity), fields.level),
    )  # fmt: skip


def _known(fresh: Fresh, format: str, said: dict[str, Any], own: Alert, fields: Fields) -> Reading:
    """What the correlation reads by itself is read once, for a file and for the node."""
    source, _, rule = own.signature.partition(":")
    reading = _reading(
        fresh, source, _text(rule), _first(said, fields.revision),
        _text(title_of(format, said)) or _text(rule), _text(own.host), _text(own.actor),
        _level(_first(said, fields.severity), fields.level),
    )  # fmt: skip
    return msgspec.structs.replace(reading, grade=own.severity)


def _plain(fresh: Fresh, format: str, title: str) -> Reading:
    """A format without a table: its title is the rule, its values say the rest."""
    return _reading(fresh, format or "alert", title or "unnamed", "", title, "", "", 0)


def _reading(
    fresh: Fresh, source: str, rule: str, revision: str, title: str, machine: str, actor: str,
    severity: int,
) -> Reading:  # fmt: skip
    own = machine or _of(fresh, (REPORTER, NAMED, SAID), _MACHINE)
    who = actor or _of(fresh, (SAID, NAMED), _ADDRESS, but=own)
    return Reading(
        source=source, rule=rule or "unnamed", revision=revision, title=title or rule or "unnamed",
        machine=own, actor="" if who == own else who, severity=severity,
        values=tuple(_compared(fresh, own))[:MOST_VALUES],
        types=frozenset(code for code, _, _ in fresh.values),
    )  # fmt: skip


def _compared(fresh: Fresh, own: str) -> list[tuple[str, str]]:
    """Values by which alerts may belong together: not the machine itself, and none of its sensor."""
    found: dict[tuple[str, str], None] = {}
    for code, value, role in fresh.values:
        kind = TYPE.get(code)
        if role != REPORTER and kind is not None and kind not in _TELLS_LITTLE and value != own:
            found[(kind.value, value)] = None
    return list(found)


def _of(fresh: Fresh, roles: Sequence[int], types: frozenset[ObservableType], but: str = "") -> str:
    for wanted in roles:
        for code, value, role in fresh.values:
            if role == wanted and TYPE.get(code) in types and value != but:
                return value
    return ""


def _sides(one: str, other: str) -> tuple[str, str]:
    """The machine and the actor of a flow: ours is inside; between two alike, the one spoken to."""
    if _inside(one) and not _inside(other):
        return one, other
    return other, one


def _inside(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_private
    except ValueError:
        return False


def _first(said: Any, paths: Sequence[Path]) -> str:
    for path in paths:
        value = said
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, list) and value:
            value = value[0]
        if text := _text(value):
            return text
    return ""


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).replace("\0", "").strip()[:MAX_TEXT]


def _level(text: str, level: Sequence[tuple[int, int]]) -> int:
    """The last step whose own severity is reached; 0 where the sensor said none."""
    try:
        own = float(text)
    except ValueError:
        return 0
    reached = [ours for least, ours in level if own >= least]
    return reached[-1] if reached else 0


__all__ = ["MOST_VALUES", "Fields", "Reading", "read", "table"]
