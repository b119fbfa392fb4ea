"""The list of certificate transparency logs that browsers publish (log list schema version 3)."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

MAX_BYTES = 4 * 1024 * 1024
# A log in another state is not yet, or no longer, one whose certificates browsers accept.
LIVE = frozenset({"usable", "qualified", "readonly"})


class BadLogList(ValueError):
    """The text is no log list."""


class Log(Struct, frozen=True, kw_only=True):
    """One log: how it speaks, where it is read, whose it is, and its key (DER).

    `state` is the list's word; `ends_at` is when the last certificate of a yearly shard expires.
    """

    name: str
    kind: Literal["static-ct", "rfc6962"]
    url: str
    operator: str
    key: bytes
    state: str
    ends_at: datetime | None = None

    def live(self, now: datetime) -> bool:
        """True when new certificates may still appear in the log."""
        return self.state in LIVE and (self.ends_at is None or self.ends_at > now)


Instant = Annotated[datetime, Meta(tz=True)]


class _Interval(Struct):
    end_exclusive: Instant


class _Log(Struct):
    key: str
    description: str = ""
    log_id: str = ""
    url: str = ""
    monitoring_url: str = ""
    state: dict[str, object] = {}
    temporal_interval: _Interval | None = None


class _Operator(Struct):
    name: str
    logs: list[_Log] = []
    tiled_logs: list[_Log] = []


class _List(Struct):
    operators: list[_Operator]


def decode(data: bytes) -> list[Log]:
    """The logs of a list, in its order. Raises `BadLogList`."""
    if len(data) > MAX_BYTES:
        raise BadLogList(f"a log list has at most {MAX_BYTES} bytes")
    try:
        read = msgspec.json.decode(data, type=_List)
    except (msgspec.DecodeError, msgspec.ValidationError) as problem:
        raise BadLogList(f"this is no log list: {problem}") from None
    return [
        _log(each, operator.name, static=static)
        for operator in read.operators
        for static, logs in ((False, operator.logs), (True, operator.tiled_logs))
        for each in logs
    ]


def _log(each: _Log, operator: str, *, static: bool) -> Log:
    url = each.monitoring_url if static else each.url
    if not url.startswith(("https://", "http://")):
        raise BadLogList(f"the log {each.description!r} has no address")
    try:
        key = base64.b64decode(each.key, validate=True)
    except (binascii.Error, ValueError):
        raise BadLogList(f"the key of the log {each.description!r} is not Base64") from None
    return Log(
        name=each.description.strip("' ") or url,
        kind="static-ct" if static else "rfc6962",
        url=url.rstrip("/"),
        operator=operator,
        key=key,
        state=next(iter(each.state), "usable"),
        ends_at=each.temporal_interval.end_exclusive if each.temporal_interval else None,
    )
