"""The public record: every decision once, provable, and whoever changes a row is found out."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg
import pytest

from tests.blocks import propose, publish
from tests.web.house import House
from zvon.cli import transparency as command
from zvon.formats.merkle import check_consistency, check_inclusion, leaf_hash
from zvon.formats.transparency import name_hash, read_checkpoint
from zvon.store import block, transparency
from zvon.store.transaction import Change, Op, transaction

API = "/api/v1/transparency"


async def follow(house: House) -> int:
    async with transaction(house.pool, house.clock()) as tx:
        return await transparency.follow(tx, house.clock())


async def decided(house: House, *names: str) -> list[block.BlockRow]:
    """Publish blocks, one decision for each."""
    made = []
    for name in names:
        made += await publish(house.pool, house.viewers, house.clock(), name)
    return made


async def rows(house: House) -> list[dict[str, Any]]:
    told = (await house.get(None, f"{API}/entries")).json()
    return [json.loads(row["entry"]) for row in told["entries"]]


async def checkpoint(house: House) -> dict[str, Any]:
    answer = await house.get(None, f"{API}/checkpoint")
    assert answer.status_code == 200
    return dict(answer.json())


async def test_what_took_effect_is_written_once_and_nothing_else_is(house: House) -> None:
    now, pool = house.clock(), house.pool
    one, two = await decided(house, "one.example", "two.example")
    await propose(pool, house.viewers["ana"], now, "waits.example")
    rejected = await propose(pool, house.viewers["ana"], now, "rejected.example")
    async with transaction(pool, now) as tx:
        await block.reject(tx, house.viewers["bor"], [r.uuid for r in rejected], "no fraud", now)
    assert await follow(house) == 2
    assert await follow(house) == 0
    async with transaction(pool, now) as tx:
        await block.lift(tx, house.viewers["bor"], [two.uuid], "a mistake of ours", now)
    assert await follow(house) == 1
    found = await rows(house)
    assert [(r["seq"], r["kind"], r["block"]) for r in found] == [
        (1, "published", one.number), (2, "published", two.number), (3, "lifted", two.number),
    ]  # fmt: skip
    assert found[0]["name_sha256"] == name_hash("one.example")
    assert found[0]["ground"] == "terms"


async def test_the_record_names_no_name_no_person_and_no_reason(house: House) -> None:
    await decided(house, "one.example")
    await follow(house)
    said = (await house.get(None, f"{API}/entries")).text
    page = (await house.get(None, "/transparency", headers={"Accept": "text/html"})).text
    for word in ("one.example", "one[.]example", "ana", "seen it", "phishing for the Post"):
        assert f'"{word}"' not in said.replace("\\", "")
        assert f">{word}<" not in page


async def test_a_block_that_lives_longer_is_renewed_and_one_that_ran_out_has_ended(house: House) -> None:  # fmt: skip
    (one,) = await decided(house, "one.example")
    await follow(house)
    later = one.expires_at + timedelta(days=7)
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("update block set expires_at = %s where id = %s", (later, one.id))
        tx.note(Change(kind="block", subject=one.uuid, op=Op.EDIT))
    assert await follow(house) == 1
    assert await follow(house) == 0
    house.clock.forward(timedelta(days=30))
    async with transaction(house.pool, house.clock()) as tx:
        await block.lift(tx, house.viewers["bor"], [one.uuid], "time is over", house.clock())
    await follow(house)
    found = await rows(house)
    assert [row["kind"] for row in found] == ["published", "renewed", "expired"]
    assert found[1]["until"].startswith(later.strftime("%Y-%m-%dT%H:%M:%S"))


async def test_the_outcome_of_an_appeal_is_written(house: House) -> None:
    (one,) = await decided(house, "one.example")
    uuid = "01940000-0000-7000-8000-00000000000a"
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute(
            "insert into appeal (uuid, number, token_sha256, name, block_id, text, filed_at, due_at,"
            " state, decided_at) values (%s, 'P-26-000001', '', 'one.example', %s, 'it is mine', %s,"
            " %s, 'refused', %s)",
            (uuid, one.id, *[house.clock()] * 3),
        )
        tx.note(Change(kind="appeal", subject=uuid, op=Op.EDIT))  # type: ignore[arg-type]
    await follow(house)
    found = await rows(house)
    assert [row["kind"] for row in found] == ["published", "appeal_refused"]
    assert "it is mine" not in json.dumps(found)


async def test_two_writers_write_no_decision_twice(house: House) -> None:
    await decided(house, *(f"n{n}.example" for n in range(6)))
    assert sum(await asyncio.gather(*(follow(house) for _ in range(4)))) == 6
    assert len(await rows(house)) == 6


async def test_every_row_is_proved_and_every_record_continues_the_one_before(house: House) -> None:
    roots: dict[int, bytes] = {0: b""}
    for number in range(1, 12):
        await decided(house, f"n{number}.example")
        await follow(house)
        roots[number] = bytes.fromhex((await checkpoint(house))["root"])
    listed = (await house.get(None, f"{API}/entries")).json()["entries"]
    for size in (1, 2, 7, 8, 11):
        for seq in range(1, size + 1):
            told = (await house.get(None, f"{API}/proof?seq={seq}&size={size}")).json()
            leaf = leaf_hash(listed[seq - 1]["entry"].encode())
            path = [bytes.fromhex(step) for step in told["path"]]
            assert check_inclusion(leaf, seq - 1, size, path, roots[size]), (seq, size)
            assert not check_inclusion(leaf, seq - 1, size, path, roots[11 if size < 11 else 8])
    for first in range(12):
        told = (await house.get(None, f"{API}/consistency?from={first}&to=11")).json()
        path = [bytes.fromhex(step) for step in told["path"]]
        assert check_consistency(first, 11, roots[first], roots[11], path), first


async def test_what_the_record_does_not_have_is_not_found(house: House) -> None:
    await decided(house, "one.example")
    await follow(house)
    for path, status in (
        ("/proof?seq=2", 404), ("/proof?seq=1&size=2", 404), ("/consistency?from=2", 404),
        ("/consistency?from=1&to=9", 404), ("/proof?seq=0", 400), ("/proof", 400),
        ("/consistency", 400), ("/entries?after=-1", 400), ("/entries?limit=0", 400),
        ("/proof?seq=99999999999999999999", 400),
    ):  # fmt: skip
        assert (await house.get(None, API + path)).status_code == status, path
    assert (await house.get(None, f"{API}/entries?after=5")).json() == {"entries": [], "next": None}


async def test_pages_of_the_record_follow_each_other(house: House) -> None:
    await decided(house, *(f"n{n}.example" for n in range(5)))
    await follow(house)
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        told = (await house.get(None, f"{API}/entries?after={after}&limit=2")).json()
        seen += [row["seq"] for row in told["entries"]]
        after = told["next"]
    assert seen == [1, 2, 3, 4, 5]


async def test_the_checkpoint_is_signed_by_the_node(house: House) -> None:
    told = await checkpoint(house)
    read = read_checkpoint(told["note"], house.context.node.signing_public)
    assert (read.size, read.node) == (0, house.context.node.uuid)
    with pytest.raises(ValueError, match="not signed"):
        read_checkpoint(told["note"], bytes(31) + b"\1")
    with pytest.raises(ValueError, match=r"signed|form|malformed|checkpoint"):
        read_checkpoint(told["note"].replace("size 0", "size 1"), bytes.fromhex(told["public_key"]))


async def test_no_row_can_be_changed_or_removed(house: House) -> None:
    await decided(house, "one.example", "two.example")
    await follow(house)
    for table in ("transparency_entry", "transparency_node"):
        for wish in (f"delete from {table}", f"truncate {table}"):
            with pytest.raises(psycopg.Error, match=r"only grows|permission denied"):
                async with transaction(house.pool, house.clock()) as tx:
                    await tx.db.execute(wish.encode())


@asynccontextmanager
async def asked_over(house: House, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """The command's requests reach the application of the test."""
    transport = httpx.ASGITransport(app=house.app)  # type: ignore[arg-type]
    monkeypatch.setattr(
        command, "_client",
        lambda node: httpx.AsyncClient(transport=transport, base_url=f"http://node.example{API}"),
    )  # fmt: skip
    yield


