"""Takedown packages over the API: made from what is known, sealed, fetched, and refused."""

import hashlib
import json
import os
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

from msgspec.structs import replace
from PIL import Image, ImageDraw, ImageFont

from tests.store.world import Reported, reported
from tests.web.house import NOBODY, House
from zvon.config import Settings
from zvon.model.advice import NameAdvice
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Asked, Capture, Form, Hop, Outcome, PageFacts, Vantage
from zvon.model.scope import Scope
from zvon.model.verdict import VerdictWord
from zvon.store import capture, evidence, evidence_file
from zvon.store.ingest import NEAR, SAID, Sighted, occurrences_of
from zvon.store.transaction import transaction

FIELDS = "E-pošta: maja.zupanc@lipa-primer.si"


def picture(text: str = "Vnesite podatke kartice") -> bytes:
    """A picture of a page with words on it."""
    image = Image.new("RGB", (900, 260), "white")
    ImageDraw.Draw(image).text((30, 60), text, fill="black", font=ImageFont.load_default(32))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


URL = "https://posta-si.carina.example/i"
NAME = NameAdvice(name="carina.example", scope=Scope.REGISTRABLE_SUB, reason="dedicated")


def answerable(house: House) -> None:
    """The node has an address that answers for letters."""
    settings: Settings = house.context.settings.model_copy(update={"contact": "abuse@si.example"})
    house.app.state.context = replace(house.context, settings=settings)


async def lure(house: House) -> Reported:
    """An incident with a page that was looked at, and a registrar to write to."""
    now, key = house.clock(), house.context.node.key
    found = await reported(house.pool, now, house.home, names=(NAME,))
    url = Observable(ObservableType.URL, URL)
    domain = Observable(ObservableType.REGISTERED, "carina.example")
    form = Form(asks=(Asked.CARD,), target="zbiralnik.example", target_url="")
    facts = PageFacts(hops=(Hop(URL, 200),), status=200, title="Pošta", forms=(form,))
    async with transaction(house.pool, now) as tx:
        await occurrences_of(
            tx, {found.record_id: [Sighted(url, SAID, now), Sighted(domain, NEAR, now)]}
        )
        await evidence.put(
            tx, found.record_id,
            [Evidence(observable=domain, code=EvidenceCode.ABUSE, value="abuse@registrar.example",
                      source="rdap", seen_at=now),
             Evidence(observable=url, code=EvidenceCode.FORM, value="card", source="page",
                      seen_at=now, stage=3)],
        )  # fmt: skip
        shot = await evidence_file.put(tx, key, os.urandom, kind="screenshot", media_type="image/png",
                                  body=picture(), now=now)  # fmt: skip
        look = Capture(url=URL, stage=4, vantage=Vantage.PHONE, outcome=Outcome.SEEN, facts=facts,
                       screenshot=shot.hex(), took_ms=5, at=now)  # fmt: skip
        await capture.put(tx, found.record_id, [look], os.urandom)
    return found


