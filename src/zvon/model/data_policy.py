"""How long which data lives in a country, why, where, and who reads it."""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from zvon.model.duration import Duration, duration

ANYWHERE = "*"

Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]
Line = Annotated[str, Meta(min_length=1, max_length=500)]
Word = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,62}$")]


class Controller(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers for the data: `name`, the data protection officer, the supervisory authority."""

    name: Line
    address: str = ""
    dpo: Line
    authority: Line
    authority_url: str = ""


class LegalHold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long rows may be kept past their end when a person asks, and how many people it takes."""

    max: Line
    approve: Annotated[int, Meta(ge=2, le=5)] = 2


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for one class of data.

    `clock` is what its age counts from; it stands for people, the columns are in
    `model.data_class`. `after` is what becomes of rows past `retention`. `residency` are countries
    whose people may read it (`*`: any), `readers` are `country.role` (`*.analyst`: any country's).
    """

    id: Line
    purpose: Annotated[tuple[Word, ...], Meta(min_length=1)]
    basis: Annotated[tuple[Line, ...], Meta(min_length=1)]
    retention: Line
    clock: Annotated[str, Meta(pattern=r"^[a-z][a-z_]{0,62}$")]
    after: Literal["destroy", "aggregate", "anonymise"]
    residency: Annotated[tuple[str, ...], Meta(min_length=1)]
    readers: Annotated[tuple[str, ...], Meta(min_length=1)]
    transfer: Literal["never", "policy", "public"]
    subjects: tuple[Word, ...] = ()
    legal_hold: LegalHold | None = None

    @property
    def lasts(self) -> Duration:
        """The retention as a length of time."""
        return duration(self.retention)

    def cut_off(self, now: datetime) -> datetime:
        """Rows older than this have had their time."""
        return self.lasts.before(now)

    def read_by(self, country: str, roles: Collection[str]) -> bool:
        """May a person of `country` with `roles` read rows of this class?"""
        here = ANYWHERE in self.residency or country in self.residency
        wanted = {f"{country.lower()}.{role}" for role in roles} | {f"*.{role}" for role in roles}
        return here and not wanted.isdisjoint(self.readers)


class Processor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who processes data for the controller (GDPR, Article 28)."""

    name: Line
    task: Line
    country: Country
    contract: str = ""


class DataPolicy(Struct, frozen=True, kw_only=True):
    """The policy of one country. `body` is the file as written, `sha256` (hexadecimal) its hash.

    `confirmed` says that the data protection officer confirmed the legal bases; until then every
    document says that they are a draft. `laws` gives the full names behind the short names in
    `basis` (the part before the colon).
    """

    country: str
    languages: tuple[str, ...]
    controller: Controller
    classes: tuple[Rule, ...]
    processors: tuple[Processor, ...]
    laws: dict[str, str]
    confirmed: bool
    sha256: str
    body: str

    def rule(self, class_id: str) -> Rule:
        """The row of a class. Raises `LookupError`."""
        for each in self.classes:
            if each.id == class_id:
                return each
        raise LookupError(f"no row for the class {class_id!r}")
