"""Looks at pages reach people as text and as pictures made anew; new looks are asked for."""

from io import BytesIO
from uuid import UUID

import pytest
from msgspec import structs

from tests.assess.message import message
from tests.assess.stored import row, stored
from tests.web.house import NOBODY, House
from zvon.config import Settings
from zvon.model.marking import Tlp
from zvon.model.page import Asked, Capture, Form, Hop, Outcome, PageFacts, Vantage
from zvon.store import capture, evidence_file
from zvon.store.transaction import transaction

URL = "https://www.lipa.example/a"
HTML = b"<script>alert(document.domain)</script><h1>Dober dan</h1>"


def picture() -> bytes:
    """A PNG with a remark in it that must not travel on."""
    image = pytest.importorskip("PIL.Image")
    note = pytest.importorskip("PIL.PngImagePlugin").PngInfo()
    note.add_text("Comment", "<script>hidden</script>")
    body = BytesIO()
    image.new("RGB", (40, 30), "navy").save(body, format="PNG", pnginfo=note)
    assert b"hidden" in body.getvalue()
    return body.getvalue()


async def report(house: House, text: str = f"Vaš paket čaka: {URL}") -> tuple[int, UUID]:
    record_id = await stored(house.pool, house.clock(), message(text))
    (uuid,) = await row(house.pool, "select uuid from record where id = %s", record_id)
    return record_id, uuid


async def looked(house: House, record_id: int, shot: bytes) -> UUID:
    """A look of the report's, kept with picture and source; its identifier."""
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        key, chance = house.context.node.key, house.context.random
        html = await evidence_file.put(
            tx, key, chance, kind="html", media_type="text/html", body=HTML, now=now
        )
        seen = await evidence_file.put(
            tx, key, chance, kind="screenshot", media_type="image/png", body=shot, now=now
        )
        page = PageFacts(
            hops=(Hop(URL, 302, "http"), Hop("https://kit.example/in", 200)), status=200,
            title="Lipa banka", text="Vpišite podatke kartice", forms=(Form((Asked.CARD,)),),
        )  # fmt: skip
        (uuid,) = await capture.put(tx, record_id, [Capture(
            url=URL, stage=4, vantage=Vantage.PHONE, outcome=Outcome.SEEN, facts=page, phash=1 << 63,
            html=html.hex(), screenshot=seen.hex(), took_ms=1200, at=now,
        )], house.context.random)  # fmt: skip
    return uuid


async def test_the_looks_of_a_report_are_listed(house: House) -> None:
    record_id, uuid = await report(house)
    look = await looked(house, record_id, picture())
    (seen,) = (await house.get("ana", f"/api/v1/reports/{uuid}/captures")).json()
    assert (seen["id"], seen["vantage"], seen["outcome"]) == (str(look), "phone", "seen")
    assert (seen["title"], seen["asks"], seen["phash"]) == ("Lipa banka", ["card"], "8" + "0" * 15)
    assert [hop["via"] for hop in seen["hops"]] == ["http", ""]
    assert seen["screenshot"] == f"/api/v1/captures/{look}/screenshot"
    assert (await house.get("ana", f"/api/v1/reports/{NOBODY}/captures")).status_code == 404


async def test_a_picture_is_made_anew_and_can_do_nothing(house: House) -> None:
    record_id, _ = await report(house)
    look = await looked(house, record_id, picture())
    answer = await house.get("ana", f"/api/v1/captures/{look}/screenshot")
    assert answer.status_code == 200
    assert answer.content.startswith(b"\x89PNG")
    assert b"hidden" not in answer.content
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_what_is_no_picture_is_not_shown(house: House) -> None:
    record_id, _ = await report(house)
    look = await looked(house, record_id, HTML)
    assert (await house.get("ana", f"/api/v1/captures/{look}/screenshot")).status_code == 404


async def test_the_source_is_a_text_file_and_never_a_page(house: House) -> None:
    record_id, _ = await report(house)
    look = await looked(house, record_id, picture())
    answer = await house.get("ana", f"/api/v1/captures/{look}/source")
    assert answer.content == HTML
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"] == f'attachment; filename="{look}.txt"'
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    (count,) = await row(
        house.pool,
        "select count(*) from audit where action = 'evidence_file:open' and actor = 'ana'",
    )
    assert count == 1


async def test_looks_of_a_report_that_one_may_not_see_do_not_exist(house: House) -> None:
    record_id, uuid = await report(house)
    look = await looked(house, record_id, picture())
    await house.newcomer("low", "analyst", ceiling=Tlp.CLEAR)
    for path in (
        f"reports/{uuid}/captures",
        f"captures/{look}/screenshot",
        f"captures/{look}/source",
    ):
        assert (await house.get("low", f"/api/v1/{path}")).status_code == 404
    asked = await house.post("low", "/api/v1/captures", {"report": str(uuid), "url": URL})
    assert asked.status_code == 404


async def test_a_new_look_is_asked_for_once(house: House) -> None:
    record_id, uuid = await report(house)
    wanted = {"report": str(uuid), "url": "HTTPS://www.LIPA.example/a#top"}
    for _ in range(2):
        answer = await house.post("ana", "/api/v1/captures", wanted)
        assert (answer.status_code, answer.json()) == (202, {"url": URL, "stages": [3, 4]})
    for job in ("collect.fetch", "collect.render"):
        count, payload = await row(
            house.pool, "select count(*) over (), payload from pgqueuer where entrypoint = %s", job
        )
        assert count == 1
        assert b'"keep_token":false' in bytes(payload)
        assert f'"record_id":{record_id}'.encode() in bytes(payload)


async def test_where_a_chain_ended_can_be_looked_at_other_addresses_cannot(house: House) -> None:
    record_id, uuid = await report(house)
    await looked(house, record_id, picture())

    async def asked(url: str) -> int:
        answer = await house.post("ana", "/api/v1/captures", {"report": str(uuid), "url": url})
        return answer.status_code

    assert await asked("https://kit.example/in") == 202
    assert await asked("https://elsewhere.example/") == 422
    assert await asked("javascript:alert(1)") == 422
    assert await asked("http://127.0.0.1/") == 422


async def test_who_keeps_the_victims_token_is_in_the_audit(house: House) -> None:
    _, uuid = await report(house)
    wanted = {"report": str(uuid), "url": URL, "keep_token": True}
    assert (await house.post("ana", "/api/v1/captures", wanted)).status_code == 202
    (actor,) = await row(house.pool, "select actor from audit where rule = 'token_kept'")
    assert actor == "ana"


async def test_nothing_is_looked_at_where_looking_is_off(house: House) -> None:
    _, uuid = await report(house)
    off = Settings(root=house.context.settings.root, fetch=False, render=False)
    house.app.state.context = structs.replace(house.context, settings=off)
    answer = await house.post("ana", "/api/v1/captures", {"report": str(uuid), "url": URL})
    assert answer.status_code == 422
    assert "switched off" in answer.text
