"""The correlation itself: an alert in, its group out, with the links that it made.

Groups are episodes of one signature on one host. A group is novel while its signature was seen
there in few earlier hours; novel groups join when they are near in time (how near, hangs on how
much they say) or share rare values. Background joins nothing, but what was seen between two steps
of a grave incident belongs to its picture. The measured baseline of this rule is in
`docs/correlation.md`.
"""

from collections.abc import Iterable

from msgspec import Struct

from zvon.ml.correlate.alert import Alert
from zvon.ml.correlate.forest import Join, Refusal
from zvon.ml.correlate.group import Burst, Component, Group, Part
from zvon.ml.correlate.link import Hub, Link, LinkKind, Reason, link
from zvon.ml.correlate.memory import Memory
from zvon.ml.correlate.snapshot import Near

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400
NOWHERE = Near("")


class Outcome(Struct, frozen=True, gc=False):
    """Where an alert counts, and what it changed.

    `hours`, `signature_hours`: earlier distinct hours of the signature on this host, and
    anywhere. `links` may name other groups than `group`. `stopped`: the component that is full.
    """

    group: int
    new: bool
    novel: bool
    hours: int
    signature_hours: int
    links: tuple[Link, ...] = ()
    hubs: tuple[Hub, ...] = ()
    stopped: int | None = None


