"""The queue and the life of one incident over the API."""

from typing import Any
from uuid import UUID

import pytest

from tests.store.world import Reported, reported
from tests.web.house import NOBODY, PROBLEM, House
from zvon.model.advice import NameAdvice
from zvon.model.marking import Tlp
from zvon.model.scope import Scope

ADVICE = NameAdvice(
    name="dostava-paketa.example", scope=Scope.REGISTRABLE_SUB, reason="registered_for_abuse"
)
WHY = {"reason": "phishing for the Post", "legal_ground": "terms of the feed"}


async def incident(house: House, **given: Any) -> Reported:
    return await reported(house.pool, house.clock(), house.home, **given)


def path(of: Reported | UUID, *more: str) -> str:
    uuid = of.incident_uuid if isinstance(of, Reported) else of
    return "/".join(["/api/v1/incidents", str(uuid), *more])


async def version_of(house: House, of: Reported) -> int:
    return int((await house.get("bor", path(of))).json()["version"])


async def test_the_queue_is_ranked_and_goes_on_page_by_page(house: House) -> None:
    made = [(await incident(house, rank=float(n))).incident_uuid for n in (1, 3, 2)]
    first = (await house.get("ana", "/api/v1/incidents", params={"limit": "2"})).json()
    assert [i["id"] for i in first["incidents"]] == [str(made[1]), str(made[2])]
    assert first["counts"] == {
        "mine": 0, "all": 3, "approvals": 0, "held": 0, "appeals": 0, "snoozed": 0,
    }  # fmt: skip
    assert first["incidents"][0]["rank_reasons"]
    rest = await house.get("ana", "/api/v1/incidents", params={"after": first["next"]})
    assert [i["id"] for i in rest.json()["incidents"]] == [str(made[0])]
    assert rest.json()["next"] is None


