"""A bucket that speaks S3: new and changed objects below a prefix, each once."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from zvon.collect.source.kind import Failed, Kind, Reading, file_name
from zvon.collect.source.server import allowed, web_address

if TYPE_CHECKING:
    from obstore.store import S3Store

AT_ONCE = 500
OVERLAP = timedelta(days=1)
"""An upload in parts is dated when it began, and shows when it ends."""


class S3(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bucket at an endpoint; the secret access key is the source's secret.

    Without `access_key` the bucket is read without a name.
    """

    endpoint: Annotated[str, Meta(min_length=8, max_length=1000)]
    bucket: Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._-]+$")]
    prefix: Annotated[str, Meta(max_length=1000)] = ""
    region: Annotated[str, Meta(max_length=100)] = "us-east-1"
    access_key: Annotated[str, Meta(max_length=200)] = ""

    def __post_init__(self) -> None:
        web_address(self.endpoint)


async def read(reading: Reading) -> bool:
    """Take objects in the order of their last change; what was taken is known by its ETag."""
    settings: S3 = reading.settings
    host, port = web_address(settings.endpoint)
    await allowed(reading.context.settings, host, port)
    store = _store(settings, reading.secret)
    try:
        found, more = await _new(reading, store, settings)
        for entry in found:
            await _take(reading, store, entry)
    except Failed:
        raise
    except Exception as problem:
        if not type(problem).__module__.startswith("obstore") and not isinstance(problem, OSError):
            raise
        raise Failed(f"{settings.bucket}: {_first_line(problem)}") from None
    if found:
        newest = max(entry["last_modified"] for entry in found)
        await reading.advance({"prefix": settings.prefix, "at": newest.isoformat()})
    return more


async def _new(
    reading: Reading, store: "S3Store", settings: S3
) -> tuple[list[dict[str, Any]], bool]:
    """At most `AT_ONCE` objects that were not taken, oldest first, and whether others wait."""
    at = reading.cursor
    since = None
    if at.get("prefix") == settings.prefix and "at" in at:
        since = datetime.fromisoformat(at["at"]) - OVERLAP
    fresh: list[dict[str, Any]] = []
    async for page in store.list(settings.prefix or None, chunk_size=1000):
        entries = [
            dict(entry)
            for entry in page
            if entry["size"] and (since is None or entry["last_modified"] >= since)
        ]
        known = await reading.known([_external(entry) for entry in entries])
        fresh += [entry for entry in entries if _external(entry) not in known]
        if len(fresh) > 20 * AT_ONCE:  # a first look at a large bucket: bounded, oldest first
            fresh = sorted(fresh, key=_age)[: 10 * AT_ONCE]
    fresh.sort(key=_age)
    return fresh[:AT_ONCE], len(fresh) > AT_ONCE


async def _take(reading: Reading, store: "S3Store", entry: dict[str, Any]) -> None:
    try:
        answer = await store.get_async(entry["path"])
    except FileNotFoundError:
        reading.skip(f"{entry['path']}: no longer there")
        return
    await reading.take(_pieces(answer), name=file_name(entry["path"]), external=_external(entry))


async def _pieces(answer: Any) -> AsyncIterator[bytes]:
    async for piece in answer.stream(min_chunk_size=1 << 20):
        yield bytes(piece)


def _age(entry: dict[str, Any]) -> tuple[datetime, str]:
    return entry["last_modified"], entry["path"]


def _external(entry: dict[str, Any]) -> str:
    mark = entry.get("e_tag") or f"{entry['last_modified'].isoformat()}-{entry['size']}"
    return f"{entry['path']}@{mark}"


def _store(settings: S3, secret: str) -> "S3Store":
    try:
        from obstore.store import S3Store  # noqa: PLC0415 -- an extra
    except ImportError:
        raise Failed("reading buckets needs the extra `streams` (obstore)") from None
    named: Any = {"access_key_id": settings.access_key, "secret_access_key": secret}
    return S3Store(
        settings.bucket, endpoint=settings.endpoint, region=settings.region,
        virtual_hosted_style_request=False, skip_signature=not settings.access_key,
        client_options={"allow_http": urlsplit(settings.endpoint).scheme == "http",
                        "connect_timeout": timedelta(seconds=10),
                        "timeout": timedelta(seconds=120)},
        retry_config={"max_retries": 1, "retry_timeout": timedelta(seconds=20)},
        **(named if settings.access_key else {}),
    )  # fmt: skip


def _first_line(problem: BaseException) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0][:300]


BUCKET = Kind(name="s3", how="pull", settings=S3, credential="optional", read=read, every_s=300)
