"""Sigma rules as objects (Sigma specification 2.0): id, title, level, log source, ATT&CK tags.

YAML is read as data only; a file may hold several documents. The rule stays verbatim.
"""

import math
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from uuid import UUID

import yaml

from zvon.formats.intel.moment import any_form, believable
from zvon.formats.lines import text_of
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options, Value, ValueRole
from zvon.model.observable import BadValue, ObservableType, canonical

MAX_DOCUMENT = 1 << 20  # bytes of one rule
MAX_NODES = 20_000
MAX_ALIASES = 50
MAX_DEPTH = 60

_KEYS = re.compile(rb"(?m)^(title|logsource|detection|correlation|id|level)\s*:")
_BREAK = re.compile(rb"(?m)^---[ \t]*(?:#.*)?\r?$")
_ATTACK = re.compile(r"(?i)attack\.(t[0-9]{4}(?:\.[0-9]{3})?|g[0-9]{4}|s[0-9]{4})")
_CVE = re.compile(r"(?i)cve[.-](\d{4})[.-](\d{4,})")


def sniff(sample: bytes, name: str) -> Guess | None:
    """YAML with a title and what is detected."""
    keys = {found.decode() for found in _KEYS.findall(sample)}
    if "title" not in keys or not keys & {"detection", "correlation"}:
        return None
    return Guess(80 + 3 * len(keys), "KEYS", {"keys": ", ".join(sorted(keys))})


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One object for each rule; its id is the value."""
    for at, piece in _documents(chunks):
        if not piece.strip():
            continue
        place = f"byte {at}"
        if len(piece) > MAX_DOCUMENT:
            yield Bad(place, "The rule is longer than a rule may be.", piece[:4096])
            continue
        try:
            said = _loaded(text_of(piece))
        except (yaml.YAMLError, BadRule, RecursionError, ValueError, OverflowError) as problem:
            reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
            yield Bad(place, f"It is no YAML that can be read: {reason}.", piece[:4096])
            continue
        if said is None:
            continue
        if not isinstance(said, dict) or not isinstance(said.get("title"), str):
            yield Bad(place, "It is no rule: it has no title.", piece[:4096])
            continue
        yield _item(place, said, text_of(piece), options)


class BadRule(ValueError):
    """The document is more than a rule may be."""


def _documents(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The documents of a stream, each with the byte that it begins at."""
    rest, at = b"", 0
    for chunk in chunks:
        rest += chunk
        while (found := _BREAK.search(rest)) is not None and found.end() < len(rest):
            yield at, rest[: found.start()]
            at, rest = at + found.end(), rest[found.end() :]
        if len(rest) > 4 * MAX_DOCUMENT:
            yield at, rest
            at, rest = at + len(rest), b""
    yield at, rest


def _loaded(text: str) -> Any:
    """The document as JSON values. Aliases and nesting are counted before anything is built."""
    aliases = depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=yaml.CSafeLoader)):
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent)
        depth -= isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
        if nodes > MAX_NODES or aliases > MAX_ALIASES or depth > MAX_DEPTH:
            raise BadRule("it is larger or nested deeper than a rule may be")
    return _plain(yaml.load(text, Loader=yaml.CSafeLoader), [MAX_NODES])


def _plain(said: Any, left: list[int]) -> Any:
    """YAML's own types as JSON has them; what an alias multiplies counts each time."""
    left[0] -= 1
    if left[0] < 0:
        raise BadRule("its aliases make it larger than a rule may be")
    match said:
        case dict():
            return {str(key): _plain(value, left) for key, value in said.items()}
        case list() | tuple() | set():
            return [_plain(value, left) for value in said]
        case date():
            return said.isoformat()
        case bytes():
            return said.decode("utf-8", "replace")
        case float() if not math.isfinite(said):
            return str(said)
        case str() | int() | float() | bool() | None:
            return said
        case _:
            return str(said)


def _item(place: str, said: dict[str, Any], text: str, options: Options) -> Item:
    tags = [str(tag) for tag in said.get("tags") or () if isinstance(tag, str)]
    uuid = _uuid(said.get("id"))
    values = []
    if uuid is not None:
        values.append(Value(canonical(ObservableType.SIGMA_ID, str(uuid))))
    for tag in tags:
        if found := _ATTACK.fullmatch(tag):
            values += _named(ObservableType.ATTACK_ID, found[1].upper())
        elif found := _CVE.fullmatch(tag):
            values += _named(ObservableType.CVE, f"CVE-{found[1]}-{found[2]}")
    at = _when(said)
    level = said.get("level")
    return Item(
        kind=ItemKind.OBJECT, position=place, payload={**said, "rule": text},
        values=tuple(dict.fromkeys(values)), id=uuid, title=str(said["title"])[:300],
        at=at if at is not None and believable(at, options.received_at) else None,
        tags=tuple(dict.fromkeys(["sigma", *tags, *([f"level:{level}"] if level else [])]))[:50],
    )  # fmt: skip


def _named(kind: ObservableType, text: str) -> list[Value]:
    try:
        return [Value(canonical(kind, text), ValueRole.NAMED)]
    except BadValue:
        return []


def _uuid(said: Any) -> UUID | None:
    try:
        return UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None


def _when(said: dict[str, Any]) -> datetime | None:
    for key in ("modified", "date"):
        found = any_form(str(said.get(key, "")).replace("/", "-"))
        if found is not None:
            return found
    return None


FORMAT = Format(name="sigma", sniff=sniff, decode=decode)
