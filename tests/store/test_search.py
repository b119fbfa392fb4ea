"""One box: what is found, for whom, in which order; and that nothing hidden shows, not as a number."""

from datetime import datetime, timedelta

from tests.store.findable import SENSOR, Said, T, node, put
from zvon.access.viewer import Viewer
from zvon.model.marking import Tlp
from zvon.model.query import parse
from zvon.store.search import Page, search
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
