"""What a mail says in a form that a machine can read: X-ARF reports, and what our mail server found.

Both are shown to a person and change nothing by themselves: anybody can attach a report.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, to_builtins

from zvon.formats.card import mask
from zvon.formats.intel.xarf import FORMAT
from zvon.formats.mail import File
from zvon.model.item import Item, Options, ValueRole
from zvon.model.report import AuthResult

MAX_REPORT = 1 << 20
MOST_REPORTS = 20
MOST_VALUES = 50
MAX_TEXT = 2000
MAX_TITLE = 200


class Abuse(Struct, frozen=True, kw_only=True):
    """One X-ARF report: what kind it is, when it was, and what it accuses (type, value)."""

    title: str
    text: str
    at: datetime | None
    values: tuple[tuple[str, str], ...]


class Said(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read in one mail."""

    authentication: tuple[AuthResult, ...] = ()
    reports: tuple[Abuse, ...] = ()

    def kept(self) -> dict[str, Any]:
        """As it is kept beside the mail; without NUL and lone surrogates."""
        made: dict[str, Any] = _clean(to_builtins(self))
        return made


def read(
    files: Sequence[File], authentication: Sequence[AuthResult], received_at: datetime, region: str
) -> Said:
    """Never raises for what a stranger wrote; what is no report is left out."""
    found: list[Abuse] = []
    options = Options(received_at=received_at, region=region)
    for file in files:
        if len(file.body) > MAX_REPORT or FORMAT.sniff(file.body, file.name) is None:
            continue
        for item in FORMAT.decode([file.body], options):
            if isinstance(item, Item):
                found.append(_abuse(item))
            if len(found) >= MOST_REPORTS:
                return Said(authentication=tuple(authentication), reports=tuple(found))
    return Said(authentication=tuple(authentication), reports=tuple(found))


def _abuse(item: Item) -> Abuse:
    accused = [each.observable for each in item.values if each.role is ValueRole.SAID]
    return Abuse(
        title=item.title[:MAX_TITLE], text=mask(item.text[:MAX_TEXT]), at=item.at,
        values=tuple((each.type.value, each.value[:MAX_TEXT]) for each in accused[:MOST_VALUES]),
    )  # fmt: skip


def _clean(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\x00", "").encode("utf-8", "replace").decode()
        case list() | tuple():
            return [_clean(each) for each in value]
        case dict():
            return {key: _clean(each) for key, each in value.items()}
        case _:
            return value
