"""The page of an incident and the pages of tasks and exhibits, in three languages and for every role."""

import re
from datetime import timedelta
from typing import Any, get_args

import pytest

from tests.store.world import reported
from tests.web.house import House
from zvon.locale import LANGS, translator
from zvon.model.incident_life import Act, Precision, TimeOf
from zvon.model.lifecycle import IncidentState
from zvon.model.observable import Observable, ObservableType
from zvon.model.task import TaskState
from zvon.model.verdict import AlertVerdict, Severity
from zvon.respond.task_template import templates
from zvon.store.exhibit import Act as CustodyAct
from zvon.store.exhibit import Origin
from zvon.store.ingest import REPORTER, SAID, Sighted, occurrences
from zvon.store.transaction import transaction

PAGE = {"Accept": "text/html"}
CODE = re.compile(r"\b(?:MOVED|TIME|TASK|WHEN|KNOWN|SAYS|LEVEL|SAID|DO|CUSTODY|SECOND|ASKS|RELATED"
                  r"|ORIGIN|TEMPLATE|SEVERITY|ALERT_VERDICT)_[A-Z_]+\b")  # fmt: skip


async def worked_on(house: House) -> str:
    """An incident with everything: entries, tasks, a file, times, verdicts, a question."""
    made = await reported(house.pool, house.clock(), house.home)
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("update record set payload = '{}' where id = %s", (made.record_id,))
    path = f"/api/v1/incidents/{made.incident_uuid}"
    at = house.clock() - timedelta(hours=3)

    async def post(what: str, body: dict[str, Any], who: str = "ana") -> None:
        life = (await house.get("ana", f"{path}/life")).json()
        if what in {"state", "severity", "alert-verdict", "assignment"}:
            body["version"] = life["version"]
        answer = await house.post(who, f"{path}/{what}", body)
        assert answer.status_code in {200, 201}, (what, answer.text)

    await post("state", {"to": "open"})
    await post("severity", {"severity": 4, "reason": "the registry itself"})
    await post("times", {"what": "aware", "at": at.isoformat()})
    await post("times", {"what": "aware", "at": house.clock().isoformat(), "reason": "read later"})
    await post(
        "timeline", {"at": at.isoformat(), "text": "First <b>login</b>", "precision": "about"}
    )
    await post("tasks/from-template", {"template": "phishing"})
    await post(
        "tasks", {"text": "Call <i>them</i>", "due_at": (at + timedelta(hours=4)).isoformat()}
    )
    await post("alert-verdict", {"value": "true_positive", "reason": "seen"})
    await post("state", {"to": "contained"})
    await house.ask(
        "ana", "POST", f"{path}/exhibits", content=b"x", params={"name": "<script>.exe"}
    )
    return str(made.incident_uuid)


@pytest.mark.parametrize("lang", LANGS)
async def test_the_page_says_all_in_words_and_nothing_of_others_as_markup(
    house: House, lang: str
) -> None:
    uuid = await worked_on(house)
    house.clock.forward(timedelta(hours=2))
    page = await house.get("ana", f"/incidents/{uuid}?lang={lang}", headers=PAGE)
    assert page.status_code == 200
    text = page.text
    visible = re.sub(r"<[^>]*>", " ", text)
    assert CODE.findall(visible) == []
    assert "<b>login</b>" not in text
    assert "<i>them</i>" not in text
    assert "<script>.exe" not in text
    speak = translator(lang)
    for word in (
        "WHEN_AWARE",
        "KNOWN_ABOUT",
        "SAID_TRUE_POSITIVE",
        "LEVEL_4",
        "TASK_STATE_BLOCKED",
    ):
        assert speak.text(word) in visible, word
    for key in ("1", "2", "3", "4", "5", "t", "n", "M", "o", "u"):
        assert f'data-key="{key}"' in text, key
    assert speak.text("You asked for it; another person has to agree.") not in visible


async def test_who_may_settle_is_asked_and_an_auditor_only_reads(house: House) -> None:
    uuid = await worked_on(house)
    settles = (await house.get("bor", f"/incidents/{uuid}", headers=PAGE)).text
    assert "/api/v1/countersigns/" in settles
    reads = await house.get("aud", f"/incidents/{uuid}", headers=PAGE)
    assert reads.status_code == 200
    for act in ("/state", "/alert-verdict", "/times", "/severity", "/exhibits", "/countersigns/"):
        assert f'{act}"' not in reads.text, act
    pia = await house.get("pia", f"/incidents/{uuid}", headers=PAGE)
    assert pia.status_code == 200


async def test_my_tasks_and_an_exhibit_have_pages(house: House) -> None:
    empty = await house.get("bor", "/tasks", headers=PAGE)
    assert "Nothing waits for you." in empty.text
    uuid = await worked_on(house)
    free = await house.get("bor", "/tasks", headers=PAGE)
    assert free.text.count(f"/incidents/{uuid}#tasks") == 6
    (made,) = (await house.get("ana", f"/api/v1/incidents/{uuid}/exhibits")).json()["exhibits"]
    for who in ("ana", "bor", "aud"):
        page = await house.get(who, f"/exhibits/{made['id']}", headers=PAGE)
        assert page.status_code == 200
        assert made["sha256"] in page.text
        assert ("/deletion" in page.text) == (who == "bor")
        assert ("/handover" in page.text) == (who != "aud")
    assert (await house.get("pia", f"/exhibits/{made['id']}", headers=PAGE)).status_code == 403


