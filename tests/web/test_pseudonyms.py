"""Pseudonyms over the API: who may lead one back, who may end an epoch, and what is said of it."""

import os
from uuid import UUID

import msgspec
import pytest

from tests.web.house import NOBODY, House
from zvon.formats.membership import GroupPolicy
from zvon.privacy.pseudonym import token as token_of
from zvon.share import group as groups
from zvon.share.keys import current_epoch, domain, keep_originals
from zvon.store.transaction import transaction

WHERE = "/api/v1/pseudonyms"
NAME = "Katarina Jereb"


class Made(msgspec.Struct):
    """A group of the house with one pseudonym in its vault."""

    group: str
    epoch: str
    token: str

    def body(self, **more: object) -> dict[str, object]:
        return {"group": self.group, "token": self.token, "reason": "a partner asked", **more}


async def made(house: House, agreement: dict[str, object] | None = None) -> Made:
    now, node = house.clock(), house.context.node
    async with transaction(house.pool, now) as tx:
        policy = GroupPolicy(max_tlp="amber", agreement=agreement or {})
        terms = groups.Terms(name="slo-cro", policy=policy)
        group: UUID = (
            await groups.found(tx, terms, node, "https://si.example", now, os.urandom)
        ).group
        epoch = await current_epoch(tx.db, group, now)
        keys = await domain(tx, group, epoch, node, now, os.urandom)
        token = token_of(keys, "NAME", "katarina jereb")
        await keep_originals(tx, group, epoch, {token: NAME}, node, os.urandom)
    return Made(str(group), epoch, token)


async def test_the_originator_reverses_and_others_are_refused_with_a_log_line(house: House) -> None:
    one = await made(house)
    shown = await house.post("pia", f"{WHERE}/reverse", one.body())
    assert shown.json() == {"epoch": one.epoch, "original": NAME, "waits": None}
    for who in ("ana", "ada", "aud", "rita"):
        refused = await house.post(who, f"{WHERE}/reverse", one.body())
        assert refused.status_code == 403
        assert NAME not in refused.text
    refusals = await house.refusals()
    assert [(actor, action) for actor, action, _, _ in refusals if actor == "ana"]
    assert (await house.post("bor", f"{WHERE}/reverse", one.body(token="person-0123456789abcdef"))).status_code == 404  # fmt: skip
    assert (await house.post("bor", f"{WHERE}/reverse", one.body(token=NAME))).status_code == 422
    assert (await house.post("bor", f"{WHERE}/reverse", one.body(group=str(NOBODY)))).status_code == 404  # fmt: skip


async def test_two_people_where_the_group_agreed_so(house: House) -> None:
    one = await made(house, {"reverse_eyes": True})
    waits = (await house.post("bor", f"{WHERE}/reverse", one.body())).json()
    assert waits["original"] is None
    approval = f"/api/v1/pseudonym-reversals/{waits['waits']}/approval"
    assert (await house.post("bor", approval)).status_code == 403
    listed = (await house.get("pia", "/api/v1/pseudonym-reversals")).json()["reversals"]
    assert [(row["asked_by"], row["agreed_by"]) for row in listed] == [("bor", None)]
    assert (await house.post("pia", approval)).status_code == 204
    assert (await house.post("pia", approval)).status_code == 404
    assert (await house.post("bor", f"{WHERE}/reverse", one.body())).json()["original"] == NAME


async def test_an_epoch_is_destroyed_by_those_who_may_and_stays_listed(house: House) -> None:
    one = await made(house)
    body = {"group": one.group, "epoch": one.epoch, "reason": "the group was dissolved"}
    assert (await house.post("bor", f"{WHERE}/destroy", body)).status_code == 403
    done = await house.post("pia", f"{WHERE}/destroy", body)
    assert done.json() == {"pseudonyms": {"person": 1}, "releases": 0, "closed": 0}
    assert (await house.post("pia", f"{WHERE}/destroy", body)).status_code == 404
    assert (await house.post("pia", f"{WHERE}/reverse", one.body())).status_code == 404
    listed = (await house.get("pia", WHERE)).json()["epochs"]
    assert [(e["epoch"], e["pseudonyms"], e["destroyed_by"]) for e in listed] == [
        (one.epoch, 0, "pia")
    ]
    assert (await house.get("rita", WHERE)).status_code == 403


async def test_a_question_is_answered_once(house: House) -> None:
    one = await made(house)
    uuid = UUID(int=77)
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute(
            "insert into pseudonym_question (uuid, ours, peer, group_uuid, token, question, at)"
            " values (%s, true, %s, %s, %s, 'Who is it?', %s)",
            (uuid, NOBODY, one.group, one.token, house.clock()),
        )
    where = f"/api/v1/pseudonym-questions/{uuid}"
    assert (
        await house.post("ana", f"{where}/answer", {"answer": "one of ours"})
    ).status_code == 403
    leak = await house.post("pia", f"{where}/answer", {"answer": f"it is {NAME}"})
    assert leak.status_code == 422
    assert NAME not in leak.text
    assert (
        await house.post("pia", f"{where}/answer", {"answer": "one of ours"})
    ).status_code == 204
    assert (await house.post("pia", f"{where}/refusal")).status_code == 409
    assert (
        await house.post("pia", f"/api/v1/pseudonym-questions/{NOBODY}/refusal")
    ).status_code == 404
    said = (await house.get("ana", "/api/v1/pseudonym-questions?state=answered")).json()[
        "questions"
    ]
    assert [(q["ours"], q["answer"], q["by"]) for q in said] == [(True, "one of ours", "pia")]
    assert (await house.get("ana", "/api/v1/pseudonym-questions?state=open")).json() == {
        "questions": []
    }


@pytest.mark.parametrize("token", ["person-0123456789abcdef", "x", "Marija Kos"])
async def test_nobody_is_asked_about_what_no_partner_sent(house: House, token: str) -> None:
    one = await made(house)
    body = {"group": one.group, "token": token, "question": "Who is it?"}
    assert (await house.post("ana", "/api/v1/pseudonym-questions", body)).status_code == 404
    assert (await house.post("pia", "/api/v1/pseudonym-questions", body)).status_code == 403
