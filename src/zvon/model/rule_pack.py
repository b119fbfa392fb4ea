"""Law as data: which steps follow from what, until when, by whom, and what makes it significant.

A pack is one TOML file: a regulation in one country for one kind of subject, seen from one side. It
has a version, says from when to when it holds, cites its sources and names who checked it; one that
nobody checked says so wherever it is used. Whatever runs keeps the version with which it began.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from zvon.model.significance import Rules

SCHEMA = "zvon.rulepack/1"
LANGS = ("sl", "hr", "en")
TIMES = ("occurred", "detected", "reported", "acknowledged", "assessed", "aware", "contained",
         "resolved")  # fmt: skip
"""The times of an incident that a step may run from."""
WORDS = {"awareness": "aware", "handled": "resolved"}
"""What texts of law call two of them."""
EVENTS = ("requested", "classified", "period_ended", "ordered")
"""What happens to an obligation besides, and is written down with its time."""
PREFIXES = ("received", "decision", "sent", "accepted")
WITHOUT_DELAY = "without_delay"
FROM_REQUEST = "from_request"
OWNER = "owner"
"""Who is alarmed first: whoever has the incident."""

Id = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.@-]{0,63}$")]
Country = Annotated[str, Meta(pattern="^([A-Z]{2}|EU)$")]
Text = Annotated[str, Meta(min_length=1, max_length=400)]
Percent = Annotated[int, Meta(ge=1, le=100)]


class When(Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """One of several deadlines of which the earliest counts."""

    start: str
    due: str


class DueIf(Struct, frozen=True, forbid_unknown_fields=True):
    """Another length for one kind of subject."""

    entity_kind: str
    due: str


class Step(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """One thing to do: by whom, to whom, from when, how long, with which form.

    `only_if` and `unless` are `ongoing` (not handled when it is due) or `sent:STEP`. `ask` are the
    fields that the law names. `remind` are lengths before the deadline.
    """

    id: Id
    by: str
    to: tuple[str, ...]
    start: str = ""
    due: str = ""
    any: tuple[When, ...] = ()
    due_if: tuple[DueIf, ...] = ()
    form: str = ""
    ask: tuple[str, ...] = ()
    unless: str = ""
    only_if: str = ""
    repeat: bool = False
    remind: tuple[str, ...] = ()
    dpv: str = ""
    cite: str = ""
    title: dict[str, Text] = {}

    @property
    def whens(self) -> tuple[When, ...]:
        """Every `from` with its `due`."""
        return self.any or (When(self.start, self.due),)


class Alarm(Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told when so much of the time is gone; `to` is `owner` or a role."""

    percent: Percent
    to: str


class FactRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fact that the significance rules ask for; `unit` is for people, `words` are what it may be."""

    id: Id
    type: Literal["number", "bool", "word", "text"]
    unit: str = ""
    words: tuple[str, ...] = ()
    title: dict[str, Text] = {}


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a country takes a report in: by mail, or a portal into which files are carried."""

    to: str
    name: str
    way: Literal["mail", "file"]
    address: str = ""
    url: str = ""
    lang: Literal["sl", "hr", "en"] = "en"


class Pack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of one rule set. `disabled` says why it cannot be activated: law that
    is only proposed, or a text that nobody here has read.

    `side` is whose duty it is. `zone` is the calendar in which months and days count. `four_eyes`:
    who drafted a report does not send it. `provisional_from` is the time from which steps count
    while nobody has said when the subject became aware.
    """

    id: Id
    version: Annotated[str, Meta(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
    title: dict[str, Text]
    regulation: Text
    country: Country
    side: Literal["entity", "csirt", "spoc", "operator"]
    entity_types: tuple[str, ...] = ()
    valid_from: date
    valid_to: date | None = None
    checked_by: str = ""
    citations: Annotated[tuple[Text, ...], Meta(min_length=1)]
    zone: str = "UTC"
    weekend_moves: bool = False
    four_eyes: bool = True
    disabled: Text | Literal[""] = ""
    provisional_from: str = ""
    note: str = ""
    steps: tuple[Step, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    significant: Rules | None = None
    facts: tuple[FactRule, ...] = ()
    entries: tuple[Entry, ...] = ()

    def step(self, id: str) -> Step:
        """The step of this name. Raises `LookupError`."""
        for each in self.steps:
            if each.id == id:
                return each
        raise LookupError(f"{self.id} has no step {id}")

    def holds(self, day: date) -> bool:
        """True on a day between `valid_from` and `valid_to`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def said(self, title: dict[str, str], lang: str, otherwise: str) -> str:
        """A text of the pack in `lang`, else in any language that it has, else `otherwise`."""
        return title.get(lang) or title.get("en") or next(iter(title.values()), otherwise)

    def name(self, lang: str) -> str:
        """The pack for a reader."""
        return self.said(self.title, lang, self.id)

    def step_name(self, id: str, lang: str) -> str:
        """A step for a reader."""
        found = next((each for each in self.steps if each.id == id), None)
        return id if found is None else self.said(found.title, lang, id)

    def words_of(self, step: str) -> dict[str, dict[str, str]]:
        """What a step is called in each language, for a sentence that says `{step}`."""
        found = next((each for each in self.steps if each.id == step), None)
        return {} if found is None or not found.title else {"step": dict(found.title)}

    def fact_name(self, id: str, lang: str) -> str:
        """A fact for a reader."""
        titles = {each.id: each.title for each in self.facts}
        if self.significant is not None:
            titles |= {each.fact: each.title for each in self.significant.derived}
        return self.said(titles.get(id, {}), lang, id)
