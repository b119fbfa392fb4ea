"""Names of actors, malware and tools with their synonyms, from galaxies and from ATT&CK.

Upstream's layouts are MISP's galaxy clusters and MITRE's STIX bundles.
"""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

NamedKind = Literal["actor", "malware", "tool"]

# Galaxies whose values are names of one kind; others hold no names that a text would mention.
KINDS: dict[str, NamedKind] = {
    "threat-actor": "actor", "mitre-intrusion-set": "actor", "microsoft-activity-group": "actor",
    "malpedia": "malware", "ransomware": "malware", "mitre-malware": "malware",
    "banker": "malware", "stealer": "malware", "rat": "malware", "backdoor": "malware",
    "botnet": "malware", "cryptominers": "malware", "android": "malware",
    "mitre-tool": "tool", "tool": "tool", "exploit-kit": "tool",
}  # fmt: skip
MAX_NAME = 100


class BadGalaxy(ValueError):
    """It is no galaxy."""


class Named(Struct, frozen=True, kw_only=True):
    """One actor, malware or tool: `names` are its name and its synonyms, as they are written."""

    kind: NamedKind
    id: str
    galaxy: str
    names: tuple[str, ...]
    country: str = ""


class _Value(Struct):
    value: str
    uuid: str = ""
    meta: dict[str, Any] = {}


class _Galaxy(Struct):
    type: str
    values: list[_Value] = []


def decode(data: bytes) -> Iterator[Named]:
    """The names of one galaxy; nothing for a galaxy of another kind. Raises `BadGalaxy`."""
    try:
        found = msgspec.json.decode(data, type=_Galaxy)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise BadGalaxy(str(problem)) from None
    kind = KINDS.get(found.type)
    if kind is None:
        return
    for each in found.values:
        synonyms = each.meta.get("synonyms", [])
        said = [_bare(each.value), *(synonyms if isinstance(synonyms, list) else [])]
        names = tuple(
            dict.fromkeys(n.strip() for n in said if isinstance(n, str) and 2 < len(n) <= MAX_NAME)
        )
        if names:
            country = each.meta.get("country", "")
            yield Named(
                kind=kind,
                id=str(each.meta.get("external_id") or each.uuid or names[0]),
                galaxy=found.type,
                names=names,
                country=country if isinstance(country, str) else "",
            )


def _bare(value: str) -> str:
    """`Windows Credential Editor - S0005` without the number that galaxies of ATT&CK add."""
    name, dash, number = value.rpartition(" - ")
    return name if dash and number[:1] in "SGT" and number[1:].isdigit() else value
