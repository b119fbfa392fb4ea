"""What an item becomes as a record: its identifier, its payload, its values; pure."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from zvon.model.item import Item, ItemKind, ValueRole
from zvon.model.marking import Pap, Tlp
from zvon.store.ingest import NAMED, REPORTER, SAID, Sighted

ROLE = {ValueRole.SAID: SAID, ValueRole.NAMED: NAMED, ValueRole.REPORTER: REPORTER}
SKEW = timedelta(minutes=5)  # a source's clock may be ahead by this much
# Before it nobody wrote what we read; a clock that says so was never set.
EPOCH = datetime(1990, 1, 1, tzinfo=UTC)
MAX_PAYLOAD = 16 * 1024 * 1024
MAX_DEPTH = 200
MAX_TAG = 255
RUN = 1_000  # lines of a log that share a record
# Known by what they say, wherever they stand; alerts and lines by where they stand.
_BY_PLACE = frozenset({ItemKind.ALERT, ItemKind.LOG})
_Values = dict[tuple[str, str, int], Sighted]
_TOO_MUCH = {"left_out": "the payload is too large or nested too deeply; the delivery has it"}


class Entry(Struct, frozen=True, kw_only=True, array_like=True, gc=False):
    """A record to be: one item, several that say the same, or a run of log lines.

    `body` is the payload as JSON. `container` is the record that it stands in. `at` is when it
    happened, where the source says so and its clock can be right.
    """

    uuid: UUID
    kind: str
    body: bytes
    at: datetime | None
    values: list[Sighted] = []
    container: UUID | None = None
    tags: tuple[str, ...] = ()
    links: tuple[tuple[str, UUID], ...] = ()
    tlp: Tlp | None = None
    pap: Pap | None = None
    deleted: bool = False


def uuid_of(source: UUID, within: bytes, item: Item) -> UUID:
    """The identifier of the record that `item` becomes (UUIDv5 over the source's).

    An item is known by the source's own identifier, else by what it says (its kind and values, or
    its payload when it has none); an alert by its place in the delivery `within` (its SHA-256).
    """
    if item.id is not None:
        return _uuid5(source, str(item.id))
    if item.kind in _BY_PLACE:
        return _uuid5(source, f"{within.hex()}:{item.position}")
    if item.values:
        said = sorted({f"{v.observable.type._value_}\0{v.observable.value}" for v in item.values})
        return _uuid5(source, f"{item.kind._value_}\0" + "\0".join(said))
    return _uuid5(
        source, f"{item.kind._value_}\0\0{hashlib.sha256(encoded(item.payload)).hexdigest()}"
    )


def entries_of(
    source: UUID, within: bytes, format: str, items: Sequence[Item], now: datetime
) -> list[Entry]:
    """The records that a batch of items makes, each once, in the order of their first item.

    What says the same is one record: the last payload counts. Each `RUN` lines of a log share one.
    """
    found: dict[UUID, Entry] = {}
    said: dict[UUID, _Values] = {}
    lines: list[Item] = []
    containers: dict[UUID, UUID] = {}  # many items stand in few
    for item in items:
        if item.kind is ItemKind.LOG:
            lines.append(item)
            continue
        container = item.container
        if container is not None and container not in containers:
            containers[container] = _uuid5(source, str(container))
        uuid, at = uuid_of(source, within, item), _sane(item.at, now)
        values = said.setdefault(uuid, {})
        _add(values, item, at, now)
        found[uuid] = Entry(
            uuid=uuid, kind=item.kind._value_, body=_body(format, item), at=at,
            values=list(values.values()),
            container=None if container is None else containers[container],
            tags=item.tags,
            links=tuple((storable(k)[:MAX_TAG], _uuid5(source, str(to))) for k, to in item.links),
            tlp=item.tlp, pap=item.pap, deleted=item.deleted,
        )  # fmt: skip
    runs = (lines[start : start + RUN] for start in range(0, len(lines), RUN))
    return [*found.values(), *(_run(source, within, format, run, now) for run in runs)]


def encoded(payload: Any) -> bytes:
    """A payload as JSON that the database can hold: no NUL, no half characters, bounded depth."""
    try:
        body = msgspec.json.encode(payload)
    except (UnicodeEncodeError, RecursionError, OverflowError, TypeError, ValueError):
        body = msgspec.json.encode(_storable(payload, 0))
    else:
        if b"\\u0000" in body:
            body = msgspec.json.encode(_storable(msgspec.json.decode(body), 0))
        elif body.count(b"[") + body.count(b"{") > MAX_DEPTH:
            body = body if _shallow(body) else msgspec.json.encode(_storable(payload, 0))
    return body if len(body) <= MAX_PAYLOAD else msgspec.json.encode(_TOO_MUCH)


def storable(text: str) -> str:
    """The text without what the database cannot hold."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _storable(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        return "…"
    match value:
        case str():
            return storable(value)
        case dict():
            return {storable(str(k)): _storable(v, depth + 1) for k, v in value.items()}
        case list() | tuple():
            return [_storable(each, depth + 1) for each in value]
        case bool() | None | float():
            return value
        case int():
            return value if -(1 << 63) <= value < 1 << 64 else str(value)[:5000]
        case bytes():
            return storable(value.decode("utf-8", "replace"))
        case _:
            return storable(str(value))


