"""What of the queue somebody wants to see: the fields of a filter, and as conditions."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, LiteralString
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Meta, Struct

from zvon.model.lifecycle import IncidentState
from zvon.model.marking import Tlp

MOST_HOURS = 24 * 366 * 10
Word = Annotated[str, Meta(max_length=100)]


class Tab(StrEnum):
    """The parts of the queue."""

    MINE = "mine"
    ALL = "all"
    APPROVALS = "approvals"
    APPEALS = "appeals"
    HELD = "held"
    SNOOZED = "snoozed"


class Sort(StrEnum):
    """The order: the place that the rank gives, or the newest first."""

    RANK = "rank"
    NEWEST = "newest"


class SourceKind(StrEnum):
    """What an incident was made of."""

    REPORTS = "reports"
    ALERTS = "alerts"
    PEER = "peer"


class BadFilter(ValueError):
    """The filter names something that the queue does not know."""


class Filter(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """All that is given has to fit. Raises `BadFilter`.

    `severity` is the least level, `owner` a login (`-`: nobody), `country` that of the party that
    made it, `tlp` a label (`amber`), `waits_h` and `came_h`: first seen at least or at most so
    many hours ago; `text` stands in a name, the number or what the title names.
    """

    tab: Tab = Tab.ALL
    sort: Sort = Sort.RANK
    state: IncidentState | None = None
    severity: Annotated[int, Meta(ge=0, le=4)] | None = None
    brand: Word | None = None
    category: Word | None = None
    source: SourceKind | None = None
    owner: Word | None = None
    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")] | None = None
    tlp: Word | None = None
    waits_h: Annotated[int, Meta(ge=0, le=MOST_HOURS)] | None = None
    came_h: Annotated[int, Meta(ge=0, le=MOST_HOURS)] | None = None
    text: Word | None = None

    def __post_init__(self) -> None:
        for word in (self.brand, self.category, self.owner, self.tlp, self.text):
            if word is not None and not word.isprintable():
                raise BadFilter("a filter is one line of visible characters")
        if self.tlp is not None:
            marking(self.tlp)

    @property
    def narrows(self) -> bool:
        """True when anything beside tab and order is asked for."""
        plain = Filter(tab=self.tab, sort=self.sort)
        return self != plain


def marking(label: str) -> Tlp:
    """`amber+strict` or `TLP:AMBER+STRICT` as a marking. Raises `BadFilter`."""
    for each in Tlp:
        if each.label.removeprefix("TLP:").lower() == label.lower().removeprefix("tlp:"):
            return each
    raise BadFilter(f"no marking {label!r}")


def write(wanted: Filter) -> str:
    """The filter as the query of an address, in one canonical form."""
    return urlencode(sorted((k, str(v)) for k, v in msgspec.to_builtins(wanted).items()))


def read(query: str) -> Filter:
    """A filter from the query of an address; reads what `write` wrote. Raises `BadFilter`."""
    try:
        pairs = parse_qsl(query, strict_parsing=bool(query), max_num_fields=20)
        named = {name: text for name, text in pairs if text != ""}
        if len({name for name, _ in pairs}) != len(pairs):
            raise BadFilter("a field is given twice")
        return msgspec.convert(named, Filter, strict=False)
    except (ValueError, UnicodeError) as wrong:
        raise BadFilter(f"not a filter of the queue: {wrong}") from None


TABS: dict[Tab, LiteralString] = {
    Tab.ALL: "i.waiting",
    Tab.MINE: "i.waiting and i.owner_id = %(person)s",
    # Leaves out what the viewer proposed: that is for somebody else.
    Tab.APPROVALS: "i.id = any (array(select b.incident_id from block b"
    " where b.state = 'validated' and b.proposer_id <> %(person)s))",
    Tab.APPEALS: "i.id = any (array(select b.incident_id from appeal a join block b"
    " on b.id = a.block_id where a.state = 'open'))",
    Tab.HELD: "i.id = any (array(select b.incident_id from block b where b.state = 'held'))",
    Tab.SNOOZED: "i.snoozed_until is not null",
}
WAITING = frozenset({IncidentState.NEW, IncidentState.TRIAGE, IncidentState.OPEN})


def scope(wanted: Filter) -> str:
    """The condition of the tab; a state in which nothing waits is looked for by itself."""
    if wanted.state is not None and wanted.state not in WAITING and wanted.tab is Tab.ALL:
        # The state is a word of ours, written out so that the index of such states serves.
        return f"i.state = '{wanted.state.value}'"
    if wanted.brand is not None and wanted.sort is Sort.RANK:
        # A brand has an index of its own: also a rare one is found at once.
        return TABS[wanted.tab] + " and i.brand = %(f_brand)s"
    return TABS[wanted.tab]


def conditions(wanted: Filter, now: datetime) -> tuple[list[LiteralString], dict[str, Any]]:
    """The conditions beside the tab's, with their values; only on columns that the indexes hold,
    but for `text`.
    """
    said: list[tuple[LiteralString, str, Any]] = []
    if wanted.state is not None:
        said.append(("i.state = %(f_state)s", "f_state", wanted.state.value))
    if wanted.severity is not None:
        said.append(("i.severity >= %(f_severity)s", "f_severity", wanted.severity))
    if wanted.brand is not None:
        said.append(("i.brand = %(f_brand)s", "f_brand", wanted.brand))
    if wanted.category is not None:
        said.append(("i.category = %(f_category)s", "f_category", wanted.category))
    if wanted.source is not None:
        said.append(("i.source_kind = %(f_source)s", "f_source", wanted.source.value))
    if wanted.owner == "-":
        said.append(("i.owner_id is null", "", None))
    elif wanted.owner is not None:
        said.append(("i.owner_id = (select id from person where login = %(f_owner)s)",
                     "f_owner", wanted.owner))  # fmt: skip
    if wanted.country is not None:
        said.append(("i.orgc_id = any (array(select id from party where country = %(f_country)s))",
                     "f_country", wanted.country))  # fmt: skip
    if wanted.tlp is not None:
        said.append(("i.tlp = %(f_tlp)s", "f_tlp", int(marking(wanted.tlp))))
    if wanted.waits_h is not None:
        said.append(("i.first_at <= %(f_waits)s", "f_waits", now - timedelta(hours=wanted.waits_h)))
    if wanted.came_h is not None:
        said.append(("i.first_at >= %(f_came)s", "f_came", now - timedelta(hours=wanted.came_h)))
    if wanted.text is not None:
        said.append((("strpos(lower(i.number || ' ' || coalesce(i.brand, '') || ' '"
                     " || i.title_params::text || ' ' || array_to_string(i.names, ' ')),"
                     " %(f_text)s) > 0"), "f_text", wanted.text.lower()))  # fmt: skip
    return [each[0] for each in said], {name: value for _, name, value in said if name}
