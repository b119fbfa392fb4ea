"""Objects of a bucket come once each, and again when they change."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest

from tests.collect.site import Site, page, site
from tests.collect.source.sources import desk
from zvon.store.transaction import Pool

pytest.importorskip("obstore")


class Bucket(dict[str, tuple[bytes, datetime]]):
    """As much of S3 as a reader needs: ListObjectsV2, and GET of an object."""

    async def answer(self, head: str, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(head.split(" ")[1])
        key = unquote(parts.path.removeprefix("/logs").lstrip("/"))
        if key:
            body, at = self[key]
            stamp = at.strftime("%a, %d %b %Y %H:%M:%S GMT")
            writer.write(page(body, f"Last-Modified: {stamp}", f'ETag: "{hash(body)}"'))
        else:
            prefix = parse_qs(parts.query).get("prefix", [""])[0]
            entries = "".join(
                f'<Contents><Key>{escape(k)}</Key><Size>{len(b)}</Size><ETag>"{hash(b)}"</ETag>'
                f"<LastModified>{at.strftime('%Y-%m-%dT%H:%M:%S.000Z')}</LastModified></Contents>"
                for k, (b, at) in sorted(self.items()) if k.startswith(prefix)
            )  # fmt: skip
            writer.write(page(
                '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult '
                'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>logs</Name>'
                f"<IsTruncated>false</IsTruncated>{entries}</ListBucketResult>",
                "Content-Type: application/xml",
            ))  # fmt: skip
        await writer.drain()


class Served(dict[str, object]):
    """Every path is the bucket's."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def get(self, _path: object, _default: object = None) -> object:
        return self._bucket.answer


def settings(server: Site) -> dict[str, str]:
    return {"endpoint": server.url(""), "bucket": "logs", "prefix": "in/", "access_key": "zvon"}


async def test_objects_below_the_prefix_come_once_and_again_when_they_change(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    bucket = Bucket()
    bucket["in/b.json"] = b'{"n":1}', now - timedelta(hours=2)
    bucket["in/a.json"] = b'{"n":2}', now - timedelta(hours=1)
    bucket["elsewhere.json"] = b"{}", now
    async with site(Served(bucket)) as server:  # type: ignore[arg-type]
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        source = await node.add("s3", settings(server), secret="secretkey")
        await node.read(source)
        again = await node.read(source)
        assert await node.bodies(source) == [b'{"n":1}', b'{"n":2}']
        assert again.problem == ""
        bucket["in/b.json"] = b'{"n":3}', now
        bucket["in/late.json"] = b'{"n":4}', now - timedelta(hours=3)  # an upload in parts
        await node.read(source)
        assert sorted(await node.bodies(source)) == [b'{"n":%d}' % n for n in (1, 2, 3, 4)]
    assert any("AWS4-HMAC-SHA256" in head for head in server.asked)
    assert all("secretkey" not in head for head in server.asked)


async def test_a_bucket_that_refuses_fails_in_one_line(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with site({"/logs": page("<Error/>", status="403 Forbidden")}) as server:
        node = await desk(pool, now, tmp_path, f"127.0.0.1:{server.port}")
        source = await node.add("s3", settings(server), secret="secretkey")
        after = await node.read(source)
    assert after.failures == 1
    assert "\n" not in after.problem
    assert "secretkey" not in after.problem


async def test_a_bucket_inside_the_network_that_nobody_named_is_not_asked(
    pool: Pool, now: datetime, tmp_path: Path
) -> None:
    async with site({}) as server:
        node = await desk(pool, now, tmp_path)
        source = await node.add("s3", settings(server), secret="secretkey")
        assert "ZVON_SOURCE_HOSTS" in (await node.read(source)).problem
    assert server.asked == []
