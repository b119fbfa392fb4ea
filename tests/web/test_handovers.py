"""Handovers over the API and on the page: for each reader, frozen when given, taken by another."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.store.world import Reported, reported
from tests.web.house import NOBODY, House
from zvon.model.marking import Tlp
from zvon.model.verdict import Severity
from zvon.respond import handover as clock
from zvon.respond import task
from zvon.store import incident_life, snooze
from zvon.store.transaction import transaction
from zvon.store.visibility import viewer_setting

API = "/api/v1/handovers"
PAGE = {"Accept": "text/html"}


async def critical(house: House, tlp: Tlp = Tlp.AMBER) -> Reported:
    made = await reported(house.pool, house.clock(), house.home, tlp=tlp)
    bor = house.viewers["bor"]
    async with transaction(house.pool, house.clock(), viewer=viewer_setting(bor)) as tx:
        row = await (
            await tx.execute("select version from incident where id = %s", (made.incident_id,))
        ).fetchone()
        assert row is not None
        await incident_life.set_severity(
            tx, bor, made.incident_uuid, Severity.CRITICAL, version=row[0], reason="many victims",
            now=house.clock(),
        )  # fmt: skip
    return made


async def begun(house: House, who: str = "ana") -> dict[str, Any]:
    answer = await house.post(who, API, {})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def show(house: House, who: str, id: str) -> dict[str, Any]:
    answer = await house.get(who, f"{API}/{id}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def given(house: House, to: str | None = None) -> dict[str, Any]:
    made = await begun(house)
    answer = await house.post("ana", f"{API}/{made['id']}/giving",
                              {"version": made["version"], "to": to})  # fmt: skip
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def kinds(found: dict[str, Any]) -> set[str]:
    return {item["kind"] for item in found["items"]}


async def test_the_list_has_what_is_critical_due_and_coming_back(house: House) -> None:
    now = house.clock()
    bad = await critical(house)
    later = await reported(house.pool, now, house.home)
    ana = house.viewers["ana"]
    async with transaction(house.pool, now, viewer=viewer_setting(ana)) as tx:
        await task.add(tx, bad.incident_uuid, text="Call the bank", by=ana, now=now,
                       random=house.context.random, due_at=now + timedelta(hours=3))  # fmt: skip
        await task.add(tx, bad.incident_uuid, text="Look again", by=ana, now=now,
                       random=house.context.random, due_at=now + timedelta(hours=30))  # fmt: skip
        await snooze.snooze(tx, ana, later.incident_uuid, now + timedelta(hours=2),
                            "waits for the bank", now=now)  # fmt: skip
    found = await show(house, "ana", (await begun(house))["id"])
    by_kind = {k: [i for i in found["items"] if i["kind"] == k] for k in kinds(found)}
    assert [i["incident"] for i in by_kind["critical"]] == [str(bad.incident_uuid)]
    assert [i["incident"] for i in by_kind["snooze"]] == [str(later.incident_uuid)]
    assert len(by_kind["task"]) == 1
    assert by_kind["task"][0]["section"] == "due"
    assert str(bad.incident_uuid) in {i["ref"] for i in by_kind["moved"]}


async def test_a_draft_is_everybodys_and_there_is_one(house: House) -> None:
    first, second = await begun(house, "ana"), await begun(house, "bor")
    assert first["id"] == second["id"]
    assert (await house.get("ana", API)).json()["draft"] == first["id"]


async def test_notes_are_added_worded_anew_and_taken_away_until_it_is_given(house: House) -> None:
    bad = await critical(house)
    made = await begun(house)
    path = f"{API}/{made['id']}/notes"
    about = {"kind": "critical", "ref": str(bad.incident_uuid)}
    noted = (await house.post("ana", path, {"text": "The bank calls at six.", **about})).json()
    (note,) = noted["notes"]
    assert (note["kind"], note["by"], note["incident"]) == (
        "critical", "ana", str(bad.incident_uuid),
    )  # fmt: skip
    changed = await house.post("bor", f"{path}/{note['id']}", {"text": "The bank calls at seven."})
    (note,) = changed.json()["notes"]
    assert note["text"] == "The bank calls at seven."
    assert note["edited_at"] is not None
    gone = await house.post("ana", f"{path}/{note['id']}", {"text": ""})
    assert gone.json()["notes"] == []
    await house.post("ana", path, {"text": "Quiet night."})
    await house.post("ana", f"{API}/{made['id']}/giving", {"version": made["version"]})
    late = await house.post("ana", path, {"text": "One more"})
    assert late.status_code == 409
    assert [n["text"] for n in (await show(house, "bor", made["id"]))["notes"]] == ["Quiet night."]


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x" * 4001},
        {"text": "a\x00b"},
        {"text": "about nothing", "kind": "critical", "ref": str(NOBODY)},
        {"text": "about what", "kind": "critical"},
        {"text": "of no kind", "kind": "weather", "ref": "x"},
    ],
)
async def test_a_note_that_says_nothing_or_is_about_nothing_is_refused(
    house: House, body: dict[str, Any]
) -> None:
    made = await begun(house)
    answer = await house.post("ana", f"{API}/{made['id']}/notes", body)
    assert answer.status_code in {400, 422}
    assert (await show(house, "ana", made["id"]))["notes"] == []


async def test_each_reader_sees_what_they_may_and_the_rest_leaves_no_trace(house: House) -> None:
    secret = await critical(house, Tlp.AMBER_STRICT)
    await house.newcomer("gost", "analyst", Tlp.GREEN)
    made = await begun(house)
    note = {"text": "The minister asks.", "kind": "critical", "ref": str(secret.incident_uuid)}
    await house.post("ana", f"{API}/{made['id']}/notes", note)
    await house.post("ana", f"{API}/{made['id']}/notes", {"text": "Strictly ours", "tlp": 3})
    await house.post("ana", f"{API}/{made['id']}/notes", {"text": "Coffee is out.", "tlp": 0})
    done = await house.post("ana", f"{API}/{made['id']}/giving", {"version": made["version"]})
    assert "critical" in kinds(done.json())
    seen = await house.get("gost", f"{API}/{made['id']}")
    assert seen.json()["items"] == []
    assert [n["text"] for n in seen.json()["notes"]] == ["Coffee is out."]
    page = await house.get("gost", f"/handover/{made['id']}", headers=PAGE)
    assert page.status_code == 200
    assert str(secret.incident_uuid) not in seen.text + page.text
    assert "minister" not in page.text


async def test_what_was_given_is_kept_by_reference_and_read_again(house: House) -> None:
    bad = await critical(house)
    made = await given(house)
    assert made["state"] == "given"
    assert "critical" in kinds(made)
    bor = house.viewers["bor"]
    await critical(house)  # a later one is not on it
    async with transaction(house.pool, house.clock(), viewer=viewer_setting(bor)) as tx:
        await tx.execute("update incident set state = 'triage' where id = %s", (bad.incident_id,))
    found = await show(house, "bor", made["id"])
    old = [i for i in found["items"] if i["kind"] == "critical"]
    assert [(i["ref"], i["state"]) for i in old] == [(str(bad.incident_uuid), "triage")]


async def test_another_person_takes_it_and_the_giver_cannot(house: House) -> None:
    made = await given(house)
    path, body = f"{API}/{made['id']}/taking", {"version": made["version"]}
    own = await house.post("ana", path, body)
    assert own.status_code == 403
    assert (await house.refusals())[-1] == (
        "ana", "handover:take", f"handover:{made['id']}", "four_eyes",
    )  # fmt: skip
    assert (await house.post("bor", path, {"version": made["version"] + 1})).status_code == 409
    taken = await house.post("bor", path, {**body, "remark": "Who is on call at the bank?"})
    assert (taken.json()["state"], taken.json()["taken_by"]) == ("taken", "bor")
    assert (await house.post("bor", path, body)).status_code == 409
    after = await begun(house)
    assert after["since"] == made["given_at"]


async def test_the_database_lets_only_a_signed_in_other_person_take_it(house: House) -> None:
    made = await given(house)
    forged = "update handover set state = 'taken', taken_by = %s, taken_at = now() where uuid = %s"
    for viewer, taker in (("system", "bor"), ("ana", "ana"), ("ana", "bor")):
        setting = "system" if viewer == "system" else viewer_setting(house.viewers[viewer])
        with pytest.raises(psycopg.errors.CheckViolation):
            async with transaction(house.pool, house.clock(), viewer=setting) as tx:
                await tx.execute(forged, (house.viewers[taker].person_id, UUID(made["id"])))
    assert (await show(house, "ana", made["id"]))["state"] == "given"


async def test_after_half_an_hour_the_leads_are_told_once(house: House) -> None:
    made = await given(house, to="bor")
    house.clock.forward(timedelta(minutes=29))
    await clock.watch(house.context, {})
    assert not (await show(house, "bor", made["id"]))["late"]
    house.clock.forward(timedelta(minutes=2))
    await clock.watch(house.context, {})
    await clock.watch(house.context, {})
    assert (await show(house, "bor", made["id"]))["late"]
    nobodys = (await house.get("bor", "/api/v1/tasks", params={"whose": "nobody"})).json()["tasks"]
    assert [(t["code"], t["params"]) for t in nobodys] == [
        ("HANDOVER_UNTAKEN", {"who": "ana", "to": "bor"})
    ]
    first = await house.get("bor", "/", headers=PAGE)
    assert "/handover" in first.text
    assert "1 handover waits to be taken" in first.text


async def test_it_is_given_to_nobody_who_could_not_take_it(house: House) -> None:
    made = await begun(house)
    for to in ("rita", "nobody", "ana"):
        answer = await house.post("ana", f"{API}/{made['id']}/giving",
                                  {"version": made["version"], "to": to})  # fmt: skip
        assert answer.status_code in {403, 422}, to
    assert (await show(house, "ana", made["id"]))["state"] == "draft"


async def test_without_the_permission_nothing_is_written(house: House) -> None:
    made = await begun(house)
    for path, body in (
        ("", {}), (f"/{made['id']}/notes", {"text": "x"}),
        (f"/{made['id']}/giving", {"version": 1}), (f"/{made['id']}/taking", {"version": 1}),
    ):  # fmt: skip
        assert (await house.post("aud", API + path, body)).status_code == 403
    assert (await house.get("aud", f"{API}/{made['id']}")).status_code == 200


async def test_the_page_shows_the_draft_who_waits_and_the_history(house: House) -> None:
    empty = await house.get("ana", "/handover", headers=PAGE)
    assert "No handover is being written." in empty.text
    bad = await critical(house)
    made = await given(house)
    page = await house.get("bor", "/handover", headers=PAGE)
    assert "I take it" in page.text
    assert f"/incidents/{bad.incident_uuid}" in page.text
    assert f"/handover/{made['id']}" in page.text
    own = await house.get("ana", "/handover", headers=PAGE)
    assert "You gave it; another person takes it." in own.text
    await begun(house)
    draft = await house.get("ana", "/handover", headers=PAGE)
    assert "Give it over" in draft.text
