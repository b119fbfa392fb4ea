"""Lists of a feed for those who take no policy zone, their manifest, and keys that fetch them."""

import base64
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, BinaryIO
from uuid import UUID

import anyio.to_thread
from litestar import Response, Router, get, post
from litestar.params import Parameter
from litestar.response import Stream
from msgspec import Meta, Struct

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.dns import listing
from zvon.dns.listing import Listed
from zvon.formats import list_manifest
from zvon.formats.blocklist import FORMATS, takes
from zvon.formats.list_manifest import ListHash, Manifest
from zvon.jobs import Context
from zvon.store import export, list_account, usage
from zvon.store.transaction import transaction
from zvon.store.visibility import read, viewer_setting
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.problem import SIGNED, BadInput, problems

PIECE = 256 * 1024
TRIES = 3
FormatName = Annotated[str, Parameter(max_length=40)]
FeedName = Annotated[str, Parameter(max_length=63)]


class NewKey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key for the lists of one subscriber."""

    name: Annotated[str, Meta(min_length=1, max_length=80)] = "lists"
    days: Annotated[int, Meta(ge=1, le=1100)] = 365


class KeyMade(Struct, frozen=True, kw_only=True):
    """The key, shown this once, and where it opens a list.

    `public_key` (base64) is what `zvon dns pull --verify` needs to know our manifests by.
    `token_urls` are for appliances that cannot send a header: whoever has one can read the list.
    """

    key: str
    public_key: str
    urls: dict[str, str]
    token_urls: dict[str, str]


class UnknownFormat(LookupError):
    """No list is written in this format."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no format {name!r}; one of {', '.join(FORMATS)}")


class ListMoves(RuntimeError):
    """Each edition was replaced before it could be read; ask again."""

    def __init__(self) -> None:
        super().__init__("the list changed while it was read; ask again")


@get(
    "/feeds/{feed:str}/export/{format:str}", opt={"permission": Permission.EXPORT_READ},
    responses=problems(*SIGNED, 404, 410, 422),
)  # fmt: skip
async def get_list(
    context: In,
    who: Who,
    request: AnyRequest,
    feed: FeedName,
    format: FormatName,
    since: Annotated[int | None, Parameter(ge=0, le=(1 << 62))] = None,
    token: Annotated[str | None, Parameter(max_length=200)] = None,
) -> Response[bytes | None] | Stream:
    """The list of a feed in one format; `If-None-Match` costs one short query (304).

    `since` asks for the difference after that change (`X-Zvon-Change` of an earlier answer) in
    `json`, `csv` or `txt`; 410 when it is not known any more. An API key goes into the header
    `Authorization` as `Bearer` or as the password of `Basic`; one that can only read lists may
    stand in `token`.
    """
    if format not in FORMATS:
        raise UnknownFormat(format)
    async with read(context.pool, who) as db:
        subscriber = await export.permitted(db, who, feed)
    if since is not None:
        return await _difference(context, who, feed, format, since)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    asked = _tags(request.headers.get("if-none-match", ""))
    for _ in range(TRIES):
        async with read(context.pool, who) as db:
            state = await export.state(db, feed)
        found = await listing.listed(context, state, format)
        headers = _headers(found, packed=packed)
        if asked & {_tag(found, packed=True), _tag(found, packed=False), "*"}:
            return Response(None, status_code=304, headers=headers)
        try:
            file = await anyio.to_thread.run_sync(
                _opened, found.path(listing.folder_of(context, feed), packed=packed)
            )
        except FileNotFoundError:  # a newer edition took its place in this moment
            continue
        await _count(context, subscriber, found.packed_size if packed else found.size)
        return Stream(_read(file), headers=headers, media_type=FORMATS[format].media_type)
    raise ListMoves


