"""A gate for the tests: the shipped agreement of national teams, and a key of one byte."""

from collections.abc import Callable

import pytest

from zvon.model.policy import Policy, compile_policy
from zvon.privacy.engine import Outcome, Part, share_text
from zvon.privacy.facts import Facts, with_brands
from zvon.privacy.pseudonym import Domain
from zvon.privacy.tables import agreements

Gate = Callable[..., Outcome]


def demo(group: str = "demo-amber", tlp: str = "AMBER") -> Policy:
    """A compiled shipped agreement."""
    return compile_policy(agreements()[group], group=group, tlp=[tlp])


def key(group: str = "demo-amber", epoch: str = "2026-11") -> Domain:
    """A fixed key for each group and epoch."""
    return Domain(group, epoch, f"{group}{epoch}".encode().ljust(32, b".")[:32])


def gate(
    text: str, *, group: str = "demo-amber", epoch: str = "2026-11", tlp: str = "AMBER",
    facts: Facts | None = None, overrides: dict[int, str] | None = None,
) -> Outcome:  # fmt: skip
    """One text through the gate."""
    return share_text(
        [Part("text", text)],
        facts=facts or with_brands(Facts()),
        policy=demo(group, tlp),
        keys=key(group, epoch),
        overrides=overrides,
    )


@pytest.fixture(name="gate")
def gate_fixture() -> Gate:
    return gate
