"""The first screen says what needs this person, and nobody else's work."""

from datetime import timedelta

from tests.store.world import reported
from tests.web.house import House
from zvon.respond import task
from zvon.store.transaction import transaction


async def test_what_waits_for_me_stands_first_and_late_things_say_so(house: House) -> None:
    now = house.clock()
    found = await reported(house.pool, now, house.home)
    assert "What needs you" not in (await house.get("ana", "/")).text
    async with transaction(house.pool, now) as tx:
        for hours in (1, 5):
            await task.add(
                tx, found.incident_uuid, text="call the owner", now=now,
                random=house.context.random, by=house.viewers["ana"], assignee="ana",
                due_at=now + timedelta(hours=hours),
            )  # fmt: skip
    house.clock.forward(timedelta(hours=2))
    mine = (await house.get("ana", "/")).text
    assert "2 tasks of yours" in mine
    assert "1 is late" in mine
    assert "next by" in mine
    assert "tasks of yours" not in (await house.get("bor", "/")).text


async def test_a_second_person_is_told_and_the_first_is_not(house: House) -> None:
    now = house.clock()
    found = await reported(house.pool, now, house.home)
    path = f"/api/v1/incidents/{found.incident_uuid}"
    version = (await house.get("ana", path)).json()["version"]
    await house.post("ana", f"{path}/verdict", {"word": "malicious", "version": version})
    await house.post("ana", f"{path}/reviews", {"question": "ours?"})
    assert "1 decision waits for a second opinion" in (await house.get("bor", "/")).text
    assert "second opinion</a>" not in (await house.get("ana", "/")).text.split("<main")[1]
