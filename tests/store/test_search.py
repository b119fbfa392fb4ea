"""One box: what is found, for whom, in which order; and that nothing hidden shows, not as a number."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.store.findable import LIST, SENSOR, Node, Said, T, node, put
from zvon.access.permission import Denied
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.model.query import And, Not, Or, Query, parse, write
from zvon.store.search import Page, search
from zvon.store.search_condition import Asked, Reading, names
from zvon.store.search_drive import BY_RECORD, BY_VALUE, drive
from zvon.store.search_place import BadCursor, Place, read_place, write_place
from zvon.store.transaction import Pool
from zvon.store.visibility import read

DAY = timedelta(days=1)
WORLD = (
    Said(values=[(T.DOMAIN, "posta-si.example", 1), (T.IPV4, "192.0.2.7", 5)], tags=["phishing"],
         title="Lažna stran Pošte", age=DAY),
    Said(values=[(T.DOMAIN, "posta-si.example", 1)], source=SENSOR, kind="alert", tlp=Tlp.AMBER,
         age=3 * DAY, said={"alert": {"signature": "ET PHISHING kit landing"}}),
    Said(values=[(T.URL, "https://posta-si.example/Prijava", 1), (T.CIDR, "192.0.2.0/25", 1)],
         tags=["phishing", 'rsit:fraud="phishing"'], tlp=Tlp.CLEAR, age=40 * DAY),
    Said(values=[(T.IPV6, "2001:db8::7", 1), (T.MD5, "d41d8cd98f00b204e9800998ecf8427e", 1)],
         source=SENSOR, kind="alert", age=8 * DAY),
    Said(values=[(T.DOMAIN, "banka-hr.example", 1)], kind="document", lang="hr",
         title="Krađa identiteta", text="Prijevara s lažnom bankom: Emotet na APT28", age=2 * DAY),
)  # fmt: skip


async def ask(
    pool: Pool, who: Viewer, now: datetime, text: str, *, after: str | None = None, limit: int = 50
) -> Page:
    async with read(pool, who) as db:
        return await search(db, who, parse(text), now, after=after, limit=limit)


async def found(pool: Pool, who: Viewer, now: datetime, text: str) -> set[str]:
    page = await ask(pool, who, now, text)
    assert page.next is None
    return {row.observable.value for row in page.rows}


POSTA = "posta-si.example"
PRIJAVA = "https://posta-si.example/Prijava"
V4, V6, NET = "192.0.2.7", "2001:db8::7", "192.0.2.0/25"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
BANKA = "banka-hr.example"
ALL = {POSTA, PRIJAVA, V4, V6, NET, MD5, BANKA}


FINDS: list[tuple[str, set[str]]] = [
    ("", ALL),
    ("posta-si.example", {POSTA}),
    ("hxxps://posta-si[.]example/Prijava", {PRIJAVA}),
    ("posta-si[.]example/Prijava", {PRIJAVA}),
    ("posta-si", {POSTA, PRIJAVA}),
    ("*POSTA-si*", {POSTA, PRIJAVA}),
    ("posta-si.*", {POSTA}),
    ("*.example", {POSTA, BANKA}),
    ("192.0.2.0/24", {V4, NET}),
    ("2001:db8::/32", {V6}),
    ("192.0.2.8/29", set()),
    ("192.0.2.7", {V4}),
    ("posta-si.example OR 2001:DB8:0::7", {POSTA, V6}),
    ("posta-si.example OR *banka*", {POSTA, BANKA}),
    ("posta-si.example OR tag:phishing", {POSTA, PRIJAVA, V4, NET}),
    ("type:domain", {POSTA, BANKA}),
    ('type:domain source:"cert list"', {POSTA, BANKA}),
    ('source:"Sensor 100%"', {POSTA, V6, MD5}),
    ('source:"Sensor 1__%"', set()),
    ("source:sensor*", {POSTA, V6, MD5}),
    ("source:nobody", set()),
    ("-source:nobody type:ipv4", {V4}),
    ("tag:phishing", {POSTA, V4, PRIJAVA, NET}),
    ("tag:rsit:*", {PRIJAVA, NET}),
    ("-tag:phishing", {POSTA, V6, MD5, BANKA}),
    ("kind:alert", {POSTA, V6, MD5}),
    ("kind:alert -type:md5", {POSTA, V6}),
    ("tlp:clear", {PRIJAVA, NET}),
    ("role:named", {V4}),
    ("-role:said", {V4}),
    ("seen:7d", {POSTA, V4, BANKA}),
    ("seen:7d kind:alert", {POSTA}),
    ("after:2026-11-20T09:00", {POSTA, V4, BANKA}),
    ("before:2026-11-01", {PRIJAVA, NET}),
    ("lang:hr", {BANKA}),
    ('text:"stran poste"', {POSTA, V4}),
    ("text:prijev*", {BANKA}),
    ("text:emotet", {BANKA}),
    ("landing", {POSTA}),
    ("Krađa identiteta", {BANKA}),
    ("kradja", set()),
    ("-landing", ALL),
    ("text:landing OR lang:hr", {POSTA, BANKA}),
    ("posta-si.example -kind:indicator", {POSTA}),
    ("posta-si.example -kind:indicator -kind:alert", set()),
    ("(type:domain OR type:url) -(seen:7d OR lang:hr)", {PRIJAVA}),
    ("d41d8*", {MD5}),
]  # fmt: skip


async def test_the_box_finds(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *WORLD)
    for text, values in FINDS:
        assert await found(pool, world.ana, now, text) == values, text


async def test_what_is_found_says_where_it_was_seen_and_when(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *WORLD)
    (row,) = (await ask(pool, world.ana, now, POSTA)).rows
    assert (row.records, row.more, row.sources) == (2, False, (LIST, SENSOR))
    assert (row.first_at, row.last_at) == (now - 3 * DAY, now - DAY)
    assert row.tlp is Tlp.AMBER
    (narrow,) = (await ask(pool, world.ana, now, f"{POSTA} kind:alert")).rows
    assert (narrow.records, narrow.sources) == (1, (SENSOR,))


async def test_a_page_says_how_it_read_what_was_typed(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(pool, now, world, *WORLD)
    read_as = {
        text: (await ask(pool, world.ana, now, text)).reading
        for text in (POSTA, "posta-si", "landing", "nothing.test")
    }
    assert list(read_as.values()) == [
        Reading.WHOLE, Reading.PART, Reading.WORDS, Reading.WORDS,
    ]  # fmt: skip


async def test_another_party_finds_and_counts_only_what_it_may_see(
    pool: Pool, now: datetime
) -> None:
    world = await node(pool, now)
    await put(
        pool, now, world, *WORLD,
        Said(values=[(T.DOMAIN, "skrivno.example", 1)], tlp=Tlp.AMBER, tags=["phishing"]),
        Said(values=[(T.DOMAIN, "rdece.example", 1)], tlp=Tlp.RED),
        Said(values=[(T.DOMAIN, "bancno.example", 1)], tlp=Tlp.AMBER, home=world.bank),
        Said(values=[(T.DOMAIN, "brisano.example", 1)], deleted=True),
    )  # fmt: skip
    assert await found(pool, world.ana, now, "type:domain") == {
        POSTA, BANKA, "skrivno.example", "bancno.example",
    }  # fmt: skip
    assert await found(pool, world.bine, now, "type:domain") == {POSTA, BANKA, "bancno.example"}
    (row,) = (await ask(pool, world.bine, now, POSTA)).rows
    assert (row.records, row.sources) == (1, (LIST,))
    for hidden in ("skrivno.example", "*skrivno*", "skrivno", "rdece.example", "brisano"):
        page = await ask(pool, world.bine, now, hidden)
        assert (page.rows, page.next, page.reading) == ((), None, _last(hidden)), hidden
    assert await found(pool, world.ana, now, "landing") == {POSTA}
    assert await found(pool, world.bine, now, "landing") == set()


def _last(text: str) -> Reading:
    return Reading.WHOLE if "*" in text else Reading.WORDS


async def test_who_lacks_the_permission_finds_nothing(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    stripped = _without(world.ana)
    async with read(pool, stripped) as db:
        with pytest.raises(Denied):
            await search(db, stripped, parse(""), now)


def _without(viewer: Viewer) -> Viewer:
    return replace(viewer, permissions=frozenset())


@pytest.mark.parametrize("text", ["", "type:domain", "*exam*", "kind:indicator", "source:cert*"])
async def test_pages_give_everything_once(pool: Pool, now: datetime, text: str) -> None:
    world = await node(pool, now)
    draw = random.Random(3)
    hosts = [f"x{n:03}.example" for n in range(60)]
    await put(
        pool, now, world,
        *[Said(values=[(T.DOMAIN, host, 1) for host in draw.sample(hosts, 7)], age=n * DAY / 9)
          for n in range(40)],
    )  # fmt: skip
    whole = [
        row.observable.value for row in (await ask(pool, world.ana, now, text, limit=500)).rows
    ]
    assert len(whole) == len(set(whole)) > 50
    pieces: list[str] = []
    after: str | None = None
    for _ in range(20):
        page = await ask(pool, world.ana, now, text, after=after, limit=7)
        pieces += [row.observable.value for row in page.rows]
        after = page.next
        if after is None:
            break
    assert pieces == whole


@pytest.mark.parametrize("text", ["", "x", "whole-1", "whole-1-1", "part-v-x-1", "whole-r-1-99999999999999999999", "whole-r-¹-1"])  # fmt: skip
def test_a_place_that_no_search_gave_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        read_place(text)


def test_a_place_reads_back() -> None:
    for key in (BY_VALUE, BY_RECORD, None):
        place = Place(Reading.PART, key, (7, 3))
        assert read_place(write_place(place)) == place
    assert read_place(write_place(Place(Reading.WORDS))) == Place(Reading.WORDS)


async def test_combinations_are_what_their_parts_are(pool: Pool, now: datetime) -> None:
    """Against a plain evaluation of the same tree: one occurrence at a time."""
    world = await node(pool, now)
    await put(pool, now, world, *WORLD)
    leaves = [parse(text) for text in (
        "type:domain", "kind:alert", "tag:phishing", "tlp:clear", "source:cert*", "role:said",
        "seen:7d", "lang:hr", "text:landing", "*posta*", "192.0.2.0/24", V6,
    )]  # fmt: skip
    draw = random.Random(11)
    single = {leaf: await _occurrences(pool, world, now, leaf) for leaf in leaves}
    everything = await _occurrences(pool, world, now, parse(""))
    for _ in range(60):
        query = _tree(draw, leaves, 3)
        wanted = {value for value, _ in _evaluate(query, single, everything)}
        assert await found(pool, world.ana, now, write(query)) == wanted, write(query)


Occurrences = set[tuple[str, int]]


async def _occurrences(pool: Pool, world: Node, now: datetime, leaf: Query) -> Occurrences:
    """Value and place in `WORLD` of what one term finds, told apart by an added condition."""
    marks = ["tag:phishing -tag:rsit:* seen:2d", "tlp:amber", "tag:rsit:*",
             "tlp:green kind:alert", "lang:hr"]  # fmt: skip
    pairs: Occurrences = set()
    for n, mark in enumerate(marks):
        text = f"{write(leaf)} {mark}".strip()
        pairs |= {(value, n) for value in await found(pool, world.ana, now, text)}
    return pairs


def _tree(draw: random.Random, leaves: Sequence[Query], depth: int) -> Query:
    if depth == 0 or draw.random() < 0.3:
        leaf = draw.choice(leaves)
        return Not(leaf) if draw.random() < 0.3 else leaf
    parts = tuple(_tree(draw, leaves, depth - 1) for _ in range(2))
    return parse(write(And(parts) if draw.random() < 0.5 else Or(parts)))


def _evaluate(
    query: Query, single: dict[Query, Occurrences], everything: Occurrences
) -> Occurrences:
    match query:
        case And(parts):
            found = everything
            for part in parts:
                found = found & _evaluate(part, single, everything)
            return found
        case Or(parts):
            return {pair for part in parts for pair in _evaluate(part, single, everything)}
        case Not(part):
            return everything - _evaluate(part, single, everything)
        case _:
            return single[query]


async def test_the_fewer_candidates_lead(pool: Pool, now: datetime) -> None:
    world = await node(pool, now)
    await put(
        pool, now, world,
        *[Said(values=[(T.DOMAIN, f"h{n}.common.example", 1)]) for n in range(400)],
        Said(values=[(T.DOMAIN, "a.common.example", 1), (T.DOMAIN, "b.rare.example", 1)], source=SENSOR),
    )  # fmt: skip
    async with pool.connection() as db:
        await db.execute("reset role")
        await db.execute("analyze search_value, search_record")
        await db.execute("set role zvon_app")
    async with read(pool, world.ana) as db:
        for text, key in (
            ("*common.example* source:sensor*", BY_RECORD),
            ("*b.rare.example* source:cert*", BY_VALUE),
            ("h7.common.example source:sensor*", BY_VALUE),
        ):
            query = parse(text)
            asked = Asked(query, await names(db, query), Reading.WHOLE, now)
            assert (await drive(db, asked)).key == key, text
            assert (await drive(db, asked, BY_RECORD)).key == BY_RECORD
    assert await found(pool, world.ana, now, "*common.example* source:sensor*") == {
        "a.common.example"
    }
