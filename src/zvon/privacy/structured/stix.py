"""STIX 2.x bundles through the gate, and valid STIX again.

A victim becomes an `identity`, never an observable or a pattern. An observable's identifier is a
hash of its values without a key (STIX 2.1, section 2.9), so what stands for a victim gets a keyed
one, and every reference follows it; where an identity may not stand, a relationship says the same.
"""

from typing import Any

from msgspec.structs import replace

from zvon.formats.intel.stix_marking import KNOWN, defined, tlp_of
from zvon.privacy.engine import Outcome
from zvon.privacy.pseudonym import Domain
from zvon.privacy.structured.references import Made, tied
from zvon.privacy.structured.rule import Rule, table
from zvon.privacy.structured.walk import GONE, Path, Value, Walk
from zvon.privacy.structured.walked import Walked

_CLASSES = {"individual": ("NAME",), "organization": ("ORG",), "system": ("HOST",)}
_RECIPIENTS = ("to_refs", "cc_refs", "bcc_refs")


class StixItem(Walked):
    """A bundle, an envelope of TAXII, or one object, on its way through the gate."""

    def __init__(self, data: Any) -> None:
        self._table = table("stix")
        self._data = data
        self._victims = _victims(objects(data))
        self._attackers = _senders(objects(data)) - self._victims
        self._walk = Walk(data, self._table, self._typed)

    @property
    def markings(self) -> list[str]:
        """The levels that its objects are marked with, by the identifiers of the standard."""
        found = objects(self._data)
        known = dict(KNOWN)
        for each in found:
            if each.get("type") == "marking-definition" and (tlp := defined(each)) is not None:
                known[str(each.get("id"))] = tlp
        levels = [tlp_of(each, known) for each in found]
        return sorted({tlp.label.removeprefix("TLP:") for tlp in levels if tlp is not None})

    def build(self, outcome: Outcome, keys: Domain) -> Any:
        """The bundle as it may leave."""

        def settle(value: Value) -> Any:
            if value.rule.action.value == "value" and value.removed:
                return Made(value.text)
            return value.text

        built = self._walk.put_back(outcome, settle)
        return tied(self._data, built, self._table, keys)

    def _typed(self, path: Path, parent: dict[str, Any], key: str) -> Rule | None:
        kind = parent.get("type")
        if not isinstance(kind, str):
            if len(path) > 1 and path[-2] == "hashes":
                return Rule(self._table.typed["file.name"].action, ("HASH",))
            return None
        mine = isinstance(parent.get("id"), str) and parent["id"] in self._victims
        if kind == "identity" and key == "name":
            types = _CLASSES.get(str(parent.get("identity_class")))
            return None if types is None else Rule(
                self._table.typed["file.name"].action, types, "victim" if mine else ""
            )  # fmt: skip
        found = self._table.typed.get(f"{kind}.{key}")
        if found is not None and mine:
            return replace(found, side="victim")
        if (
            found is not None
            and isinstance(parent.get("id"), str)
            and parent["id"] in self._attackers
        ):
            return replace(found, side="attacker")
        return found


def objects(data: Any) -> list[dict[str, Any]]:
    """The objects of a bundle, or the one object that it is."""
    held = data.get("objects") if isinstance(data, dict) else data
    if isinstance(held, list):
        return [each for each in held if isinstance(each, dict)]
    return [data] if isinstance(data, dict) else []


def _victims(found: list[dict[str, Any]]) -> frozenset[str]:
    """Identifiers of what was attacked, wrote the report, or got the mail."""
    out: set[str] = set()
    for each in found:
        match each.get("type"):
            case "relationship" if each.get("relationship_type") == "targets":
                out.add(str(each.get("target_ref")))
            case "sighting":
                out |= _texts(each.get("where_sighted_refs"))
            case "email-message":
                for key in _RECIPIENTS:
                    out |= _texts(each.get(key))
            case _:
                pass
        if isinstance(author := each.get("created_by_ref"), str):
            out.add(author)
    return frozenset(out)


def _senders(found: list[dict[str, Any]]) -> frozenset[str]:
    """Identifiers of the addresses that messages came from."""
    return frozenset(
        ref
        for each in found
        for key in ("from_ref", "sender_ref")
        if each.get("type") == "email-message" and isinstance(ref := each.get(key), str)
    )


def _texts(value: Any) -> set[str]:
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()


__all__ = ["GONE", "StixItem", "objects"]