async def test_a_long_timeline_is_read_in_pages_and_leaves_as_a_file(house: House) -> None:
    made = await reported(house.pool, house.clock(), house.home)
    path = f"/api/v1/incidents/{made.incident_uuid}"
    base = house.clock() - timedelta(days=2)
    for n in range(12):
        body = {"at": (base + timedelta(minutes=n)).isoformat(), "text": f"=step {n}"}
        answer = await house.post("ana", f"{path}/timeline", body)
    last = answer.json()["id"]
    seen: list[str] = []
    before = ""
    while True:
        page = (await house.get("ana", f"{path}/timeline?lane=attack&limit=5{before}")).json()
        seen = [e["params"]["text"] for e in page["entries"]] + seen
        if page["before"] is None:
            break
        before = "&before=" + page["before"].replace("+", "%2B")
    assert seen == [f"=step {n}" for n in range(12)]
    struck = await house.post("ana", f"{path}/timeline/{last}/strike", {"reason": "a mistake"})
    assert struck.json()["entries"][-1]["struck_by"] == "ana"
    line = struck.json()["entries"][0]["line"]
    await house.post("ana", f"{path}/timeline/exported", {"line": line, "exported": False})
    file = (await house.get("ana", f"{path}/timeline.json")).json()["entries"]
    own = [e["params"]["text"] for e in file if e["code"] == "ENTRY"]
    assert own == [f"=step {n}" for n in range(1, 11)]
    table = (await house.get("ana", f"{path}/timeline.csv")).text
    assert "'=step 1" in table
    assert ",=step" not in table
    for place in ("x", "2026-01-01_1", "2026-01-01T00:00:00+00:00_-1", "9" * 99):
        bad = await house.get("ana", f"{path}/timeline", params={"before": place})
        assert bad.status_code == 422, place


async def test_a_value_becomes_an_indicator_once(house: House) -> None:
    made = await reported(house.pool, house.clock(), house.home)
    path = f"/api/v1/incidents/{made.incident_uuid}"
    async with transaction(house.pool, house.clock()) as tx:
        await occurrences(
            tx, made.record_id,
            [Sighted(Observable(ObservableType.DOMAIN, "dostava.example"), SAID, house.clock()),
             Sighted(Observable(ObservableType.EMAIL, "victim@pri.example"), REPORTER, house.clock())],
        )  # fmt: skip
    values = (await house.get("ana", f"{path}/values")).json()["values"]
    assert [(v["type"], v["value"], v["indicator"]) for v in values] == [
        ("domain", "dostava.example", None)
    ]
    ask = {"type": "domain", "value": "dostava.example", "reason": "used again and again"}
    first = await house.post("ana", f"{path}/indicators", ask)
    assert first.status_code == 201, first.text
    again = await house.post("bor", f"{path}/indicators", ask)
    assert again.json() == first.json()
    (value,) = (await house.get("ana", f"{path}/values")).json()["values"]
    assert (value["indicator"], value["promoted_by"]) == (first.json()["id"], "ana")
    victim = {"type": "email", "value": "victim@pri.example", "reason": "why not"}
    assert (await house.post("ana", f"{path}/indicators", victim)).status_code == 404
    assert (
        await house.get("ana", f"/records/{value['indicator']}", headers=PAGE)
    ).status_code == 200


@pytest.mark.parametrize("lang", LANGS)
def test_every_word_of_a_state_is_in_the_catalogue(lang: str) -> None:
    speak = translator(lang)
    steps = {step.code for each in templates() for step in each.steps}
    moved = set(IncidentState) - {IncidentState.NEW, IncidentState.MERGED}
    codes = (
        {f"WHEN_{w.name}" for w in TimeOf} | {f"TIME_{w.name}" for w in TimeOf}
        | {f"KNOWN_{p.name}" for p in Precision} | {f"LEVEL_{int(s)}" for s in Severity}
        | {f"SEVERITY_{s.name}" for s in Severity} | {f"SAID_{v.name}" for v in AlertVerdict}
        | {f"ALERT_VERDICT_{v.name}" for v in AlertVerdict} | {f"MOVED_{s.name}" for s in moved}
        | {f"DO_{s.name}" for s in moved} | {f"TASK_STATE_{s.name}" for s in TaskState}
        | {f"TASK_DO_{s.name}" for s in TaskState} | {f"TASK_{s.name}" for s in TaskState}
        | {f"ASKS_{a.name}" for a in Act} | {f"SECOND_ASKED_{a.name}" for a in Act}
        | {f"CUSTODY_{a.upper()}" for a in get_args(CustodyAct)}
        | {f"ORIGIN_{o.upper()}" for o in get_args(Origin)} | steps
        | {f"TEMPLATE_{t.name.upper()}" for t in templates()}
    )  # fmt: skip
    assert [code for code in sorted(codes) if code not in speak] == []
