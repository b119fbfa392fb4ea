"""How much one look may cost; whoever serves the page decides nothing of it."""

from msgspec import Struct


class LimitHit(Exception):
    """A limit was reached; `reason` is its word: `size`, `ratio`, `headers`, `time`, `redirects`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds of one fetch. `body` counts bytes after decompression, `headers` those of an answer.

    `wait_s` bounds each wait (connect, read), `total_s` the whole chain, without the time that a
    request waits for its turn. `floor` is how much may come out before `ratio` counts.
    """

    redirects: int = 8
    wait_s: float = 10.0
    total_s: float = 20.0
    body: int = 2_000_000
    ratio: int = 100
    floor: int = 65_536
    headers: int = 65_536
    cookies: int = 50


PAGE = Limits()
