"""MISP events (misp-standard.org core format) through the gate, and valid MISP again.

The type of an attribute says what its value is; its category and `to_ids` whose. A value that was
taken out stands as a pseudonym that the type allows, detects nothing any more, or goes with its
attribute when the type allows none.
"""

from typing import Any

from msgspec.structs import replace

from zvon.privacy.engine import Outcome
from zvon.privacy.pseudonym import Domain
from zvon.privacy.structured import form
from zvon.privacy.structured.rule import Rule, Table, table
from zvon.privacy.structured.walk import GONE, Path, Value, Walk
from zvon.privacy.structured.walked import Walked

_PEOPLE = frozenset({"NAME", "ORG", "USER", "ADDR", "EMAIL", "PHONE", "HOST"})


class MispItem(Walked):
    """A MISP event, or what a MISP server answers with, on its way through the gate."""

    def __init__(self, data: Any) -> None:
        self._table = table("misp")
        self._data = data
        self._walk = Walk(data, self._table, self._typed)

    def build(self, outcome: Outcome, keys: Domain) -> Any:
        """The event as it may leave."""

        def settle(value: Value) -> Any:
            if not value.removed or value.rule.action.value != "value":
                return value.text
            kinds = (*value.rule.types, "")
            made: list[str] = []
            cls = _Pseudonym
            for kind, piece in zip(kinds, value.text.split("|"), strict=False):
                if form.is_redaction(piece):
                    return GONE
                valid = form.valid(keys, kind, piece) if form.is_pseudonym(piece) else piece
                if valid is None:
                    cls = _Plain
                made.append(valid or piece)
            return cls("|".join(made))

        return _attributes(self._walk.put_back(outcome, settle))

    def _typed(self, path: Path, parent: dict[str, Any], key: str) -> Rule | None:
        if key not in {"value", "value1"} or not _is_attribute(parent):
            return None
        return value_rule(self._table, parent)


class _Pseudonym(str):
    """A value that stands for a victim's."""

    __slots__ = ()


class _Plain(_Pseudonym):
    """A pseudonym that the attribute's own type does not allow."""

    __slots__ = ()


def _is_attribute(node: dict[str, Any]) -> bool:
    return isinstance(node.get("type"), str) and "value" in node


def value_rule(rules: Table, attribute: dict[str, Any]) -> Rule | None:
    """What the value of an attribute is and whose."""
    found = rules.typed.get(attribute["type"])
    if found is None or found.side:
        return found
    category = str(attribute.get("category"))
    if category in rules.lists["victim"]:
        return replace(found, side="victim") if _PEOPLE & set(found.types) else found
    detects = str(attribute.get("to_ids")).lower() in {"true", "1"}
    if detects and category in rules.lists["attacker"]:
        return replace(found, side="attacker")
    return found


def _attributes(node: Any) -> Any:
    """Attributes without a value are gone; a pseudonym detects nothing and correlates with nothing
    outside the group.
    """
    if isinstance(node, list):
        built = [_attributes(each) for each in node]
        return [each for each in built if each is not GONE]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("type"), str) and "category" in node and "value" not in node:
        return GONE
    out = {key: new for key, value in node.items() if (new := _attributes(value)) is not GONE}
    value = out.get("value")
    if isinstance(value, _Pseudonym):
        out |= {"value": str(value), "to_ids": False}
        if isinstance(value, _Plain):
            out["type"] = "text"
    return out


__all__ = ["MispItem", "value_rule"]