def _shallow(body: bytes) -> bool:
    depth = most = 0
    for byte in body.translate(None, _NOT_BRACKETS):
        depth += 1 if byte in b"[{" else -1
        most = max(most, depth)
    return most <= MAX_DEPTH


_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _body(format: str, item: Item) -> bytes:
    said = encoded(item.payload)
    head: dict[str, Any] = {"format": format, "position": item.position}
    if item.title:
        head["title"] = item.title
    if item.text:
        head["text"] = item.text
    return encoded(head)[:-1] + b',"said":' + said + b"}"


def _run(source: UUID, within: bytes, format: str, lines: Sequence[Item], now: datetime) -> Entry:
    values: _Values = {}
    times = sorted(at for line in lines if (at := _sane(line.at, now)) is not None)
    for line in lines:
        _add(values, line, _sane(line.at, now), now)
    body = {
        "format": format,
        "n": len(lines),
        "first": times[0] if times else None,
        "last": times[-1] if times else None,
        "from": storable(lines[0].position),
        "to": storable(lines[-1].position),
    }
    return Entry(
        # Of another form than an alert's, which may come from the very same place.
        uuid=_uuid5(source, f"{within.hex()}\0{lines[0].position}"),
        kind=ItemKind.LOG.value,
        body=msgspec.json.encode(body),
        at=times[-1] if times else None,
        values=list(values.values()),
        tags=tuple(dict.fromkeys(tag for line in lines for tag in line.tags)),
        tlp=max((line.tlp for line in lines if line.tlp is not None), default=None),
        pap=max((line.pap for line in lines if line.pap is not None), default=None),
    )


def _add(values: _Values, item: Item, at: datetime | None, now: datetime) -> None:
    for value in item.values:
        seen = at if value.at is None else _sane(value.at, now)
        role, observable = ROLE[value.role], value.observable
        key = (observable.type._value_, observable.value, role)
        before = values.get(key)
        if before is None or (seen is not None and before.seen_at < seen):
            values[key] = Sighted(observable, role, seen or now)


def _sane(at: datetime | None, now: datetime) -> datetime | None:
    """A time that a clock can have said rightly; one a little ahead is now."""
    if at is None:
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if not EPOCH <= at <= now + SKEW:
        return None
    return min(at, now)


def tags_of(entries: Iterable[Entry]) -> dict[UUID, list[str]]:
    """The tags of each record that has any, as they can be stored."""
    return {
        each.uuid: names
        for each in entries
        if each.tags
        and (
            names := [
                n for tag in dict.fromkeys(each.tags) if (n := storable(tag)[:MAX_TAG].strip())
            ]
        )
    }


def _uuid5(namespace: UUID, name: str) -> UUID:
    """UUIDv5 (RFC 9562 section 5.5); the standard library's takes twice as long."""
    digest = hashlib.sha1(
        namespace.bytes + name.encode("utf-8", "surrogatepass"), usedforsecurity=False
    ).digest()
    return UUID(bytes=digest[:16], version=5)
