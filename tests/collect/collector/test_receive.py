"""Batches at the node: once, in order, of whoever signed them, for a source of their own."""

import base64
import os
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.collect.collector.post import URL, Wire, enrol, enrolled, node_of
from tests.web.conftest import house
from tests.web.house import House
from zvon.access.refusal import Refused
from zvon.collect.collector import client
from zvon.collect.collector.client import Node, WrongNode
from zvon.collect.collector.receive import receive
from zvon.collect.signed import NotTaken, proof_of_key
from zvon.formats import batch
from zvon.formats.batch import BadBatch, Head
from zvon.model.collector import Status
from zvon.model.item import Bad, Item, ItemKind, Value
from zvon.model.observable import Observable, ObservableType
from zvon.store import collector, source, source_change
from zvon.store.collector_spool import MissingBatch, SourceHeld
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read

__all__ = ["house"]
SPOOL = UUID(int=7)


def alert(n: int) -> Item:
    found = Value(Observable(ObservableType.IPV4, f"203.0.113.{n}"))
    return Item(kind=ItemKind.ALERT, position=f"line {n}", payload={"n": n}, values=(found,))


def sealed(of: Node, n: int, entries: list[Item | Bad], **changed: Any) -> bytes:
    body = batch.body(changed.get("spool", SPOOL), n, [batch.line(each) for each in entries])
    fields: dict[str, Any] = {
        "collector": of.identity.collector, "node": of.identity.node, "spool": SPOOL,
        "source": "suricata", "kind": "file", "format": "eve", "n": n, "after": n - 1,
        "before": 2 * (n - 1), "count": len(entries),
    }  # fmt: skip
    return batch.seal(Head(**{**fields, **changed}), body, of.key)


async def post(house: House, tmp_path: Path, name: str = "soc-lj") -> Node:
    await enrolled(house, tmp_path / name, name)
    return node_of(house, tmp_path / name)


async def ends(house: House, node: Node) -> list[collector.SpoolEnd]:
    async with read(house.pool, SYSTEM) as db:
        known = await collector.by_uuid(db, node.identity.collector)
        return await collector.ends(db, known)


async def test_a_batch_counts_once_however_often_it_comes(house: House, tmp_path: Path) -> None:
    node = await post(house, tmp_path)
    octets = sealed(node, 1, [alert(1), Bad("line 2", "no JSON", b"{\x00")])
    assert (await receive(house.context, octets)).n == 1
    assert (await receive(house.context, octets)).n == 1
    assert (await house.count("record"), await house.count("occurrence")) == (1, 1)
    assert (await house.count("delivery"), await house.count("quarantine")) == (1, 1)
    assert (await receive(house.context, sealed(node, 2, [alert(1), alert(3)]))).n == 2
    assert await house.count("record") == 3, "the same words in another batch are another alert"
    (end,) = await ends(house, node)
    assert (end.source, end.n, end.items, end.lost) == ("soc-lj/suricata", 2, 4, 0)
    async with read(house.pool, SYSTEM) as db:
        found = await source.by_name(db, "soc-lj/suricata")
        assert (found.kind, found.format, found.settings["kind"]) == (
            "collector",
            "collector",
            "file",
        )
    await node.close()


async def test_order_is_kept_and_what_never_came_is_counted_exactly(
    house: House, tmp_path: Path
) -> None:
    node = await post(house, tmp_path)
    await receive(house.context, sealed(node, 1, [alert(1), alert(2)]))
    with pytest.raises(MissingBatch) as missing:
        await receive(house.context, sealed(node, 3, [alert(5)]))
    assert missing.value.errors == [{"n": 1}]
    # Batches 2 to 9 had no room; the answer to 1 never arrived, so that it was given up too.
    await receive(house.context, sealed(node, 10, [alert(9)], after=0, before=18))
    (end,) = await ends(house, node)
    assert (end.n, end.items, end.lost) == (10, 19, 16)
    await node.close()


