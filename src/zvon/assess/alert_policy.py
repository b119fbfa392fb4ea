"""The numbers by which a node takes alerts in, as versioned data."""

import tomllib
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from zvon.assess.alert_reading import Reading
from zvon.ml.correlate.words import severity_of

UNKNOWN = 0


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """See `alert_policy.toml`."""

    version: int
    batch: int
    skew_s: float
    memory_every: int
    related_most: int
    triage_most: int
    grade: tuple[int, int, int, int, int]
    from_grade: tuple[int, int, int, int]

    def grade_of(self, reading: Reading) -> int:
        """How grave an alert is for the correlation, 0 to 15."""
        if reading.grade is not None:
            return reading.grade
        own = None if reading.severity == UNKNOWN else self.grade[reading.severity]
        return severity_of(reading.title, own)

    def severity_of(self, reading: Reading) -> int:
        """1 (low) to 4 (critical): what the sensor says, else what its words say; 0 for neither."""
        if reading.severity != UNKNOWN:
            return reading.severity
        grade = severity_of(reading.title, None)
        return sum(grade >= least for least in self.from_grade)


@cache
def shipped() -> Policy:
    """The policy that ships."""
    body = tomllib.loads((files("zvon.assess") / "alert_policy.toml").read_text())
    return msgspec.convert(body, Policy)
