"""Documents: what they say with its place, whose each value is, and which repeat an earlier one."""

from datetime import datetime
from uuid import UUID

import pytest

from tests.collect.deliveries import World, a_source, found, rows, send, work, world
from tests.collect.open.papers import packed, pdf
from tests.store.world import other_party, somebody
from zvon.access.permission import Denied
from zvon.collect import document as collect_document
from zvon.collect.document_card import Scanned, scanned
from zvon.formats.document.part import Parts
from zvon.model.document import Card
from zvon.model.marking import Tlp
from zvon.model.role import Role
from zvon.store import document
from zvon.store.document import NoDocument, Page
from zvon.store.transaction import Pool
from zvon.store.visibility import read

HEAD = (
    "From: Posta <obvestila@paket-placilo.example>\nTo: ana@podjetje.example\n"
    "Subject: Vas paket caka\nMessage-ID: <1@paket-placilo.example>\nMIME-Version: 1.0\n"
)
LURE = (
    HEAD + "Content-Type: text/html; charset=utf-8\n\n<p>Spoštovani, vaš paket čaka na dostavo."
    " Pošta Slovenije (posta.si) prosi za doplačilo carine v višini 1,99 EUR v 24 urah, sicer bo"
    " pošiljka vrnjena pošiljatelju. Plačajte na spodnji povezavi:</p>"
    '<p><a href="https://paket-placilo.example/si/pay">https://www.posta.si/placilo</a></p>'
).encode()
REPORT = (
    "Opozorilo: val lažnih sporočil v imenu pošte.\n\nNapadalci razpošiljajo sporočila SMS in"
    " prejemnike vodijo na lažno stran hxxps://nlb-varnost[.]example/prijava , kjer kradejo gesla"
    " za spletno banko. Zlonamerna koda se nato poveže na strežnik 192[.]0[.]2[.]77 . Uradna stran"
    " banke je www.nlb.si . Prosimo, ne odpirajte povezav in takoj obvestite banko.\n\nIndikatorji"
    " zlorabe (IOC):\nnlb-varnost[.]example\n192[.]0[.]2[.]77\nd41d8cd98f00b204e9800998ecf8427e\n"
)


@pytest.fixture
async def node(pool: Pool, now: datetime) -> World:
    return await world(pool, now)


async def documents(node: World) -> list[UUID]:
    got = await rows(node, "select r.uuid from document d join record r on r.id = d.record_id"
                     " order by d.record_id")  # fmt: skip
    return [row[0] for row in got]


async def page(node: World, uuid: UUID) -> Page:
    async with read(node.pool, node.ada) as db:
        return await document.get(db, node.ada, uuid)


async def card(node: World, number: int = 0) -> Card:
    return (await page(node, (await documents(node))[number])).card


async def stored(node: World) -> dict[str, int]:
    got = await rows(node, "select o.value, c.role from occurrence c"
                     " join observable o on o.id = c.observable_id"
                     " join record r on r.id = c.record_id where r.kind = 'document'")  # fmt: skip
    return {str(value): int(role) for value, role in got}


async def test_only_the_real_target_of_a_lure_is_an_indicator(node: World) -> None:
    await send(node, LURE, name="lure.eml")
    await work(node)
    said = await card(node)
    [off] = said.mismatches
    assert off.shown == "https://www.posta.si/placilo"
    assert off.target == "https://paket-placilo.example/si/pay"
    [text] = [part for part in said.parts if part.id == off.part]
    assert text.text[off.start : off.end] == off.shown
    bad = {mark.value for mark in said.marks if mark.role is Role.ATTACKER and mark.parent is None}
    assert "https://paket-placilo.example/si/pay" in bad
    assert not any("posta.si" in value for value in bad)
    kept = await stored(node)
    assert kept["https://paket-placilo.example/si/pay"] == 1
    assert all(role != 1 for value, role in kept.items() if "posta.si" in value)


async def test_a_report_in_prose_becomes_a_card_with_places(node: World) -> None:
    await send(node, REPORT.encode(), name="opozorilo.txt")
    await work(node)
    said = await card(node)
    assert said.lang == "sl"
    texts = {part.id: part.text for part in said.parts}
    assert said.marks
    for mark in said.marks:
        if not mark.linked:
            assert texts[mark.part][mark.start : mark.end] == mark.raw
    roles = {mark.value: mark.role for mark in said.marks if mark.parent is None}
    assert roles["nlb-varnost.example"] is Role.ATTACKER
    assert roles["192.0.2.77"] is Role.ATTACKER
    assert roles["www.nlb.si"] is Role.BRAND
    assert said.values["attacker"] >= 3
    kept = await stored(node)
    assert kept["192.0.2.77"] == 1
    assert kept["www.nlb.si"] != 1


async def test_the_payload_keeps_what_the_document_is_and_not_its_bytes(node: World) -> None:
    await send(node, REPORT.encode(), name="opozorilo.txt")
    await work(node)
    [(payload,)] = await rows(node, "select payload from record where kind = 'document'")
    assert "body" not in payload["said"]
    assert payload["said"]["size"] == len(REPORT.encode())
    assert payload["text"].startswith("Opozorilo")
    assert payload["title"] == "opozorilo.txt"


