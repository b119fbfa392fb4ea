"""How mail goes out and comes in: rests, limits, clearances and classes of notices, as data."""

import tomllib
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from zvon.model.marking import Tlp, parse_tlp

Positive = Annotated[int, Meta(ge=1)]


class BadMailPolicy(ValueError):
    """The policy cannot be read; says which field."""


class Sending(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rests between tries and when they end, in seconds; `lease` is for one try."""

    rests: Annotated[list[Positive], Meta(min_length=1)]
    give_up: Positive
    lease: Positive
    machine_per_hour: Positive

    def rest(self, attempt: int) -> timedelta:
        """How long to wait after attempt number `attempt`, from 1."""
        return timedelta(seconds=self.rests[min(max(attempt, 1), len(self.rests)) - 1])


class Receiving(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many mails of one sender are threaded in an hour."""

    per_hour: Positive


class Reminding(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours after a letter without an answer at which to remind."""

    after_hours: list[Positive]


class Takedown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a page that letters are about is looked at again, and what says that it is gone.

    The next look comes `look_every_minutes` after one that saw the page and `again_minutes` after
    one that did not.
    """

    look_every_minutes: Positive
    again_minutes: Positive
    watch_days: Positive
    gone_looks: Annotated[int, Meta(ge=2)]
    gone_status: list[int]
    gone_reasons: list[str]


class Lookup(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a looked-up address serves before it is asked for again."""

    keep_days: Positive


class NoticeClass(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of thing that contacts are told; urgent ones at once."""

    id: str
    urgent: bool
    template: str


class Notices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"classes": "class"}):  # fmt: skip
    """How facts are told together; `quiet` in seconds."""

    quiet: Positive
    most_facts: Positive
    most_reports: Positive
    classes: list[NoticeClass]

    def of(self, id: str) -> NoticeClass:
        """The class. Raises `LookupError`."""
        for each in self.classes:
            if each.id == id:
                return each
        raise LookupError(f"no class of notices is called {id!r}")


class MailPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole policy."""

    sending: Sending
    receiving: Receiving
    reminding: Reminding
    takedown: Takedown
    clearance: dict[str, str]
    lookup: Lookup
    notice: Notices

    def cleared(self, source: str) -> Tlp:
        """The strictest marking for an address that `source` named; nothing said means CLEAR."""
        said = self.clearance.get(source)
        return Tlp.CLEAR if said is None else min(parse_tlp(said), Tlp.AMBER_STRICT)


def read(text: str) -> MailPolicy:
    """Read a policy. Raises `BadMailPolicy`."""
    try:
        return msgspec.convert(tomllib.loads(text), MailPolicy)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as problem:
        raise BadMailPolicy(str(problem)) from None


@cache
def shipped() -> MailPolicy:
    """The policy that ships."""
    return read((files("zvon.model") / "mail_policy.toml").read_text(encoding="utf-8"))