async def test_nothing_is_believed_that_another_signed_or_that_is_for_another(
    house: House, tmp_path: Path
) -> None:
    node, other = await post(house, tmp_path), await post(house, tmp_path, "soc-zg")
    good = sealed(node, 1, [alert(1)])
    forged = Head(
        collector=node.identity.collector, node=node.identity.node, spool=SPOOL, source="x",
        kind="file", n=1, after=0, before=0, count=0,
    )  # fmt: skip
    body = batch.body(SPOOL, 1, [])
    for octets in (
        good[:-1] + bytes([good[-1] ^ 1]),
        batch.seal(forged, body, other.key),
        sealed(node, 1, [alert(1)], node=uuid4()),
    ):
        with pytest.raises(Refused):
            await receive(house.context, octets)
    with pytest.raises(Refused):
        await receive(house.context, good, other.identity.collector)
    with pytest.raises(BadBatch):
        await receive(house.context, sealed(node, 1, [alert(1)], count=2))
    with pytest.raises(collector.NoCollector):
        await receive(house.context, sealed(node, 1, [alert(1)], collector=uuid4()))
    assert await house.count("record") == 0
    assert {
        rule for _, action, _, rule in await house.refusals() if action == "collector:send"
    } == {"signature"}
    await node.close()
    await other.close()


async def test_a_name_is_never_taken_from_another_source(house: House, tmp_path: Path) -> None:
    node = await post(house, tmp_path)
    new = source_change.NewSource(name="soc-lj/suricata", kind="webhook")
    async with transaction(house.pool, house.clock()) as tx:
        theirs = await source_change.create(
            tx, house.viewers["ada"], new, house.context.node.key, house.clock(), os.urandom(10),
            os.urandom(12),
        )  # fmt: skip
    await receive(house.context, sealed(node, 1, [alert(1)]))
    (end,) = await ends(house, node)
    assert end.source.startswith("soc-lj/suricata (")
    async with read(house.pool, SYSTEM) as db:
        assert (await source.by_uuid(db, theirs.uuid)).delivered_at is None
    await node.close()


async def test_a_paused_source_stays_at_its_collector_and_the_others_go_on(
    house: House, tmp_path: Path
) -> None:
    node = await post(house, tmp_path)
    await receive(house.context, sealed(node, 1, [alert(1)]))
    async with transaction(house.pool, house.clock()) as tx:
        found = await source.by_name(tx.db, "soc-lj/suricata")
        await source_change.pause(tx, house.viewers["ada"], found.uuid)
    with pytest.raises(SourceHeld):
        await receive(house.context, sealed(node, 2, [alert(2)]))
    other = sealed(node, 1, [alert(2)], source="zeek", spool=UUID(int=8))
    assert (await receive(house.context, other)).n == 1
    async with transaction(house.pool, house.clock()) as tx:
        await source_change.resume(tx, house.viewers["ada"], found.uuid, house.clock())
    assert (await receive(house.context, sealed(node, 2, [alert(2)]))).n == 2
    await node.close()


def status(node: Node, **changed: Any) -> Status:
    fields: dict[str, Any] = {
        "nonce": os.urandom(16).hex(), "at": node._clock(), "started_at": node._clock(),
        "version": "1", "used": 1, "most": 2, "free": 3,
    }  # fmt: skip
    return Status(**{**fields, **changed})


async def test_the_node_tells_policy_and_what_it_has_and_shows_what_it_was_told(
    house: House, tmp_path: Path
) -> None:
    node = await post(house, tmp_path)
    await receive(house.context, sealed(node, 1, [alert(1)]))
    told = await node.tell(status(node, problems=("no room",)))
    assert (told.policy, told.taken) == (None, {str(SPOOL): 1})
    made = (await house.get("ana", "/api/v1/collectors")).json()["collectors"]
    path = f"/api/v1/collectors/{made[0]['id']}"
    assert made[0]["status"]["problems"] == ["no room"]
    assert "nonce" not in made[0]["status"]
    changed = await house.ask("ada", "PATCH", path, json={"policy": "demo-amber"})
    assert changed.status_code == 200
    told = await node.tell(status(node))
    assert told.policy is not None
    assert told.policy.agreement.id == "demo-amber"
    assert node_of(house, tmp_path / "soc-lj").told.policy == told.policy, "kept for the next start"
    assert (await house.ask("ada", "PATCH", path, json={"policy": "no such"})).status_code == 404
    page = (await house.get("ana", path)).json()
    assert (page["spools"][0]["n"], page["policy"]) == (1, "demo-amber")
    assert (await house.ask("ada", "DELETE", path)).status_code == 204
    with pytest.raises(NotTaken) as refused:
        await node.tell(status(node))
    assert refused.value.status == 404
    assert (await house.get("ana", path)).status_code == 404
    await node.close()


