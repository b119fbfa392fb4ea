"""An alert out of what a sensor wrote: who said what about which machine."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from zvon.formats.json_field import members, text
from zvon.ml.correlate.alert import Alert
from zvon.ml.correlate.words import severity_of

Observable = tuple[str, str]

# Suricata grades 1 (worst) to 4; on the scale of Wazuh.
_SURICATA = {1: 11, 2: 7, 3: 4, 4: 2}
_LONGEST = 500
# Private and shared addresses (RFC 1918, 4193, 6598) and those of the link and the machine itself.
_INSIDE = tuple(
    ip_network(each)
    for each in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
        "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128",
    )
)  # fmt: skip


def alert_of(
    format: str, said: Mapping[str, Any], at: float, values: Iterable[Observable] = ()
) -> Alert | None:
    """The alert that an object of `eve` or `wazuh` is; none when it is no alert, or of neither.

    `values` are the pairs of type and canonical value that the object names; the machine that the
    alert is about is left out of them, because it would join everything that ever befell it.
    """
    if format == "eve":
        return _eve(said, at, tuple(values))
    if format == "wazuh":
        return _wazuh(said, at, tuple(values))
    return None


def title_of(format: str, said: Mapping[str, Any]) -> str:
    """The title of the signature, as the sensor words it."""
    if format == "wazuh" and (inner := _inner(said)) is None:
        return text(members(said.get("rule")).get("description"))
    if format == "wazuh":
        said = inner or {}
    return text(members(said.get("alert")).get("signature"))


def _eve(said: Mapping[str, Any], at: float, values: tuple[Observable, ...]) -> Alert | None:
    alert = members(said.get("alert"))
    rule = _word(alert.get("signature_id"))
    title = text(alert.get("signature"))
    if said.get("event_type") != "alert" or not (rule or title):
        return None
    host, actor = _ends(text(said.get("src_ip")), text(said.get("dest_ip")))
    if not host:
        host = text(said.get("host")) or "?"
    level = _SURICATA.get(_number(alert.get("severity")) or 0)
    return _made(at, f"suricata:{rule or title}", host, actor, severity_of(title, level), values)


def _wazuh(said: Mapping[str, Any], at: float, values: tuple[Observable, ...]) -> Alert | None:
    inner = _inner(said)
    if inner is not None:
        return _eve(inner, at, values)
    rule = members(said.get("rule"))
    number = _word(rule.get("id")) or _word(rule.get("sidid"))
    title = text(rule.get("description"))
    if not (number or title):
        return None
    agent, data = members(said.get("agent")), members(said.get("data"))
    manager = members(said.get("manager"))
    host = text(agent.get("name")) or text(agent.get("ip")) or text(manager.get("name")) or "?"
    actor = text(data.get("srcip")) or text(data.get("src_ip"))
    severity = severity_of(title, _number(rule.get("level")))
    return _made(at, f"wazuh:{number or title}", host, actor, severity, values)


def _inner(said: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The alert of Suricata that an event of Wazuh wraps: one rule of Wazuh stands for all of them."""
    data = members(said.get("data"))
    if data.get("event_type") == "alert" and members(data.get("alert")).get("signature_id"):
        return data
    return None


def _made(
    at: float, signature: str, host: str, actor: str, severity: int, values: tuple[Observable, ...]
) -> Alert:
    own = {host.casefold(), host}
    kept = tuple(sorted({each for each in values if each[1] not in own}))
    return Alert(at, signature[:_LONGEST], host[:_LONGEST], actor[:_LONGEST], severity, kept)


def _ends(source: str, target: str) -> tuple[str, str]:
    """Which end is ours and which the other's: the inner one of two, else the target."""
    if _inside(source) and not _inside(target):
        return source, target
    return target or source, source


@lru_cache(maxsize=50_000)
def _inside(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in _INSIDE)


def _word(value: Any) -> str:
    """The number of a rule, which some write as a number and some as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(value)


def _number(value: Any) -> int | None:
    """A small whole number, said as number or text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 4:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
