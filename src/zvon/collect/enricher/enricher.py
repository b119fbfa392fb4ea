"""What an enricher is: a name, the types that it knows something of, and how it is asked."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta

from msgspec import Struct

from zvon.jobs import Context
from zvon.model.fact import Fact
from zvon.model.observable import Observable, ObservableType
from zvon.store.party import Db


class Asking(Struct, frozen=True):
    """What an enricher may use. `db` sees what the person who asks may see; one that asks
    outside is given none, so that no connection waits for strangers.
    """

    context: Context
    db: Db | None = None


Facts = Mapping[Observable, Sequence[Fact]]


class Enricher(Struct, frozen=True, kw_only=True):
    """One source of knowledge.

    `asks` says that somebody outside learns of the value: only when a person wants it and the
    records of the value allow it (PAP); its answers are kept for `keep`. `ready` says whether it
    can be used with these settings. `facts` leaves out values that it knows nothing of, and
    raises `Unavailable` when it cannot be asked now.
    """

    name: str
    types: frozenset[ObservableType]
    facts: Callable[[Asking, Sequence[Observable]], Awaitable[Facts]]
    asks: bool = False
    keep: timedelta = timedelta(hours=12)
    ready: Callable[[Context], bool] = lambda _context: True


class Unavailable(RuntimeError):
    """The enricher could not be asked; the message says why."""
