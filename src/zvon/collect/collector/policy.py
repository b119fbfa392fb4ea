"""The sharing policy, applied where the data is: what is a victim's never leaves the machine."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from zvon.model.collector import Sharing
from zvon.model.item import Bad, Item, ItemKind, Value, ValueRole
from zvon.model.marking import Tlp
from zvon.model.policy import compile_policy
from zvon.privacy.engine import Outcome, Part, Status, share_text
from zvon.privacy.facts import Facts
from zvon.privacy.mail import BadMail, html_text, open_mail
from zvon.privacy.pseudonym import Domain

MOST_TEXTS = 4_000
MAX_DEPTH = 64
_NOTHING = re.compile(
    r"[0-9]{0,8}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?([.,]\d{1,9})?(Z|[+-]\d\d:?\d\d)?"
)
"""Texts that say nothing of anybody: a short number, a time."""
_LONG = 10**8

Keys = Callable[[str], Domain]
"""The pseudonym key of a group, on this machine alone."""


class Withheld(ValueError):
    """The policy lets nothing of an item out; says why, without what stands in it."""


class Cleaner:
    """Applies one policy. `facts` say what is ours."""

    def __init__(self, sharing: Sharing, facts: Facts, keys: Keys) -> None:
        self.name = sharing.name
        agreement = sharing.agreement
        self._policy = compile_policy(agreement, group=sharing.name, tlp=[agreement.max_tlp])
        self._facts, self._keys = facts, keys(sharing.name)

    def clean(self, item: Item) -> Item | Bad:
        """What may leave of an item; a value that is not the attacker's does not."""
        try:
            return self._clean(_opened(item))
        except Withheld as problem:
            return Bad(item.position, f"withheld by the policy {self.name}: {problem}")
        except RecursionError:
            return Bad(item.position, f"withheld by the policy {self.name}: nested too deeply")

    def bad(self, bad: Bad) -> Bad:
        """A piece that nobody could read may hold anything: its place and reason leave, it stays."""
        return Bad(bad.position, bad.reason)

    def _clean(self, item: Item) -> Item:
        parts = [Part("title", item.title, optional=True), Part("text", item.text, optional=True)]
        parts += [Part(f"tag{n}", tag, optional=True) for n, tag in enumerate(item.tags)]
        parts += [
            Part(f"value{n}", value.observable.value, side=self._side(item, value), optional=True)
            for n, value in enumerate(item.values)
        ]
        for n, text in enumerate(_texts(item.payload, MAX_DEPTH)):
            if n == MOST_TEXTS:
                raise Withheld(f"it has more than {MOST_TEXTS} texts")
            parts.append(Part(f"payload{n}", text, optional=True))
        shared = self._shared([part for part in parts if part.text], item.tlp)
        values = tuple(
            value for n, value in enumerate(item.values)
            if shared.get(f"value{n}") == value.observable.value
        )  # fmt: skip
        at = iter(range(MOST_TEXTS))
        return msgspec.structs.replace(
            item, title=shared.get("title", ""), text=shared.get("text", ""), values=values,
            tags=tuple(shared[f"tag{n}"] for n, tag in enumerate(item.tags) if tag),
            payload=_filled(item.payload, shared, at),
        )  # fmt: skip

    def _shared(self, parts: list[Part], tlp: Tlp | None) -> dict[str, str]:
        if not parts:
            return {}
        outcome: Outcome = share_text(
            parts, facts=self._facts, policy=self._policy, keys=self._keys, tlp=tlp
        )
        if outcome.status is Status.REFUSED:
            raise Withheld(outcome.leave.reason)
        if outcome.status is not Status.RELEASED:
            raise Withheld(f"something of it would have stayed ({outcome.status})")
        return outcome.shared

    def _side(self, item: Item, value: Value) -> str:
        """Whose side the item itself puts a value on."""
        if value.role is ValueRole.REPORTER:
            return "reporter"
        accused = item.kind is ItemKind.INDICATOR or (
            # What a sensor names is the attacker's only where we know what is ours.
            item.kind is ItemKind.ALERT and bool(self._facts.register.size)
        )
        return "attacker" if accused and value.role is ValueRole.SAID else ""


class _Text(Struct, frozen=True):
    """A document as text: what is left of it here."""

    kind: str
    name: str


def _opened(item: Item) -> Item:
    """A document as text. One that cannot be opened here is withheld. Raises `Withheld`."""
    payload = item.payload
    if item.kind is not ItemKind.DOCUMENT or not isinstance(payload, dict):
        return item
    body = payload.get("body")
    if not isinstance(body, bytes):
        return item
    kind = str(payload.get("kind", ""))
    try:
        match kind:
            case "mail":
                text = "\n\n".join(part.text for part in open_mail(body))
            case "html":
                text = html_text(body.decode("utf-8", "replace"))
            case "text":
                text = body.decode("utf-8", "replace")
            case _:
                raise Withheld(f"a document of the kind {kind!r} cannot be cleaned here")
    except BadMail as problem:
        raise Withheld(str(problem)) from None
    whole = "\n\n".join(each for each in (item.text, text) if each)
    kept = _Text("text", str(payload.get("name", "")))
    return msgspec.structs.replace(item, text=whole, payload=msgspec.to_builtins(kept))


def _texts(value: Any, depth: int) -> Iterator[str]:
    """Every text of a payload that could hold something, in order; keys and long numbers too."""
    if depth == 0:
        raise Withheld(f"it is nested deeper than {MAX_DEPTH}")
    match value:
        case str():
            if not _empty(value):
                yield value
        case bool() | float() | None:
            pass
        case int():
            if abs(value) >= _LONG:
                yield str(value)
        case dict():
            for key, inner in value.items():
                if not (_empty(key) or _is_field(key)):
                    yield key
                yield from _texts(inner, depth - 1)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner, depth - 1)
        case bytes():
            raise Withheld("it holds bytes")


def _empty(text: str) -> bool:
    return len(text) <= 2 or _NOTHING.fullmatch(text) is not None


def _is_field(key: str) -> bool:
    return len(key) <= 64 and re.fullmatch(r"[@$]?[A-Za-z_][A-Za-z0-9_ :-]*", key) is not None


def _filled(value: Any, shared: dict[str, str], at: Iterator[int]) -> Any:
    """The payload with what `_texts` gave replaced, in the same order."""
    match value:
        case str():
            return value if _empty(value) else shared[f"payload{next(at)}"]
        case bool() | float() | None:
            return value
        case int():
            if abs(value) >= _LONG:
                said = shared[f"payload{next(at)}"]
                return value if said == str(value) else said
            return value
        case dict():
            out = {}
            for key, inner in value.items():
                if not (_empty(key) or _is_field(key)):
                    key = shared[f"payload{next(at)}"]
                out[key] = _filled(inner, shared, at)
            return out
        case list() | tuple():
            return [_filled(inner, shared, at) for inner in value]
        case _:
            raise Withheld("it holds something that is no JSON")
