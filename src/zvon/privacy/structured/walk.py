"""One walk over a structure of any format: every string of it is read by the gate, none goes around.

The first walk collects the texts, the second puts back what the gate made of them. Rules come
from the format's table; a field that no rule knows is text, and so is its name.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zvon.model.role import SpanDecision, SpanState
from zvon.privacy.engine import Outcome, Part
from zvon.privacy.structured.rule import DROP, TEXT, Action, Rule, Table

MAX_DEPTH = 64
MAX_LEAVES = 400_000
LONG_NUMBER = 10_000_000  # from here on a number may be that of a person
KEYS = "keys"

_PLAIN_KEY = re.compile(r"[A-Za-z_@][A-Za-z0-9_@-]{0,39}")
_FLAT_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+")
_OPAQUE = re.compile(r"[A-Za-z0-9+/_=-]{80,}")
_HEX = re.compile(r"(?i)(?:[0-9a-f]{2}){16,64}")

Path = tuple[str, ...]
Typed = Callable[[Path, dict[str, Any], str], Rule | None]


class BadStructure(ValueError):
    """The structure is beyond the limits; nothing of it leaves."""


class Slot(Struct, frozen=True):
    """Where a string stands: the parts that it became, `lead` characters into each, and its rule."""

    pieces: tuple[tuple[str, int], ...]
    rule: Rule
    number: bool = False


class Gone:
    """Stands for a field that does not leave."""


GONE = Gone()


class Value(Struct, frozen=True):
    """What the gate made of a field: the text, whether it took it out, and its rule."""

    text: str
    removed: bool
    changed: bool
    rule: Rule


Settle = Callable[[Value], Any]


def _untyped(path: Path, parent: dict[str, Any], key: str) -> Rule | None:
    return None


class Walk:
    """A structure on its way through the gate."""

    def __init__(self, data: Any, table: Table, typed: Typed = _untyped) -> None:
        self._data, self._table, self._typed = data, table, typed
        self._parts: dict[tuple[str, str, str, bool], Part] = {}
        self._slots: dict[int, Slot] = {}
        self._keys: dict[str, int] = {}
        self._order: list[Slot | None] = []
        self.dropped: dict[str, None] = {}
        self._visit(data, (), TEXT, depth=0, quiet=False)

    @property
    def parts(self) -> list[Part]:
        """The texts for the gate; equal values are one part."""
        keys = [
            Part(f"{KEYS}.{i}", self._readable(key), optional=True)
            for i, key in enumerate(self._keys)
        ]
        return [*self._parts.values(), *keys]

    def put_back(self, outcome: Outcome, settle: Settle | None = None) -> Any:
        """The structure with what the gate made of each text; `settle` gives a field its form."""
        made = _Made(outcome, self._keys)
        return self._build(self._data, (), TEXT, iter(self._order), made, settle)

    def _readable(self, key: str) -> str:
        """A key as words. `user.name` is no host: its last word is one of the format's."""
        flat = _FLAT_KEY.fullmatch(key) and key.rpartition(".")[2] in self._table.names
        return key.replace(".", " ") if flat else key

    def _rule(self, path: Path, parent: dict[str, Any], key: str) -> Rule:
        return self._typed(path, parent, key) or self._table.rule(path) or TEXT

    def _visit(self, node: Any, path: Path, rule: Rule, *, depth: int, quiet: bool) -> None:
        if depth > MAX_DEPTH:
            raise BadStructure(f"it is nested deeper than {MAX_DEPTH}")
        if isinstance(node, dict):
            for key, value in node.items():
                if not isinstance(key, str):
                    raise BadStructure("a key is no text")
                below = (*path, key)
                chosen = self._rule(below, node, key)
                if chosen.action is Action.DROP:
                    self.dropped[".".join(self._shown(below))] = None
                    self._visit(value, below, TEXT, depth=depth + 1, quiet=True)
                    continue
                if not quiet and key not in self._table.names:
                    self._keys.setdefault(key, len(self._keys))
                self._visit(value, below, chosen, depth=depth + 1, quiet=quiet)
        elif isinstance(node, list):
            for value in node:
                self._visit(value, path, rule, depth=depth + 1, quiet=quiet)
        else:
            slot = self._slot(node, path, rule, quiet=quiet)
            if len(self._order) >= MAX_LEAVES:
                raise BadStructure(f"it has more than {MAX_LEAVES} values")
            self._order.append(slot)

    def _shown(self, path: Path) -> Iterator[str]:
        """A path without names that the format does not know."""
        return (key if key in self._table.names else "?" for key in path)

    def _slot(self, leaf: Any, path: Path, rule: Rule, *, quiet: bool) -> Slot | None:
        known = bool(path) and self._table.rule(path) is not None
        if isinstance(leaf, bool | float) or leaf is None:
            return None
        if isinstance(leaf, int):
            if known or abs(leaf) < LONG_NUMBER:
                return None
            return Slot(
                (self._part(str(leaf), path, TEXT, quiet=quiet, lead=True),), TEXT, number=True
            )
        if not isinstance(leaf, str):
            raise BadStructure("a value is neither text nor a number")
        if not leaf or (rule.action is Action.KEEP and self._table.holds(rule, path[-1], leaf)):
            return None
        if rule.action is Action.VALUE:
            texts = leaf.split("|", len(rule.types) - 1) if len(rule.types) > 1 else [leaf]
            kinds = (*rule.types, *("",) * len(texts))
            return Slot(
                tuple(
                    self._part(text, path, replace(rule, types=(kind,)), quiet=quiet)
                    for text, kind in zip(texts, kinds, strict=False)
                ),
                rule,
            )
        if not known and _OPAQUE.fullmatch(leaf) and not _HEX.fullmatch(leaf):
            rule = Rule(Action.VALUE, ("ENCODED",))
            return Slot((self._part(leaf, path, rule, quiet=quiet),), rule)
        if rule.action is not Action.TEXT:
            rule = TEXT  # a kept field that does not look as the format says
        return Slot((self._part(leaf, path, rule, quiet=quiet, lead=not known),), rule)

    def _part(
        self, text: str, path: Path, rule: Rule, *, quiet: bool, lead: bool = False
    ) -> tuple[str, int]:
        """The part of a text and where in it the text begins. An unknown field's name leads it:
        `password` is a word that says what follows.
        """
        said = rule.lead
        if lead and path and _PLAIN_KEY.fullmatch(path[-1]):
            said = f"{path[-1]}: "
        kind = rule.types[0] if rule.types else ""
        key = (said + text, kind, rule.side, quiet)
        part = self._parts.get(key)
        if part is None:
            shown = ".".join(self._shown(path)) or "value"
            part = Part(f"{len(self._parts)}:{shown}", said + text, side=rule.side, whole=kind,
                        leaves=not quiet)  # fmt: skip
            self._parts[key] = part
        return part.id, len(said)

    def _build(
        self, node: Any, path: Path, rule: Rule, slots: Iterator[Slot | None], made: "_Made",
        settle: Settle | None,
    ) -> Any:  # fmt: skip
        if isinstance(node, dict):
            out: dict[str, Any] = {}
            for key, value in node.items():
                below = (*path, key)
                chosen = self._rule(below, node, key)
                # Walked even when dropped, so that the slots stay in step.
                new = self._build(value, below, chosen, slots, made, settle)
                if chosen.action is not Action.DROP and new is not GONE:
                    out[made.key(key)] = new
            return out
        if isinstance(node, list):
            built = [self._build(value, path, rule, slots, made, settle) for value in node]
            return [value for value in built if value is not GONE]
        slot = next(slots)
        if slot is None:
            return node
        value = made.value(slot)
        if slot.number and not value.changed:
            return node
        return settle(value) if settle else value.text


