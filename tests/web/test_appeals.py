"""Deciding on appeals over the API, and who may not."""

import os
from datetime import timedelta
from typing import Any

from tests.web.house import NOBODY, House
from tests.web.test_block_life import live
from tests.web.test_blocks import NAME, propose, state
from zvon.store import appeal
from zvon.store.transaction import transaction

HOSTILE = "<script>alert(1)</script> {name} %s \u202e"


async def filed(house: House, name: str = NAME, text: str = HOSTILE) -> str:
    """What the public page does."""
    async with transaction(house.pool, house.clock()) as tx:
        made, _ = await appeal.file(
            tx, name=name, text=text, contact="ivan@shop.example", lang="hr", now=house.clock(),
            random=os.urandom, key=house.context.node.key,
        )  # fmt: skip
    return str(made.uuid)


async def decide(house: House, who: str, which: str, granted: object, why: str = "seen") -> Any:
    body = {"granted": granted, "reason": why}
    return await house.post(who, f"/api/v1/appeals/{which}/decision", body)


async def test_an_appeal_is_granted_and_the_block_is_gone(house: House) -> None:
    [block] = await live(house)
    which = await filed(house, f"{NAME.upper()}.")
    [shown] = (await house.get("ana", "/api/v1/appeals")).json()["appeals"]
    assert (shown["id"], shown["name"], shown["text"]) == (which, NAME, HOSTILE)
    assert (shown["block"], shown["block_state"], shown["overdue"]) == (block, "disputed", False)
    assert "contact" not in shown
    house.clock.forward(timedelta(hours=24))
    assert (await house.get("ana", f"/api/v1/appeals/{which}")).json()["overdue"] is True
    done = await decide(house, "bor", which, granted=True)
    assert done.status_code == 201, done.text
    assert (done.json()["state"], done.json()["block_state"]) == ("granted", "lifted")
    assert await state(house, block) == "lifted"
    assert (await decide(house, "bor", which, granted=False)).status_code == 409
    [past] = (await house.get("ana", "/api/v1/appeals", params={"decided": "true"})).json()[
        "appeals"
    ]
    assert past["decided_by"] == "bor"


async def test_only_who_decides_reads_the_contact_and_it_is_written_down(house: House) -> None:
    which = await filed(house)
    for who in ("ana", "ada", "aud", "rita"):
        assert (await house.post(who, f"/api/v1/appeals/{which}/contact")).status_code == 403
        assert (await decide(house, who, which, granted=True)).status_code == 403
    said = await house.post("bor", f"/api/v1/appeals/{which}/contact")
    assert said.json() == {"contact": "ivan@shop.example"}
    assert (await house.post("bor", f"/api/v1/appeals/{NOBODY}/contact")).status_code == 404
    async with house.pool.connection() as db:
        rows = await (
            await db.execute("select actor from audit where action = 'appeal:contact'")
        ).fetchall()
    assert rows == [("bor",)]


async def test_the_proposer_does_not_refuse_an_appeal_against_it(house: House) -> None:
    await house.newcomer("eva", "approver")
    async with house.pool.connection() as db:
        await db.execute(
            "insert into person_role select id, 'analyst' from person where login = 'eva'"
        )
    made = await propose(house, NAME, who="eva")
    [block] = [one["id"] for one in made.json()["blocks"]]
    await house.post("bor", "/api/v1/blocks/approvals", {"blocks": [block], "reason": "seen"})
    which = await filed(house)
    assert (await decide(house, "eva", which, granted=False)).status_code == 403
    assert (await decide(house, "bor", which, granted=False)).status_code == 201
    assert await state(house, block) == "published"


async def test_a_decision_that_does_not_fit_is_refused(house: House) -> None:
    which = await filed(house)
    for granted, why in (("yes", "seen"), (True, ""), (True, "  x  "), (True, "x" * 501)):
        assert (await decide(house, "bor", which, granted, why)).status_code in {400, 422}
    assert (await decide(house, "bor", which, granted=True, why="nul \x00")).status_code in {
        400,
        422,
    }
    assert (await decide(house, "bor", str(NOBODY), granted=True)).status_code == 404
    assert (await house.get("ana", f"/api/v1/appeals/{which}")).json()["state"] == "open"


async def test_an_apology_is_drafted_by_who_decides(house: House) -> None:
    await live(house)
    which = await filed(house)
    assert (await house.post("bor", f"/api/v1/appeals/{which}/letter")).status_code == 422
    await decide(house, "bor", which, granted=True)
    for who in ("ana", "ada", "aud", "rita"):
        assert (await house.post(who, f"/api/v1/appeals/{which}/letter")).status_code == 403
    page = await house.get("bor", "/appeals?decided=true", headers={"Accept": "text/html"})
    assert "Draft an apology" in page.text
    said = await house.post("bor", f"/api/v1/appeals/{which}/letter")
    assert said.status_code == 201, said.text
    [past] = (await house.get("bor", "/api/v1/appeals", params={"decided": "true"})).json()[
        "appeals"
    ]
    assert past["letter"] == said.json()["message"]
    page = await house.get("bor", "/appeals?decided=true", headers={"Accept": "text/html"})
    assert f"/messages/{past['letter']}" in page.text
    assert "Draft an apology" not in page.text
    assert (await house.post("bor", f"/api/v1/appeals/{NOBODY}/letter")).status_code == 404
