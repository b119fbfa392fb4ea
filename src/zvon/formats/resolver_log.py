"""What resolvers write of rules that they applied, one form a brand; anything else is no hit.

BIND: category `rpz` of its log. Unbound: `rpz-log`. PowerDNS: `formats.pdns_message`. The lines
may hold hostile names: a resolver writes down what it was asked.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from zvon.model import prefix

MAX_LINE = 4096
_TOP = "zvon"
_ZONE = re.compile(rf"(?:(.+)\.)?((?:allow|hot|cold|ip)\.[a-z0-9-]{{1,19}}\.{_TOP})")
_OWNER = re.compile(r"(?:\*\.)?[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_SHORT = frozenset({"allow", "hot", "cold", "ip"})

_BIND = re.compile(
    r"client (?:@0x[0-9a-f]+ )?([0-9a-fA-F.:%]{2,60})#\d{1,5} \([^()]{0,1100}\):(?: view [^:]{1,100}:)?"
    r" (disabled )?rpz (QNAME|IP|NSDNAME|NSIP) ([A-Z-]{2,20}|Local-Data|CNAME) rewrite"
    r" (\S{1,1100})/[A-Z0-9]{1,10}/[A-Z]{2,3} via (\S{1,1100})"
)
_UNBOUND = re.compile(
    r"info: rpz: applied (?:\[([^\]]{1,255})\] )?(\S{1,1100}) rpz-([a-z-]{2,30})"
    r" ([0-9a-fA-F.:%]{2,60})@\d{1,5} (\S{1,1100}) [A-Z0-9]{1,10} [A-Z]{2,3}"
)
_BIND_ACTIONS = {
    "NXDOMAIN": "nxdomain", "NODATA": "nodata", "PASSTHRU": "passthru", "CNAME": "landing",
    "Local-Data": "landing",
}  # fmt: skip
_UNBOUND_ACTIONS = {
    "nxdomain": "nxdomain", "nodata": "nodata", "passthru": "passthru", "local-data": "landing",
    "cname-override": "landing", "disabled": "disabled",
}  # fmt: skip

_SYSLOG = re.compile(
    r"^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d{1,6})?(Z|[+-]\d\d:?\d\d)?"
)
_EPOCH = re.compile(r"^\[(\d{9,11})(?::\d+)?\]")


class Hit(Struct, frozen=True, kw_only=True):
    """One rule applied once. `client` never leaves the machine that read the line.

    `zone` may be only a kind (`hot`) where the resolver was told no more; `owner` is the rule's,
    or the name that was asked for. `at` is `None` when the line does not say in UTC.
    """

    zone: str
    owner: str
    action: str
    client: str
    at: datetime | None = None


def owner_of(text: str) -> str | None:
    """An owner name as we write it, or `None` for what cannot be one."""
    name = text.rstrip(".").lower()
    return name if len(name) <= 253 and _OWNER.fullmatch(name) else None


def split_zone(text: str) -> tuple[str, str] | None:
    """Owner and zone of a full owner name in one of our zones."""
    found = _ZONE.fullmatch(text.rstrip(".").lower())
    if found is None or found[1] is None:
        return None
    owner = owner_of(found[1])
    return None if owner is None else (owner, found[2])


def zone_of(text: str) -> str | None:
    """A name of a zone of ours, or its kind alone; `None` for another."""
    name = text.rstrip(".").lower()
    known = name in _SHORT or (_ZONE.fullmatch(name) or [None, "x"])[1] is None
    return name if known else None


def bind(line: str) -> Hit | None:
    """A line of BIND's category `rpz`."""
    found = _BIND.search(line[:MAX_LINE])
    if found is None:
        return None
    client, off, _, action, _, via = found.groups()
    where, done = split_zone(via), _BIND_ACTIONS.get(action)
    if where is None or done is None:
        return None
    return Hit(zone=where[1], owner=where[0], action="disabled" if off else done, client=client,
               at=_when(line))  # fmt: skip


def unbound(line: str) -> Hit | None:
    """A line of Unbound's `rpz-log`; the zone is its `rpz-log-name`."""
    found = _UNBOUND.search(line[:MAX_LINE])
    if found is None:
        return None
    log_name, owner, action, client, asked = found.groups()
    zone = zone_of(log_name) if log_name else None
    name = _of_prefix(owner) if "/" in owner else owner_of(owner) or owner_of(asked)
    done = _UNBOUND_ACTIONS.get(action)
    if zone is None or name is None or done is None:
        return None
    return Hit(zone=zone, owner=name, action=done, client=client, at=_when(line))


def _of_prefix(text: str) -> str | None:
    """The owner of a rule on an address, of which Unbound writes the prefix."""
    try:
        return prefix.owner(prefix.canonical(text))
    except ValueError:
        return None


def _when(line: str) -> datetime | None:
    if found := _EPOCH.match(line):
        return datetime.fromtimestamp(int(found[1]), UTC)
    found = _SYSLOG.match(line)
    if found is None or found[7] is None:  # local time of who knows where
        return None
    try:
        return datetime.fromisoformat(found[0].replace(" ", "T")).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


READERS: dict[str, Callable[[str], Hit | None]] = {"bind": bind, "unbound": unbound}
