"""Many values at once: which of them are known here, from whom, since when, and what was decided."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from ipaddress import ip_network

from msgspec import Struct
from psycopg.errors import QueryCanceled

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.formats.pasted import Pasted, has_shape
from zvon.model.marking import Tlp
from zvon.model.observable import CODE, Observable, ObservableType
from zvon.model.query import EVERYTHING
from zvon.store.observable import ids
from zvon.store.party import Db
from zvon.store.search import Found, TooWide, begin, values_of
from zvon.store.search_condition import Asked, Names, Reading

AT_ONCE = 2_000
RECENT = 50  # reports of a value whose incidents are looked at
WORST = ("malicious", "suspicious", "undetermined", "benign")
Listed = Callable[[Sequence[Observable]], Sequence[Sequence[str]]]


class Known(Struct, frozen=True, kw_only=True):
    """What is known of a value that somebody gave; with `records` 0 nothing that the viewer may see.

    `observable` is how the text was read: as what is known here, else as what it most likely is;
    None where it can be nothing. `verdict` is the gravest of its `incidents`. `networks` are known
    ones around an address, `warning_lists` those that call it known to be good.
    """

    text: str
    observable: Observable | None
    records: int = 0
    more: bool = False
    sources: tuple[str, ...] = ()
    first_at: datetime | None = None
    last_at: datetime | None = None
    tlp: Tlp | None = None
    verdict: str | None = None
    incidents: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    warning_lists: tuple[str, ...] = ()


def distinct(given: Iterable[Pasted], most: int) -> list[Pasted]:
    """Each value once, in the order given. Raises `ValueError` past `most`."""
    seen: dict[tuple[Observable, ...] | str, Pasted] = {}
    for one in given:
        first = one.readings[:1]
        told = first and has_shape(first[0])
        seen.setdefault((first if told else one.readings) or one.text, one)
        if len(seen) > most:
            raise ValueError(f"at most {most} values are looked up at once")
    return list(seen.values())


async def lookup(
    db: Db, viewer: Viewer, given: Sequence[Pasted], now: datetime, *, listed: Listed | None = None
) -> list[Known]:
    """What is known of each of `given`, in order; at most `AT_ONCE` a call.

    `listed` names the warning lists that each value stands on. Raises `Denied`, `TooWide`.
    """
    viewer.require(Permission.SEARCH_READ)
    await begin(db)
    try:
        stored = await ids(db, sorted({value for one in given for value in one.readings}))
        around = await _around(db, [v for one in given for v in one.readings[:1]])
        wanted = {*stored.values(), *(n for nets in around.values() for n in nets)}
        asked = Asked(EVERYTHING, Names({}, {}, {}), Reading.WHOLE, now)
        found = {one.id: one for one, _ in await values_of(db, asked, sorted(wanted))}
        judged = await _judged(db, sorted(set(stored.values()) & set(found)))
    except QueryCanceled:
        raise TooWide from None
    chosen: list[tuple[Pasted, Observable | None, Found | None]] = []
    for one in given:
        known = [found[stored[v]] for v in one.readings if v in stored and stored[v] in found]
        best = max(known, key=lambda each: each.records) if known else None
        value = best.observable if best else one.readings[0] if one.readings else None
        chosen.append((one, value, best))
    lists = _lists(listed, [value for _, value, _ in chosen if value])
    return [
        _answer(
            one.text, value, best, judged,
            tuple(found[n].observable.value for n in around.get(value, ()) if n in found)
            if value else (),
            lists.get(value, ()) if value else (),
        )
        for one, value, best in chosen
    ]  # fmt: skip


def _lists(
    listed: Listed | None, values: Sequence[Observable]
) -> dict[Observable, tuple[str, ...]]:
    if listed is None:
        return {}
    return {
        value: tuple(found) for value, found in zip(values, listed(values), strict=True) if found
    }


def _answer(
    text: str, value: Observable | None, best: Found | None,
    judged: dict[int, list[tuple[str, str | None]]], nets: tuple[str, ...], lists: tuple[str, ...],
) -> Known:  # fmt: skip
    if best is None:
        return Known(text=text, observable=value, networks=nets, warning_lists=lists)
    incidents = judged.get(best.id, [])
    words = {word for _, word in incidents}
    return Known(
        text=text, observable=value, records=best.records, more=best.more, sources=best.sources,
        first_at=best.first_at, last_at=best.last_at, tlp=best.tlp, networks=nets,
        verdict=next((word for word in WORST if word in words), None), warning_lists=lists,
        incidents=tuple(dict.fromkeys(number for number, _ in incidents))[:5],
    )  # fmt: skip


async def _judged(db: Db, values: Sequence[int]) -> dict[int, list[tuple[str, str | None]]]:
    """Number and verdict of the incidents of the newest reports that name a value."""
    rows = await db.execute(
        """
        select x.id, i.number, i.verdict from unnest(%s::bigint[]) x(id)
        cross join lateral (
          select p.incident_id from occurrence c join report p on p.record_id = c.record_id
          where c.observable_id = x.id and c.role = 1 and p.incident_id is not null
          order by c.record_id desc limit %s) p
        join incident i on i.id = p.incident_id
        group by x.id, i.id, i.number, i.verdict order by x.id, i.id desc
        """,
        (list(values), RECENT),
    )
    found: dict[int, list[tuple[str, str | None]]] = {}
    for value, number, word in await rows.fetchall():
        found.setdefault(value, []).append((number, word))
    return found


async def _around(db: Db, values: Sequence[Observable]) -> dict[Observable, list[int]]:
    """Ids of the known networks around each address; found by their values, one for each length."""
    addresses = {v for v in values if v.type in {ObservableType.IPV4, ObservableType.IPV6}}
    if not addresses:
        return {}
    rows = await db.execute(
        "select distinct family(address), masklen(address) from search_value"
        " where type = %s and address is not null",
        (CODE[ObservableType.CIDR],),
    )
    lengths = [(int(family), int(length)) for family, length in await rows.fetchall()]
    nets: dict[Observable, list[Observable]] = {}
    for value in addresses:
        of = 4 if value.type is ObservableType.IPV4 else 6
        nets[value] = [
            Observable(
                ObservableType.CIDR, ip_network(f"{value.value}/{n}", strict=False).compressed
            )
            for family, n in lengths
            if family == of
        ]
    known = await ids(db, sorted({net for each in nets.values() for net in each}))
    return {value: [known[net] for net in each if net in known] for value, each in nets.items()}
