"""What the primary noticed of each subscriber: the evidence of proofs and of alerts. In memory."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from zvon.dns.ram import RamZone
from zvon.dns.registry import Endpoint
from zvon.model.zone import serial_newer

_SERIALS = 64


class Track(Struct):
    """One zone at one subscriber: when it was told of and sent each of the last serials.

    `refused` is the response code of its last reply to a NOTIFY that was none of success, `None`
    after a good one. `unanswered` counts the serials since then that it was told of in vain,
    `ignored` those of them for which we gave up telling.
    """

    told: dict[int, datetime] = {}
    answered: dict[int, datetime] = {}
    sent: dict[int, datetime] = {}
    shown: int | None = None
    shown_at: datetime | None = None
    refused: int | None = None
    unanswered: int = 0
    ignored: int = 0

    def sent_at(self, serial: int) -> datetime | None:
        """When the first transfer that holds `serial` was complete."""
        return _first(self.sent, serial)

    def answered_at(self, serial: int) -> datetime | None:
        """When the first NOTIFY of `serial` or later was answered."""
        return _first(self.answered, serial)


class Failure(Struct, frozen=True):
    """A message that did not pass its signature check: `BADKEY`, `BADSIG`, `BADTIME`, `BADTRUNC`."""

    error: str
    key: str
    address: str
    at: datetime


class Watch:
    """Filled by the primary and the notifier, read by the prober and the alarm."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._tracks: dict[tuple[int, str], Track] = {}
        self.failures: dict[tuple[str, str], Failure] = {}
        self.heard: dict[int, datetime] = {}
        """When each subscriber last asked for one of its zones, and might have it."""
        self.since = clock()

    def track(self, endpoint: int, zone: str) -> Track:
        """What is known of a zone at a subscriber."""
        return self._tracks.setdefault((endpoint, zone), Track())

    def hears(self, endpoint: Endpoint) -> None:
        """A subscriber asked for one of its zones."""
        self.heard[endpoint.id] = self._clock()

    def notify(self, endpoint: Endpoint, zone: RamZone, what: str, rcode: int) -> None:
        """A NOTIFY was `sent`, `answered`, `refused` (with its code) or had `no_effect`."""
        track = self.track(endpoint.id, zone.name)
        if what == "sent":
            track.unanswered += zone.serial not in track.told
            _keep(track.told, zone.serial, self._clock())
        elif what == "answered":
            _keep(track.answered, zone.serial, self._clock())
            track.refused, track.unanswered, track.ignored = None, 0, 0
        elif what == "refused":
            track.refused = rcode
        elif what == "no_effect":
            track.ignored += 1

    def transferred(self, endpoint: Endpoint, zone: RamZone, serial: int) -> None:
        """A transfer up to `serial` was sent whole."""
        track = self.track(endpoint.id, zone.name)
        _keep(track.sent, serial, self._clock())
        self.shows(endpoint, zone, serial)

    def shows(self, endpoint: Endpoint, zone: RamZone, serial: int) -> None:
        """The subscriber asked with `serial`, or has it since a transfer."""
        track = self.track(endpoint.id, zone.name)
        if track.shown is None or serial_newer(serial, track.shown):
            track.shown = serial
        track.shown_at = self._clock()

    def failed(self, key: str, address: str, error: str, zone: str) -> None:
        """A message was refused for its signature; `zone` is what it asked for."""
        if len(self.failures) > 1_000:  # strangers with made-up keys must not fill our memory
            self.failures.clear()
        self.failures[key, address] = Failure(error, key, address, self._clock())


def _keep(times: dict[int, datetime], serial: int, at: datetime) -> None:
    times.setdefault(serial, at)
    while len(times) > _SERIALS:
        del times[next(iter(times))]


def _first(times: dict[int, datetime], serial: int) -> datetime | None:
    good = [at for have, at in times.items() if have == serial or serial_newer(have, serial)]
    return min(good, default=None)
