"""A file at an address: fetched again only when the server says that it changed (RFC 9110, 13)."""

from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from zvon.collect.source.kind import Failed, Kind, Reading, file_name
from zvon.collect.source.server import MOST_MB, Web, asking, identity

HAD = ("etag", "last-modified")
_CONDITION = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


class Http(Web, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address, and what is asked for there. `accept` is a media type; empty: anything."""

    accept: Annotated[str, Meta(max_length=200)] = ""
    most_mb: Annotated[int, Meta(ge=1, le=MOST_MB)] = MOST_MB


async def read(reading: Reading) -> bool:
    """Take the file unless it is what we had."""
    web: Http = reading.settings
    headers = identity(web, reading.secret)
    if web.accept:
        headers["Accept"] = web.accept
    known = reading.cursor
    if known.get("url") == web.url:  # what another address said of itself means nothing here
        headers |= {_CONDITION[key]: known[key] for key in HAD if key in known}
    async with (
        asking(reading) as asker,
        asker.opened(web.url, most=web.most_mb << 20, headers=headers) as (answer, pieces),
    ):
        if answer.status == 304:
            return False
        if answer.status != 200:
            raise Failed(f"{web.url}: answered {answer.status}")
        had = {key: answer.headers[key][:500] for key in HAD if key in answer.headers}
        await reading.take(
            pieces,
            name=file_name(urlsplit(web.url).path),
            media_type=answer.headers.get("content-type", ""),
            cursor={"url": web.url, **had},
        )
    return False


HTTP = Kind(name="http", how="pull", settings=Http, credential="optional", read=read)
