"""A group while it can still grow, the bursts that several hosts share, and what groups amount to."""

from msgspec import Struct, field


class Burst(Struct, gc=False):
    """One signature on several hosts within a short time: a common cause, most often harmless."""

    signature: str
    start: float
    hosts: int
    names: set[str] = field(default_factory=set)


class Group(Struct):
    """One episode of a signature on a host. Times are seconds since 1970, `minute` minutes.

    `side`: background seen while an incident ran, kept apart so that it can join as context.
    """

    id: int
    signature: str
    host: str
    first: float
    last: float
    count: int
    minute: int
    novel: bool
    side: bool
    hours: int
    signature_hours: int
    severity: int
    values: set[tuple[str, str]] = field(default_factory=set)


class Part(Struct):
    """What one group says for its component: its best sighting so far."""

    signature: str
    host: str
    hours: int
    signature_hours: int
    severity: int
    first: float
    last: float
    base: float  # weight x novelty, before the burst divides it; 0 for context
    burst: Burst

    @property
    def value(self) -> float:
        """What it says now; it says less when more hosts join the burst."""
        return self.base / max(1, self.burst.hosts)


class Component(Struct):
    """Groups that hang together, by their ids.

    `strong_at`: the last strong step since it is grave; none while it is not. `best`: for each
    signature the group that said most when it spoke.
    """

    parts: dict[int, Part]
    strong_at: float | None = None
    best: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: dict[int, Part], strong_at: float | None = None) -> "Component":
        """A component of these parts."""
        made = cls({}, strong_at)
        for group, part in parts.items():
            made.put(group, part)
        return made

    @property
    def last(self) -> float:
        """When it was seen last."""
        return max(part.last for part in self.parts.values())

    @property
    def value(self) -> float:
        """About the score: each signature once. `rank.score` looks at all parts again."""
        return sum(self.parts[group].value for group in self.best.values())

    def put(self, group: int, part: Part) -> None:
        """Set what a group says."""
        self.parts[group] = part
        best = self.best.get(part.signature)
        if best is None or best == group or part.value > self.parts[best].value:
            self.best[part.signature] = group

    def take_in(self, other: "Component") -> None:
        """Become one with another component."""
        for group in other.best.values():
            self.put(group, other.parts[group])
        self.parts.update(other.parts)
        if other.strong_at is not None:
            mine = self.strong_at
            self.strong_at = other.strong_at if mine is None else max(mine, other.strong_at)
