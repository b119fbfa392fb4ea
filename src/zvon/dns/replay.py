"""Requests that are sent a second time by somebody else.

A signature stays good for minutes (RFC 8945, 10.3), so whoever recorded a request could fetch with
it what has been published since. Each digest is taken once over TCP, and from one address.
"""

from zvon.dns.tsig import FUDGE_S

# From the earliest moment at which a request is taken to the latest.
WINDOW_S = 2 * FUDGE_S
MOST = 50_000


class Replays:
    """The digests of valid requests that could still be replayed."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[float, str, bool]] = {}

    def fresh(self, mac: bytes, address: str, now: float, *, stream: bool) -> bool:
        """False when the request is a replay.

        A client may repeat a datagram, and ask again over TCP what it asked over UDP.
        """
        known = self._seen.get(mac)
        if known is None:
            self._forget(now)
            self._seen[mac] = (now, address, stream)
            return True
        at, first, taken = known
        if address != first or (stream and taken):
            return False
        self._seen[mac] = (at, first, taken or stream)
        return True

    def _forget(self, now: float) -> None:
        while self._seen:
            oldest = next(iter(self._seen))
            if len(self._seen) < MOST and self._seen[oldest][0] + WINDOW_S >= now:
                return
            del self._seen[oldest]
