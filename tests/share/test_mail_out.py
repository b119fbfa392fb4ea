"""Letters that leave: once, through the gate, and only when the mail server says so."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio

from tests.share.post import OWN, Desk, desk_of
from zvon.formats import mail_token
from zvon.formats.mail_token import Token
from zvon.model.lifecycle import IllegalMove
from zvon.model.marking import Tlp
from zvon.model.message import MessageState
from zvon.store import message_draft, message_send
from zvon.store.message import Stale
from zvon.store.transaction import Pool, transaction
from zvon.store.visibility import viewer_setting


@pytest_asyncio.fixture
async def desk(pool: Pool, now: datetime, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of(pool, now, tmp_path) as made:
        yield made


async def test_a_letter_leaves_once_and_is_kept_as_it_was_sent(desk: Desk) -> None:
    made = await desk.draft(await desk.contact())
    await desk.move(made, MessageState.QUEUED)
    await desk.send(made)
    await desk.send(made)
    (letter,) = desk.sink.letters
    kept = await desk.message(made)
    assert kept.state == "sent"
    assert letter["To"] == "abuse@gostitelj.example"
    assert letter["Message-ID"] == kept.message_id
    assert "Prosimo, poglejte." in letter.get_content()
    assert letter.get_content().strip().splitlines() == kept.text.strip().splitlines()
    assert letter["Auto-Submitted"] is None, "a person wrote it"


async def test_an_answer_finds_its_way_back_by_address_and_subject(desk: Desk) -> None:
    made = await desk.draft(await desk.contact())
    await desk.move(made, MessageState.QUEUED)
    await desk.send(made)
    ((ref,),) = await desk.rows("select ref from thread")
    key = desk.context.node.key
    (letter,) = desk.sink.letters
    assert mail_token.in_addresses([letter["Reply-To"]], key) == Token("thread", ref)
    assert mail_token.in_subject(letter["Subject"], key) == Token("thread", ref)
    assert mail_token.in_addresses(desk.sink.senders, key) == Token("bounce", ref)
    assert mail_token.is_own(letter["Reply-To"], OWN)


async def test_the_gate_takes_the_reporter_out_and_leaves_what_was_sent(desk: Desk) -> None:
    text = "Prijavila je Maja Zupanc, +38640000111. Stran: https://posta-si.dostava-paketa.example/i?t=7F3K9Q"
    made = await desk.draft(await desk.contact(), text)
    await desk.move(made, MessageState.QUEUED)
    await desk.send(made)
    kept = await desk.message(made)
    assert kept.state == "sent", kept.reason
    assert "+38640000111" not in desk.sink.letters[0].get_content()
    assert "Zupanc" not in desk.sink.letters[0].get_content()
    assert "posta-si.dostava-paketa.example" in desk.sink.letters[0].get_content()
    ((door, outcome),) = await desk.rows("select door, outcome from disclosure")
    assert (door, outcome) == ("mail", "released")


@pytest.mark.parametrize(
    ("clearance", "marking"), [(Tlp.GREEN, Tlp.AMBER), (Tlp.AMBER, Tlp.AMBER_STRICT), (Tlp.AMBER_STRICT, Tlp.RED)]
)  # fmt: skip
async def test_nobody_is_told_above_their_clearance(
    desk: Desk, clearance: Tlp, marking: Tlp
) -> None:
    made = await desk.notice(await desk.contact(tlp=int(clearance)))
    await desk.world.mark(marking)
    await desk.send(made)
    kept = await desk.message(made)
    assert kept.state == "held"
    assert kept.reason in {"TLP_ABOVE_GROUP", "TLP_RED"}
    assert desk.sink.letters == []
    assert kept.text == ""


async def test_the_same_key_is_the_same_letter(desk: Desk) -> None:
    to = await desk.contact()
    first, again, other = (
        await desk.notice(to),
        await desk.notice(to),
        await desk.notice(to, "run:1:2"),
    )
    await desk.send()
    assert first == again
    assert first != other
    assert len(desk.sink.letters) == 2
    assert all(letter["Auto-Submitted"] == "auto-generated" for letter in desk.sink.letters)


async def test_a_server_that_is_away_costs_no_try_and_the_queue_drains_once(desk: Desk) -> None:
    to = await desk.contact()
    made = [await desk.notice(to, f"run:{n}") for n in range(5)]
    port = desk.sink.port
    away = desk.context.settings.model_copy(update={"smtp": "smtp://127.0.0.1:9"})
    there, desk.context = (
        desk.context,
        type(desk.context)(
            desk.pool, away, desk.context.node, desk.context.clock, desk.context.random
        ),
    )
    for _ in range(24):
        await desk.send()
        desk.later(minutes=5)
    assert {(await desk.message(each)).state for each in made} == {"queued"}
    assert {(await desk.message(each)).attempts for each in made} == {0}
    desk.context = there
    await desk.send()
    await desk.send()
    assert port == desk.sink.port
    assert len(desk.sink.letters) == 5
    assert len({letter["Message-ID"] for letter in desk.sink.letters}) == 5


async def test_not_now_is_tried_again_and_never_is_not(desk: Desk) -> None:
    slow = await desk.contact("pocasi@gostitelj.example", name="Počasi")
    gone = await desk.contact("nikogar@gostitelj.example", name="Nikogar")
    desk.sink.refuse = {"pocasi@gostitelj.example": "451 4.7.1 later", "nikogar@gostitelj.example": "550 5.1.1 nobody"}  # fmt: skip
    waits, bounces = await desk.notice(slow, "a"), await desk.notice(gone, "b")
    await desk.send()
    assert (await desk.message(waits)).state == "queued"
    assert (await desk.message(bounces)).state == "bounced"
    assert await desk.rows("select state, bounced_why from contact where name = 'Nikogar'") == [
        ("bounced", "5.1.1 nobody")
    ]
    desk.sink.refuse = {}
    await desk.send()
    assert desk.sink.letters == [], "it rests first"
    desk.later(minutes=2)
    await desk.send()
    assert (await desk.message(waits)).state == "sent"
    assert len(desk.sink.letters) == 1


async def test_what_is_refused_for_days_fails(desk: Desk) -> None:
    made = await desk.notice(await desk.contact())
    desk.sink.answer = "452 4.3.1 full"
    await desk.send()
    assert (await desk.message(made)).state == "queued"
    desk.later(days=6)
    await desk.send()
    assert (await desk.message(made)).state == "failed"
    again = await desk.move(made, MessageState.QUEUED)
    desk.sink.answer = ""
    await desk.send()
    assert again.state == "queued"
    assert (await desk.message(made)).state == "sent"


async def test_nobody_knows_so_nothing_is_sent_again_by_itself(desk: Desk) -> None:
    made = await desk.notice(await desk.contact())
    desk.sink.cut = True
    await desk.send()
    assert (await desk.message(made)).state == "unsure"
    desk.sink.cut = False
    for _ in range(3):
        desk.later(hours=1)
        await desk.send()
    assert len(desk.sink.letters) == 1
    await desk.move(made, MessageState.SENT)
    assert (await desk.message(made)).state == "sent"


@pytest.mark.parametrize(("handed", "state"), [(False, "sent"), (True, "unsure")])
async def test_a_worker_that_dies_loses_nothing_and_repeats_nothing(
    desk: Desk, handed: bool, state: str
) -> None:
    made = await desk.notice(await desk.contact())
    async with transaction(desk.pool, desk.now) as tx:
        from datetime import timedelta

        it = await message_send.claim(tx, desk.now, timedelta(minutes=10), "<a@cert.example>")
        assert it is not None
        if handed:
            await message_send.handed(tx, it, desk.now, sender=OWN, subject="s", text="t",
                                      wording="x", protection="")  # fmt: skip
    await desk.send()
    assert desk.sink.letters == [], "the claim still holds"
    desk.later(minutes=11)
    await desk.send()
    assert (await desk.message(made)).state == state
    assert len(desk.sink.letters) == (0 if handed else 1)


async def test_too_many_letters_of_a_machine_to_one_address_wait(desk: Desk) -> None:
    to = await desk.contact()
    for n in range(15):
        await desk.notice(to, f"loop:{n}")
    await desk.send()
    assert len(desk.sink.letters) == 10
    desk.later(hours=1, minutes=1)
    await desk.send()
    assert len(desk.sink.letters) == 15


async def test_only_the_moves_that_people_may_make(desk: Desk) -> None:
    made = await desk.draft(await desk.contact())
    with pytest.raises(IllegalMove):
        await desk.move(made, MessageState.SENT)
    with pytest.raises(IllegalMove):
        await desk.move(made, MessageState.DELIVERED)
    ana = desk.world.analyst
    with pytest.raises(Stale):
        async with transaction(desk.pool, desk.now, viewer=viewer_setting(ana)) as tx:
            await message_draft.move(tx, ana, made, 99, MessageState.QUEUED, desk.now)
    await desk.move(made, MessageState.CANCELLED)
    await desk.send(made)
    assert desk.sink.letters == []