async def test_a_document_that_says_the_same_is_counted_with_the_first(
    node: World, now: datetime
) -> None:
    other = await a_source(node.pool, now, node.ada, name="partner")
    await send(node, REPORT.encode(), name="a.txt")
    await work(node)
    changed = REPORT.replace("nlb-varnost", "nlb-prijava").replace("takoj", "nemudoma")
    await send(node, changed.encode(), source=other, name="b.txt")
    await work(node)
    first, second = await documents(node)
    shown, repeat = await page(node, first), await page(node, second)
    assert (shown.repeats, shown.sources, shown.first) == (1, 1, None)
    assert repeat.first is not None
    assert repeat.first.uuid == first
    assert repeat.card.repeats
    assert [each.source for each in shown.lately] == ["partner"]
    # Nothing is lost: what only the repeat names is an indicator too.
    assert (await stored(node))["nlb-prijava.example"] == 1


async def test_two_that_say_the_same_in_one_archive_are_one_card(node: World) -> None:
    await send(node, packed({"a.txt": REPORT.encode(), "b.txt": REPORT.encode() + b"\n\n"}))
    await work(node)
    first, second = await documents(node)
    assert (await page(node, first)).repeats == 1
    assert (await page(node, second)).card.repeats


async def test_the_same_document_twice_is_one_record(node: World) -> None:
    await send(node, REPORT.encode(), name="a.txt")
    await work(node)
    await send(node, packed({"a.txt": REPORT.encode()}), name="a.zip")
    await work(node)
    assert len(await documents(node)) == 1
    assert (await page(node, (await documents(node))[0])).repeats == 0


async def test_pages_of_a_pdf_are_parts(node: World) -> None:
    body = pdf(
        "The loader connects to hxxp://evil[.]example/gate and waits", link="https://evil.example/p"
    )
    await send(node, body, name="report.pdf")
    await work(node)
    said = await card(node)
    assert [part.id for part in said.parts] == ["page:1"]
    linked = [mark for mark in said.marks if mark.linked]
    assert [mark.value for mark in linked] == ["https://evil.example/p"]


@pytest.mark.parametrize(
    ("body", "name", "said"),
    [
        (b"%PDF-1.4\n1 0 obj\n<<", "cut.pdf", "damaged PDF"),
        (b"PK\x03\x04[Content_Types].xml word/document.xml" + b"\x00" * 50, "a.docx", "damaged"),
    ],
)
async def test_what_nobody_can_open_is_set_aside_with_a_reason_and_the_queue_goes_on(
    node: World, body: bytes, name: str, said: str
) -> None:
    uuid = await send(node, body, name=name)
    await send(node, REPORT.encode(), name="a.txt")
    await work(node)
    told = await found(node, uuid)
    assert (told.state, told.quarantined) == ("done", 1)
    [(reason,)] = await rows(node, "select reason from quarantine")
    assert said in reason
    assert len(await documents(node)) == 1


async def test_a_document_that_breaks_its_reader_is_set_aside_alone(
    node: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = scanned

    def breaks(opened: Parts, *, region: str = "SI") -> Scanned:
        if "break me" in opened.parts[0].text:
            raise RecursionError("deep")
        return whole(opened, region=region)

    monkeypatch.setattr(collect_document, "scanned", breaks)
    broken = b"Some words that nobody can read, break me now please, dear friends of mine."
    await send(node, packed({"a.txt": broken, "b.txt": REPORT.encode()}))
    await work(node)
    assert len(await documents(node)) == 1
    [(reason, position)] = await rows(node, "select reason, position from quarantine")
    assert "RecursionError" in reason
    assert "a.txt" in position


async def test_nul_bytes_and_a_wrong_charset_are_no_obstacle(node: World) -> None:
    text = (
        HEAD
        + "Content-Type: text/plain; charset=iso-2022-kr\n\nČudno žito na evil[.]example\x00 tu\n"
    )
    await send(node, text.encode("cp1250"), name="x.eml")
    await work(node)
    assert any(mark.value == "evil.example" for mark in (await card(node)).marks)


async def test_a_card_is_shown_to_those_who_may_see_its_record(node: World, now: datetime) -> None:
    red = await a_source(node.pool, now, node.ada, name="quiet", tlp=Tlp.AMBER)
    await send(node, REPORT.encode(), source=red, name="a.txt")
    await work(node)
    [uuid] = await documents(node)
    stranger = await somebody(
        node.pool, now, await other_party(node.pool, now), "eva", ("analyst",)
    )
    async with read(node.pool, stranger) as db:
        with pytest.raises(NoDocument):
            await document.get(db, stranger, uuid)
    nobody = await somebody(
        node.pool, now, await other_party(node.pool, now, "B"), "bot", ("source",)
    )
    async with read(node.pool, nobody) as db:
        with pytest.raises(Denied):
            await document.get(db, nobody, uuid)
