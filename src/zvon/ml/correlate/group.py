"""A group while it can still grow, the bursts that several hosts share, and what groups amount to."""

from msgspec import Struct, field


class Burst(Struct, gc=False):
    """One signature on several hosts within a short time: a common cause, most often harmless."""

    signature: str
    start: float
    hosts: int
    names: tuple[str, ...] = ()


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
    """Groups that hang together, by their ids, and when the last grave step was."""

    parts: dict[int, Part]
    strong_at: float | None = None

    @property
    def last(self) -> float:
        """When it was seen last."""
        return max(part.last for part in self.parts.values())

    @property
    def value(self) -> float:
        """The score: each signature once, by its best sighting."""
        best: dict[str, float] = {}
        for part in self.parts.values():
            if part.value > best.get(part.signature, 0.0):
                best[part.signature] = part.value
        return sum(best.values())

    def take_in(self, other: "Component") -> None:
        """Become one with another component."""
        self.parts.update(other.parts)
        if other.strong_at is not None:
            mine = self.strong_at
            self.strong_at = other.strong_at if mine is None else max(mine, other.strong_at)
