"""The numbers of the correlation, as versioned data: `policy.toml`, or a node's own."""

from functools import cache
from importlib import resources
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Positive = Annotated[float, Meta(gt=0, le=1e9)]
Count = Annotated[int, Meta(ge=1, le=100_000_000)]
Share = Annotated[float, Meta(ge=0, le=1)]


class _Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class Bands(_Part, frozen=True):
    """A number for each band of severity."""

    low: Positive
    medium: Positive
    high: Positive


class Novelty(_Part, frozen=True):
    """When a signature on a host is new."""

    hours: Count
    slow_gap_h: Bands
    slow_novelty: Share
    warm_up_h: Positive
    burst_s: Positive


class Severity(_Part, frozen=True):
    """The bands of 0 to 15, and what an alert of each weighs."""

    medium_from: int
    high_from: int
    weight: Bands


class Time(_Part, frozen=True):
    """How near two alerts must be to join, in seconds."""

    strong_from: Positive
    strong_host_s: Positive
    strong_any_s: Positive
    weak_host_s: Positive
    weak_any_s: Positive


class Grouping(_Part, frozen=True):
    """When a group ends, and how many values it keeps."""

    silence_s: Positive
    background_s: Positive
    values: Count


class Context(_Part, frozen=True):
    """When background belongs to the picture of an incident."""

    score: Positive
    gap_s: Positive


class Incidents(_Part, frozen=True):
    """From which score somebody is asked, and when a component is full."""

    floor: float
    same_event: Share
    triage_weight: float
    max_groups: Count


class ValueType(_Part, frozen=True):
    """How much a shared value of a type says, for how long, and when it says nothing."""

    weight: Positive
    half_life_h: Positive
    hub: Count


class Observables(_Part, frozen=True):
    """When shared values join."""

    theta: Positive
    days: Positive
    rarest: Count
    last_groups: Count
    type: dict[str, ValueType]


class Bounds(_Part, frozen=True):
    """What the memory holds at most."""

    counters: Count
    forget_days: Positive
    groups: Count
    postings: Count


class Policy(_Part, frozen=True):
    """All of it, one version."""

    version: str
    novelty: Novelty
    severity: Severity
    time: Time
    group: Grouping
    context: Context
    incident: Incidents
    observable: Observables
    bound: Bounds

    def band(self, severity: int) -> str:
        """`low`, `medium` or `high`."""
        if severity >= self.severity.high_from:
            return "high"
        return "medium" if severity >= self.severity.medium_from else "low"

    def weight(self, severity: int) -> float:
        """What an alert of that severity weighs."""
        return _of(self.severity.weight, self.band(severity))

    def slow_gap_h(self, severity: int) -> float:
        """From which mean hours between sightings it is no background."""
        return _of(self.novelty.slow_gap_h, self.band(severity))


def _of(bands: Bands, band: str) -> float:
    if band == "high":
        return bands.high
    return bands.medium if band == "medium" else bands.low


def read(data: bytes) -> Policy:
    """A policy from TOML. Raises `ValueError` with the place of what is wrong."""
    try:
        return msgspec.toml.decode(data, type=Policy)
    except ValueError as error:  # also of msgspec, and of bytes that are no text
        raise ValueError(f"correlation policy: {error}") from None


@cache
def shipped() -> Policy:
    """The policy that comes with the program."""
    return read(resources.files(__package__).joinpath("policy.toml").read_bytes())
