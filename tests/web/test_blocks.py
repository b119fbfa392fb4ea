"""Proposing, approving and lifting blocks over the API, and who may not."""

from typing import Any

import pytest

from tests.web.house import NOBODY, PROBLEM, House

WHY = {"reason": "phishing for the Post", "legal_ground": "terms of the feed"}
NAME = "dostava-paketa.example"


async def propose(house: House, *names: str, who: str = "ana") -> Any:
    body = {**WHY, "names": [{"name": n, "scope": "host"} for n in names]}
    return await house.post(who, "/api/v1/blocks", body)


async def waiting(house: House, *names: str) -> list[str]:
    """The identifiers of blocks that wait for approval."""
    answer = await propose(house, *(names or (NAME,)))
    assert answer.status_code == 201, answer.text
    return [b["id"] for b in answer.json()["blocks"]]


async def act(house: House, who: str, what: str, ids: list[str], reason: str = "seen it") -> Any:
    return await house.post(who, f"/api/v1/blocks/{what}", {"blocks": ids, "reason": reason})


async def state(house: House, block: str) -> str:
    return str((await house.get("ana", f"/api/v1/blocks/{block}")).json()["state"])


async def test_two_people_make_a_block_and_one_ends_it(house: House) -> None:
    [block] = await waiting(house)
    approved = await act(house, "bor", "approvals", [block])
    assert approved.status_code == 201, approved.text
    [shown] = approved.json()["blocks"]
    assert shown["state"] in {"published", "enforced"}
    assert (shown["proposer"], shown["approver"]) == ("ana", "bor")
    assert shown["published_serial"]
    lifted = await act(house, "bor", "lifts", [block], "a mistake")
    assert lifted.json()["blocks"][0]["lift_reason"] == "a mistake"
    whole = (await house.get("aud", f"/api/v1/blocks/{block}")).json()
    steps = [s["new"] for s in whole["steps"]]
    assert steps[:4] == ["proposed", "validated", "approved", "published"]
    assert {s["actor"] for s in whole["steps"]} == {"ana", "bor"}


async def test_nobody_approves_their_own_proposal_and_the_audit_knows(house: House) -> None:
    await house.newcomer("both", "approver")
    async with house.pool.connection() as db:
        await db.execute(
            "insert into person_role select id, 'analyst' from person where login = 'both'"
        )
    made = await propose(house, NAME, who="both")
    [block] = [b["id"] for b in made.json()["blocks"]]
    for what in ("approvals", "rejections"):
        answer = await act(house, "both", what, [block])
        assert answer.status_code == 403
        assert answer.headers["content-type"] == PROBLEM
        assert "another person" in answer.json()["detail"]
    assert await state(house, block) == "validated"
    said = await house.refusals()
    assert [(actor, rule) for actor, _, _, rule in said] == [("both", "four_eyes")] * 2
    assert "B-26-" in said[0][2]


async def test_a_protected_name_refuses_the_whole_list_and_says_which(house: House) -> None:
    answer = await propose(house, NAME, "posta.si", "google.com")
    assert answer.status_code == 422
    found = {e["name"] for e in answer.json()["errors"]}
    assert found == {"posta.si", "google.com"}
    assert all(e["rule"] and e["reason"] for e in answer.json()["errors"])
    assert await house.count("block") == 0
    assert any(actor == "ana" and action == "block:propose"
               for actor, action, _, _ in await house.refusals())  # fmt: skip


async def test_a_name_is_blocked_once(house: House) -> None:
    await waiting(house)
    answer = await propose(house, NAME.upper() + ".")
    assert answer.status_code == 409
    assert NAME in answer.json()["detail"]


async def test_a_proposal_is_rejected_or_taken_back_once(house: House) -> None:
    first, second = await waiting(house, "a.example.net", "b.example.net")
    assert (await act(house, "bor", "rejections", [first], "an old page")).status_code == 201
    assert (await act(house, "ana", "withdrawals", [second], "a mistake")).status_code == 201
    assert (await state(house, first), await state(house, second)) == ("rejected", "withdrawn")
    for block in (first, second):
        late = await act(house, "bor", "approvals", [block])
        assert late.status_code == 409, late.text


async def test_only_the_proposer_takes_a_proposal_back(house: House) -> None:
    await house.newcomer("eva", "analyst")
    [block] = await waiting(house)
    assert (await act(house, "eva", "withdrawals", [block])).status_code == 403
    assert await state(house, block) == "validated"


async def test_one_unknown_block_refuses_the_batch(house: House) -> None:
    [block] = await waiting(house)
    for what, who in (("approvals", "bor"), ("rejections", "bor"), ("releases", "bor"),
                      ("lifts", "bor"), ("withdrawals", "ana")):  # fmt: skip
        answer = await act(house, who, what, [block, str(NOBODY)])
        assert answer.status_code == 404, what
    assert await state(house, block) == "validated"


async def test_a_block_named_twice_in_a_batch_is_approved_once(house: House) -> None:
    [block] = await waiting(house)
    answer = await act(house, "bor", "approvals", [block, block])
    assert answer.status_code in {201, 422}
    assert (await house.get("bor", "/api/v1/blocks")).json()["blocks"][0]["id"] == block


@pytest.mark.parametrize(("body", "word"), [
    ({"names": []}, "names"),
    ({"names": [{"name": "a.example.net", "scope": "all"}]}, "scope"),
    ({"names": [{"name": ""}]}, "name"),
    ({"names": [{"name": "a..b"}]}, "names"),
    ({"names": [{"name": "a.example.net"}, {"name": "A.example.net", "scope": "host_sub"}]},
     "twice"),
    ({"names": [{"name": "-"}]}, "names"),
    ({"names": [{"name": "a\x00b.example.net"}]}, "names"),
    ({"reason": "x"}, "reason"),
    ({"reason": "   "}, "reason"),
    ({"legal_ground": ""}, "legal_ground"),
    ({"days": 0}, "days"),
    ({"days": 91}, "days"),
    ({"days": 1.5}, "days"),
    ({"feed": "xx"}, "feed"),
    ({"feed": "a\x00"}, ""),
    ({"more": 1}, "more"),
])  # fmt: skip
async def test_a_proposal_that_does_not_fit_is_refused_with_the_field(
    house: House, body: dict[str, Any], word: str
) -> None:
    whole = {**WHY, "names": [{"name": NAME}], **body}
    answer = await house.post("ana", "/api/v1/blocks", whole)
    assert answer.status_code in {400, 404, 422}, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert word in answer.text
    assert await house.count("block") == 0


async def test_the_board_is_newest_first_and_picks_states(house: House) -> None:
    ids = await waiting(house, *(f"n{n}.example.net" for n in range(5)))
    await act(house, "bor", "rejections", ids[:1])
    first = (await house.get("ana", "/api/v1/blocks", params={"limit": "3"})).json()
    rest = (await house.get("ana", "/api/v1/blocks", params={"after": first["next"]})).json()
    assert [b["id"] for b in first["blocks"] + rest["blocks"]] == ids[::-1]
    picked = await house.get("ana", "/api/v1/blocks", params={"state": "rejected"})
    assert [b["id"] for b in picked.json()["blocks"]] == ids[:1]
    bad = await house.get("ana", "/api/v1/blocks", params={"state": "gone"})
    assert bad.status_code == 400


@pytest.mark.parametrize("after", ["x", "²", "9" * 60, "-1", "1.5"])
async def test_a_place_that_the_board_never_gave_does_no_harm(house: House, after: str) -> None:
    answer = await house.get("ana", "/api/v1/blocks", params={"after": after})
    assert answer.status_code in {200, 400, 422}
