"""One thing that is known of a value, as an enricher says it."""

from msgspec import Struct


class Fact(Struct, frozen=True):
    """A code (`NETWORK`, `LISTED`), what it says, and its parameters."""

    code: str
    value: str
    params: dict[str, str | int] = {}
