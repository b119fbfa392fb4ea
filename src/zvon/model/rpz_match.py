"""Which rule of a policy zone speaks for a name (draft-vixie-dnsop-dns-rpz, 5)."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from zvon.model.neverblock import chain

PASS = "rpz-passthru."  # noqa: S105


class Match(Struct, frozen=True):
    """The rule that spoke: its owner, relative to the zone, and its target."""

    owner: str
    rdata: str

    @property
    def passes(self) -> bool:
        """True when the rule lets the name through, whatever later zones say."""
        return self.rdata == PASS


def candidates(name: str) -> Iterator[str]:
    """The owners that may speak for `name`, the one that wins first.

    The name itself beats a wildcard, and of two wildcards the nearer one wins.
    """
    yield name
    for parent in chain(name)[1:]:
        yield f"*.{parent}"


def match(name: str, rule: Callable[[str], str | None]) -> Match | None:
    """The rule for `name` in one zone; `rule` gives the target at an owner, or `None`."""
    for owner in candidates(name):
        rdata = rule(owner)
        if rdata is not None:
            return Match(owner, rdata)
    return None
