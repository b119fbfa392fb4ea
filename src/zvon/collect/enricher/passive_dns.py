"""Passive DNS of the operator's choice, in the common output format (draft-dulaunoy-dnsop-passive-dns-cof)."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct

from zvon.collect.enricher.enricher import Asking, Enricher, Facts, Unavailable
from zvon.model.fact import Fact
from zvon.model.observable import Observable, ObservableType

MAX_BYTES, MAX_ROWS, TIMEOUT_S = 1024 * 1024, 50, 8.0


class _Row(Struct):
    rrname: str
    rrtype: str
    rdata: str | list[str]
    time_first: int = 0
    time_last: int = 0
    count: int = 0


async def facts(asking: Asking, values: Sequence[Observable]) -> Facts:
    """`RESOLVED`: what a name had, or which names an address had, newest first."""
    settings = asking.context.settings
    base, secret = settings.passive_dns_url, settings.passive_dns_key
    assert base is not None
    headers = {"Accept": "application/x-ndjson", "User-Agent": "zvon"}
    if secret is not None:
        headers["X-API-Key"] = secret.get_secret_value()
    found: dict[Observable, list[Fact]] = {}
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, headers=headers) as http:
        for value in values:
            rows = sorted(
                await _rows(http, f"{base.rstrip('/')}/{quote(value.value, safe='')}"),
                key=lambda row: row.time_last, reverse=True,
            )  # fmt: skip
            found[value] = [fact for row in rows[:MAX_ROWS] for fact in _facts(row)]
    return found


async def _rows(http: httpx.AsyncClient, url: str) -> list[_Row]:
    body = b""
    try:
        async with http.stream("GET", url) as answer:
            if answer.status_code == httpx.codes.NOT_FOUND:
                return []
            if answer.status_code != httpx.codes.OK:
                raise Unavailable(f"passive DNS answered {answer.status_code}")
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > MAX_BYTES:
                    raise Unavailable(f"passive DNS answered more than {MAX_BYTES} bytes")
    except httpx.HTTPError as problem:
        raise Unavailable(f"passive DNS: {type(problem).__name__}") from None
    try:
        return msgspec.json.Decoder(_Row).decode_lines(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise Unavailable(f"passive DNS answered something else: {problem}") from None


def _facts(row: _Row) -> Iterator[Fact]:
    for data in [row.rdata] if isinstance(row.rdata, str) else row.rdata:
        yield Fact("RESOLVED", data[:300], {
            "name": row.rrname.rstrip(".")[:253], "type": row.rrtype[:10], "count": row.count,
            "first": _day(row.time_first), "last": _day(row.time_last),
        })  # fmt: skip


def _day(epoch: int) -> str:
    try:
        return datetime.fromtimestamp(epoch, UTC).date().isoformat() if epoch > 0 else ""
    except (ValueError, OverflowError, OSError):
        return ""


ENRICHER = Enricher(
    name="passive-dns",
    types=frozenset({ObservableType.DOMAIN, ObservableType.IPV4, ObservableType.IPV6}),
    facts=facts,
    asks=True,
    ready=lambda context: context.settings.passive_dns_url is not None,
)
