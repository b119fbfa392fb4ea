"""ATT&CK techniques by id, with what replaced the revoked ones; from MITRE's STIX bundles.

ATT&CK is © The MITRE Corporation; the notice travels with the set.
"""

import re
from collections.abc import Iterable

import msgspec
from msgspec import Struct

NOTICE = "© The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE Corporation."
_ID = re.compile(r"T\d{4}(?:\.\d{3})?\Z")


class BadBundle(ValueError):
    """It is no STIX bundle of ATT&CK."""


class Technique(Struct, frozen=True, kw_only=True):
    """A technique. `replaced_by` is the id to use instead of a revoked one."""

    id: str
    name: str
    domain: str
    tactics: tuple[str, ...] = ()
    revoked: bool = False
    deprecated: bool = False
    replaced_by: str = ""


class _Reference(Struct):
    source_name: str = ""
    external_id: str = ""


class _Phase(Struct):
    phase_name: str = ""


class _Object(Struct):
    type: str
    id: str = ""
    name: str = ""
    revoked: bool = False
    deprecated: bool = msgspec.field(default=False, name="x_mitre_deprecated")
    domains: list[str] = msgspec.field(default_factory=list, name="x_mitre_domains")
    references: list[_Reference] = msgspec.field(default_factory=list, name="external_references")
    phases: list[_Phase] = msgspec.field(default_factory=list, name="kill_chain_phases")
    relationship_type: str = ""
    source_ref: str = ""
    target_ref: str = ""


class _Bundle(Struct):
    objects: list[_Object]


def decode(data: bytes) -> list[Technique]:
    """The techniques of one bundle. Raises `BadBundle`."""
    try:
        objects = msgspec.json.decode(data, type=_Bundle).objects
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise BadBundle(str(problem)) from None
    patterns = {each.id: each for each in objects if each.type == "attack-pattern"}
    newer = {
        each.source_ref: each.target_ref
        for each in objects
        if each.type == "relationship" and each.relationship_type == "revoked-by"
    }
    return [
        Technique(
            id=number,
            name=each.name,
            domain=(each.domains or [""])[0],
            tactics=tuple(phase.phase_name for phase in each.phases),
            revoked=each.revoked,
            deprecated=each.deprecated,
            replaced_by=_newest(key, newer, patterns),
        )
        for key, each in patterns.items()
        if (number := _number(each.references))
    ]


def by_id(techniques: Iterable[Technique]) -> dict[str, Technique]:
    """By id; where a set has one twice, the one in force wins."""
    found: dict[str, Technique] = {}
    for each in sorted(techniques, key=lambda t: (t.revoked, t.deprecated)):
        found.setdefault(each.id, each)
    return found


def _number(references: Iterable[_Reference]) -> str:
    return next(
        (r.external_id for r in references
         if r.source_name.startswith("mitre") and _ID.match(r.external_id)), "",
    )  # fmt: skip


def _newest(key: str, newer: dict[str, str], patterns: dict[str, _Object]) -> str:
    """The end of the chain of replacements; a chain that bites its tail ends where it began."""
    seen = {key}
    at = key
    while (following := newer.get(at)) is not None and following not in seen:
        seen.add(following)
        at = following
    return "" if at == key or at not in patterns else _number(patterns[at].references)
