"""Collections of a TAXII server (TAXII 2.1, section 5.4), page by page, from where we stopped."""

import hashlib
import time
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta, Struct

from zvon.collect.ask import Answer, Asker
from zvon.collect.source.kind import Failed, Kind, Reading
from zvon.collect.source.server import Web, asking, identity

BUDGET_S = 40.0
MOST_PAGE = 256 << 20
MOST_LIST = 16 << 20
ACCEPT = {
    "2.1": "application/taxii+json;version=2.1",
    "2.0": "application/vnd.oasis.stix+json; version=2.0",
}
LISTED = {"2.1": ACCEPT["2.1"], "2.0": "application/vnd.oasis.taxii+json; version=2.0"}
LAST = "x-taxii-date-added-last"


class Taxii(Web, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is an API root; without `collection` every one that we may read is read.

    `since` (RFC 3339) is where a first reading begins; empty: with the oldest.
    """

    collection: Annotated[str, Meta(max_length=200)] = ""
    version: Literal["2.1", "2.0"] = "2.1"
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 500
    since: Annotated[str, Meta(max_length=40, pattern=r"^([0-9TZtz:.+-]*)$")] = ""


class _Page(Struct):
    """What of a page says whether there is another one."""

    more: bool = False
    next: str | int | None = None
    objects: list[msgspec.Raw] = []


class _Listed(Struct):
    id: str
    can_read: bool = True
    media_types: list[str] = []


class _Collections(Struct):
    collections: list[_Listed] = []


async def read(reading: Reading) -> bool:
    """Take the pages that are new, of one collection after the other."""
    taxii: Taxii = reading.settings
    until = time.monotonic() + BUDGET_S
    async with asking(reading) as asker:
        named = [taxii.collection] if taxii.collection else await _collections(reading, asker)
        for collection in named:
            given: set[str] = set()
            while await _page(reading, asker, collection, given):
                if time.monotonic() > until:
                    return True
    return False


async def _collections(reading: Reading, asker: Asker) -> list[str]:
    taxii: Taxii = reading.settings
    url = f"{taxii.url.rstrip('/')}/collections/"
    headers = {"Accept": LISTED[taxii.version], **identity(taxii, reading.secret)}
    async with asker.opened(url, most=MOST_LIST, headers=headers) as (answer, pieces):
        _right(url, answer)
        body = b"".join([piece async for piece in pieces])
    try:
        listed = msgspec.json.decode(body, type=_Collections)
    except (msgspec.DecodeError, RecursionError):
        raise Failed(f"{url}: no list of collections") from None
    return [each.id for each in listed.collections if each.can_read]


async def _page(reading: Reading, asker: Asker, collection: str, given: set[str]) -> bool:
    """Take the next page of a collection; true when there is one behind it.

    `given` are the values of `next` that this reading was given before: a server that gives one
    twice would be asked for ever. `added_after` only begins a series; its other pages are asked for with `next`, because several
    objects may have been added in one moment. In TAXII 2.0 pages are ranges of items.
    """
    taxii: Taxii = reading.settings
    places: dict[str, Any] = reading.cursor.get("collections", {})
    at = places.get(collection, {})
    url, headers = _request(taxii, reading.secret, collection, at)
    async with asker.opened(url, most=MOST_PAGE, headers=headers) as (answer, pieces):
        _right(url, answer)
        body = b"".join([piece async for piece in pieces])
    try:
        page = msgspec.json.decode(body, type=_Page) if body.strip() else _Page()
    except (msgspec.DecodeError, RecursionError):
        raise Failed(f"{url}: the answer is no page of objects") from None
    onward = str(page.next)[:2000] if page.more and page.next is not None else None
    stuck = onward is not None and (onward in given or onward == at.get("next"))
    given.update([onward] if onward is not None else [])
    to = _after(taxii, at, page, answer, None if stuck else onward)
    cursor = {"collections": {**places, collection: to}}
    if page.objects:
        await reading.take(
            body, name=f"{collection}-{hashlib.sha256(body).hexdigest()[:12]}.json",
            media_type=answer.headers.get("content-type", ""), cursor=cursor,
        )  # fmt: skip
    else:
        await reading.advance(cursor)
    if stuck:
        reading.skip(f"{collection}: the server gave one `next` twice; the rest waits")
    return "next" in to or "start" in to


def _request(
    taxii: Taxii, secret: str, collection: str, at: dict[str, Any]
) -> tuple[str, dict[str, str]]:
    headers = {"Accept": ACCEPT[taxii.version], **identity(taxii, secret)}
    asked: dict[str, str] = {}
    since = at.get("added_after") or taxii.since
    if since:
        asked["added_after"] = since
    if taxii.version == "2.1":
        asked["limit"] = str(taxii.limit)
        if "next" in at:
            asked["next"] = at["next"]
    else:
        start = int(at.get("start", 0))
        headers["Range"] = f"items {start}-{start + taxii.limit - 1}"
    root = f"{taxii.url.rstrip('/')}/collections/{quote(collection, safe='')}/objects/"
    return f"{root}?{urlencode(asked)}" if asked else root, headers


def _after(
    taxii: Taxii, at: dict[str, Any], page: _Page, answer: Answer, onward: str | None
) -> dict[str, Any]:
    """Where the collection is read to after this page; `onward` is the `next` to ask for."""
    begun = at.get("added_after")
    last = answer.headers.get(LAST, "")[:40] or at.get("last")
    if taxii.version == "2.1":
        if onward is not None:
            return _without_none({"added_after": begun, "next": onward, "last": last})
        return _without_none({"added_after": last or begun})
    start = int(at.get("start", 0)) + len(page.objects)
    total = answer.headers.get("content-range", "").rpartition("/")[2]
    if page.objects and total.isdecimal() and start < int(total[:12]):
        return _without_none({"added_after": begun, "start": start, "last": last})
    return _without_none({"added_after": last or begun})


def _without_none(place: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in place.items() if value is not None}


def _right(url: str, answer: Answer) -> None:
    if answer.status not in {200, 206}:
        hint = ": is the name or key right?" if answer.status in {401, 403} else ""
        raise Failed(f"{url}: answered {answer.status}{hint}")


TAXII = Kind(
    name="taxii", how="pull", settings=Taxii, credential="optional", read=read, every_s=900
)
