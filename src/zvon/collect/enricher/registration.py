"""When a name was registered, and by whom: the operator's RDAP service."""

from collections.abc import Sequence
from datetime import timedelta

from zvon.collect import rdap
from zvon.collect.enricher.enricher import Asking, Enricher, Facts, Unavailable
from zvon.collect.enricher.suffix import host_of
from zvon.model import suffix
from zvon.model.fact import Fact
from zvon.model.observable import Observable, ObservableType

TIMEOUT_S = 8.0


async def facts(asking: Asking, values: Sequence[Observable]) -> Facts:
    """`REGISTRATION` with day and registrar, `ABUSE` with the address for complaints."""
    base = asking.context.settings.rdap_url
    assert base is not None
    found: dict[Observable, list[Fact]] = {}
    async with rdap.client(TIMEOUT_S) as http:
        for value in values:
            name = suffix.registered(host_of(value))
            if name is None:
                continue
            try:
                known = await rdap.registration(http, base, name)
            except rdap.Silent as problem:
                raise Unavailable(str(problem)) from None
            except rdap.NoAnswer:
                found[value] = []
                continue
            day = known.registered_at.date().isoformat() if known.registered_at else ""
            said = [Fact("REGISTRATION", day, {"name": name, "registrar": known.registrar or ""})]
            found[value] = said + ([Fact("ABUSE", known.abuse)] if known.abuse else [])
    return found


ENRICHER = Enricher(
    name="rdap",
    types=frozenset({ObservableType.DOMAIN, ObservableType.REGISTERED, ObservableType.URL}),
    facts=facts,
    asks=True,
    keep=timedelta(days=1),
    ready=lambda context: context.settings.rdap_url is not None,
)
