"""Groups of alerts through the API and on pages: who sees them, and what people do with them."""

from datetime import timedelta
from typing import Any

import pytest

from tests.assess.sensors import alert, arrive
from tests.web.house import NOBODY, House
from zvon.assess.alerts import assess
from zvon.model.marking import Tlp

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HOSTILE = "</pre><script>alert(1)</script>\u202egpj.exe"


async def come(house: House, *batch: Any) -> None:
    await arrive(house.pool, house.clock(), batch)
    await assess(house.context, {})


async def filled(house: House) -> dict[str, Any]:
    """Two groups in one incident and one group in another; the first."""
    now = house.clock()
    await come(house, alert(house.home, now - 5 * HOUR, "1", title=HOSTILE),
               alert(house.home, now - 5 * HOUR + MINUTE, "2"),
               alert(house.home, now - MINUTE, "3", "10.0.0.9", actor="198.51.100.1"))  # fmt: skip
    groups = (await house.get("ana", "/api/v1/alert-groups")).json()["groups"]
    return {each["signature"][9:]: each for each in groups}


async def test_groups_are_listed_page_by_page_and_found_by_machine_rule_and_incident(
    house: House,
) -> None:
    groups = await filled(house)
    assert sorted(groups) == ["1", "2", "3"]
    first = (await house.get("ana", "/api/v1/alert-groups?limit=2")).json()
    rest = (await house.get("ana", f"/api/v1/alert-groups?limit=2&after={first['next']}")).json()
    listed = [each["signature"] for each in (*first["groups"], *rest["groups"])]
    assert listed == ["suricata:3", "suricata:2", "suricata:1"]
    assert rest["next"] is None
    for query, expected in (
        (f"incident={groups['1']['incident']}", ["2", "1"]), ("host=10.0.0.9", ["3"]),
        ("signature=suricata:2", ["2"]), ("loose=true", []), (f"incident={NOBODY}", []),
    ):  # fmt: skip
        found = (await house.get("ana", f"/api/v1/alert-groups?{query}")).json()["groups"]
        assert [each["signature"][9:] for each in found] == expected, query
    for after in ("x", "1_", "_1", "1_x", "9" * 40 + "_1", "1_" + "9" * 18, "-1_1", "²_1"):
        answer = await house.get("ana", "/api/v1/alert-groups", params={"after": after})
        assert answer.status_code in {200, 422}, after


async def test_a_group_shows_what_its_sensor_wrote_and_why_it_belongs(house: House) -> None:
    groups = await filled(house)
    whole = (await house.get("ana", f"/api/v1/alert-groups/{groups['2']['id']}")).json()
    (sample,) = whole["samples"]
    assert sample["raw"]["alert"]["signature_id"] == 2
    assert {link["code"] for link in whole["links"]} <= {"LINK_HOST", "LINK_TIME"}
    assert whole["links"]
    joined = (await house.get("ana", f"/api/v1/incidents/{groups['1']['incident']}/links")).json()
    assert {link["id"] for link in joined["links"]} == {link["id"] for link in whole["links"]}
    assert (await house.get("ana", f"/api/v1/alert-groups/{NOBODY}")).status_code == 404
    assert (await house.get("rita", "/api/v1/alert-groups")).status_code == 403


