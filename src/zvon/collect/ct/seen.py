"""Which sets of names were read lately: a precertificate, its certificate, and other logs' copies."""

from collections.abc import Iterable, Sequence

from zvon.formats.ct_entry import Entry

MOST = 200_000


class Seen:
    """Remembers the newest sets of names of one process; forgetting one costs only time."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._sets: dict[int, None] = {}

    def fresh(self, entries: Iterable[Entry]) -> list[Entry]:
        """The entries whose names were not read before, of equal ones the first."""
        found: dict[int, Entry] = {}
        for entry in entries:
            key = hash(entry.names)
            if key not in self._sets:
                found.setdefault(key, entry)
        return list(found.values())

    def remember(self, entries: Sequence[Entry]) -> None:
        """Their names are stored now. Before that a crash must leave them unread."""
        for entry in entries:
            self._sets[hash(entry.names)] = None
        for key in list(self._sets)[: max(0, len(self._sets) - self._most)]:
            del self._sets[key]
