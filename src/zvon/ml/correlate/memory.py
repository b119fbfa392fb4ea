"""What the correlation remembers between alerts: bounded, and the same again after a restart."""

from collections.abc import Iterable, Mapping

from zvon.ml.correlate.counters import Counters
from zvon.ml.correlate.forest import Forest, Pair
from zvon.ml.correlate.group import Burst, Component, Group, Part
from zvon.ml.correlate.policy import Policy
from zvon.ml.correlate.snapshot import Snapshot
from zvon.ml.correlate.values import Values

DAY_S = 86400


class Memory:
    """Counters, open groups, components, recent neighbours. Changed by `Engine` and by people.

    Bounds (policy): counters, groups of all components, values; hosts and bursts live for their
    windows only. A component is forgotten after `forget_days` of silence.
    """

    def __init__(self, policy: Policy, snapshot: Snapshot | None = None) -> None:
        start = snapshot or Snapshot()
        self.policy = policy
        self.now = start.now
        self.next_group = start.next_group
        bound = policy.bound
        self.counters = Counters(bound.counters, bound.forget_days, start.counters)
        self.counters.resume(start.swept)
        self.values = Values(policy, start.postings, start.grouped)
        self.open: dict[tuple[str, str], Group] = {}
        self.sides: dict[int, Group] = {}
        for group in start.groups:
            own = _copy(group)
            self.open[own.signature, own.host] = own
            if own.side:
                self.sides[own.id] = own
        self.bursts = {each.signature: _copy_burst(each) for each in start.bursts}
        self.forest = Forest(policy.incident.max_groups)
        self.components: dict[int, Component] = {}
        for component in start.components:
            self._resume(component)
        self.forest.settle()
        self._forbid(start.apart)
        self.near = {near.host: near for near in start.near}
        self.hot_until = start.hot_until

    def _resume(self, component: Component) -> None:
        parts = {group: self._part(part) for group, part in component.parts.items()}
        first, *others = parts
        for other in others:
            self.forest.join(first, other, forced=True)
        self.components[self.forest.find(first)] = Component(
            parts, component.strong_at, dict(component.best)
        )

    def _part(self, part: Part) -> Part:
        live = self.bursts.get(part.burst.signature)
        same = live is not None and live.start == part.burst.start
        burst = live if live is not None and same else part.burst  # one that lives may still grow
        return Part(
            part.signature, part.host, part.hours, part.signature_hours, part.severity, part.first, part.last,
            part.base, burst,
        )  # fmt: skip

    def component(self, group: int) -> int:
        """The smallest group that hangs together with this one: the name of its component."""
        return self.forest.name(group)

    def component_of(self, group: int) -> Component | None:
        """What its component amounts to; none for background, and for what was forgotten."""
        return self.components.get(self.forest.find(group))

    def active(self, since: float) -> list[tuple[int, Component]]:
        """Name and content of all components with a sighting after `since`."""
        return [
            (self.forest.name(root), each)
            for root, each in self.components.items()
            if each.last > since
        ]

    def rearrange(self, components: Mapping[int, int], apart: Iterable[Pair]) -> None:
        """What people decided: each named group now lies in the component named by a group.

        Replaces all pairs that stay apart. Groups that are forgotten, or not named, stay as they
        are. A pair that `components` puts together is no longer apart.
        """
        parts: dict[int, tuple[Part, float | None]] = {
            group: (part, each.strong_at)
            for each in self.components.values()
            for group, part in each.parts.items()
        }
        place = {group: components.get(group, self.forest.name(group)) for group in parts}
        self.forest = Forest(self.policy.incident.max_groups)
        self.components = {}
        seats: dict[int, list[int]] = {}
        for group in sorted(place):
            seats.setdefault(place[group], []).append(group)
        for groups in seats.values():
            held = {group: parts[group][0] for group in groups}
            strong = [at for group in groups if (at := parts[group][1]) is not None]
            # A part without its grave steps is not hot by what its other half did.
            latest = max(part.last for part in held.values())
            self._resume(Component.of(held, min(max(strong), latest) if strong else None))
        self.forest.settle()
        self._forbid(apart)

    def _forbid(self, apart: Iterable[Pair]) -> None:
        for a, b in apart:
            if self.forest.find(a) != self.forest.find(b):
                self.forest.forbid(a, b)

    def sweep(self) -> list[tuple[int, Component]]:
        """Forget what is past its time or above the bounds; the components that went."""
        policy, now = self.policy, self.now
        long = max(policy.group.silence_s, policy.context.gap_s)
        self.open = {key: each for key, each in self.open.items() if now - each.last <= long}
        self.sides = {key: each for key, each in self.sides.items() if now - each.last <= long}
        window = max(policy.time.strong_host_s, policy.time.weak_host_s)
        self.near = {
            host: each
            for host, each in self.near.items()
            if not host or now - max(each.strong_at, each.weak_at) <= window
        }
        start = now - policy.novelty.burst_s
        self.bursts = {key: each for key, each in self.bursts.items() if each.start >= start}
        oldest = now - policy.bound.forget_days * DAY_S
        held = sum(len(each.parts) for each in self.components.values())
        gone: list[tuple[int, Component]] = []
        last = {root: each.last for root, each in self.components.items()}
        for root in sorted(last, key=lambda root: (last[root], self.forest.name(root))):
            if last[root] >= oldest and (held <= policy.bound.groups or last[root] > now - DAY_S):
                break
            each = self.components.pop(root)
            held -= len(each.parts)
            gone.append((self.forest.name(root), each))
        self.forest.forget(group for _, each in gone for group in each.parts)
        return gone

    def snapshot(self) -> Snapshot:
        """All of it as one frozen value that shares nothing with this memory."""
        components = (
            Component(
                {group: _copy_part(part) for group, part in each.parts.items()},
                each.strong_at,
                dict(each.best),
            )
            for each in self.components.values()
        )
        return Snapshot(
            now=self.now, next_group=self.next_group, counters=self.counters.rows(),
            swept=self.counters.swept, groups=tuple(_copy(each) for each in self.open.values()),
            components=tuple(components),
            bursts=tuple(_copy_burst(each) for each in self.bursts.values()),
            near=tuple(self.near.values()), hot_until=self.hot_until,
            postings=self.values.rows(), grouped=self.values.groups, apart=self.forest.pairs(),
        )  # fmt: skip


def _copy(group: Group) -> Group:
    return Group(
        group.id, group.signature, group.host, group.first, group.last, group.count, group.minute,
        group.novel, group.side, group.hours, group.signature_hours, group.severity,
        set(group.values),
    )  # fmt: skip


def _copy_burst(burst: Burst) -> Burst:
    return Burst(burst.signature, burst.start, burst.hosts, set(burst.names))


def _copy_part(part: Part) -> Part:
    return Part(
        part.signature, part.host, part.hours, part.signature_hours, part.severity, part.first, part.last, part.base,
        _copy_burst(part.burst),
    )  # fmt: skip
