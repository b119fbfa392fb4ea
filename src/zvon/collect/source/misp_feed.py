"""A MISP feed: a manifest of events, and a file for each; changed events are read again.

`hashes.csv` is not used: it says what an event holds, and only the event can say that.
"""

import time
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from zvon.collect.ask import Asker, Gone
from zvon.collect.source.kind import Failed, Kind, Reading
from zvon.collect.source.server import Web, asking, identity

MOST_MANIFEST = 128 << 20
BUDGET_S = 40.0
ASKED_AT_ONCE = 1000


class MispFeed(Web, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is the folder of the feed, the one with `manifest.json` in it."""

    most_mb: Annotated[int, Meta(ge=1, le=1024)] = 256


async def read(reading: Reading) -> bool:
    """Take the events that are new or newer than what we have, oldest first."""
    feed: MispFeed = reading.settings
    until = time.monotonic() + BUDGET_S
    headers = identity(feed, reading.secret)
    async with asking(reading) as asker:
        events = _events(await _manifest(asker, feed, headers))
        if events is None:
            raise Failed(f"{feed.url}: manifest.json is no list of events by their identifiers")
        names = [f"{uuid}@{changed}" for changed, uuid in events]
        for start in range(0, len(names), ASKED_AT_ONCE):
            known = await reading.known(names[start : start + ASKED_AT_ONCE])
            for (_, uuid), name in zip(
                events[start : start + ASKED_AT_ONCE], names[start:], strict=False
            ):
                if name in known:
                    continue
                if time.monotonic() > until:
                    return True
                await _event(reading, asker, headers, uuid, name)
    return False


async def _manifest(asker: Asker, feed: MispFeed, headers: dict[str, str]) -> bytes:
    url = feed.url.rstrip("/") + "/manifest.json"
    async with asker.opened(url, most=MOST_MANIFEST, headers=headers) as (answer, pieces):
        if answer.status != 200:
            raise Failed(f"{url}: answered {answer.status}")
        return b"".join([piece async for piece in pieces])


def _events(manifest: bytes) -> list[tuple[int, str]] | None:
    """(time of change, identifier) of each event, oldest first; entries that are none are left."""
    try:
        said = msgspec.json.decode(manifest)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    found = []
    for key, entry in said.items():
        changed = entry.get("timestamp") if isinstance(entry, dict) else None
        try:
            found.append((int(str(changed)[:20]), str(UUID(key))))
        except ValueError:
            continue
    return sorted(found)


async def _event(
    reading: Reading, asker: Asker, headers: dict[str, str], uuid: str, name: str
) -> None:
    """Take one event; one that is not there is skipped, and the others still come."""
    feed: MispFeed = reading.settings
    url = f"{feed.url.rstrip('/')}/{uuid}.json"
    try:
        async with asker.opened(url, most=feed.most_mb << 20, headers=headers) as (answer, pieces):
            if answer.status != 200:
                reading.skip(f"{uuid}.json: answered {answer.status}")
                return
            await reading.take(
                pieces, name=f"{uuid}.json", media_type="application/json", external=name
            )
    except Gone as problem:
        reading.skip(str(problem))


MISP_FEED = Kind(name="misp-feed", how="pull", settings=MispFeed, credential="optional", read=read)
