"""The resolvers behind a secondary of ours: each with a key of its own, and only its own zones.

Our primary stays hidden and serves the secondaries; they serve thousands.
"""

import base64
import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from zvon.config import host_port
from zvon.model.zone import TOP, zone_name

ALGORITHM = "hmac-sha256"
_KEY_BYTES = 32
_SECRET = re.compile(r"[A-Za-z0-9+/]*={0,2}")


class BadClient(ValueError):
    """A line of the list of clients cannot be used; the message has its number."""


class Client(Struct, frozen=True, kw_only=True):
    """A resolver behind a secondary. `address` is host:port for NOTIFY; `feeds` what it takes."""

    name: str
    address: str
    feeds: tuple[str, ...]
    key: str
    algorithm: str
    secret: str


def entitled(clients: Iterable[Client], zone: str) -> Iterator[Client]:
    """Those who take a feed that the zone belongs to."""
    return (
        one for one in clients
        if any(zone == zone_name(kind, feed) for feed in one.feeds for kind in ("hot", "cold", "ip"))
    )  # fmt: skip


def read_clients(
    lines: Iterable[str], feeds: Sequence[str], random: Callable[[int], bytes]
) -> list[Client]:
    """Read `name,address,feeds[,secret]`; several feeds have spaces between.

    A client without a secret gets a new one. Raises `BadClient` for the first line that names no
    address, a feed that the secondary does not have, or a name that was there before.
    """
    made: dict[str, Client] = {}
    for number, row in enumerate(csv.reader(lines), start=1):
        if not row or row[0].lstrip().startswith("#"):
            continue
        try:
            name, address, wanted, *rest = (cell.strip() for cell in row)
            host, port = host_port(address if ":" in address else f"{address}:53")
        except ValueError:
            raise BadClient(f"line {number}: expected name,address,feeds") from None
        taken = tuple(wanted.split())
        if not taken or not set(taken) <= set(feeds):
            raise BadClient(f"line {number}: feeds are {', '.join(feeds)}, got {wanted!r}")
        if name in made or not name.replace("-", "").isalnum() or not name.isascii():
            raise BadClient(f"line {number}: {name!r} is no name, or was there before")
        if rest and not _SECRET.fullmatch(rest[0]):
            raise BadClient(f"line {number}: a secret is base64")
        secret = rest[0] if rest and rest[0] else base64.b64encode(random(_KEY_BYTES)).decode()
        made[name] = Client(
            name=name, address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            feeds=taken, key=f"{name}.fanout.{TOP}", algorithm=ALGORITHM, secret=secret,
        )  # fmt: skip
    return list(made.values())


def written(clients: Iterable[Client]) -> str:
    """The list with its secrets, to be kept and read again."""
    return "# name,address,feeds,secret\n" + "".join(
        f"{one.name},{one.address},{' '.join(one.feeds)},{one.secret}\n" for one in clients
    )
