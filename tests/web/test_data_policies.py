"""Data policies over the API, their documents, and residency at every door that gives bytes or text."""

import os
from datetime import timedelta
from typing import Any

import pytest

from tests.policies import policy_text
from tests.store.world import new_uuid, report
from tests.web.house import House
from tests.web.test_captures import looked, picture
from tests.web.test_captures import report as reported
from zvon.access import key as keys
from zvon.collect.render.process import NoBrowser
from zvon.formats.paper.html import STYLE_HASH
from zvon.model.ids import RANDOM_BYTES
from zvon.model.marking import Tlp
from zvon.privacy.plan.seal import read_foot
from zvon.privacy.policies import shipped
from zvon.store import party, person, raw, source_change
from zvon.store.source_change import NewSource
from zvon.store.transaction import transaction
from zvon.web.api import printing

POLICIES = "/api/v1/data-policies"
SI = shipped()["SI.toml"]


@pytest.fixture
async def officer(house: House) -> str:
    """The login of a privacy officer, after the policy was loaded."""
    answer = await house.ask("pia", "PUT", f"{POLICIES}/SI", json={"body": SI})
    assert answer.status_code == 200, answer.text
    return "pia"


async def foreigner(house: House, country: str, role: str = "analyst") -> str:
    """Somebody of another country's team with a key here."""
    now, uuid, login = house.clock(), new_uuid(house.clock()), f"guest-{country.lower()}"
    async with transaction(house.pool, now) as tx:
        away = await party.put(
            tx, uuid=new_uuid(now), name=f"Team {country}", kind="csirt", country=country
        )
        made = await person.add(
            tx, uuid=uuid, party_id=away.id, login=login, name="Guest", lang="en", roles=[role],
            password_hash=None, now=now, tlp_ceiling=Tlp.AMBER_STRICT,
        )  # fmt: skip
        viewer = await person.viewer(tx.db, made)
        assert viewer is not None
        house.viewers[login] = viewer
        house.keys[login] = await keys.create(
            tx, viewer, uuid, "test", now, os.urandom, now + timedelta(days=1)
        )
    return login


async def test_an_officer_loads_a_policy_and_everybody_entitled_reads_it(
    house: House, officer: str
) -> None:
    (one,) = (await house.get(officer, POLICIES)).json()["policies"]
    assert (one["country"], one["version"], one["by"]) == ("SI", 1, "pia")
    again = await house.ask(officer, "PUT", f"{POLICIES}/SI", json={"body": SI})
    assert again.json()["version"] == 1
    shorter = SI.replace('retention = "P30D"', 'retention = "P20D"', 1)
    changed = await house.ask(officer, "PUT", f"{POLICIES}/SI", json={"body": shorter})
    assert changed.json()["version"] == 2
    told = (await house.get("aud", f"{POLICIES}/SI")).json()
    assert told["body"] == shorter
    assert [each["version"] for each in told["versions"]] == [1]
    assert (await house.get("aud", f"{POLICIES}/ZZ")).status_code == 404
    assert (await house.get("ana", POLICIES)).status_code == 403


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (SI.replace('"P30D"', '"forever"', 1), "class[report.raw].retention"),
        (SI.replace("si.analyst", "si.janitor", 1), "janitor"),
        (SI + "\n[extra]\n", "extra"),
        ("\u0000", "TOML"),
        (policy_text("HR"), "is not SI"),
    ],
)
async def test_a_policy_that_means_nothing_is_refused_whole(
    house: House, officer: str, body: str, why: str
) -> None:
    answer = await house.ask(officer, "PUT", f"{POLICIES}/SI", json={"body": body})
    assert answer.status_code == 422, answer.text
    assert why in answer.json()["detail"]
    (one,) = (await house.get(officer, POLICIES)).json()["policies"]
    assert (one["country"], one["version"]) == ("SI", 1)


async def test_an_officer_sees_where_papers_and_node_disagree(house: House, officer: str) -> None:
    door = f"{POLICIES}/differences"
    assert (await house.get(officer, door)).json() == {"differences": []}
    shorter = SI.replace('retention = "P30D"', 'retention = "P20D"', 1)
    await house.ask(officer, "PUT", f"{POLICIES}/SI", json={"body": shorter})
    (one,) = (await house.get("aud", door)).json()["differences"]
    assert (one["code"], one["country"]) == ("DRIFT_FILE_DIFFERS", "SI")
    assert "report.raw" in one["text"]
    assert (await house.get("ana", door)).status_code == 403


