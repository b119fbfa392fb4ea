"""The file of a rule pack (`zvon.rulepack/1`, TOML) and of a form: read whole or refused.

Refused are unknown keys, steps that nobody can trigger, steps that wait for each other, unknown
forms, facts that no rule declares, and lengths that are none.
"""

import hashlib
import tomllib
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct

from zvon.model.deadline import BadLength, length
from zvon.model.rule_pack import (
    EVENTS,
    FROM_REQUEST,
    PREFIXES,
    SCHEMA,
    TIMES,
    WITHOUT_DELAY,
    WORDS,
    Pack,
    Step,
)
from zvon.model.significance import facts_of

MOST_BYTES = 256 * 1024
MOST_STEPS = 50


class BadPack(ValueError):
    """A rule pack or a form that cannot be used; names the file and the key."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")
        self.file = file
        self.key = key


class Difference(Struct, frozen=True):
    """One thing in which two versions differ; `code` is a sentence of the catalogue."""

    code: str
    params: dict[str, str]


def digest(text: str) -> str:
    """SHA-256 of a file as written, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def toml(text: str, file: str) -> dict[str, Any]:
    """The tables of a file. Raises `BadPack`."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES or "\x00" in text:
        raise BadPack(file, "", f"larger than {MOST_BYTES} bytes, or with a NUL character")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, UnicodeError) as problem:
        raise BadPack(file, "", f"no TOML: {problem}") from None


def fits(said: Any, kind: Any, file: str) -> Any:
    """`said` as a struct. Raises `BadPack` that names the key."""
    try:
        return msgspec.convert(said, kind)
    except (msgspec.ValidationError, ValueError, TypeError) as problem:
        what, _, where = str(problem).partition(" - at ")
        raise BadPack(file, where.strip("`").removeprefix("$").lstrip("."), what) from None


def parse(text: str, *, file: str, forms: Collection[str]) -> Pack:
    """Read a pack. `forms` are the `id@version` of forms that exist. Raises `BadPack`."""
    said = toml(text, file)
    if said.pop("schema", None) != SCHEMA:
        raise BadPack(file, "schema", f"is not {SCHEMA!r}")
    head = said.pop("pack", None)
    if not isinstance(head, dict):
        raise BadPack(file, "pack", "is missing")
    renamed = {"step": "steps", "alarm": "alarms", "fact": "facts", "entry": "entries",
               "significant": "significant"}  # fmt: skip
    unknown = sorted(set(said) - set(renamed))
    if unknown:
        raise BadPack(file, unknown[0], "is unknown")
    twice = sorted(set(head) & set(renamed.values()))
    if twice:
        raise BadPack(file, f"pack.{twice[0]}", "is written as tables of its own")
    pack: Pack = fits({**head, **{renamed[key]: each for key, each in said.items()}}, Pack, file)
    for key, problem in _problems(pack, forms):
        raise BadPack(file, key, problem)
    return pack


def overlaps(one: Pack, other: Pack) -> bool:
    """True when two packs of one id but different versions hold on a common day."""
    if one.id != other.id or one.version == other.version:
        return False
    one_ends = one.valid_to is None or other.valid_from <= one.valid_to
    other_ends = other.valid_to is None or one.valid_from <= other.valid_to
    return one_ends and other_ends


def differences(old: Pack, new: Pack) -> list[Difference]:
    """What a new version changes, for a person who has to say yes to it."""
    found: list[Difference] = []
    before, after = {s.id: s for s in old.steps}, {s.id: s for s in new.steps}
    found += [Difference("PACK_STEP_GONE", {"step": each}) for each in before if each not in after]
    found += [Difference("PACK_STEP_NEW", {"step": each, "due": _limit(after[each])})
              for each in after if each not in before]  # fmt: skip
    found += [one for each in old.steps if each.id in after
              for one in _step_differences(each, after[each.id])]  # fmt: skip
    for field in ("regulation", "country", "zone", "weekend_moves", "four_eyes", "checked_by",
                  "valid_from", "valid_to", "entity_types", "citations"):  # fmt: skip
        was, is_ = getattr(old, field), getattr(new, field)
        if was != is_:
            found.append(Difference("PACK_FIELD", {"field": field, "old": _plain(was),
                                                   "new": _plain(is_)}))  # fmt: skip
    if old.significant != new.significant:
        found.append(Difference("PACK_SIGNIFICANT", {}))
    if old.alarms != new.alarms:
        found.append(Difference("PACK_ALARMS", {}))
    return found


def _step_differences(old: Step, new: Step) -> Iterator[Difference]:
    if _limit(old) != _limit(new):
        yield Difference("PACK_STEP_DUE", {"step": old.id, "old": _limit(old), "new": _limit(new)})
    for field in ("form", "by", "to", "unless", "only_if", "repeat", "due_if", "ask"):
        was, is_ = getattr(old, field), getattr(new, field)
        if was != is_:
            yield Difference("PACK_STEP_FIELD", {"step": old.id, "field": field,
                                                 "old": _plain(was), "new": _plain(is_)})  # fmt: skip


def _limit(step: Step) -> str:
    return ", ".join(f"{each.start} + {each.due}" for each in step.whens)


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_plain(each) for each in value) or "–"
    if isinstance(value, Struct):
        return " ".join(str(getattr(value, name)) for name in value.__struct_fields__)
    return "–" if value in ("", None) else str(value)


def _problems(pack: Pack, forms: Collection[str]) -> Iterator[tuple[str, str]]:
    if not pack.steps and pack.significant is None:
        yield "step", "neither a step nor rules of significance"
    if len(pack.steps) > MOST_STEPS:
        yield "step", f"more than {MOST_STEPS}"
    if pack.valid_to is not None and pack.valid_to < pack.valid_from:
        yield "pack.valid_to", "is before valid_from"
    try:
        ZoneInfo(pack.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield "pack.zone", f"{pack.zone!r} is no time zone"
    if pack.provisional_from and pack.provisional_from not in TIMES:
        yield "pack.provisional_from", f"{pack.provisional_from!r} is no time of an incident"
    ids = [each.id for each in pack.steps]
    for each in pack.steps:
        if ids.count(each.id) > 1:
            yield f"step[{each.id}]", "stands twice"
        yield from _step_problems(each, set(ids), forms)
    yield from _cycles({each.id: each for each in pack.steps})
    percents = [each.percent for each in pack.alarms]
    if percents != sorted(set(percents)):
        yield "alarm", "percent: rising, each once"
    if pack.significant is not None:
        declared = {each.id for each in pack.facts}
        derived = {each.fact for each in pack.significant.derived}
        for fact in facts_of(pack.significant):
            if fact not in declared | derived:
                yield "significant", f"no [[fact]] says what {fact!r} is"
        for each_together in pack.significant.together:
            try:
                length(each_together.within)
            except BadLength as problem:
                yield f"significant.together[{each_together.id}].within", str(problem)


def _step_problems(step: Step, ids: set[str], forms: Collection[str]) -> Iterator[tuple[str, str]]:
    where = f"step[{step.id}]"
    if bool(step.any) == bool(step.start):
        yield where, "either from and due, or any of several"
    for each in step.whens:
        yield from _trigger(each.start, ids, f"{where}.from")
        yield from _length(each.due, f"{where}.due", each.start)
    for special in step.due_if:
        yield from _length(special.due, f"{where}.due_if", step.start)
    for remind in step.remind:
        try:
            length(remind)
        except BadLength as problem:
            yield f"{where}.remind", str(problem)
    if step.form and step.form not in forms:
        yield f"{where}.form", f"there is no form {step.form!r}"
    for name in ("unless", "only_if"):
        said = getattr(step, name)
        prefix, _, of = said.partition(":")
        if said and said != "ongoing" and (prefix != "sent" or of not in ids):
            yield f"{where}.{name}", f"{said!r} is neither ongoing nor sent: and a step"


def _trigger(said: str, ids: set[str], where: str) -> Iterator[tuple[str, str]]:
    prefix, _, of = said.partition(":")
    if WORDS.get(said, said) in TIMES or said in EVENTS:
        return
    if prefix not in PREFIXES or not of:
        yield where, f"{said!r} is nothing that happens: nobody could trigger this step"
    elif prefix in {"sent", "accepted"} and of not in ids:
        yield where, f"there is no step {of!r}"


def _length(said: str, where: str, start: str) -> Iterator[tuple[str, str]]:
    if said == WITHOUT_DELAY or (said == FROM_REQUEST and start == "requested"):
        return
    try:
        length(said)
    except BadLength as problem:
        yield where, str(problem)


def _cycles(steps: Mapping[str, Step]) -> Iterator[tuple[str, str]]:
    """A step that runs only from its own end never runs; with several ways one free is enough."""
    reached: set[str] = set()
    grown = True
    while grown:
        now = {
            name for name, step in steps.items()
            if any(_free(when.start, reached) for when in step.whens) and _free(step.only_if, reached)
        }  # fmt: skip
        grown, reached = now != reached, now
    for name in sorted(set(steps) - reached):
        yield f"step[{name}]", "waits for itself, over the steps that it runs from"


def _free(said: str, reached: set[str]) -> bool:
    prefix, _, of = said.partition(":")
    return prefix not in {"sent", "accepted"} or of in reached
