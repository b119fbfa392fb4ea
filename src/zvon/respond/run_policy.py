"""How patient the engine of playbooks is, as data."""

import tomllib
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=1)]


class RunPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `run_policy.toml` says; times in seconds."""

    batch: Count
    lease_s: Count
    action_s: Count
    attempts: Count
    rest_s: Count
    longest_rest_s: Count
    sweep_s: Count
    poll_s: Count
    escalation_days: Count
    failures: Count
    depth: Count
    per_incident: Count
    per_hour: Count
    dry_run_incidents: Count

    def rest(self, attempt: int) -> timedelta:
        """How long a step rests after its attempt number `attempt` failed."""
        seconds = self.rest_s * 2 ** min(attempt - 1, 20)
        return timedelta(seconds=min(seconds, self.longest_rest_s))

    @property
    def escalation(self) -> timedelta:
        """How long a late step waits for a person."""
        return timedelta(days=self.escalation_days)


@cache
def shipped() -> RunPolicy:
    """The policy that ships with the program."""
    text = (files("zvon.respond") / "run_policy.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), RunPolicy)
