"""The network of an address: AS, country and name, from what the operator supplied.

Order: a MaxMind-format database (`network_db`), the ranges in the reference folder, and a small
table of ours with well-known networks, which says that it is small.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import maxminddb

from zvon.collect.enricher.enricher import Asking, Enricher, Facts, Unavailable
from zvon.collect.reference.folder import reference
from zvon.formats.reference.network import Network, NetworkTable, compile_ranges
from zvon.model.fact import Fact
from zvon.model.observable import Observable, ObservableType


async def facts(asking: Asking, values: Sequence[Observable]) -> Facts:
    """`NETWORK`: `AS64500`, with name, country, and which table said it."""
    settings = asking.context.settings
    supplied = reference(settings.reference_folder).networks
    found: dict[Observable, list[Fact]] = {}
    for value in values:
        address = value.value.partition("/")[0]
        for table, look in (
            ("supplied", _mmdb(settings.network_db).of if settings.network_db else None),
            ("supplied", supplied.of if supplied else None),
            ("built-in", _built_in().of),
        ):
            network = look(address) if look else None
            if network is not None:
                found[value] = [_fact(network, table)]
                break
    return found


def _fact(network: Network, table: str) -> Fact:
    return Fact("NETWORK", f"AS{network.asn}" if network.asn else network.country,
                {"name": network.name, "country": network.country, "table": table})  # fmt: skip


class _Mmdb:
    """A database in MaxMind's format: of AS numbers, of countries, or both in one."""

    def __init__(self, path: Path) -> None:
        try:
            self._reader = maxminddb.open_database(path)
        except (OSError, maxminddb.InvalidDatabaseError) as problem:
            raise Unavailable(f"{path}: {problem}") from None

    def of(self, address: str) -> Network | None:
        """The network of an address, `None` when the database has none."""
        found: Any = self._reader.get(address)
        if not isinstance(found, dict):
            return None
        asn = found.get("autonomous_system_number") or found.get("asn") or 0
        if isinstance(asn, str):
            asn = (
                int(asn.upper().removeprefix("AS"))
                if asn.upper().removeprefix("AS").isdigit()
                else 0
            )
        name = found.get("autonomous_system_organization") or found.get("as_name") or ""
        country = found.get("country") or found.get("country_code") or ""
        if isinstance(country, dict):
            country = country.get("iso_code", "")
        return Network(int(asn), str(country)[:2].upper(), str(name)[:120])


@cache
def _mmdb(path: Path) -> _Mmdb:
    return _Mmdb(path)


@cache
def _built_in() -> NetworkTable:
    text = (files("zvon.collect.enricher") / "networks.tsv").read_text(encoding="utf-8")
    return NetworkTable(compile_ranges(text.splitlines()))


ENRICHER = Enricher(
    name="network",
    types=frozenset({ObservableType.IPV4, ObservableType.IPV6, ObservableType.CIDR}),
    facts=facts,
)
