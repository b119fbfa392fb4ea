"""The ledger over the API and the command line: filters, pages, who may, and no original."""

import json
from datetime import timedelta
from uuid import UUID

import pytest

from tests.store.world import reported
from tests.web.house import NOBODY, House
from zvon.cli import privacy_ledger
from zvon.model.disclosure import Door, Outcome
from zvon.store import disclosure
from zvon.store.disclosure import Leaving
from zvon.store.transaction import transaction

PATH = "/api/v1/disclosures"


async def fill(house: House) -> None:
    """Five lines, a minute apart: by two doors, one of them stopped."""
    async with transaction(house.pool, house.clock()) as tx:
        for n in range(5):
            await disclosure.put(
                tx, UUID(int=n + 1),
                Leaving(
                    door=Door.PEER if n % 2 else Door.TAKEDOWN, subject=f"I-26-00000{n}",
                    recipient="slo-cro", policy_sha256="ab", tlp=2,
                    outcome=Outcome.HELD if n == 3 else Outcome.RELEASED,
                    reason="ASKED" if n == 3 else "", spans={"keep": {"URL": 1}, "pseudonymise": {"NAME": 2}},
                    risk=0.25, content_sha256=None if n == 3 else bytes(32), by_login="bor",
                ),
                house.clock() + timedelta(minutes=n),
            )  # fmt: skip


async def test_pages_of_the_ledger_follow_one_another(house: House) -> None:
    await fill(house)
    subjects: list[str] = []
    after: dict[str, str] = {}
    while True:
        said = (await house.get("pia", PATH, params={"limit": 2, **after})).json()
        subjects += [line["subject"] for line in said["disclosures"]]
        if said["next"] is None:
            break
        after = {"after": said["next"]}
    assert subjects == [f"I-26-00000{n}" for n in (4, 3, 2, 1, 0)]
    assert said["counts"] == {"peer": {"held": 1, "released": 1}, "takedown": {"released": 3}}


async def test_lines_are_found_by_what_a_privacy_officer_asks(house: House) -> None:
    await fill(house)

    async def asked(**params: str) -> list[str]:
        found = await house.get("pia", PATH, params=params)
        assert found.status_code == 200, found.text
        return [line["subject"][-1] for line in found.json()["disclosures"]]

    since = (house.clock() + timedelta(minutes=3)).isoformat()
    assert await asked(door="peer") == ["3", "1"]
    assert await asked(outcome="held") == ["3"]
    assert await asked(since=since) == ["4", "3"]
    assert await asked(until=since, door="takedown") == ["2", "0"]
    assert await asked(subject="I-26-000002") == ["2"]
    assert await asked(by="ana") == []
    assert await asked(recipient="slo-cro", group=str(NOBODY)) == []
    line = (await house.get("pia", f"{PATH}/{UUID(int=4)}")).json()
    assert (line["outcome"], line["reason"], line["sha256"], line["tlp"]) == (
        "held", "ASKED", None, "TLP:AMBER",
    )  # fmt: skip


async def test_what_means_nothing_is_refused_and_nobody_else_reads(house: House) -> None:
    for params in ({"door": "window"}, {"after": "x"}, {"limit": "0"}, {"since": "soon"}):
        assert (await house.get("pia", PATH, params=params)).status_code == 400, params
    late = await house.get("pia", PATH, params={"after": "9999999999999999-1"})
    assert late.status_code == 200
    assert (await house.get("pia", f"{PATH}/{NOBODY}")).status_code == 404
    for who, status in (("ana", 403), ("rita", 403), ("bor", 200), ("aud", 200), (None, 401)):
        assert (await house.get(who, PATH)).status_code == status, who


async def test_the_command_prints_a_line_for_each_and_says_why_one_was_stopped(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await fill(house)
    answers: list[dict[str, object]] = [
        (await house.get("pia", PATH, params={"limit": "100"})).json()
    ]
    asked: list[dict[str, str]] = []

    def call(*_: object, **query: str) -> dict[str, object]:
        asked.append(query)
        return answers[0]

    monkeypatch.setattr(privacy_ledger, "call", call)
    privacy_ledger.disclosures(door="peer", since="2026-11-01")
    printed = capsys.readouterr().out
    assert asked[0]["door"] == "peer"
    assert asked[0]["since"] == "2026-11-01T00:00:00Z"
    assert "held (ASKED)" in printed
    assert "I-26-000003 to slo-cro, TLP:AMBER, 2 pseudonymise, risk 0.25, by bor" in printed
    assert "takedown: 3 released" in printed
    privacy_ledger.disclosures(json=True)
    assert len(json.loads(capsys.readouterr().out)["disclosures"]) == 5


async def above_the_limit(house: House, prepared_by: str) -> UUID:
    """A release that waits, whose risk is above what the group lets one person let go."""
    now, uuid, group = house.clock(), UUID(int=77), UUID(int=78)
    found = await reported(house.pool, now, house.home)
    after = '{"parts": {"message.text": "x"}, "names": [], "observables": []}'
    async with transaction(house.pool, now) as tx:
        await tx.execute(
            "insert into share_group (uuid, name, max_tlp, policy, membership, version)"
            " values (%s, 'slo-cro', 2, '{}', '', 1)",
            (group,),
        )
        await tx.execute(
            "insert into share (uuid, incident_id, group_uuid, state, approver_needed, policy,"
            " before, after, decisions, risk, prepared_by, prepared_at)"
            " select %s, i.id, %s, 'waiting', true, '{\"max_risk\": 1.0}', %s, %s, '[]', 2.5,"
            " p.id, %s from incident i, person p where i.uuid = %s and p.login = %s",
            (uuid, group, after, after, now, found.incident_uuid, prepared_by),
        )
    return uuid


async def test_a_second_person_approves_and_whoever_prepared_it_does_not(house: House) -> None:
    uuid = await above_the_limit(house, "bor")
    path = f"/api/v1/shares/{uuid}/approval"
    word = {"word": "approve", "reason": "looked at every value"}
    assert (await house.post("ana", path, word)).status_code == 403
    own = await house.post("bor", path, word)
    assert own.status_code == 403
    assert "another person" in own.json()["detail"]
    assert (await house.post("pia", path, {"word": "maybe", "reason": "x"})).status_code == 400
    said = await house.post("pia", path, word)
    assert said.status_code == 201, said.text
    assert [(one["login"], one["word"]) for one in said.json()["approvals"]] == [("pia", "approve")]
    assert (said.json()["risk"], said.json()["max_risk"]) == (2.5, 1.0)
    assert ("bor", "share:approve", str(uuid), "OWN_WORK") in await house.refusals()


async def test_the_page_of_a_release_says_that_a_second_person_must_look(house: House) -> None:
    uuid = await above_the_limit(house, "ana")
    page = await house.get("pia", f"/privacy/releases/{uuid}")
    assert page.status_code == 200, page.text
    assert "a second person must approve" in page.text
    assert f"/api/v1/shares/{uuid}/approval" in page.text
    own = await house.get("ana", f"/privacy/releases/{uuid}")
    assert f"/api/v1/shares/{uuid}/approval" not in own.text