async def test_merge_split_cut_and_undo_through_the_api(house: House) -> None:
    groups = await filled(house)
    one, two = groups["1"]["incident"], groups["3"]["incident"]
    body = {"others": [one], "reason": "one machine"}
    assert (await house.post("aud", f"/api/v1/incidents/{two}/merges", body)).status_code == 403
    merged = await house.post("ana", f"/api/v1/incidents/{two}/merges", body)
    assert (merged.status_code, merged.json()) == (201, {"incident": one})
    again = await house.post("ana", f"/api/v1/incidents/{two}/merges", body)
    assert again.status_code == 422
    assert "merged already" in again.json()["detail"]
    (step,) = (await house.get("ana", f"/api/v1/incidents/{one}/links")).json()["steps"]
    assert (step["kind"], step["person"], step["other"]) == ("merge", "ana", two)
    undone = await house.post("ana", f"/api/v1/incidents/steps/{step['id']}/undo")
    assert (undone.status_code, undone.json()) == (201, {"incident": one})
    split = await house.post("ana", f"/api/v1/incidents/{one}/splits",
                             {"groups": [groups["2"]["id"]], "reason": "not ours"})  # fmt: skip
    assert split.status_code == 201
    moved = (await house.get("ana", f"/api/v1/alert-groups/{groups['2']['id']}")).json()["group"]
    assert moved["incident"] == split.json()["incident"]
    refused = await house.post("ana", f"/api/v1/incidents/{one}/merges",
                               {"others": [split.json()["incident"]], "reason": "yet"})  # fmt: skip
    assert refused.status_code == 422
    assert "parted by ana" in refused.json()["detail"]
    steps = (await house.get("ana", f"/api/v1/incidents/{one}/links")).json()["steps"]
    assert [each["kind"] for each in steps] == ["split", "merge"]
    await house.post("ana", f"/api/v1/incidents/steps/{steps[0]['id']}/undo")
    links = (await house.get("ana", f"/api/v1/incidents/{one}/links")).json()["links"]
    live = [link for link in links if link["undone_at"] is None]
    made = [
        (
            await house.post(
                "ana", f"/api/v1/incidents/links/{link['id']}/cut", {"reason": "no cause"}
            )
        ).json()
        for link in live
    ]
    assert sum("made" in each and each["made"] is not None for each in made) == 1
    for path in (f"links/{NOBODY}/cut", f"steps/{NOBODY}/undo"):
        gone = await house.post(
            "ana", f"/api/v1/incidents/{path}", {"reason": "no cause"} if "cut" in path else None
        )
        assert gone.status_code == 404


async def test_whether_every_alert_is_counted_is_asked_by_who_runs_the_node(house: House) -> None:
    await filled(house)
    found = (await house.get("ada", "/api/v1/alert-sums")).json()
    assert (found["accepted"], found["counted"], found["equal"]) == (3, 3, True)
    assert (await house.get("ana", "/api/v1/alert-sums")).status_code == 403


async def test_what_is_above_a_ceiling_is_nowhere(house: House) -> None:
    await house.newcomer("gil", "analyst", ceiling=Tlp.GREEN)
    groups = await filled(house)
    assert (await house.get("gil", "/api/v1/alert-groups")).json() == {"groups": [], "next": None}
    for path in (f"alert-groups/{groups['1']['id']}", f"incidents/{groups['1']['incident']}/links"):
        assert (await house.get("gil", f"/api/v1/{path}")).status_code == 404
    body = {"others": [groups["3"]["incident"]], "reason": "guess"}
    path = f"/api/v1/incidents/{groups['1']['incident']}/merges"
    assert (await house.post("gil", path, body)).status_code == 404
    assert (await house.get("gil", "/api/v1/alert-hubs")).json() == {"hubs": []}


@pytest.mark.parametrize("lang", ["sl", "hr", "en"])
async def test_the_pages_say_it_in_words_and_quote_what_is_hostile(house: House, lang: str) -> None:
    empty = await house.get("ana", f"/alerts?lang={lang}")
    assert empty.status_code == 200
    assert 'class="empty"' in empty.text
    groups = await filled(house)
    listed = await house.get("ana", f"/alerts?every=true&lang={lang}")
    assert listed.text.count("data-row") >= 3
    page = await house.get("ana", f"/alerts/{groups['1']['id']}?lang={lang}")
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "\u202e" not in page.text.split('id="samples"')[1]
    assert not any(code in page.text for code in ("LINK_", "ALERT_SEVERITY", "ALERT_PLACE"))


async def test_the_page_of_an_incident_says_why_its_groups_belong(house: House) -> None:
    groups = await filled(house)
    first = groups["1"]["incident"]
    page = await house.get("ana", f"/incidents/{first}?lang=en")
    assert page.status_code == 200
    assert f"/alerts/{groups['1']['id']}" in page.text
    assert "apart" in page.text.split('id="alerts"')[1]
    assert "/cut" in page.text
    assert "data-pick" in page.text
    watcher = await house.get("aud", f"/incidents/{first}?lang=en")
    assert watcher.status_code == 200
    assert "/cut" not in watcher.text
    body = {"others": [groups["3"]["incident"]], "reason": "one machine"}
    await house.post("ana", f"/api/v1/incidents/{first}/merges", body)
    joined = await house.get("ana", f"/incidents/{first}?lang=sl")
    assert "Združeno" in joined.text
    assert "one machine" in joined.text
