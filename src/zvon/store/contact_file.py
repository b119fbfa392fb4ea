"""Contacts from a table: CSV with a header, read whole or not at all."""

import csv
from collections.abc import Iterator
from datetime import datetime

from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.store import contact_change
from zvon.store.contact_change import BadContact, ContactTaken, NewContact, Random
from zvon.store.transaction import Tx

MOST_ROWS = 20_000
COLUMNS = ("name", "address", "kind", "lang", "country", "sector", "channel", "every_s", "tlp",
           "networks", "domains")  # fmt: skip


def rows(text: str) -> Iterator[NewContact]:
    """One contact a row; networks and domains are separated by blanks or semicolons.

    Raises `BadContact` with the line.
    """
    reader = csv.DictReader(text.splitlines())
    given = [name.strip().lower() for name in reader.fieldnames or ()]
    if not {"name", "address"} <= set(given) or not set(given) <= set(COLUMNS):
        raise BadContact(f"line 1: columns are {', '.join(COLUMNS)}; name and address are needed")
    reader.fieldnames = given
    for line, row in enumerate(reader, start=2):
        if line > MOST_ROWS + 1:
            raise BadContact(f"line {line}: a file has at most {MOST_ROWS} contacts")
        if None in row or any(value is None for value in row.values()):
            raise BadContact(f"line {line}: another number of columns than in line 1")
        try:
            yield contact_change.checked(_contact(row))
        except BadContact as problem:
            raise BadContact(f"line {line}: {problem}") from None


async def add_all(tx: Tx, viewer: Viewer, text: str, now: datetime, random: Random) -> int:
    """Add all contacts of a table; how many. Raises `Denied`, `BadContact`, `ContactTaken`."""
    count = 0
    for line, new in enumerate(rows(text), start=2):
        try:
            await contact_change.add(tx, viewer, new, now, random)
        except ContactTaken as problem:
            raise ContactTaken(f"line {line}: {problem}") from None
        count += 1
    return count


def _contact(row: dict[str, str]) -> NewContact:
    said = {name: value.strip() for name, value in row.items()}
    tlp = said.get("tlp") or "GREEN"
    word = tlp.upper().removeprefix("TLP:").replace("+", "_")
    if word not in Tlp.__members__:
        raise BadContact("tlp: CLEAR, GREEN, AMBER or AMBER+STRICT")
    every = said.get("every_s") or "86400"
    if not every.isascii() or not every.isdigit():
        raise BadContact("every_s: a number of seconds")
    return NewContact(
        name=said["name"], address=said["address"], kind=said.get("kind") or "constituent",
        lang=said.get("lang") or "en", country=said.get("country") or None,
        sector=said.get("sector", ""), channel=said.get("channel") or "mail",
        every_s=int(every[:9]), tlp=int(Tlp[word]), networks=_list(said.get("networks", "")),
        domains=_list(said.get("domains", "")), source="file",
    )  # fmt: skip


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.replace(";", " ").split())
