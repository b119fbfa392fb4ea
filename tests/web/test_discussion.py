"""The talk about an incident: threads, ten minutes, tombstones, who is called, and who may not be."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.store.world import reported
from tests.web.house import NOBODY, House
from zvon.model.marking import Tlp
from zvon.store.transaction import transaction

PAGE = {"Accept": "text/html"}


async def incident(house: House, tlp: Tlp = Tlp.AMBER) -> str:
    made = await reported(house.pool, house.clock(), house.home, tlp=tlp)
    message = {"text": "nujno", "channel": "sms", "lang": "sl"}
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute(
            "update record set payload = %s where id = %s", (Jsonb(message), made.record_id)
        )
    return f"/api/v1/incidents/{made.incident_uuid}"


async def say(house: House, who: str, path: str, text: str, **more: Any) -> dict[str, Any]:
    answer = await house.post(who, f"{path}/discussion", {"text": text, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def talk(house: House, who: str, path: str) -> list[dict[str, Any]]:
    return list((await house.get(who, f"{path}/discussion")).json()["comments"])


async def calls(house: House, who: str) -> list[str]:
    return [c["text"] for c in (await house.get(who, "/api/v1/mentions")).json()["calls"]]


async def test_threads_hold_together_and_answers_to_answers_stay_in_them(house: House) -> None:
    path = await incident(house)
    first = await say(house, "ana", path, "Is this the same kit?")
    await say(house, "bor", path, "Another matter.")
    answer = await say(house, "bor", path, "It is.", answers=first["comment"]["id"])
    deeper = await say(house, "ana", path, "Thanks.", answers=answer["comment"]["id"])
    assert deeper["comment"]["answers"] == first["comment"]["id"]
    said = [c["text"] for c in await talk(house, "aud", path)]
    assert said == ["Is this the same kit?", "It is.", "Thanks.", "Another matter."]


async def test_who_is_called_finds_it_until_they_answer(house: House) -> None:
    path = await incident(house)
    made = await say(house, "ana", path, "@Bor please look, and @ana too; not ada@bor.example")
    assert made["comment"]["called"] == ["bor"]
    assert await calls(house, "bor") == ["@Bor please look, and @ana too; not ada@bor.example"]
    assert await calls(house, "ana") == []
    assert "1 comment calls you" in (await house.get("bor", "/", headers=PAGE)).text
    assert "please look" in (await house.get("bor", "/mentions", headers=PAGE)).text
    await say(house, "bor", path, "I looked.", answers=made["comment"]["id"])
    assert await calls(house, "bor") == []


async def test_a_call_can_be_taken_off_the_own_list_only(house: House) -> None:
    path = await incident(house)
    made = await say(house, "ana", path, "@bor @ada look")
    body = {"comments": [made["comment"]["id"]]}
    assert (await house.post("bor", "/api/v1/mentions/seen", body)).json() == {"seen": 1}
    assert await calls(house, "bor") == []
    assert len(await calls(house, "ada")) == 1


async def test_nobody_is_called_who_may_not_see_the_incident(house: House) -> None:
    await house.newcomer("gost", "analyst", Tlp.GREEN)
    path = await incident(house)
    made = await say(house, "ana", path, "@gost and @rita and @nobody-here, @bor")
    assert made["unmatched"] == ["gost", "rita", "nobody-here"]
    assert made["comment"]["called"] == ["bor"]
    names = {
        n["handle"] for n in (await house.get("ana", f"{path}/discussion/names")).json()["names"]
    }
    assert "bor" in names
    assert not names & {"gost", "rita"}
    assert (await house.get("gost", "/api/v1/mentions")).json() == {"calls": []}
    for read in (f"{path}/discussion", f"{path}/discussion/names"):
        assert (await house.get("gost", read)).status_code == 404
    assert (await house.post("gost", f"{path}/discussion", {"text": "hello"})).status_code == 404
    comment = f"/api/v1/comments/{made['comment']['id']}"
    assert (await house.get("gost", f"{comment}/wordings")).status_code == 404


async def test_ten_minutes_to_word_it_better_and_the_first_wording_stays(house: House) -> None:
    path = await incident(house)
    made = (await say(house, "ana", path, "Its bad."))["comment"]
    where = f"/api/v1/comments/{made['id']}"
    other = await house.post("bor", f"{where}/text", {"text": "No.", "version": 1})
    assert other.status_code == 403
    house.clock.forward(timedelta(minutes=9))
    better = await house.post("ana", f"{where}/text", {"text": "It is bad.", "version": 1})
    assert better.json()["comment"]["text"] == "It is bad."
    stale = await house.post("ana", f"{where}/text", {"text": "It is.", "version": 1})
    assert stale.status_code == 409
    past = (await house.get("bor", f"{where}/wordings")).json()["wordings"]
    assert [w["text"] for w in past] == ["Its bad."]
    house.clock.forward(timedelta(minutes=2))
    late = await house.post("ana", f"{where}/text", {"text": "It was good.", "version": 2})
    assert late.status_code == 409
    assert (await talk(house, "bor", path))[0]["text"] == "It is bad."


async def test_the_database_refuses_another_wording_later(house: House) -> None:
    path = await incident(house)
    made = (await say(house, "ana", path, "It is bad."))["comment"]
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(house.pool, house.clock()) as tx:
            await tx.execute(
                "update comment set text = 'It is good.', edited_at = at + interval '11 minutes'"
                " where uuid = %s", (made["id"],),
            )  # fmt: skip
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(house.pool, house.clock()) as tx:
            await tx.execute(
                "update comment set by_person = %s where uuid = %s",
                (house.viewers["bor"].person_id, made["id"]),
            )


async def test_what_is_taken_back_leaves_a_tombstone_and_calls_nobody(house: House) -> None:
    path = await incident(house)
    made = (await say(house, "ana", path, "@bor the password is hunter2"))["comment"]
    where = f"/api/v1/comments/{made['id']}"
    await say(house, "bor", path, "What?", answers=made["id"])
    assert (await house.post("bor", f"{where}/taking-back", {"version": 1})).status_code == 403
    gone = await house.post("ana", f"{where}/taking-back", {"version": 1})
    assert gone.status_code == 201
    said = await talk(house, "bor", path)
    assert [(c["text"], c["gone_at"] is not None) for c in said] == [("", True), ("What?", False)]
    assert (await house.get("bor", f"{where}/wordings")).status_code == 403
    assert "hunter2" in (await house.get("aud", f"{where}/wordings")).text
    page = await house.get("bor", path.removeprefix("/api/v1"), headers=PAGE)
    assert "hunter2" not in page.text
    assert "Taken back" in page.text
    assert await calls(house, "bor") == []
    assert (await house.post("ana", f"{where}/taking-back", {"version": 2})).status_code == 409


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "x" * 10_001])
async def test_what_says_nothing_or_too_much_is_refused(house: House, text: str) -> None:
    path = await incident(house)
    answer = await house.post("ana", f"{path}/discussion", {"text": text})
    assert answer.status_code in {400, 422}
    assert await talk(house, "ana", path) == []


async def test_an_answer_stays_on_its_incident_and_readers_do_not_talk(house: House) -> None:
    here, there = await incident(house), await incident(house)
    made = (await say(house, "ana", here, "Here."))["comment"]
    for answers in (made["id"], str(NOBODY)):
        wrong = await house.post("ana", f"{there}/discussion", {"text": "x", "answers": answers})
        assert wrong.status_code == 404
    assert (await house.post("aud", f"{here}/discussion", {"text": "x"})).status_code == 403


async def test_the_page_shows_the_talk_and_hostile_words_as_words(house: House) -> None:
    path = await incident(house)
    await say(house, "ana", path, "<script>alert(1)</script> @bor")
    page = await house.get("bor", path.removeprefix("/api/v1"), headers=PAGE)
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert 'data-insert="@ana"' in page.text
