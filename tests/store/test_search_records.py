"""Records that a query finds: each once, newest first, and only what the viewer may see."""

from datetime import datetime, timedelta

from tests.store.findable import LIST, SENSOR, Said, T, names, node, put
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.model.observable import Observable
from zvon.model.query import parse
from zvon.store.search_records import RecordPage, records
from zvon.store.transaction import Pool
from zvon.store.visibility import read

DAY = timedelta(days=1)
POSTA = (T.DOMAIN, "posta-si.example", 1)
WORLD = (
    Said(title="prvi", values=[POSTA, (T.IPV4, "192.0.2.7", 5)], tags=["phishing"], age=20 * DAY),
    Said(title="drugi", values=[POSTA], source=SENSOR, kind="alert", tlp=Tlp.AMBER),
    Said(title="tretji brez vrednosti", kind="object", tags=["phishing"], text="Emotet"),
    Said(title="četrti", values=[(T.URL, "https://posta-si.example/i", 1)]),
    Said(title="peti", values=[POSTA], deleted=True),
)


async def page(
    pool: Pool, who: Viewer, now: datetime, text: str, limit: int = 50, after: str | None = None
) -> RecordPage:
    async with read(pool, who) as db:
        return await records(db, who, parse(text), now, limit=limit, after=after)


async def test_records_are_found_by_what_they_say_and_by_their_values(
    pool: Pool, now: datetime
) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *WORLD)
    for text, titles in (
        ("", ["četrti", "tretji brez vrednosti", "drugi", "prvi"]),
        ("posta-si.example", ["drugi", "prvi"]),
        ("*posta-si*", ["četrti", "drugi", "prvi"]),
        ("*posta-si* seen:7d", ["četrti", "drugi"]),
        ("192.0.2.0/24", ["prvi"]),
        ("tag:phishing", ["tretji brez vrednosti", "prvi"]),
        ("tag:phishing type:domain", ["prvi"]),
        ("text:emotet", ["tretji brez vrednosti"]),
        ("Emotet", ["tretji brez vrednosti"]),
        ("kind:alert", ["drugi"]),
        ("source:sensor* posta-si.example", ["drugi"]),
        ("-kind:alert -tag:phishing", ["četrti"]),
        ("seen:7d", ["četrti", "tretji brez vrednosti", "drugi"]),
        ("role:named", ["prvi"]),
        ("nothing.test", []),
    ):
        found = await page(pool, world.ana, now, text)
        assert [row.title for row in found.rows] == titles, text
        assert found.next is None


async def test_a_record_shows_what_it_is(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *WORLD, Said(title="veliki", values=names(9, "v.example")))
    (one,) = (await page(pool, world.ana, now, "kind:alert")).rows
    assert (one.kind, one.source, one.at, one.tlp) == ("alert", SENSOR, now, Tlp.AMBER)
    assert (one.observables, one.values, one.more) == (
        (Observable(T.DOMAIN, "posta-si.example"),), 1, False,
    )  # fmt: skip
    (big,) = (await page(pool, world.ana, now, "*v.example")).rows
    assert (len(big.observables), big.values, big.source) == (5, 9, LIST)


async def test_a_guest_sees_no_record_of_others_by_any_way(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *WORLD)
    for text in ("", "posta-si.example", "*posta*", "kind:alert", "text:drugi", "tlp:amber"):
        found = await page(pool, world.bine, now, text)
        assert "drugi" not in [row.title for row in found.rows]
    assert (await page(pool, world.bine, now, "kind:alert")).rows == ()


async def test_pages_give_each_record_once(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *[Said(title=f"{n}", values=[POSTA]) for n in range(25)])
    for text in ("posta-si.example", "kind:indicator", "*posta*", ""):
        seen: list[str] = []
        after = None
        for _ in range(10):
            part = await page(pool, world.ana, now, text, 7, after)
            seen += [row.title for row in part.rows]
            after = part.next
            if after is None:
                break
        assert seen == [f"{n}" for n in reversed(range(25))], text
