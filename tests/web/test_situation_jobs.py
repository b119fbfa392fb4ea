"""Situation reports on a schedule: planned, made once a period, kept with their hash, sent."""

import hashlib
import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.store.world import reported
from tests.web.house import NOBODY, House
from zvon.access.permission import SHIPPED_ROLES, Permission
from zvon.respond import situation_job as job
from zvon.store import contact_change, person
from zvon.store.contact_change import NewContact
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting

API = "/api/v1/situation-jobs"
MADE = "/api/v1/situation-reports"


async def contact(house: House) -> str:
    bor = house.viewers["bor"]
    async with transaction(house.pool, house.clock(), viewer=viewer_setting(bor)) as tx:
        made = await contact_change.add(
            tx, bor,
            NewContact(name="Ministry", kind="other", address="office@ministry.example", lang="sl",
                       tlp=2),
            house.clock(), os.urandom,
        )  # fmt: skip
    return str(made.uuid)


async def plan(house: House, **more: Any) -> dict[str, Any]:
    body = {"name": "Weekly", "audience": "management", "every": "week", "people": ["ana"]} | more
    answer = await house.post("bor", API, body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def reports(house: House, who: str = "ana") -> list[dict[str, Any]]:
    return list((await house.get(who, MADE)).json()["reports"])


async def test_a_report_is_made_once_when_its_week_ends_and_keeps_its_facts(house: House) -> None:
    await reported(house.pool, house.clock(), house.home)
    made = await plan(house)
    assert made["next_at"] == "2026-11-23T00:00:00Z"
    await job.make(house.context, {})
    assert await reports(house) == []
    house.clock.forward(timedelta(hours=16))
    for _ in range(2):
        await job.make(house.context, {})
    (found,) = await reports(house)
    assert (found["since"], found["until"]) == ("2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z")
    assert (found["mine"], found["seen"], found["letters"]) == (True, False, 0)
    facts = await house.get("ana", f"{MADE}/{found['id']}", params={"format": "json"})
    assert hashlib.sha256(facts.content).hexdigest() == found["sha256"]
    assert facts.json()["counts"]["incidents"] == 1
    await reported(house.pool, house.clock() - timedelta(hours=17), house.home)
    again = await house.get("ana", f"{MADE}/{found['id']}", params={"format": "json"})
    assert again.content == facts.content
    for form in ("html", "docx", "md"):
        answer = await house.get("ana", f"{MADE}/{found['id']}", params={"format": form})
        assert answer.status_code == 200
    await house.post("ana", f"{MADE}/{found['id']}/seen", {})
    assert (await reports(house))[0]["seen"]
    assert not (await reports(house, "bor"))[0]["mine"]


async def test_what_ended_while_the_node_was_away_is_made_up_for(house: House) -> None:
    await plan(house)
    house.clock.forward(timedelta(days=22))
    await job.make(house.context, {})
    untils = sorted(r["until"][:10] for r in await reports(house))
    assert untils == ["2026-11-23", "2026-11-30", "2026-12-07", "2026-12-14"]


async def test_a_letter_for_a_contact_waits_in_the_queue_once(house: House) -> None:
    await plan(house, people=[], contacts=[await contact(house)], form="md")
    house.clock.forward(timedelta(hours=16))
    await job.make(house.context, {})
    await job.make(house.context, {})
    async with transaction(house.pool, house.clock()) as tx:
        rows = await (
            await tx.execute("select state, template, lang, fields::text from message")
        ).fetchall()
    ((state, template, lang, text),) = rows
    assert (state, template, lang) == ("queued", "situation", "sl")
    assert "http" not in text
    assert (await reports(house, "bor"))[0]["letters"] == 1


async def test_it_rests_goes_on_and_ends(house: House) -> None:
    made = await plan(house)
    where, who = f"{API}/{made['id']}", {"people": ["ana"], "contacts": []}
    rests = await house.post("bor", f"{where}/change", {"version": 1, "paused": True, **who})
    assert rests.json()["paused"]
    house.clock.forward(timedelta(days=15))
    await job.make(house.context, {})
    assert await reports(house) == []
    stale = await house.post("bor", f"{where}/change", {"version": 1, "paused": False, **who})
    assert stale.status_code == 409
    await house.post("bor", f"{where}/change", {"version": 2, "paused": False, **who})
    await job.make(house.context, {})
    assert await reports(house) == []
    assert (await house.post("bor", f"{where}/end", {"version": 3})).json() == {"jobs": []}
    house.clock.forward(timedelta(days=8))
    await job.make(house.context, {})
    assert await reports(house) == []


async def test_an_account_that_was_closed_or_lost_the_right_pauses_it_with_the_reason(
    house: House,
) -> None:
    await plan(house)
    async with transaction(house.pool, house.clock()) as tx:
        less = {**SHIPPED_ROLES,
                "approver": SHIPPED_ROLES["approver"] - {Permission.METRIC_READ}}  # fmt: skip
        await person.put_roles(tx, less)
    house.clock.forward(timedelta(hours=16))
    await job.make(house.context, {})
    (found,) = (await house.get("ana", API)).json()["jobs"]
    assert (found["paused"], found["problem"]) == (True, "SITUATION_NOT_ALLOWED")
    assert await reports(house) == []


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"people": []}, 422),
        ({"people": ["rita"]}, 422),
        ({"people": [], "contacts": [str(NOBODY)]}, 422),
        ({"zone": "Mars/Phobos"}, 422),
        ({"name": "a\nb"}, 422),
        ({"every": "minute"}, 400),
        ({"audience": "everybody"}, 400),
    ],
)
async def test_a_schedule_that_reaches_nobody_or_means_nothing_is_refused(
    house: House, more: dict[str, Any], status: int
) -> None:
    body = {"name": "x", "audience": "management", "every": "week", "people": ["ana"]} | more
    assert (await house.post("bor", API, body)).status_code == status
    assert (await house.get("bor", API)).json() == {"jobs": []}


async def test_what_names_incidents_goes_to_nobody_outside_and_only_publishers_plan(
    house: House,
) -> None:
    body = {"name": "x", "audience": "analyst", "every": "week", "contacts": [await contact(house)]}
    assert (await house.post("bor", API, body)).status_code == 422
    body = {"name": "x", "audience": "management", "every": "week", "people": ["ana"]}
    assert (await house.post("ana", API, body)).status_code == 403
    assert (await house.get("rita", API)).status_code == 403
    assert (await house.get("ana", f"{MADE}/{UUID(int=5)}")).status_code == 404


async def test_the_page_of_measures_shows_them(house: House) -> None:
    empty = await house.get("bor", "/metrics", headers={"Accept": "text/html"})
    assert "No report is made by itself." in empty.text
    await plan(house, name="<b>Weekly</b>")
    house.clock.forward(timedelta(hours=16))
    await job.make(house.context, {})
    page = await house.get("ana", "/metrics", headers={"Accept": "text/html"})
    assert "&lt;b&gt;Weekly&lt;/b&gt;" in page.text
    assert "new for you" in page.text
    assert "Plan a report" not in page.text
