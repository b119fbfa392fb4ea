"""`zvon block`: what a tired analyst types and reads, against the node's own application."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.web.house import NOBODY, House
from tests.web.house import house as open_house
from zvon.cli import appeal, block, block_text, order, partner
from zvon.cli.api import NodeRefused
from zvon.locale import translator
from zvon.store import appeal as appeals
from zvon.store import party
from zvon.store.transaction import Pool, transaction

NAME = "dostava-paketa.example"
NODE = "http://node.example"
YEAR = f"{datetime.now(UTC):%y}"  # of the numbers: this house has the real clock
Said = Callable[[], str]


@pytest_asyncio.fixture
async def house(
    pool: Pool, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """A node; the command line's requests go to its application."""
    monkeypatch.setenv("ZVON_LANG", "en")
    real = datetime.now().astimezone()
    async with open_house(pool, real, tmp_path) as made:
        loop = asyncio.get_running_loop()

        def request(method: str, url: str, **given: Any) -> httpx.Response:
            given.pop("timeout")
            sent = made.client.request(method, url, **given)
            return asyncio.run_coroutine_threadsafe(sent, loop).result(30)

        monkeypatch.setattr(httpx, "request", request)
        yield made


async def run(house: House, who: str, act: Callable[..., None], *names: Any, **more: Any) -> None:
    """Run a command as `who` would."""
    await asyncio.to_thread(act, *names, node=NODE, key=house.keys[who], **more)


