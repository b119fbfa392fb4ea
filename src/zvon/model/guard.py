"""The block gate: names that nobody can block, whoever asks, and the brakes on too much at once.

Pure: the store passes what it holds and calls this inside the transaction that publishes.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from zvon.model import suffix
from zvon.model.neverblock import REQUIRED, chain, protecting_names
from zvon.model.scope import Scope, special_use
from zvon.model.zone import MAX_RULE_NAME


class Finding(Struct, frozen=True):
    """Why a name may not be blocked: the rule that spoke, the name, and a sentence."""

    rule: str
    name: str
    reason: str


class Protected(Struct, frozen=True):
    """A row of the never-block lists."""

    name: str
    list: str
    reason: str


class GuardFacts(Struct, frozen=True, kw_only=True):
    """What the gate knows: which lists are loaded, and the protected names by name and by parent."""

    lists: frozenset[str]
    by_name: Mapping[str, tuple[Protected, ...]]
    by_parent: Mapping[str, tuple[Protected, ...]]


class GuardNotReady(RuntimeError):
    """A never-block list is not loaded, so nothing may be published."""


class Brakes(Struct, frozen=True):
    """How much one person may do alone; more waits for a person of another role."""

    per_ten_minutes: int = 50
    per_day: int = 500
    batch: int = 50
    zone_share: float = 0.01


def facts(lists: Iterable[str], protected: Iterable[Protected]) -> GuardFacts:
    """Index the protected names for `check`."""
    by_name: dict[str, list[Protected]] = {}
    by_parent: dict[str, list[Protected]] = {}
    for entry in protected:
        by_name.setdefault(entry.name, []).append(entry)
        for parent in chain(entry.name)[1:]:
            by_parent.setdefault(parent, []).append(entry)
    return GuardFacts(
        lists=frozenset(lists),
        by_name={name: tuple(found) for name, found in by_name.items()},
        by_parent={name: tuple(found) for name, found in by_parent.items()},
    )


def check(name: str, scope: Scope, facts: GuardFacts) -> tuple[Finding, ...]:
    """All reasons against blocking `name` with `scope`; an empty answer means that it passes.

    `name` is canonical. Raises `GuardNotReady` when a list that must be there is not.
    """
    missing = REQUIRED - facts.lists
    if missing:
        raise GuardNotReady(f"never-block list not loaded: {', '.join(sorted(missing))}")
    return (*_shape(name, scope), *_itself(name, facts), *_covered(name, scope, facts))


def _shape(name: str, scope: Scope) -> Iterable[Finding]:
    if scope is Scope.NONE:
        yield Finding("scope_none", name, "the advice for this name is not to block it")
    if len(name) > MAX_RULE_NAME:
        yield Finding("too_long", name, f"longer than {MAX_RULE_NAME} characters")
    if suffix.is_suffix(name):
        yield Finding("public_suffix", name, "a public suffix, under which strangers have names")
    elif special_use(name):
        yield Finding("not_public", name, "not a name of the public DNS")
    elif name.rpartition(".")[2].startswith("rpz-"):
        yield Finding("not_public", name, "a trigger of policy zones, not a name")
    elif scope is Scope.REGISTRABLE_SUB and suffix.registered(name) != name:
        yield Finding("wrong_scope", name, "this scope is for a registered name only")


def _itself(name: str, facts: GuardFacts) -> Iterable[Finding]:
    for parent in protecting_names(name):
        for entry in facts.by_name.get(parent, ()):
            yield Finding(entry.list, name, f"{parent}: {entry.reason}")


def _covered(name: str, scope: Scope, facts: GuardFacts) -> Iterable[Finding]:
    if scope.covers_below:
        for entry in facts.by_parent.get(name, ()):
            yield Finding("covers", name, f"covers {entry.name}: {entry.reason}")


def brake(batch: int, ten_minutes: int, day: int, zone_size: int, limits: Brakes) -> str | None:
    """The brake that stops a batch, or `None`.

    `ten_minutes` and `day` count what the same person did before this batch.
    """
    if batch > max(limits.batch, int(zone_size * limits.zone_share)):
        return "brake_batch"
    if batch + ten_minutes > limits.per_ten_minutes:
        return "brake_ten_minutes"
    if batch + day > limits.per_day:
        return "brake_day"
    return None
