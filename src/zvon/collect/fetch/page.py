"""One look at a page without running it: the chain, the page, its icon and its own parts, hashed."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from posixpath import dirname
from urllib.parse import urljoin

from msgspec import Struct, structs

from zvon.collect.fetch.certificate import Certificate
from zvon.collect.fetch.client import Client, Fetched
from zvon.collect.fetch.limits import Limits
from zvon.formats.page import Reading, Resource, reading
from zvon.formats.page.facts import content_hash
from zvon.formats.page.favicon import mark
from zvon.formats.page.forms import elsewhere
from zvon.model.page import Capture, Hop, Outcome, PageFacts
from zvon.model.url import BadUrl, canonical, parse

IN_PLACE = 100_000
PARTS_S = 8.0
MOST_PARTS = 12
MOST_ARCHIVES = 6
MOST_RESOURCES = 64
LITTLE_TEXT = 500
PART = Limits(redirects=2, wait_s=4.0, total_s=6.0, body=1_000_000)

_PAGES = ("text/", "application/xhtml", "application/xml", "image/svg")
_FILES = (
    b"PK\x03\x04", b"%PDF", b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"\xd0\xcf\x11\xe0",
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"\xca\xfe\xba\xbe", b"dex\n",
)  # fmt: skip
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF")


class Seen(Struct, frozen=True, kw_only=True):
    """A look that is not stored yet, with the page's bytes where it was a page."""

    capture: Capture
    html: bytes = b""
    certificate: Certificate | None = None


async def look_at(
    client: Client,
    url: str,
    now: datetime,
    *,
    keep_token: bool = False,
    probe: bool = False,
    parts: bool = True,
) -> Seen:
    """Fetch `url` and read what comes; never raises for what the web does.

    `probe` also asks for archives that nobody named (`folder.zip`). `parts` fetches the favicon
    and the page's own scripts and styles, within `PARTS_S`.
    """
    found = await client.get(url, keep_token=keep_token)
    asked = _canonical(url)
    # A large page takes a second to read; other jobs go on meanwhile.
    big = len(found.body) > IN_PLACE
    loop = asyncio.get_running_loop()
    read = await loop.run_in_executor(_reader(), _read, found) if big else _read(found)
    facts = _joined(found, read)
    if parts and read is not None and found.status < 400:
        facts = await _with_parts(client, facts, read, probe=probe)
    capture = Capture(
        url=asked,
        stage=3,
        vantage=client.vantage,
        outcome=found.outcome,
        reason=found.reason,
        facts=facts,
        took_ms=found.took_ms,
        at=now,
    )
    html = found.body if read is not None else b""
    return Seen(capture=capture, html=html, certificate=found.certificate)


@cache
def _reader() -> ThreadPoolExecutor:
    """One thread: the tree of a page that was built to hurt takes a hundred megabytes."""
    return ThreadPoolExecutor(1, "page")


def _canonical(url: str) -> str:
    try:
        return canonical(url)
    except BadUrl:
        return url[:2000]


def is_page(found: Fetched) -> bool:
    """True for what a browser would show as a page; the server's word alone does not decide."""
    if not found.body or found.header("content-disposition").lower().startswith("attachment"):
        return False
    if found.body.startswith(_FILES):
        return False
    kind = found.media_type
    return not kind or kind.startswith(_PAGES) or found.body.lstrip()[:1] == b"<"


def _read(found: Fetched) -> Reading | None:
    return reading(found.body, found.url, charset=found.charset) if is_page(found) else None


def _joined(found: Fetched, read: Reading | None) -> PageFacts:
    """What the page says, with what the chain to it was."""
    facts = PageFacts(hops=(), status=0) if read is None else read.facts
    hops = found.hops
    if facts.onward and not facts.forms and len(facts.text) < LITTLE_TEXT:
        # Read in a script and not followed: stage 4, which runs scripts, will tell.
        hops = (*hops[:-1], structs.replace(hops[-1], via="script"), Hop(facts.onward, 0))
    kind = found.media_type
    if read is None and found.body.startswith(_FILES) and not found.body.startswith(_PICTURES):
        kind = kind if kind and not kind.startswith("text/") else "application/octet-stream"
    return structs.replace(
        facts,
        hops=hops,
        status=found.status,
        media_type=kind,
        certificate=found.certificate.names if found.certificate else (),
        warnings=tuple(dict.fromkeys((*found.warnings, *facts.warnings))),
    )


async def _with_parts(client: Client, facts: PageFacts, read: Reading, *, probe: bool) -> PageFacts:
    """Add the hashes of icon, scripts and styles, and the archives that are really there."""
    here = read.facts.hops[-1].url
    hashes = set(facts.resources)
    icon: list[int] = []
    archives: list[str] = []
    names = [*facts.kit_archives[:MOST_ARCHIVES], *(_guesses(here) if probe else ())]

    async def take_icon() -> None:
        found = await client.get(read.icon, limits=PART, referrer=here, follow_pages=False)
        if found.outcome is Outcome.SEEN and found.status == 200 and not is_page(found):
            icon.append(mark(found.body))

    async def take(url: str) -> None:
        found = await client.get(url, limits=PART, referrer=here, follow_pages=False)
        if found.outcome is Outcome.SEEN and found.status == 200 and found.body:
            hashes.add(content_hash(found.body))

    async def ask(path: str) -> None:
        found = await client.get(urljoin(here, path), method="HEAD", limits=PART,
                                 follow_pages=False)  # fmt: skip
        if found.status == 200 and not found.media_type.startswith("text/"):
            archives.append(path)

    asking = [take_icon()] if read.icon else []
    asking += [take(url) for url in own_parts(here, read.resources)]
    asking += [ask(path) for path in dict.fromkeys(names)]
    tasks = [asyncio.ensure_future(each) for each in asking]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=PARTS_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    return structs.replace(
        facts,
        favicon=icon[0] if icon else None,
        resources=tuple(sorted(hashes))[:MOST_RESOURCES],
        kit_archives=tuple(sorted(archives)),
    )


def own_parts(here: str, resources: Sequence[Resource]) -> list[str]:
    """The scripts and styles that the page's own domain serves; libraries of others tell nothing."""
    host = parse(here).host
    found = [each.url for each in resources
             if each.kind in {"script", "style"} and not elsewhere(parse(each.url), host)]  # fmt: skip
    return found[:MOST_PARTS]


def _guesses(here: str) -> list[str]:
    """`/a/b.zip` and `/a.zip` for `/a/b/index.php`: how kits are unpacked on a server."""
    path = dirname(parse(here).path)
    found: list[str] = []
    while len(path) > 1 and len(found) < 4:
        found.append(path + ".zip")
        path = dirname(path)
    return found
