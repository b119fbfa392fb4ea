"""The block gate: names that nobody can block, whoever asks, and the brakes on too much at once.

Pure: the store passes what it holds and calls this inside the transaction that publishes.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network

from msgspec import Struct

from zvon.model import suffix
from zvon.model.neverblock import REQUIRED, chain, protecting_names
from zvon.model.prefix import BadPrefix, Network, network
from zvon.model.scope import Scope, special_use
from zvon.model.zone import MAX_RULE_NAME

# A rule on more addresses than these stops strangers' hosts together with the bad one.
WIDEST = {4: 24, 6: 48}

# Addresses without a public host behind them (RFC 6890). The ranges for documentation are left out,
# as `.example` is among the names: nobody is there, so nobody is harmed.
_NOT_PUBLIC_4 = tuple(
    IPv4Network(each)
    for each in ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
                 "172.16.0.0/12", "192.0.0.0/24", "192.88.99.0/24", "192.168.0.0/16",
                 "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4")
)  # fmt: skip
_PUBLIC_6 = IPv6Network("2000::/3")
_NOT_PUBLIC_6 = (IPv6Network("2001::/32"), IPv6Network("2001:10::/28"), IPv6Network("2002::/16"))

# What a shared feed may trigger on, and nothing else.
TRIGGERS = frozenset({"qname", "ip", "nsdname", "nsip"})
ADDRESS_TRIGGERS = frozenset({"ip", "nsip"})


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
    """What the gate knows: which lists are loaded, and the protected names by name and by parent.

    `required` are the lists without which nothing passes. `prefixes` are protected ranges.
    """

    lists: frozenset[str]
    by_name: Mapping[str, tuple[Protected, ...]]
    by_parent: Mapping[str, tuple[Protected, ...]]
    prefixes: tuple[tuple[Network, Protected], ...] = ()
    required: frozenset[str] = REQUIRED


class GuardNotReady(RuntimeError):
    """A never-block list is not loaded, so nothing may be published."""


class Brakes(Struct, frozen=True):
    """How much one person may do alone; more waits for a person of another role."""

    per_ten_minutes: int = 50
    per_day: int = 500
    batch: int = 50
    zone_share: float = 0.01
    source_shrink: float = 0.3


def facts(
    lists: Iterable[str],
    protected: Iterable[Protected],
    prefixes: Iterable[Protected] = (),
    *,
    required: Iterable[str] = REQUIRED,
) -> GuardFacts:
    """Index the protected names and ranges for `check`."""
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
        prefixes=tuple((network(entry.name), entry) for entry in prefixes),
        required=REQUIRED | frozenset(required),
    )


def check(
    name: str, scope: Scope, facts: GuardFacts, *, trigger: str = "qname"
) -> tuple[Finding, ...]:
    """All reasons against blocking `name` with `scope`; an empty answer means that it passes.

    `name` is canonical: a name, or a prefix for the triggers `ip` and `nsip`. A rule on a name
    server reaches every domain that it serves, so for `nsdname` a protected name is refused as
    `serves_others`. Raises `GuardNotReady` when a list that must be there is not.
    """
    _ready(facts)
    if trigger not in TRIGGERS:
        return (Finding("trigger", name, f"no feed has rules on {trigger!r}"),)
    if trigger in ADDRESS_TRIGGERS:
        return check_prefix(name, facts)
    found = (*_shape(name, scope), *_itself(name, facts), *_covered(name, scope, facts))
    if trigger == "nsdname":
        found = (*_name_server(scope, name), *(_serving(each, facts) for each in found))
    return found


def check_prefix(prefix: str, facts: GuardFacts) -> tuple[Finding, ...]:
    """All reasons against a rule on these addresses. Raises `GuardNotReady`."""
    _ready(facts)
    try:
        net = network(prefix)
    except BadPrefix as problem:
        return (Finding("bad_prefix", prefix, str(problem)),)
    return tuple(_range(net, facts))


def _ready(facts: GuardFacts) -> None:
    missing = facts.required - facts.lists
    if missing:
        raise GuardNotReady(
            f"never-block list not loaded, damaged or too old: {', '.join(sorted(missing))}"
        )


def _range(net: Network, facts: GuardFacts) -> Iterable[Finding]:
    name = str(net)
    if net.prefixlen < WIDEST[net.version]:
        yield Finding("wide_prefix", name, f"wider than /{WIDEST[net.version]}")
    if not _is_public(net):
        yield Finding("not_public", name, "private, reserved or multicast addresses")
    for kept, entry in facts.prefixes:
        if _subnet(net, kept):
            yield Finding(entry.list, name, f"in {entry.name}: {entry.reason}")
        elif _subnet(kept, net):
            yield Finding("covers", name, f"covers {entry.name}: {entry.reason}")


def _is_public(net: Network) -> bool:
    if isinstance(net, IPv4Network):
        return not any(net.overlaps(each) for each in _NOT_PUBLIC_4)
    return net.subnet_of(_PUBLIC_6) and not any(net.overlaps(each) for each in _NOT_PUBLIC_6)


def _subnet(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)


def _name_server(scope: Scope, name: str) -> Iterable[Finding]:
    if scope.covers_below:
        yield Finding("wrong_scope", name, "a rule on a name server is for one name")


def _serving(finding: Finding, facts: GuardFacts) -> Finding:
    if finding.rule in facts.lists or finding.rule == "covers":
        return Finding("serves_others", finding.name, f"serves other domains too; {finding.reason}")
    return finding


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


SMALL_SOURCE = 10


def shrinks(before: int, after: int, limits: Brakes) -> bool:
    """True when a source takes back so much at once that it is more likely broken than right.

    `before` and `after` count what stands because of it. A few blocks may end on any day.
    """
    gone = before - after
    return before >= SMALL_SOURCE and gone > before * limits.source_shrink