async def test_a_clock_that_is_wrong_by_years_is_learnt_told_and_stops_nothing(
    house: House, tmp_path: Path
) -> None:
    await enrolled(house, tmp_path / "c")

    def wrong() -> Any:
        return house.clock() - timedelta(days=365 * 56)

    node = node_of(house, tmp_path / "c", at=wrong)
    await node.tell(status(node))
    assert node.now() == house.clock()
    (made,) = (await house.get("ana", "/api/v1/collectors")).json()["collectors"]
    assert made["status"]["clock_s"] < -1e9
    assert (await node.hand_in(sealed(node, 1, [alert(1)]))) == 1
    await node.close()


async def test_an_answer_that_the_node_did_not_sign_is_not_believed(
    house: House, tmp_path: Path
) -> None:
    await enrolled(house, tmp_path / "c", policy="demo-amber")
    wire = Wire(house)
    node = node_of(house, tmp_path / "c", wire)

    def without_policy(answer: Any) -> Any:
        said = msgspec.json.decode(answer.content)
        answer._content = msgspec.json.encode({**said, "policy": None})
        return answer

    wire.change = without_policy
    with pytest.raises(WrongNode):
        await node.tell(status(node))
    assert node.told.policy is not None
    await node.close()


async def test_a_token_works_once_for_a_week_and_only_at_the_node_that_made_it(
    house: House, tmp_path: Path
) -> None:
    made = await house.post("ada", "/api/v1/collectors", {"name": "a"})
    token = made.json()["token"]
    fingerprint = sha256(house.context.node.signing_public).hexdigest()[:32]
    assert token.endswith(f".{fingerprint}")
    await enrol(house, tmp_path / "a", token)
    assert (tmp_path / "a" / client.KEY_FILE).stat().st_mode & 0o777 == 0o600
    with pytest.raises(NotTaken):
        await enrol(house, tmp_path / "b", token)
    with pytest.raises(FileExistsError):
        client.keep(tmp_path / "a", URL, None, b"")  # type: ignore[arg-type]
    late = (await house.post("ada", "/api/v1/collectors", {"name": "b"})).json()["token"]
    house.clock.forward(timedelta(days=8))
    with pytest.raises(NotTaken):
        await enrol(house, tmp_path / "b", late)
    assert (await house.post("ada", "/api/v1/collectors", {"name": "a"})).status_code == 409
    assert (await house.post("ana", "/api/v1/collectors", {"name": "c"})).status_code == 403


async def test_another_nodes_token_is_noticed_before_anything_is_kept(
    house: House, tmp_path: Path
) -> None:
    token = (await house.post("ada", "/api/v1/collectors", {"name": "a"})).json()["token"]
    secret, _, _ = token.partition(".")
    async with house.pool.connection() as db:
        await db.execute(
            "update collector set token_sha256 = %s", (sha256(f"{secret}.{'0' * 32}".encode()).digest(),)
        )  # fmt: skip
    with pytest.raises(WrongNode):
        await enrol(house, tmp_path / "a", f"{secret}.{'0' * 32}")
    assert not (tmp_path / "a").exists()


async def test_a_key_that_is_not_the_senders_own_is_not_enrolled(house: House) -> None:
    token = (await house.post("ada", "/api/v1/collectors", {"name": "a"})).json()["token"]
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    body = {"token": token,
            "public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
            "signature": base64.b64encode(other.sign(proof_of_key(token))).decode()}  # fmt: skip
    assert (await house.post(None, "/api/v1/collectors/enrolment", body)).status_code == 422


async def test_a_document_is_read_for_what_it_says(house: House, tmp_path: Path) -> None:
    node = await post(house, tmp_path)
    text = b"The fraudsters use the server evil-login[.]top to collect passwords of customers."
    said = Item(
        kind=ItemKind.DOCUMENT, position="a.txt",
        payload={"kind": "text", "name": "a.txt", "body": text},
    )  # fmt: skip
    await receive(house.context, sealed(node, 1, [said, alert(1)]))
    assert (await house.count("record"), await house.count("document")) == (2, 1)
    async with house.pool.connection() as db:
        rows = await (await db.execute("select value from observable")).fetchall()
    assert ("evil-login.top",) in rows
    await node.close()


async def test_text_that_the_database_cannot_keep_costs_no_other_item(
    house: House, tmp_path: Path
) -> None:
    node = await post(house, tmp_path)
    odd = Item(kind=ItemKind.ALERT, position="line 9", payload={"a": "x\x00y"}, title="\x00")
    await receive(house.context, sealed(node, 1, [alert(1), odd]))
    assert await house.count("record") == 2
    await node.close()