@pytest.mark.parametrize("params", [
    {"tab": "other"}, {"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"after": "x"},
    {"after": "nan_1"}, {"after": "1_-1"}, {"after": "1_" + "9" * 30}, {"after": "x" * 201},
    {"after": "1_²"},
])  # fmt: skip
async def test_a_place_that_the_queue_never_gave_is_refused(
    house: House, params: dict[str, str]
) -> None:
    answer = await house.get("ana", "/api/v1/incidents", params=params)
    assert answer.status_code in {400, 422}, answer.text
    assert answer.headers["content-type"] == PROBLEM


async def test_a_verdict_is_given_and_taken_back(house: House) -> None:
    made = await incident(house)
    before = (await house.get("ana", path(made))).json()
    assert before["state"] == "new"
    given = await house.post(
        "ana",
        path(made, "verdict"),
        {"word": "benign", "version": before["version"], "reason": "a test of theirs"},
    )
    assert given.status_code == 201, given.text
    after = given.json()
    assert (after["verdict"], after["version"]) == ("benign", before["version"] + 1)
    assert after["timeline"][-1]["actor"] == "ana"
    undone = (await house.post("ana", path(made, "undo"))).json()
    assert undone["verdict"] == before["verdict"]
    assert undone["version"] > after["version"]


async def test_a_verdict_on_an_older_version_is_refused_and_nothing_changes(house: House) -> None:
    made = await incident(house)
    version = await version_of(house, made)
    verdict = {"word": "malicious", "version": version}
    assert (await house.post("ana", path(made, "verdict"), verdict)).status_code == 201
    late = await house.post("bor", path(made, "verdict"), {"word": "benign", "version": version})
    assert late.status_code == 409
    assert late.headers["content-type"] == PROBLEM
    assert (await house.get("bor", path(made))).json()["verdict"] == "malicious"


async def test_the_last_decision_is_taken_back_under_the_name_of_who_does_it(house: House) -> None:
    made = await incident(house)
    verdict = {"word": "benign", "version": await version_of(house, made)}
    assert (await house.post("ana", path(made, "verdict"), verdict)).status_code == 201
    undone = await house.post("bor", path(made, "undo"))
    assert undone.json()["verdict"] == "malicious"
    assert undone.json()["timeline"][-1]["actor"] == "bor"
    again = await house.post("bor", path(made, "undo"))
    assert again.status_code in {404, 409, 422}
    assert again.headers["content-type"] == PROBLEM


async def test_a_duplicate_points_at_the_first(house: House) -> None:
    first, second = await incident(house), await incident(house)
    version = await version_of(house, second)
    answer = await house.post(
        "ana", path(second, "duplicate"), {"of": str(first.incident_uuid), "version": version}
    )
    assert answer.status_code == 201, answer.text
    assert answer.json()["duplicate_of"] == str(first.incident_uuid)
    itself = await house.post(
        "ana", path(first, "duplicate"), {"of": str(first.incident_uuid), "version": version}
    )
    assert itself.status_code in {409, 422}
    nowhere = await house.post(
        "ana", path(first, "duplicate"), {"of": str(NOBODY), "version": version}
    )
    assert nowhere.status_code == 404


async def test_a_note_stands_in_the_story_word_for_word(house: House) -> None:
    made = await incident(house)
    text = "<script>alert(1)</script> šč \u202e"
    answer = await house.post("ana", path(made, "notes"), {"text": text})
    assert answer.status_code == 201
    line = answer.json()["timeline"][-1]
    assert (line["kind"], line["actor"]) == ("note", "ana")
    assert text in str(line["params"].values()) or text in list(line["params"].values())
    page = await house.get(
        "ana", f"/incidents/{made.incident_uuid}", headers={"Accept": "text/html"}
    )
    assert "<script>alert" not in page.text


async def test_the_names_are_proposed_as_advised(house: House) -> None:
    host = NameAdvice(name="login.example.net", scope=Scope.HOST, reason="narrow")
    never = NameAdvice(name="posta.si", scope=Scope.NONE, reason="official")
    made = await incident(house, names=(ADVICE, host, never))
    answer = await house.post("ana", path(made, "proposals"), WHY)
    assert answer.status_code == 201, answer.text
    proposed = {(b["name"], b["scope"]): b for b in answer.json()["blocks"]}
    assert set(proposed) == {(ADVICE.name, "registrable_sub"), (host.name, "host")}
    assert {b["state"] for b in proposed.values()} == {"validated"}
    assert {b["incident"] for b in proposed.values()} == {str(made.incident_uuid)}
    again = await house.post("ana", path(made, "proposals"), WHY)
    assert again.status_code == 409
    mine = (await house.get("ana", "/api/v1/incidents")).json()["counts"]
    theirs = (await house.get("bor", "/api/v1/incidents")).json()["counts"]
    assert (mine["approvals"], theirs["approvals"]) == (0, 1)


async def test_a_name_that_is_not_advised_is_not_proposed(house: House) -> None:
    never = NameAdvice(name="posta.si", scope=Scope.NONE, reason="official")
    made = await incident(house, names=(ADVICE, never))
    for name in ("posta.si", "elsewhere.example"):
        answer = await house.post("ana", path(made, "proposals"), {**WHY, "names": [name]})
        assert answer.status_code == 422
        assert answer.json()["errors"] == [{"name": name}]
    none = await house.post("ana", path(made, "proposals"), {**WHY, "names": []})
    assert none.status_code == 422
    assert await house.count("block") == 0


@pytest.mark.parametrize(("more", "body"), [
    ((), None),
    (("verdict",), {"word": "benign", "version": 1}),
    (("duplicate",), {"of": str(NOBODY), "version": 1}),
    (("undo",), {}),
    (("notes",), {"text": "seen"}),
    (("proposals",), WHY),
    (("shares",), {"group": str(NOBODY)}),
])  # fmt: skip
async def test_an_unknown_and_an_invisible_incident_are_the_same_answer(
    house: House, more: tuple[str, ...], body: Any
) -> None:
    hidden = await incident(house, tlp=Tlp.RED)
    method = "GET" if body is None else "POST"
    there = await house.ask("ana", method, path(hidden, *more), json=body)
    absent = await house.ask("ana", method, path(NOBODY, *more), json=body)
    assert there.status_code == absent.status_code == 404
    assert there.text.replace(str(hidden.incident_uuid), str(NOBODY)) == absent.text
    assert dict(there.headers) == dict(absent.headers)
