"""Events of sensors and alerts (Suricata EVE, Wazuh, Elastic) through the gate, one or many."""

from ipaddress import ip_address
from typing import Any

from msgspec.structs import replace

from zvon.privacy.engine import Outcome
from zvon.privacy.identifiers import is_private
from zvon.privacy.pseudonym import Domain
from zvon.privacy.structured import form
from zvon.privacy.structured.rule import Action, Rule, table
from zvon.privacy.structured.walk import Path, Value, Walk
from zvon.privacy.structured.walked import Walked

# Fields that software reads as addresses and refuses to take anything else for.
_STRICT = frozenset({"IP", "CIDR"})
# What stands around an event in answers of Elasticsearch and in exports; a list is no level.
_AROUND = frozenset({"_source", "hits", "fields"})
# The rest of a request, and where its host stands.
_REQUEST = {"url": ("hostname",), "path": ("domain",), "query": ("domain",)}
_REQUEST_LEAD = {"query": "/?"}
# Of an alert between us and the world, the end that is not ours is the attacker's.
_ENDS = {"src_ip": "dest_ip", "dest_ip": "src_ip"}


class AlertItem(Walked):
    """Events of one format (`eve` or `alert`) on their way through the gate."""

    def __init__(self, data: Any, name: str) -> None:
        self._table = table(name)
        self._walk = Walk(data, self._table, self._typed)

    def build(self, outcome: Outcome, keys: Domain) -> Any:
        """The events as they may leave."""

        def settle(value: Value) -> Any:
            kind = value.rule.types[0] if value.rule.types else ""
            if value.removed and kind in _STRICT and form.is_pseudonym(value.text):
                return form.valid(keys, kind, value.text) or value.text
            return value.text

        return self._walk.put_back(outcome, settle)

    def _typed(self, path: Path, parent: dict[str, Any], key: str) -> Rule | None:
        found = self._known(path)
        if found is None:
            return None
        if key in _REQUEST and isinstance(host := _beside(parent, *_REQUEST[key]), str) and host:
            return Rule(Action.VALUE, ("URL",), lead=f"http://{host}{_REQUEST_LEAD.get(key, '')}")
        if key in _ENDS and "alert" in parent and _is_inside(parent.get(_ENDS[key])):
            return replace(found, side="attacker")
        return found

    def _known(self, path: Path) -> Rule | None:
        """The rule of a field that stands deeper than its table says, or has its path as its name:
        `{"_source": {"user.name": …}}`.
        """
        bare = [part for part in path if part not in _AROUND]
        flat = ".".join(bare).split(".")
        for start in range(len(flat) - 1):
            found = self._table.path.get(".".join(flat[start:]))
            if found is not None:
                return found
        return self._table.key.get(flat[-1])


def _beside(parent: dict[str, Any], *names: str) -> Any:
    return next((parent[name] for name in names if name in parent), None)


def _is_inside(value: Any) -> bool:
    try:
        address = ip_address(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return address is not None and (is_private(address) or address in form.DOCUMENTATION)