async def test_from_the_proposal_to_the_lift_by_number(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(house, "ana", block.propose, [NAME], reason="phishing", ground="terms")
    said = capsys.readouterr().out
    assert f"B-{YEAR}-000001  validated" in said
    number = [f"B-{YEAR}-000001"]
    with pytest.raises(NodeRefused, match="403"):
        await run(house, "ana", block.approve, number, reason="mine")
    await run(house, "bor", block.approve, number, reason="seen it")
    await run(house, "bor", block.renew, number, reason="still alive", days=30)
    await run(house, "bor", block.dispute, number, reason="is it?")
    await run(house, "bor", block.uphold, number, reason="it is")
    capsys.readouterr()
    await run(house, "ana", block.show, number[0])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"B-{YEAR}-000001  PUBLISHED  {NAME} (host)  nxdomain"
    assert lines[1] == "  phishing · phishing · SI-CERT · terms"
    (stage,) = [one for one in lines if one.endswith("published  +0.000 s")]
    assert stage.startswith("  20")
    assert [one.split()[2] for one in lines[-6:]] == [
        "validated", "approved", "published", "published", "disputed", "published",
    ]  # fmt: skip
    await run(house, "bor", block.lift, number, reason="a mistake")
    await run(house, "ana", block.show, number[0], json=True)
    said = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(said)["lift_reason"] == "a mistake"
    with pytest.raises(block.UnknownBlock, match=f"B-{YEAR}-999999"):
        await run(house, "ana", block.show, f"B-{YEAR}-999999")


async def test_an_order_is_written_down_and_its_copy_follows(
    house: House, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    paper = tmp_path / "odredba.pdf"
    paper.write_bytes(b"%PDF the order")
    fields = {"authority": "Okrožno sodišče", "reference": "I Kpr 7/2026", "ground": "ZKP 498a"}
    await run(house, "ana", order.add, days=30, **fields)
    assert "written copy until" in capsys.readouterr().out
    await run(house, "ana", order.add, days=30, document=paper, **fields)
    await run(house, "ana", order.written, f"O-{YEAR}-000001", paper)
    said = capsys.readouterr().out
    assert said.count("written, sha256 ") == 2
    assert "PDF" not in said
    await run(house, "ana", block.propose, [NAME], reason="ordered", order=f"O-{YEAR}-000002")
    await run(house, "ana", block.show, f"B-{YEAR}-000001")
    assert f"ZKP 498a · O-{YEAR}-000002" in capsys.readouterr().out
    house.clock.forward(timedelta(days=2))
    await run(house, "aud", order.list_orders)
    assert "OVERDUE" not in capsys.readouterr().out
    with pytest.raises(order.UnknownOrder):
        await run(house, "ana", order.written, f"O-{YEAR}-000009", paper)


async def test_an_appeal_is_decided_by_its_number(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(house, "ana", block.propose, [NAME], reason="phishing", ground="terms")
    await run(house, "bor", block.approve, [f"B-{YEAR}-000001"], reason="seen it")
    async with transaction(house.pool, house.clock()) as tx:
        await appeals.file(tx, name=NAME, text="it is\nmy shop", contact="", lang="sl",
                           now=house.clock(), random=os.urandom, key=bytes(32))  # fmt: skip
    capsys.readouterr()
    await run(house, "ana", appeal.list_appeals)
    said = capsys.readouterr().out
    assert f"P-{YEAR}-000001  open     {NAME}" in said
    assert f"B-{YEAR}-000001  {NAME}  disputed" in said
    assert "it is my shop" in said
    await run(house, "bor", appeal.grant, f"P-{YEAR}-000001", reason="it was a mistake")
    assert "bor: it was a mistake" in capsys.readouterr().out
    with pytest.raises(appeal.UnknownAppeal):
        await run(house, "bor", appeal.refuse, f"P-{YEAR}-000001", reason="once more")


async def test_trust_is_given_and_taken_by_an_administrator(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    async with transaction(house.pool, house.clock()) as tx:
        await party.put(tx, uuid=NOBODY, name="Pošta", kind="post", country="SI")
    await run(house, "ada", partner.trust, "Pošta", brand=["si.posta"])
    assert "Pošta: si.posta" in capsys.readouterr().out
    await run(house, "ada", partner.trust, str(NOBODY))
    assert "Pošta: not trusted" in capsys.readouterr().out
    with pytest.raises(NodeRefused, match="403"):
        await run(house, "bor", partner.list_partners)
    with pytest.raises(partner.UnknownParty):
        await run(house, "ada", partner.trust, "Nobody")


async def test_undo_shows_the_list_first(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    await run(house, "ana", block.propose, ["a.example", "b.example"], reason="rubbish",
              ground="terms", source="bad-feed")  # fmt: skip
    await run(house, "bor", block.approve, [f"B-{YEAR}-000001"], reason="seen it")
    capsys.readouterr()
    with pytest.raises(block.NotSure):
        await run(house, "bor", block.undo, source="bad-feed", reason="rubbish")
    said = capsys.readouterr().out
    assert "to lift: 1, to reject: 1" in said
    assert "a.example" in said
    await run(house, "bor", block.undo, source="bad-feed", reason="rubbish", yes=True)
    assert "lifted: 1, rejected: 1" in capsys.readouterr().out
    await run(house, "ana", block.list_blocks, state="lifted")
    assert f"B-{YEAR}-000001" in capsys.readouterr().out
    await run(house, "ana", block.list_blocks, advised=True)
    assert capsys.readouterr().out == "no blocks\n"


async def test_undo_of_much_names_the_command_for_the_second_person(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.newcomer("dan", "approver")
    for batch in range(2):
        names = [f"n{batch}-{n}.example" for n in range(30)]
        await run(house, "ana", block.propose, names, reason="rubbish", ground="terms")
        numbers = [f"B-{YEAR}-{30 * batch + n + 1:06d}" for n in range(30)]
        await run(house, "bor", block.approve, numbers, reason="seen it")
        house.clock.forward(timedelta(minutes=11))
    capsys.readouterr()
    await run(house, "bor", block.undo, person="ana", reason="stolen key", yes=True)
    said = capsys.readouterr().out.splitlines()
    assert said[-3] == "to lift: 60, to reject: 0"
    request = said[-1].removeprefix("  zvon block undo --release ")
    with pytest.raises(NodeRefused, match="another person"):
        await run(house, "bor", block.undo, release=request)
    await run(house, "dan", block.undo, release=request)
    assert "lifted: 60, rejected: 0" in capsys.readouterr().out


@pytest.mark.parametrize("lang", ["sl", "hr"])
def test_every_sentence_is_in_every_language(lang: str) -> None:
    known = translator(lang, strict=True)
    for sentence in (*block_text.ADVICE.values(), *block_text.STAGES.values(),
                     "no orders", "until {at}", "CONFIRM by {at}", "At the resolvers:"):  # fmt: skip
        assert sentence in known, sentence


def test_what_is_to_do_comes_before_the_proof() -> None:
    shown = {
        "number": "B-26-000001", "state": "held", "trigger": "ip", "name": "203.0.113.9/32",
        "scope": "host", "action": "nxdomain", "reason": "r", "category": "malware",
        "source": "s", "legal_ground": "g", "order_number": None, "incident_number": None,
        "held_rule": "brake_batch", "confirm_by": "2026-11-22T10:00:00Z", "advice": "renew",
        "advice_facts": {"hits": 12}, "lifted_at": None, "proposed_at": "2026-11-22T09:00:00Z",
        "proposer": "ana", "timeline": [], "expires_at": "2026-11-23T09:00:00Z", "proof": [
            {"subscriber": "t2", "brand": "bind", "mode": "enforce", "grade": "A", "seconds": 0.4},
        ], "steps": [],
    }  # fmt: skip
    lines = list(block_text.whole(shown, lambda text, **values: text.format(**values)))
    assert lines[0] == "B-26-000001  HELD  ip 203.0.113.9/32  nxdomain"
    assert "brake_batch" in lines[2]
    assert "before 2026-11-22 10:00:00" in lines[3]
    assert lines[4] == "  still alive: renew it, or it ends (hits: 12)"
    assert "    t2               bind     enforce   A  0.400 s" in lines
    stages = [{"stage": "first_enforced", "at": None, "seconds": 0.44},
              {"stage": "all_enforced", "at": None, "seconds": 1.25}]  # fmt: skip
    proved = block_text.line({**shown, "timeline": stages}, lambda t, **v: t.format(**v))
    assert proved.endswith("t2:A  +0.4…1.2 s")
    assert "CONFIRM by 10:00" in block_text.line(shown, lambda t, **v: t.format(**v))
