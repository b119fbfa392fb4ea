"""The memory of the correlation as one value: what a restart needs to go on as if nothing was."""

from msgspec import DecodeError, Struct, ValidationError, msgpack

from zvon.ml.correlate.counters import Counter
from zvon.ml.correlate.forest import Pair
from zvon.ml.correlate.group import Burst, Component, Group
from zvon.ml.correlate.values import Posting


class Near(Struct, frozen=True):
    """The last novel group on a host, strong and weak, and when; host empty: on any."""

    host: str
    strong: int = -1
    strong_at: float = 0.0
    weak: int = -1
    weak_at: float = 0.0


class Snapshot(Struct, frozen=True):
    """Everything that decides how the next alert is taken, and nothing else.

    `groups` are those that can still grow; `components` hold the ids of all their groups.
    `apart` are pairs of groups that a person parted.
    """

    now: float = 0.0
    next_group: int = 1
    counters: tuple[Counter, ...] = ()
    swept: int = 0
    groups: tuple[Group, ...] = ()
    components: tuple[Component, ...] = ()
    bursts: tuple[Burst, ...] = ()
    near: tuple[Near, ...] = ()
    hot_until: float = 0.0
    postings: tuple[Posting, ...] = ()
    grouped: int = 0
    apart: tuple[Pair, ...] = ()


def pack(snapshot: Snapshot) -> bytes:
    """The snapshot as bytes for a row."""
    return msgpack.encode(snapshot)


def unpack(data: bytes) -> Snapshot:
    """The snapshot from its bytes. Raises `ValueError`."""
    try:
        return msgpack.decode(data, type=Snapshot)
    except (ValidationError, DecodeError) as error:
        raise ValueError(f"snapshot of the correlation: {error}") from None