class _Made:
    """What the gate made of each part."""

    def __init__(self, outcome: Outcome, keys: dict[str, int]) -> None:
        self._texts = outcome.shared or outcome.preview
        self._keys = keys
        self._spans: dict[str, list[SpanDecision]] = {}
        self._lengths = {part.id: len(part.text) for part in outcome.parts}
        for span in outcome.spans:
            self._spans.setdefault(span.part, []).append(span)

    def key(self, key: str) -> str:
        """The name of a field: what the gate left of it."""
        number = self._keys.get(key)
        part = f"{KEYS}.{number}"
        return self._texts[part] if part in self._spans else key

    def value(self, slot: Slot) -> Value:
        """What became of a field."""
        texts: list[str] = []
        removed = changed = False
        for part, lead in slot.pieces:
            if part not in self._texts:
                return Value("", removed=True, changed=True, rule=slot.rule)
            spans = self._spans.get(part, [])
            texts.append(self._texts[part][_begin(lead, spans) :])
            for span in spans:
                if span.state is not SpanState.KEEP or span.inner:
                    changed = True
                    whole = span.start <= lead and span.end == self._lengths[part]
                    removed = removed or (whole and span.state is not SpanState.KEEP)
        return Value("|".join(texts), removed, changed, slot.rule)


def _begin(lead: int, spans: list[SpanDecision]) -> int:
    """Where the text of a field begins in what the gate made of its part, behind the field's name."""
    shift = 0
    for span in spans:
        if span.end <= lead:
            shift += _length(span) - (span.end - span.start)
        elif span.start < lead and span.state is SpanState.KEEP:
            return _begin(lead, list(span.inner)) + shift
        elif span.start < lead:
            return span.start + shift
        else:
            break
    return lead + shift


def _length(span: SpanDecision) -> int:
    """How many characters stand in place of a span."""
    if span.state is SpanState.ASK:
        return len(f"[ask:{span.type}]")
    if span.state is SpanState.KEEP:
        return span.end - span.start + sum(_length(i) - (i.end - i.start) for i in span.inner)
    return len(span.replacement or "")


__all__ = ["DROP", "GONE", "BadStructure", "Settle", "Slot", "Value", "Walk"]
