"""Of a name: the part that somebody registered, and the suffix under which they did."""

from collections.abc import Sequence

from zvon.collect.enricher.enricher import Asking, Enricher, Facts
from zvon.model import suffix, url
from zvon.model.fact import Fact
from zvon.model.observable import Observable, ObservableType


async def facts(_asking: Asking, values: Sequence[Observable]) -> Facts:
    """`REGISTERED` and `SUFFIX` of the host (Public Suffix List, private section on)."""
    return {value: of_host(host) for value in values if (host := host_of(value))}


def of_host(host: str) -> list[Fact]:
    """What the Public Suffix List says of a name."""
    registered = suffix.registered(host)
    if registered is None:
        return []
    return [Fact("REGISTERED", registered), Fact("SUFFIX", registered.partition(".")[2])]


def host_of(value: Observable) -> str:
    """The name of the host in a value, empty when there is none or it is an address."""
    match value.type:
        case ObservableType.URL:
            try:
                parts = url.parse(value.value)
            except url.BadUrl:
                return ""
            return parts.host if parts.host_kind == "name" else ""
        case ObservableType.EMAIL:
            return value.value.rpartition("@")[2]
        case ObservableType.DOMAIN | ObservableType.REGISTERED:
            return value.value
    return ""


ENRICHER = Enricher(
    name="suffix",
    types=frozenset({ObservableType.URL, ObservableType.DOMAIN, ObservableType.REGISTERED,
                     ObservableType.EMAIL}),
    facts=facts,
)  # fmt: skip
