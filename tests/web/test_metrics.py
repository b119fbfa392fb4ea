"""Metrics over the API and as pages: a number, and the rows behind it."""

from datetime import timedelta

from tests.store.world import reported
from tests.web.house import House
from zvon.store.transaction import transaction


async def test_a_number_leads_to_its_rows(house: House) -> None:
    now = house.clock()
    found = await reported(house.pool, now, house.home)
    async with transaction(house.pool, now) as tx:
        await tx.execute(
            "insert into incident_time (incident_id, what, at, source, set_at)"
            " values (%s, 'acknowledged', %s, 'owner', %s)",
            (found.incident_id, now + timedelta(minutes=90), now),
        )
    house.clock.forward(timedelta(hours=3))
    said = (await house.get("ana", "/api/v1/metrics")).json()
    taken = next(f for f in said["figures"] if f["measure"] == "acknowledge")
    assert (taken["durations"]["n"], taken["durations"]["median"]) == (1, 5400)
    assert said["counts"]["incidents"] == 1
    assert said["divided"]["category"] == [{"value": "phishing", "incidents": 1, "reports": 1}]
    [row] = (await house.get("ana", "/api/v1/metrics/acknowledge")).json()["rows"]
    assert (row["incident"], row["seconds"]) == (str(found.incident_uuid), 5400)
    page = await house.get("ana", "/metrics")
    assert "1 h 30 min" in page.text
    assert 'href="/metrics/acknowledge?days=30"' in page.text
    behind = await house.get("ana", "/metrics/acknowledge")
    assert str(found.incident_uuid) in behind.text


async def test_another_period_has_none_and_nonsense_is_refused(house: House) -> None:
    await reported(house.pool, house.clock(), house.home)
    none = await house.get("ana", "/api/v1/metrics?category=scam")
    assert none.json()["counts"]["incidents"] == 0
    for query in ("since=2026-01-01T00:00:00Z&until=2025-01-01T00:00:00Z",
                  "since=1999-01-01T00:00:00Z", "since=2026-01-01T00:00:00"):  # fmt: skip
        assert (await house.get("ana", f"/api/v1/metrics?{query}")).status_code == 422
    assert (await house.get("ana", "/api/v1/metrics/nothing")).status_code == 404
    assert (await house.get("ana", "/metrics/nothing")).status_code == 404


async def test_a_situation_report_is_the_same_in_every_form_and_narrower_for_the_public(
    house: House,
) -> None:
    now = house.clock()
    for _ in range(6):
        await reported(house.pool, now, house.home)
    house.clock.forward(timedelta(hours=1))
    facts = (await house.get("bor", "/api/v1/situation/analyst?format=json")).json()
    assert (facts["few"]["incidents"], facts["tlp"]) == (6, "TLP:AMBER+STRICT")
    html = await house.get("bor", "/api/v1/situation/management?lang=sl")
    assert "Poročilo o stanju za vodstvo" in html.text
    assert "/metrics?days=30" in html.text
    docx = await house.get("bor", "/api/v1/situation/management?lang=sl&format=docx")
    assert docx.content[:2] == b"PK"
    public = await house.get("bor", "/api/v1/situation/public?format=json&days=7")
    body = public.json()
    assert (body["counts"], body["figures"], body["slowest"]) == (None, [], [])
    assert (body["few"]["incidents"], body["few"]["blocks"]) == (6, 0)
    assert body["divided"]["rsit"] == [{"value": "", "incidents": 6, "reports": 6}]
    words = (await house.get("bor", "/api/v1/situation/public?format=md&lang=hr")).text
    assert "Izvješće o stanju za javnost" in words
    assert "/incidents/" not in words


async def test_numbers_that_few_make_are_not_for_the_public_and_not_for_everybody(
    house: House,
) -> None:
    now = house.clock()
    await reported(house.pool, now, house.home)
    house.clock.forward(timedelta(hours=1))
    body = (await house.get("bor", "/api/v1/situation/public?format=json")).json()
    assert body["few"]["incidents"] is None
    assert (body["divided"]["brand"], body["left_out"]["brand"]) == ([], 1)
    assert (await house.get("ana", "/api/v1/situation/public")).status_code == 403
    assert (await house.get("ana", "/api/v1/situation/nobody")).status_code == 404
    assert (await house.get("ana", "/api/v1/situation/analyst?format=exe")).status_code == 400