class Engine:
    """Takes alerts in the order of their times (`order.Reorder` makes it); same input, same result.

    With `hand_out` the components that the memory forgets are kept in `forgotten` for the caller
    to take; else they go, because a node has them as rows.
    """

    def __init__(self, memory: Memory, *, hand_out: bool = False) -> None:
        self.memory = memory
        self.forgotten: list[tuple[int, Component]] = []
        self._hand_out = hand_out

    def take_all(self, alerts: Iterable[Alert]) -> list[Outcome]:
        """One outcome for each alert."""
        return [self.take(alert) for alert in alerts]

    def take(self, alert: Alert) -> Outcome:
        """Count one alert. One that is older than the last counts at the time of the last."""
        memory = self.memory
        at = max(memory.now, alert.at)
        minute = int(at // MINUTE_S)
        group = memory.open.get((alert.signature, alert.host))
        if (
            group is not None
            and group.minute == minute
            and alert.severity <= group.severity
            and group.values.issuperset(alert.observables)
        ):
            # Most alerts repeat what was said a moment ago: a storm costs a look and a sum.
            memory.now = group.last = at
            group.count += 1
            return Outcome(group.id, False, group.novel, group.hours, group.signature_hours)
        if at - memory.now > DAY_S or int(at // DAY_S) != int(memory.now // DAY_S):
            memory.now = at
            gone = memory.sweep()
            if self._hand_out:
                self.forgotten += gone
            group = memory.open.get((alert.signature, alert.host))
        memory.now = at
        return self._look(alert, at, minute, group)

    def _look(self, alert: Alert, at: float, minute: int, group: Group | None) -> Outcome:
        memory, policy = self.memory, self.memory.policy
        hour = int(at // HOUR_S)
        hours, span = memory.counters.see(alert.signature, alert.host, hour)
        signature_hours, _ = memory.counters.see(alert.signature, "", hour)
        severity = alert.severity
        if group is not None and at - group.last <= policy.group.silence_s:
            severity = max(severity, group.severity)
        new_hours = hours <= policy.novelty.hours
        novel = new_hours or span >= hours * policy.slow_gap_h(severity)
        side = not novel and at <= memory.hot_until
        new = group is None or not self._goes_on(group, at, novel, side)
        if new or group is None:
            group = Group(
                memory.next_group, alert.signature, alert.host, at, at, 0, minute, novel, side,
                hours, signature_hours, severity,
            )  # fmt: skip
            memory.next_group += 1
            memory.values.groups += 1
            memory.open[alert.signature, alert.host] = group
            if side:
                memory.sides[group.id] = group
        group.last, group.minute, group.severity = at, minute, severity
        group.count += 1
        found = self._new_values(group, alert)
        matches, hubs = memory.values.meet(group.id, found, at, joins=novel) if found else ([], [])
        if not novel:
            return Outcome(group.id, new, False, hours, signature_hours)
        novelty = 1 / (1 + hours) if new_hours else policy.novelty.slow_novelty
        base = policy.weight(severity) * novelty
        strong = self._say(group, base, at)
        links: list[Link] = []
        stopped: list[int] = []
        for other, kind, score, reason in self._near(group, at, strong):
            self._join(
                group, other, link(group.id, other, at, kind, score, reason), new, links, stopped
            )
        for match in matches:
            made = link(group.id, match.group, at, LinkKind.VALUE, match.score, match.reason)
            if memory.component_of(match.group) is not None:
                self._join(group, match.group, made, new, links, stopped)
        self._remember(group, at, strong)
        if strong:
            links += self._context(group, at)
        return Outcome(
            group.id, new, True, hours, signature_hours, tuple(links), tuple(hubs),
            stopped[0] if stopped else None,
        )  # fmt: skip

    def _say(self, group: Group, base: float, at: float) -> bool:
        """Let the group speak for its component; whether this sighting was a strong one."""
        memory = self.memory
        said = Part(
            group.signature, group.host, group.hours, group.signature_hours, group.severity, group.first, at, base,
            self._burst(group, at),
        )  # fmt: skip
        component = memory.component_of(group.id)
        if component is None:
            memory.components[memory.forest.find(group.id)] = Component.of({group.id: said})
        else:
            known = component.parts.get(group.id)
            if known is None or said.value > known.value:
                component.put(group.id, said)
            else:
                known.last = at
        return said.value >= memory.policy.time.strong_from

    def _goes_on(self, group: Group, at: float, novel: bool, side: bool) -> bool:
        """Whether the episode is still the same."""
        policy = self.memory.policy.group
        return (
            group.novel == novel
            and group.side == side
            and at - group.last <= policy.silence_s
            and (novel or at - group.first < policy.background_s)
        )

    def _new_values(self, group: Group, alert: Alert) -> list[tuple[str, str]]:
        """What the group did not name so far; it keeps as many as the policy says."""
        room = self.memory.policy.group.values - len(group.values)
        found = [each for each in dict.fromkeys(alert.observables) if each not in group.values]
        group.values.update(found[:room])
        return found[:room]

    def _burst(self, group: Group, at: float) -> Burst:
        """The hosts that show the signature at about this time."""
        bursts = self.memory.bursts
        burst = bursts.get(group.signature)
        if burst is None or at - burst.start > self.memory.policy.novelty.burst_s:
            burst = bursts[group.signature] = Burst(group.signature, at, 1, {group.host})
        elif group.host not in burst.names and burst.hosts < 1000:
            burst.names.add(group.host)
            burst.hosts += 1
        return burst

    def _near(
        self, group: Group, at: float, strong: bool
    ) -> list[tuple[int, LinkKind, float, Reason]]:
        """Groups that are near enough in time, with the sentence that says so."""
        time = self.memory.policy.time
        found: list[tuple[int, LinkKind, float, Reason]] = []
        for near, wide, narrow, kind in (
            (
                self.memory.near.get(group.host, NOWHERE),
                time.strong_host_s,
                time.weak_host_s,
                LinkKind.HOST,
            ),
            (self.memory.near.get("", NOWHERE), time.strong_any_s, time.weak_any_s, LinkKind.TIME),
        ):
            for other, then, limit in (
                (near.strong, near.strong_at, wide if strong else narrow),
                (near.weak, near.weak_at, narrow),
            ):
                gap = at - then
                if other >= 0 and other != group.id and gap <= limit:
                    code = "LINK_HOST" if kind is LinkKind.HOST else "LINK_TIME"
                    params = (("host", group.host), ("gap_s", gap))
                    found.append((other, kind, 1 - gap / (limit + 1), Reason(code, params)))
        return found

    def _remember(self, group: Group, at: float, strong: bool) -> None:
        """The group is now the last novel one here, and anywhere."""
        near = self.memory.near
        for host in (group.host, ""):
            last = near.get(host, NOWHERE)
            near[host] = (
                Near(host, group.id, at, last.weak, last.weak_at)
                if strong
                else Near(host, last.strong, last.strong_at, group.id, at)
            )

    def _join(
        self, group: Group, other: int, made: Link, new: bool, links: list[Link], stopped: list[int]
    ) -> None:
        """Follow a link where it may be followed; a new group keeps its other reasons too."""
        memory = self.memory
        done = memory.forest.join(group.id, other)
        if isinstance(done, Join):
            taken, kept = memory.components.pop(done.other, None), memory.components.get(done.root)
            if kept is None and taken is not None:
                memory.components[done.root] = taken
            elif kept is not None and taken is not None:
                kept.take_in(taken)
            links.append(made)
        elif done is Refusal.SAME and new:
            links.append(made)
        elif done is Refusal.FULL:
            stopped.append(memory.forest.name(other))

    def _context(self, group: Group, at: float) -> list[Link]:
        """Background since the last strong step of the incident, now that the next one came."""
        memory, policy = self.memory, self.memory.policy.context
        component = memory.component_of(group.id)
        if component is None or (component.strong_at is None and component.value < policy.score):
            return []
        before, component.strong_at = component.strong_at, at
        memory.hot_until = max(memory.hot_until, at + policy.gap_s)
        links: list[Link] = []
        if before is None or at - before > policy.gap_s:
            return links
        for side in [each for each in memory.sides.values() if each.first >= before]:
            self._take_side(group, side, component, at, at - before, links)
        for key in [key for key, each in memory.sides.items() if at - each.last > policy.gap_s]:
            del memory.sides[key]
        return links

    def _take_side(
        self, group: Group, side: Group, component: Component, at: float, gap: float,
        links: list[Link],
    ) -> None:  # fmt: skip
        """Background that was seen between two steps becomes part of the incident, and ends."""
        memory = self.memory
        root = memory.forest.find(group.id)
        if isinstance(memory.forest.join(group.id, side.id), Join):
            reason = Reason("LINK_CONTEXT", (("signature", side.signature), ("gap_s", gap)))
            links.append(link(group.id, side.id, at, LinkKind.CONTEXT, 0.0, reason))
            said = Part(
                side.signature, side.host, side.hours, side.signature_hours, side.severity, side.first, side.last, 0.0,
                Burst(side.signature, side.first, 1),
            )  # fmt: skip
            component.parts[side.id] = said
            memory.components[memory.forest.find(group.id)] = memory.components.pop(root)
        del memory.sides[side.id]
        if memory.open.get((side.signature, side.host)) is side:
            del memory.open[side.signature, side.host]
