"""A form of the law as data: its fields, where each is filled from, and what it still lacks.

Empty and "unknown yet" are two things: the first nobody has looked at, the second is an answer. A
field keeps the source of what stands in it, so that whoever reviews sees what the machine filled.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from zvon.model.rule_pack import Id, Text
from zvon.model.rule_pack_file import BadPack, fits, toml

SCHEMA = "zvon.form/1"
MOST_TEXT = 20_000
MOST_LIST = 500
MOST_ITEM = 2_000
SOURCES = frozenset({
    "incident.number", "incident.title", "incident.state", "incident.severity", "incident.category",
    "incident.reports", "incident.names", "incident.values", "incident.blocks", "incident.first_at",
    "time.occurred", "time.detected", "time.aware", "time.contained", "time.resolved",
    "entity.name", "entity.kind", "entity.country", "obligation.number", "node.name",
    "significance.answer", "significance.reasons",
})  # fmt: skip
"""What a field may be filled from, besides `fact:NAME`, `sent:STEP` and `field:STEP.FIELD`."""

State = Literal["empty", "unknown", "given"]
Value = str | bool | float | tuple[str, ...] | None


class Misfit(ValueError):
    """A value is not of the type of its field; says what it should be."""


class BadField(ValueError):
    """A value does not fit its field; `errors` names each."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__("; ".join(f"{each['field']}: {each['reason']}" for each in errors))
        self.errors = errors


class Field(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field. `dpv` is its IRI in the Data Privacy Vocabulary where one is known."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    type: Literal["line", "text", "moment", "bool", "choice", "number", "list"]
    required: bool = False
    source: str = ""
    choices: tuple[str, ...] = ()
    dpv: str = ""
    title: dict[str, Text]


class Form(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of a form; it is known as `id@version`."""

    id: Id
    version: Annotated[int, Meta(ge=1, le=9999)]
    title: dict[str, Text]
    dpv: str = ""
    cite: str = ""
    words: dict[str, dict[str, Text]] = {}
    fields: Annotated[tuple[Field, ...], Meta(min_length=1, max_length=100)]

    @property
    def key(self) -> str:
        """Its name in a rule pack."""
        return f"{self.id}@{self.version}"

    def name(self, lang: str) -> str:
        """The form for a reader."""
        return self.title.get(lang) or self.title.get("en") or self.id

    def field_name(self, field: Field, lang: str) -> str:
        """A field for a reader."""
        return field.title.get(lang) or field.title.get("en") or field.id

    def word(self, choice: str, lang: str) -> str:
        """A choice for a reader."""
        said = self.words.get(choice, {})
        return said.get(lang) or said.get("en") or choice


class Filled(Struct, frozen=True):
    """What stands in a field, and where it comes from (a source, or `person:LOGIN`)."""

    state: State = "empty"
    value: Value = None
    source: str = ""


def parse_form(text: str, *, file: str) -> Form:
    """Read a form. Raises `BadPack`."""
    said = toml(text, file)
    if said.pop("schema", None) != SCHEMA:
        raise BadPack(file, "schema", f"is not {SCHEMA!r}")
    head, fields, words = said.pop("form", None), said.pop("field", []), said.pop("words", {})
    if not isinstance(head, dict) or said:
        raise BadPack(file, next(iter(said), "form"), "one [form], its [[field]] and [words] only")
    form: Form = fits({**head, "fields": fields, "words": words}, Form, file)
    seen: set[str] = set()
    for field in form.fields:
        if field.id in seen:
            raise BadPack(file, f"field[{field.id}]", "stands twice")
        seen.add(field.id)
        if (field.type == "choice") != bool(field.choices):
            raise BadPack(file, f"field[{field.id}].choices", "a choice has choices, others none")
        if not _source(field.source):
            raise BadPack(file, f"field[{field.id}].source", f"{field.source!r} is no source")
    return form


def missing(form: Form, values: Mapping[str, Filled]) -> list[str]:
    """Required fields that nobody has answered; "unknown yet" is an answer."""
    return [each.id for each in form.fields
            if each.required and values.get(each.id, Filled()).state == "empty"]  # fmt: skip


def changed(
    form: Form, old: Mapping[str, Filled], said: Mapping[str, Any], by: str, zone: str | None = None
) -> dict[str, Filled]:
    """The fields after a person wrote `said`: a value, or `{"unknown": true}`, or null for empty.

    A value that stays the same keeps its source. A time without a zone is one of `zone`. Raises `BadField` that names every wrong field;
    then nothing is changed.
    """
    known = {each.id: each for each in form.fields}
    errors: list[dict[str, str]] = []
    made = dict(old)
    for name, value in said.items():
        field = known.get(name)
        if field is None:
            errors.append({"field": str(name)[:64], "reason": "is no field of this form"})
            continue
        if isinstance(value, dict):
            if value != {"unknown": True}:
                errors.append({"field": name, "reason": 'a value, null or {"unknown": true}'})
                continue
            made[name] = Filled("unknown", None, f"person:{by}")
            continue
        try:
            checked = check(field, value, zone)
        except Misfit as problem:
            errors.append({"field": name, "reason": str(problem)})
            continue
        if checked is None:
            made[name] = Filled()
        elif old.get(name, Filled()).value != checked:
            made[name] = Filled("given", checked, f"person:{by}")
    if errors:
        raise BadField(errors)
    return made


def check(field: Field, value: object, zone: str | None = None) -> Value:
    """`value` as the field keeps it; `None` for empty. Raises `Misfit`."""
    if value is None or value in ("", []):
        return None
    match field.type:
        case "line" | "text":
            return _text(value, MOST_ITEM if field.type == "line" else MOST_TEXT)
        case "moment":
            return _moment(value, zone)
        case "bool":
            if not isinstance(value, bool):
                raise Misfit("true or false")
            return value
        case "choice":
            if value not in field.choices:
                raise Misfit(f"one of {', '.join(field.choices)}")
            return str(value)
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise Misfit("a number")
            if not -1e15 < value < 1e15:
                raise Misfit("a number that a person would write")
            return float(value)
        case "list":
            said = value.split("\n") if isinstance(value, str) else value
            if not isinstance(said, list | tuple) or len(said) > MOST_LIST:
                raise Misfit(f"a list of at most {MOST_LIST}")
            return tuple(_text(each, MOST_ITEM) for each in said if each != "") or None


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or len(value) > most:
        raise Misfit(f"a text of at most {most} characters")
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise Misfit("has characters that cannot be stored")
    return value.replace("\r\n", "\n").strip()


def _moment(value: object, zone: str | None) -> str:
    if isinstance(value, str) and len(value) <= 40:
        try:
            said = datetime.fromisoformat(value)
        except ValueError:
            said = None
        if said is not None and said.tzinfo is None and zone is not None:
            said = said.replace(tzinfo=ZoneInfo(zone))
        if said is not None and said.tzinfo is not None:
            return said.isoformat()
    raise Misfit("a time with its zone, as in 2026-12-11T17:40:00+01:00")


def _source(said: str) -> bool:
    if not said or said in SOURCES:
        return True
    prefix, _, rest = said.partition(":")
    if prefix in {"fact", "sent"}:
        return bool(rest)
    step, dot, field = rest.partition(".")
    return prefix == "field" and bool(step and dot and field)