@pytest.mark.parametrize("kind", ["dmp", "processing", "dpia"])
async def test_the_documents_come_from_the_policy_that_holds(
    house: House, officer: str, kind: str
) -> None:
    plan = f"{POLICIES}/SI/plan?kind={kind}"
    page = await house.get(officer, plan)
    assert page.headers["content-type"].startswith("text/html")
    assert STYLE_HASH in page.headers["content-security-policy"]
    assert 'lang="sl"' in page.text
    assert "SI-CERT" in page.text, "the state of this node is in it"
    foot = read_foot(page.text)
    (one,) = (await house.get(officer, POLICIES)).json()["policies"]
    assert (foot.kind, foot.policy_sha256, foot.whole) == (kind, one["sha256"], True)
    text = await house.get(officer, f"{plan}&lang=hr&format=md")
    assert text.headers["content-type"].startswith("text/markdown")
    assert read_foot(text.text).lang == "hr"


async def test_a_node_without_a_browser_says_why_there_is_no_pdf(
    house: House, officer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nowhere(*_: Any, **__: Any) -> bytes:
        raise NoBrowser("missing")

    monkeypatch.setattr(printing, "to_pdf", nowhere)
    answer = await house.get(officer, f"{POLICIES}/SI/plan?format=pdf")
    assert answer.status_code == 409
    assert "missing" in answer.json()["detail"]


@pytest.mark.browser
async def test_the_pdf_is_one(house: House, officer: str) -> None:
    answer = await house.get(officer, f"{POLICIES}/SI/plan?format=pdf&lang=en")
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) > 20_000


async def test_a_reader_of_another_country_gets_403_at_every_door_of_a_report(
    house: House, officer: str
) -> None:
    now, guest = house.clock(), await foreigner(house, "HR")
    async with transaction(house.pool, now) as tx:
        sha = await raw.put(tx, b"Spostovani, moj racun je ...", "text/plain", now)
        _, uuid = await report(tx, now, house.home, tlp=Tlp.GREEN, raw=sha)
        await tx.execute("update record set payload = '{}' where uuid = %s", (uuid,))
    doors = [f"/api/v1/reports/{uuid}", f"/api/v1/reports/{uuid}/captures", f"/reports/{uuid}",
             f"/records/{uuid}"]  # fmt: skip
    for door in doors:
        assert (await house.get("ana", door)).status_code == 200, door
        answer = await house.get(guest, door)
        assert answer.status_code == 403, (door, answer.text)
        assert "racun" not in answer.text
    refused = [row for row in await house.refusals() if row[0] == guest]
    assert refused == [(guest, "data_policy:read_class", "report.text", "data policy")] * len(doors)


async def test_bytes_of_a_delivery_go_to_whom_the_policy_names(house: House, officer: str) -> None:
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        made = await source_change.create(
            tx, house.viewers["ada"], NewSource(name="sensor", kind="push"),
            house.context.node.key, now, os.urandom(RANDOM_BYTES), os.urandom(12),
        )  # fmt: skip
    sent = await house.ask(
        "ana", "POST", f"/api/v1/sources/{made.uuid}/deliveries", content=b"user=mknezevic"
    )
    door = f"{sent.json()['url']}/raw"
    assert (await house.get("ana", door)).content == b"user=mknezevic"
    for who in ("ada", "aud"):
        answer = await house.get(who, door)
        assert answer.status_code == 403
        assert "delivery.raw" in answer.json()["detail"]
    open_to_all = SI.replace(
        'readers = ["si.analyst", "si.approver", "si.privacy_officer"]',
        'readers = ["si.analyst", "si.administrator"]',
    )
    await house.ask(officer, "PUT", f"{POLICIES}/SI", json={"body": open_to_all})
    assert (await house.get("ada", door)).status_code == 200
    elsewhere = open_to_all.replace('residency = ["SI"]', 'residency = ["HR"]')
    await house.ask(officer, "PUT", f"{POLICIES}/SI", json={"body": elsewhere})
    assert (await house.get("ana", door)).status_code == 403


async def test_pictures_and_sources_of_pages_stay_with_the_policys_readers(
    house: House, officer: str
) -> None:
    record_id, _ = await reported(house)
    look = await looked(house, record_id, picture())
    doors = [f"/api/v1/captures/{look}/{what}" for what in ("screenshot", "source")]
    for door in doors:
        assert (await house.get("ana", door)).status_code == 200
    lines = SI.split("[[class]]")
    (capture,) = (part for part in lines if 'id = "capture"' in part)
    closed = SI.replace(capture, capture.replace('residency = ["*"]', 'residency = ["HR"]'))
    await house.ask(officer, "PUT", f"{POLICIES}/SI", json={"body": closed})
    for door in doors:
        answer = await house.get("ana", door)
        assert answer.status_code == 403
        assert "capture" in answer.json()["detail"]
    assert [row[2] for row in await house.refusals()] == ["capture", "capture"]