async def saved(house: House, file: Path) -> command.Saved:
    made = await command._fetched("http://node.example")
    file.write_bytes(msgspec.json.encode(made))
    return made


async def tamper(house: House, dsn: str, what: str) -> None:
    """Change rows as somebody with all rights over the database would."""
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("alter table transparency_entry disable trigger all")
        db.execute("alter table transparency_node disable trigger all")
        db.execute(what.encode())


NEW_BODY = "update transparency_entry set body = replace(body, '\"published\"', '\"lifted\"') where seq = 3"
NEW_LEAF = (
    "update transparency_entry set body = replace(body, '\"published\"', '\"lifted\"'),"
    " leaf = sha256('\\x00'::bytea || convert_to(replace(body, '\"published\"', '\"lifted\"'), 'UTF8'))"
    " where seq = 3"
)


@pytest.mark.parametrize("what", [NEW_BODY, NEW_LEAF], ids=["row", "row and its hash"])
async def test_a_changed_row_is_named(
    house: House, dsn: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decided(house, *(f"n{n}.example" for n in range(7)))
    await follow(house)
    async with asked_over(house, monkeypatch):
        before = await saved(house, tmp_path / "then")
        assert command._flaws(before) == []
        await tamper(house, dsn, what)
        now = await saved(house, tmp_path / "now")
        found = command._flaws(now) or []
        if any(flaw.seq == 0 for flaw in found):
            found += await command._named("http://node.example", now)
        assert {flaw.seq for flaw in found} - {0} == {3}
        assert {flaw.seq for flaw in command._continued(before, now, before.public_key)} <= {3}


async def test_a_record_written_anew_does_not_continue_the_saved_one(
    house: House, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await decided(house, *(f"n{n}.example" for n in range(4)))
    await follow(house)
    async with asked_over(house, monkeypatch):
        before = await saved(house, tmp_path / "then")
        for wish in (
            "delete from transparency_entry", "delete from transparency_node",
            "update transparency_head set change_seq = 0, size = 0, peaks = ''",
            "update block set category = 'scam' where id = (select min(id) from block)",
        ):  # fmt: skip
            await tamper(house, dsn, wish)
        await follow(house)
        now = await saved(house, tmp_path / "now")
    assert command._flaws(now) == []  # it is a record of its own, signed by the node
    assert [f.seq for f in command._continued(before, now, before.public_key)] == [1]


async def test_the_command_verifies_a_file_without_a_network(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    await decided(house, "one.example", "two.example", "three.example")
    await follow(house)
    file = tmp_path / "record"
    async with asked_over(house, monkeypatch):
        made = await saved(house, file)
    assert command.verify(file) == 0
    assert command.verify(file, from_=file, key=made.public_key) == 0
    assert "3 rows, signed and unchanged" in capsys.readouterr().out
    assert command.verify(file, key="00" * 32) == 1
    assert "not signed" in capsys.readouterr().err
    entry, leaf = made.rows[1]
    wrong = msgspec.structs.replace(
        made, rows=[made.rows[0], (entry.replace("phishing", "scam"), leaf), made.rows[2]]
    )
    file.write_bytes(msgspec.json.encode(wrong))
    assert command.verify(file) == 1
    assert "transparency:2: row 2 was changed" in capsys.readouterr().out
    file.write_bytes(b"{}")
    assert command.verify(file) == 1
    with pytest.raises(ValueError, match="either FILE or --node"):
        command.verify()
