"""Second opinions over the API and as pages: asked, answered, blind, refused."""

import os

from tests.store.world import Reported, reported
from tests.web.house import House
from zvon.model.verdict import VerdictWord
from zvon.respond import decide
from zvon.store import incident
from zvon.store import review as reviews
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting


async def opened(house: House) -> Reported:
    """An incident that ana called malicious."""
    now, ana = house.clock(), house.viewers["ana"]
    found = await reported(house.pool, now, house.home)
    async with transaction(house.pool, now) as tx:
        await tx.execute("update record set payload = '{}' where id = %s", (found.record_id,))
    async with transaction(house.pool, now, viewer=viewer_setting(ana)) as tx:
        seen = await incident.get(tx.db, ana, found.incident_uuid)
        await decide.verdict(
            tx, ana, found.incident_uuid, VerdictWord.MALICIOUS, version=seen.version, now=now
        )
    return found


async def test_a_colleague_is_asked_and_answers(house: House) -> None:
    await house.newcomer("dora", "analyst")
    found = await opened(house)
    made = await house.post(
        "ana", f"/api/v1/incidents/{found.incident_uuid}/reviews", {"question": "Je to naše?"}
    )
    assert made.status_code == 201
    review = made.json()["id"]
    own = await house.post("ana", f"/api/v1/reviews/{review}/opinions", {"word": "malicious"})
    assert own.status_code == 403
    wrong = await house.post("dora", f"/api/v1/reviews/{review}/opinions", {"word": "duplicate"})
    assert wrong.status_code == 422
    page = await house.get("dora", f"/reviews/{review}")
    assert "Je to naše?" in page.text
    assert "Je to naše?" in (await house.get("dora", f"/incidents/{found.incident_uuid}")).text
    answered = await house.post("dora", f"/api/v1/reviews/{review}/opinions", {"word": "malicious"})
    assert (answered.status_code, answered.json()["state"]) == (201, "agreed")
    again = await house.post("dora", f"/api/v1/reviews/{review}/opinions", {"word": "malicious"})
    assert again.status_code == 409


async def test_a_blind_sample_says_neither_which_incident_nor_what_was_said(house: House) -> None:
    await house.newcomer("dora", "analyst")
    found = await opened(house)
    now = house.clock()
    async with transaction(house.pool, now) as tx:
        [drawn] = await reviews.undrawn(tx)
        await reviews.draw(tx, drawn, now, os.urandom)
    [waits] = (await house.get("dora", "/api/v1/reviews")).json()["reviews"]
    assert (waits["incident"], waits["number"], waits["opinions"]) == (None, None, [])
    page = await house.get("dora", f"/reviews/{waits['id']}")
    assert page.status_code == 200
    assert str(found.incident_uuid) not in page.text
    assert (
        str(waits["id"]) not in (await house.get("dora", f"/incidents/{found.incident_uuid}")).text
    )
    listed = await house.get("dora", "/reviews")
    assert str(waits["id"]) in listed.text
    assert str(found.incident_uuid) not in listed.text
    quality = (await house.get("dora", "/api/v1/reviews/quality")).json()
    assert quality["agreement"][0]["kappa"]["pairs"] == 0