@get(
    "/feeds/{feed:str}/manifest", opt={"permission": Permission.EXPORT_READ},
    responses=problems(*SIGNED, 404, 422), media_type="text/plain",
)  # fmt: skip
async def get_manifest(
    context: In,
    who: Who,
    feed: FeedName,
    format: Annotated[list[str] | None, Parameter(max_items=len(FORMATS))] = None,
    token: Annotated[str | None, Parameter(max_length=200)] = None,
) -> Response[bytes]:
    """Hash and size of the lists of a feed, signed by this node.

    `format` names lists to have in it; without it those that are in use. A list is as it was at
    `time`; one fetched later may be newer, then the manifest is, too.
    """
    for name in format or ():
        if name not in FORMATS:
            raise UnknownFormat(name)
    async with read(context.pool, who) as db:
        await export.permitted(db, who, feed)
        state = await export.state(db, feed)
    chosen = list(dict.fromkeys(format or listing.known_formats(context, feed)))
    if not chosen:
        raise BadInput("format: nobody has asked for a list of this feed yet; name one")
    lists = [await listing.listed(context, state, name) for name in chosen]
    manifest = Manifest(
        feed=feed, node=context.node.uuid, seq=max(one.seq for one in lists), at=context.clock(),
        lists=tuple(ListHash(one.format, one.sha256, one.size) for one in lists),
    )  # fmt: skip
    body = list_manifest.write(manifest, context.node.signing)
    return Response(body, media_type="text/plain; charset=utf-8")


@post(
    "/subscribers/{id:uuid}/list-keys", opt={"permission": Permission.SUBSCRIBER_MANAGE},
    responses=problems(*SIGNED, 404, 422),
)  # fmt: skip
async def new_key(context: In, who: Who, id: UUID, data: NewKey) -> KeyMade:
    """A key with which this subscriber fetches the lists of its feeds, and nothing else."""
    now = context.clock()
    async with transaction(context.pool, now, viewer=viewer_setting(who)) as tx:
        key = await list_account.new_key(
            tx, who, id, data.name, now + timedelta(days=data.days), now, context.random
        )
        feeds = await export.feeds_of(tx.db, id)
    base = f"{context.settings.console_url.rstrip('/')}/api/v1/feeds"
    urls = {feed: f"{base}/{feed}/export/" for feed in feeds}
    return KeyMade(
        key=key,
        public_key=base64.b64encode(context.node.signing_public).decode(),
        urls={feed: url + "FORMAT" for feed, url in urls.items()},
        token_urls={feed: f"{url}FORMAT?token={key}" for feed, url in urls.items()},
    )


async def _difference(
    context: Context, who: Viewer, feed: str, name: str, since: int
) -> Response[bytes | None] | Stream:
    chosen = FORMATS[name]
    if chosen.difference is None:
        able = ", ".join(n for n, f in FORMATS.items() if f.difference)
        raise BadInput(f"since: this format has no differences; take {able}, or the whole list")
    async with read(context.pool, who) as db:
        state = await export.state(db, feed)
        found = await export.names(db, feed, since=since)
    pieces = chosen.difference(
        (entry for entry in found.added if takes(chosen, entry)),
        (value for kind, value in found.removed if kind in chosen.kinds),
        listing.about(context, state),
    )
    return Stream(_each(pieces), headers={"X-Zvon-Change": str(found.seq)},
                  media_type=chosen.media_type)  # fmt: skip


def _tag(found: Listed, *, packed: bool) -> str:
    """A strong tag (RFC 9110, 8.8.3): the content's hash; packed it is another representation."""
    return f'"{found.sha256[:32]}{"-gzip" if packed else ""}"'


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _headers(found: Listed, *, packed: bool) -> dict[str, str]:
    headers = {
        "ETag": _tag(found, packed=packed),
        "Last-Modified": format_datetime(found.at.astimezone(UTC), usegmt=True),
        "X-Zvon-Change": str(found.seq),
        "X-Checksum-Sha256": found.sha256,
        "Vary": "Accept-Encoding, Authorization",
        "Cache-Control": "private, no-cache",
    }
    return headers | {"Content-Encoding": "gzip"} if packed else headers


def _opened(path: Path) -> BinaryIO:
    return path.open("rb")


async def _read(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await anyio.to_thread.run_sync(file.read, PIECE):
            yield piece


async def _each(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _count(context: Context, subscriber: int | None, octets: int) -> None:
    if subscriber is None:
        return
    now = context.clock()
    async with transaction(context.pool, now) as tx:
        await usage.add(tx, [usage.Usage(subscriber_id=subscriber, day=now.astimezone(UTC).date(),
                                         exports=1, octets=octets)])  # fmt: skip


router = Router("/", route_handlers=[get_list, get_manifest, new_key], tags=["lists"])
