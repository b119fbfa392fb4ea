"""Duties over the API and on pages: an incident becomes a report that a second person sends."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from schemathesis import GenerationMode

from tests.obligations import activate
from tests.store.world import reported
from tests.web.house import NOBODY, PROBLEM, House
from tests.web.test_schema import described, operations, surprises
from zvon.respond.jobs import JOBS
from zvon.store import obligation_step
from zvon.store.transaction import transaction

API = "/api/v1"
PACKS = ("nis2-entity-si", "nis2-entity-hr", "nis2-csirt-eu")
PAGE = {"Accept": "text/html"}
HOUR = timedelta(hours=1)


@pytest.fixture
async def incident(house: House) -> str:
    """An incident with the times that a duty runs from, and active rules."""
    adi = await house.newcomer("adi", "administrator")
    await activate(house.pool, house.viewers["ada"], adi, house.clock(), *PACKS)
    made = await reported(house.pool, house.clock(), house.home)
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute(
            """update record set payload = '{"channel": "sms", "text": "nujno"}' where kind = 'report'"""
        )
        await tx.execute(
            "insert into incident_time (incident_id, what, at, source, set_at)"
            " values (%s, 'aware', %s, 'person', %s)",
            (made.incident_id, house.clock() - HOUR, house.clock()),
        )
    return str(made.incident_uuid)


async def post(house: House, who: str, path: str, body: Any, status: int = 200) -> Any:
    answer = await house.post(who, f"{API}{path}", body)
    assert answer.status_code == status, (path, answer.text)
    return answer.json() if answer.content else None


async def started(house: House, incident: str, pack: str = "nis2-entity-si") -> dict[str, Any]:
    body = {
        "pack": pack,
        "entity": "Elektro <b>Primer</b>",
        "entity_kind": "energy",
        "incident": incident,
    }
    made = await post(house, "ana", "/obligations", body, 201)
    return dict(made)


def step(duty: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(each) for each in duty["steps"] if each["step"] == name)


async def reviewed(house: House, incident: str, pack: str = "nis2-entity-si") -> dict[str, Any]:
    """An early warning: filled from the incident, finished by ana, given to whoever sends it."""
    one = step(await started(house, incident, pack), "early_warning")
    path = f"/obligation-steps/{one['id']}"
    one = await post(house, "ana", f"{path}/prefill", {"version": one["version"]})
    said = {"contact": "Ana, 01 000 00 00", "suspected_malicious": True,
            "cross_border": {"unknown": True}, "detected_at": "2026-11-22 08:00"}  # fmt: skip
    one = await post(house, "ana", f"{path}/fields", {"version": one["version"], "fields": said})
    return dict(await post(house, "ana", f"{path}/review", {"version": one["version"]}))


async def test_a_draft_is_filled_from_the_incident_each_field_with_its_source(
    house: House, incident: str
) -> None:
    one = await reviewed(house, incident)
    fields = one["fields"]
    assert fields["entity"] == {"state": "given", "value": "Elektro <b>Primer</b>",
                                "source": "entity.name"}  # fmt: skip
    assert fields["incident_number"]["value"] == "I-26-000001"
    assert fields["aware_at"]["source"] == "time.aware"
    assert fields["description"]["value"].startswith("Lažno"), "in the language of who takes it in"
    assert fields["cross_border"] == {"state": "unknown", "value": None, "source": "person:ana"}
    assert fields["detected_at"]["value"] == "2026-11-22T08:00:00+01:00", "in the zone of the rules"
    assert one["state"] == "in_review"


async def test_the_second_person_sends_it_and_everything_is_exported(
    house: House, incident: str
) -> None:
    one = await reviewed(house, incident)
    path = f"/obligation-steps/{one['id']}"
    proof = {"version": one["version"], "recipient": "SI-CERT", "way": "portal", "receipt": "77"}
    assert (await house.post("ana", f"{API}{path}/submission", proof)).status_code == 403
    stale = await house.post("bor", f"{API}{path}/submission", {**proof, "version": 1})
    assert stale.status_code == 409
    sent = await post(house, "bor", f"{path}/submission", proof)
    assert (sent["state"], sent["late"], sent["submitted_by"]) == ("submitted", False, "bor")
    again = await house.post(
        "bor", f"{API}{path}/submission", {**proof, "version": sent["version"]}
    )
    assert again.status_code == 409
    duty = (await house.get("aud", f"{API}/obligations/{one['obligation']}")).json()
    (kept,) = duty["submissions"]
    exported = (await house.get("aud", f"{API}{path}/export")).json()
    assert exported == kept["body"]
    assert obligation_step.canonical(exported) == msgspec.json.encode(exported, order="sorted")
    shown = await house.get("aud", f"{API}{path}/export", params={"format": "html", "lang": "hr"})
    assert "Elektro &lt;b&gt;Primer&lt;/b&gt;" in shown.text
    assert "PRAVILA NISU PROVJERENA" in shown.text
    assert "sandbox" in shown.headers["content-security-policy"]
    done = await post(
        house, "ana", f"{path}/receipt", {"version": sent["version"], "receipt": "SI-77"}
    )
    assert done["state"] == "accepted"
    ours = (await house.get("ana", f"{API}/obligations")).json()["steps"]
    assert "csirt_feedback" in {each["step"] for each in ours}, "the node is a CSIRT: its own duty"


async def test_a_portal_gets_its_own_file_and_a_wrong_address_nothing(
    house: House, incident: str
) -> None:
    one = await reviewed(house, incident, "nis2-entity-hr")
    path = f"{API}/obligation-steps/{one['id']}"
    portal = (await house.get("ana", f"{path}/export", params={"format": "portal"})).json()
    assert (portal["entry"], portal["country"]) == ("PiXi", "HR")
    assert portal["unknown_yet"] == ["cross_border"]
    assert portal["fields"]["suspected_malicious"] is True
    for address in ("", "x", "a@b\nBcc: c@d.example", "two words@x.example"):
        sent = await house.post(
            "bor", f"{path}/mail", {"version": one["version"], "address": address}
        )
        assert sent.status_code in {400, 422}, address
    sent = await house.post("bor", f"{path}/mail",
                            {"version": one["version"], "address": "prijava@primer.example"})  # fmt: skip
    assert sent.status_code == 200, sent.text
    assert sent.json()["state"] == "submitted"
    duty = (await house.get("bor", f"{API}/obligations/{one['obligation']}")).json()
    assert (duty["submissions"][0]["way"], bool(duty["submissions"][0]["message"])) == (
        "mail",
        True,
    )
    assert await house.count("message") == 1


async def test_significance_is_asked_with_facts_and_starts_nothing(
    house: House, incident: str
) -> None:
    path = f"/incidents/{incident}"
    found = (await house.get("aud", f"{API}{path}/significance")).json()["significance"]
    assert [(each["pack"], each["answer"]) for each in found] == [("cir-2024-2690-dns", "unknown")]
    assert "dns.unavailable_minutes" in found[0]["missing"]
    said = {"facts": [{"name": "dns.unavailable_minutes", "value": 31}]}
    (judged,) = (await post(house, "ana", f"{path}/facts", said))["significance"]
    assert (judged["answer"], judged["missing"]) == ("yes", [])
    first = next(each for each in judged["criteria"] if each["id"] == "art5-outage")
    assert first["checked"][0]["source"] == "person:ana"
    (taken,) = (await post(house, "ana", f"{path}/facts",
                           {"facts": [{"name": "dns.unavailable_minutes", "value": None}]}))["significance"]  # fmt: skip
    assert taken["answer"] == "unknown"
    for name, value in (("nothing", 1), ("cause", "witch"), ("planned_maintenance", "yes"),
                        ("dns.mean_answer_s", -1), ("root_cause", "\u0000"), ("loss.eur", "much")):  # fmt: skip
        bad = await house.post(
            "ana", f"{API}{path}/facts", {"facts": [{"name": name, "value": value}]}
        )
        assert bad.status_code == 422, (name, bad.text)
    assert await house.count("obligation") == 0
    assert (await house.get("ana", f"{API}/incidents/{NOBODY}/significance")).status_code == 404


async def test_the_job_says_what_is_due_and_the_alarm_of_the_node_when_it_is_late(
    house: House, incident: str
) -> None:
    await started(house, incident)
    await JOBS["respond.obligations"](house.context, {})
    house.clock.forward(timedelta(hours=24))
    for _ in range(2):
        await JOBS["respond.obligations"](house.context, {})
    said = (await house.get("ana", f"{API}/obligations")).json()
    alarms = {each["name"]: each["percent"] for each in said["alarms"]}
    assert alarms == {"early_warning": 100}
    assert said["steps"][0]["overdue"]
    assert said["steps"][0]["late"]
    async with house.pool.connection() as db:
        rows = await (
            await db.execute(
                "select detail->'numbers' from dns_alert where cause = 'obligation_late'"
            )
        ).fetchall()
        assert rows == [(["N-26-000001 early_warning"],)]
    await JOBS["respond.obligation_aware"](house.context, {"incident": incident})
    assert (
        await house.post("ana", f"{API}/obligation-steps/{said['steps'][0]['id']}/seen")
    ).status_code == 204


async def test_every_page_shows_its_state_in_three_languages(house: House, incident: str) -> None:
    empty = await house.get("ana", "/obligations", headers=PAGE)
    assert "Nothing is due." in empty.text
    duty = await started(house, incident)
    one = step(duty, "early_warning")
    for lang in ("sl", "hr", "en"):
        for path, words in (
            ("/obligations", "N-26-000001"), (f"/obligations/{duty['id']}", "nis2-entity-si"),
            (f"/obligations/steps/{one['id']}", "Elektro &lt;b&gt;Primer&lt;/b&gt;"),
            ("/obligations/rules", "dora-eu"), ("/obligations/justifications", "2015/2120"),
            (f"/incidents/{incident}", "N-26-000001"), ("/orders", "<h1>"),
        ):  # fmt: skip
            shown = await house.get("bor", path, headers=PAGE, params={"lang": lang})
            assert shown.status_code == 200, (path, shown.text[:500])
            assert words in shown.text, (lang, path)
            assert "<b>Primer" not in shown.text
    assert (await house.get("rita", "/obligations", headers=PAGE)).status_code == 403
    house.clock.forward(timedelta(hours=24))
    await reviewed(house, incident)
    for path in ("/obligations", f"/obligations/{duty['id']}"):
        assert "late since" in (await house.get("bor", path, headers=PAGE)).text


async def test_rules_are_loaded_and_signed_over_the_api(house: House, incident: str) -> None:
    rows = (await house.get("aud", f"{API}/rule-packs")).json()["packs"]
    active = {each["pack"] for each in rows if each["state"] == "active"}
    assert active == set(PACKS)
    one = next(each for each in rows if each["pack"] == "nis2-entity-si")
    whole = (await house.get("aud", f"{API}/rule-packs/{one['id']}")).json()
    text = (
        whole["body"].replace('"2026-11-1"', '"2027-1"').replace('due = "PT72H"', 'due = "PT96H"')
    )
    (new,) = (await post(house, "ada", "/rule-packs", {"body": text}, 201))["packs"]
    differs = (await house.get("aud", f"{API}/rule-packs/{new['id']}")).json()["differences"]
    assert [each["text"] for each in differs] == [
        "notification: due before awareness + PT72H, now awareness + PT96H"
    ]
    assert (await house.post("ada", f"{API}/rule-packs", {"body": "x = ["})).status_code == 422
    assert (await house.post("ada", f"{API}/rule-packs", {"body": text + "#"})).status_code == 409
    proposed = await post(house, "ada", f"/rule-packs/{new['id']}/proposal", {"reason": "new law"})
    own = await house.post("ada", f"{API}/rule-packs/{new['id']}/approval")
    assert (own.status_code, own.headers["content-type"]) == (403, PROBLEM)
    await post(house, "adi", f"/rule-packs/{new['id']}/approval", None)
    signed = await post(
        house, "adi", f"/rule-packs/{new['id']}/signature", {"checked_by": "J. Pravnik"}
    )
    assert (proposed["state"], signed["state"], signed["checked_by"]) == (
        "proposed",
        "active",
        "J. Pravnik",
    )


@pytest.mark.parametrize("who", ["bor", "ada"])
async def test_odd_input_gives_no_answer_that_is_not_described(house: House, who: str) -> None:
    whole = await described(house)
    words = ("obligation", "rule-packs", "justification", "significance", "/facts")
    whole["paths"] = {
        path: item for path, item in whole["paths"].items() if any(word in path for word in words)
    }  # fmt: skip
    for mode in GenerationMode:
        asked, wrong = await surprises(house, who, list(operations(whole)), mode)
        assert wrong == []
        assert asked > 20
