"""Of what kind an incident is, by what its sensors and feeds declare: rules, no model."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from msgspec import Struct

from zvon.model import rsit
from zvon.model.verdict import Category, Reason

MOST_LABELS = 4
MOST_TECHNIQUES = 20
_RSIT_TAG = re.compile(r'^rsit:([a-z-]{1,60})="([a-z0-9-]{1,60})"$')
_TECHNIQUE = re.compile(r"\bT1\d{3}(?:\.\d{3})?\b", re.IGNORECASE)


class Declared(Struct, frozen=True, kw_only=True):
    """What the records of an incident say of themselves.

    `alerts` are decoded alerts, each with the number of alerts that it stands for; `tags` are
    those of the records.
    """

    category: Category | None = None
    alerts: Sequence[tuple[Mapping[str, Any], int]] = ()
    tags: Sequence[str] = ()


class Class(Struct, frozen=True, kw_only=True):
    """One class: `taxonomy` is `rsit` or `attack`; `rule` is what speaks for it."""

    taxonomy: str
    term: str
    rule: str
    reason: Reason


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    classtype: Mapping[str, str]
    group: Mapping[str, str]
    feed: Mapping[str, str]


@cache
def table() -> _Table:
    """The mapping that ships; each of its types is one of RSIT."""
    found = msgspec.convert(
        tomllib.loads((files("zvon.assess") / "classes.toml").read_text("utf-8")), _Table
    )
    for mapped in (found.classtype, found.group, found.feed):
        for term in mapped.values():
            rsit.check(term)
    return found


def classes(said: Declared) -> list[Class]:
    """Types of RSIT, the main one first, then techniques of ATT&CK; each with what speaks for it.

    What a feed calls it in RSIT's own words comes first, then our category, then what most alerts
    speak for. A technique adds its type where nothing else says one.
    """
    found: dict[str, Class] = {}
    for term, tag in _tagged(said.tags):
        found.setdefault(term, _of(term, "tag", "CLASS_BY_TAG", what=tag))
    if said.category is not None:
        for term in rsit.rsit(said.category):
            found.setdefault(
                term, _of(term, "category", "CLASS_BY_CATEGORY", what=said.category.value)
            )
    votes: Counter[tuple[str, str, str]] = Counter()
    techniques: Counter[str] = Counter()
    for payload, n in said.alerts:
        for vote in set(_votes(payload)):
            votes[vote] += n
        for technique in _techniques(payload):
            techniques[technique] += n
    for technique in {t for tag in said.tags for t in _found(tag)}:
        techniques[technique] += 1
    # Equal counts stand in the order of their words, so that the same incident reads the same.
    for (term, rule, what), n in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        found.setdefault(term, _of(term, rule, "CLASS_BY_ALERTS", what=what, n=n))
    ranked = sorted(techniques.items(), key=lambda item: (-item[1], item[0]))[:MOST_TECHNIQUES]
    if not found:
        for technique, n in ranked:
            term_of = rsit.of_technique(technique)
            if term_of is not None:
                found.setdefault(
                    term_of, _of(term_of, "attack", "CLASS_BY_TECHNIQUE", what=technique, n=n)
                )
    labels = list(found.values())[:MOST_LABELS]
    labels += [
        Class(taxonomy="attack", term=technique, rule="declared",
              reason=Reason(code="CLASS_DECLARED", params={"n": n}))
        for technique, n in ranked
    ]  # fmt: skip
    return labels


def _of(term: str, rule: str, code: str, **params: str | int) -> Class:
    return Class(taxonomy="rsit", term=term, rule=rule, reason=Reason(code=code, params=params))


def _tagged(tags: Sequence[str]) -> Iterator[tuple[str, str]]:
    for tag in sorted(tags):
        match = _RSIT_TAG.match(tag)
        if match and (term := f"{match[1]}/{match[2]}") in rsit.types():
            yield term, tag


def _votes(payload: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(type, rule, word of the sensor) that one decoded alert speaks for."""
    said, mapped = payload.get("said"), table()
    if not isinstance(said, dict):
        return
    if term := mapped.classtype.get(word := _word(_at(said, "alert", "category"))):
        yield term, "classtype", word
    for each in _list(_at(said, "rule", "groups")):
        if term := mapped.group.get(word := _word(each)):
            yield term, "group", word
    for path in (("classification.type",), ("classification", "type"), ("classification",)):
        word = _word(_at(said, *path))
        term = mapped.feed.get(word) or next(
            (t for t in rsit.types() if t.partition("/")[2] == word), None
        )
        if term:
            yield term, "feed", word


def _techniques(payload: Mapping[str, Any]) -> set[str]:
    said = payload.get("said")
    if not isinstance(said, dict):
        return set()
    places = (
        _at(said, "alert", "metadata", "mitre_technique_id"), _at(said, "rule", "mitre", "id"),
        _at(said, "mitre_techniques"), _at(said, "threat", "technique", "id"),
    )  # fmt: skip
    return {t for place in places for each in _list(place) for t in _found(each)}


def _found(text: object) -> list[str]:
    return [t.upper() for t in _TECHNIQUE.findall(text[:500])] if isinstance(text, str) else []


def _at(value: Any, *path: str) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _list(value: Any) -> list[Any]:
    return value[:50] if isinstance(value, list) else [] if value is None else [value]


def _word(value: Any) -> str:
    return value.strip().casefold()[:100] if isinstance(value, str) else ""