async def made(house: House, found: Reported) -> dict[str, object]:
    body = {"incident": str(found.incident_uuid), "url": URL}
    answer = await house.post("ana", "/api/v1/takedowns", body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_package_is_made_kept_sealed_and_fetched(house: House) -> None:
    answerable(house)
    found = await lure(house)
    package = await made(house, found)
    assert package["contacts"] == [
        {"kind": "registrar", "address": "abuse@registrar.example", "source": "rdap"}
    ]
    answer = await house.get("ana", f"/api/v1/takedowns/{package['id']}/package")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert hashlib.sha256(answer.content).hexdigest() == package["sha256"]
    with ZipFile(BytesIO(answer.content)) as archive:
        report = json.loads(archive.read("report.xarf.json"))
        names = archive.namelist()
    assert report["target_brand"] == "Pošta Slovenije"
    assert report["credential_fields"] == ["card"]
    assert report["source_identifier"] == "posta-si.carina.example"
    assert any(name.endswith("-phone.png") for name in names)
    async with transaction(house.pool, house.clock()) as tx:
        row = await (await tx.execute("select package from takedown")).fetchone()
    assert row is not None
    assert bytes(row[0])[:2] != b"PK"
    assert b"posta-si" not in bytes(row[0])


async def test_without_an_address_that_answers_there_is_no_package(house: House) -> None:
    found = await lure(house)
    body = {"incident": str(found.incident_uuid), "url": URL}
    answer = await house.post("ana", "/api/v1/takedowns", body)
    assert answer.status_code == 409
    assert "ZVON_CONTACT" in answer.json()["detail"]


async def test_what_is_no_page_of_the_incident_gets_no_package(house: House) -> None:
    answerable(house)
    found = await lure(house)
    for url, status in (("https://other.example/", 422), ("ftp://x", 422), ("    ", 422)):
        body = {"incident": str(found.incident_uuid), "url": url}
        assert (await house.post("ana", "/api/v1/takedowns", body)).status_code == status, url
    gone = await house.post("ana", "/api/v1/takedowns", {"incident": str(NOBODY), "url": URL})
    assert gone.status_code == 404
    assert (await house.get("ana", f"/api/v1/takedowns/{NOBODY}/package")).status_code == 404


async def test_a_harmless_page_is_not_taken_down(house: House) -> None:
    answerable(house)
    found = await lure(house)
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("update incident set category = 'benign', verdict = %s",
                         (VerdictWord.BENIGN.value,))  # fmt: skip
    body = {"incident": str(found.incident_uuid), "url": URL}
    assert (await house.post("ana", "/api/v1/takedowns", body)).status_code == 409


async def test_who_may_not(house: House) -> None:
    answerable(house)
    found = await lure(house)
    package = await made(house, found)
    body = {"incident": str(found.incident_uuid), "url": URL}
    for who in ("rita", "aud", "ada"):
        assert (await house.post(who, "/api/v1/takedowns", body)).status_code == 403
        there = f"/api/v1/takedowns/{UUID(str(package['id']))}/package"
        assert (await house.get(who, there)).status_code == 403


async def test_what_a_page_shows_of_a_victim_leaves_neither_in_words_nor_in_files(
    house: House,
) -> None:
    answerable(house)
    found = await lure(house)
    now, key = house.clock(), house.context.node.key
    address = f"{URL}?email=maja.zupanc@lipa-primer.si"
    page = '<form><input name="m" value="maja.zupanc@lipa-primer.si"></form><b>Vnesite kartico</b>'
    async with transaction(house.pool, now) as tx:
        victim = Observable(ObservableType.EMAIL, "maja.zupanc@lipa-primer.si")
        seen = Observable(ObservableType.URL, address)
        await occurrences_of(
            tx, {found.record_id: [Sighted(seen, SAID, now), Sighted(victim, 4, now)]}
        )
        html = await evidence_file.put(tx, key, os.urandom, kind="html", media_type="text/html",
                                       body=page.encode(), now=now)  # fmt: skip
        shot = await evidence_file.put(tx, key, os.urandom, kind="screenshot", media_type="image/png",
                                       body=picture(FIELDS), now=now)  # fmt: skip
        facts = PageFacts(hops=(Hop(address, 200),), status=200, title="Pošta")
        look = Capture(url=address, stage=4, vantage=Vantage.DESKTOP, outcome=Outcome.SEEN,
                       facts=facts, screenshot=shot.hex(), html=html.hex(), took_ms=5, at=now)  # fmt: skip
        await capture.put(tx, found.record_id, [look], os.urandom)
    answer = await house.post(
        "ana", "/api/v1/takedowns", {"incident": str(found.incident_uuid), "url": address}
    )
    assert answer.status_code == 201, answer.text
    there = await house.get("ana", f"/api/v1/takedowns/{answer.json()['id']}/package")
    with ZipFile(BytesIO(there.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    source = next(body for name, body in files.items() if name.endswith(".html.txt"))
    assert b"Vnesite kartico" in source
    for name, body in files.items():
        assert b"zupanc" not in body.lower(), name
        assert body != picture(FIELDS), name
    async with transaction(house.pool, now) as tx:
        rows = await (await tx.execute(
            "select door, recipient, outcome from disclosure order by id")).fetchall()  # fmt: skip
    assert rows[0] == ("takedown", "registrar.example", "released")
    assert len(rows) == 3
