"""Proof from inside a subscriber's network: what is believed, and what is not."""

import asyncio
import base64
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.blocks import publish
from tests.dns.conftest import Lab, clock
from tests.dns.outposts import Post, outpost_of
from zvon.cli.demo.resolvers import Wanted
from zvon.collect.signed import NotTaken
from zvon.dns.ask import Asker
from zvon.dns.outpost import Probe
from zvon.formats.receipt import chained, read
from zvon.model.lifecycle import BlockState
from zvon.store import block
from zvon.store.transaction import transaction

Sent = list[dict[str, str]]


async def hidden(lab: Lab, folder: Path, name: str) -> tuple[Any, int]:
    """A resolver that the node itself cannot ask, but must be proved."""
    wanted = await Wanted.plan(name, "proof", folder / name, lab.upstream)
    made = await lab.subscribe(name, "proof", wanted, mandatory=True)
    async with transaction(lab.pool, clock()) as tx:
        await tx.execute("update subscriber set probe_address = null where id = %s", (made.id,))
        await tx.execute("select pg_notify('zvon_zone', 'subscribers')")
    async with asyncio.timeout(5):
        while lab.service.registry.endpoints[made.id].probe_address is not None:
            await asyncio.sleep(0.01)
    from zvon.cli.demo.resolvers import start_resolver
    from zvon.dns.kit import kit

    files = kit(made, lab.settings.dns, lab.secrets[name])
    running = await start_resolver(wanted, [{"path": f.path, "text": f.text} for f in files])
    lab.resolvers.append(running)
    return made, running.port


def recorded(post: Post) -> Sent:
    """Keep what the outpost hands in, as the node saw it."""
    sent: Sent = []
    call = post.client.call

    async def spy(method: str, what: str, body: Any = None) -> bytes:
        if what == "receipts":
            sent.extend(body["receipts"])
        return await call(method, what, body)

    post.client.call = spy  # type: ignore[method-assign]
    return sent


async def state(lab: Lab, row: block.BlockRow) -> block.BlockDetail:
    async with lab.pool.connection() as db:
        return await block.get(db, lab.people["ana"], row.uuid)


async def test_an_outpost_proves_what_the_node_cannot_see_and_nothing_else_is_believed(
    lab: Lab, tmp_path: Path
) -> None:
    made, port = await hidden(lab, tmp_path, "hidden")
    other = await lab.subscribe("other", "bind", mandatory=False)
    slow = timedelta(seconds=-90)
    async with (
        outpost_of(lab, made, tmp_path, lambda: clock() + slow) as post,
        outpost_of(lab, other, tmp_path) as stranger,
    ):
        probe = Probe(post.client, lambda: Asker.to("127.0.0.1", port))
        sent = recorded(post)
        (row,) = await publish(lab.pool, lab.people, clock(), "evil.example")
        assert (await state(lab, row)).block.state is BlockState.PUBLISHED
        async with asyncio.timeout(15):
            while (await state(lab, row)).block.state is not BlockState.ENFORCED:
                await probe.round()
                await asyncio.sleep(0.1)
        (proof,) = [p for p in (await state(lab, row)).proof if p.subscriber == "hidden"]
        assert proof.grade == "A"
        assert proof.seconds is not None
        assert -2 < proof.seconds < 15, "the outpost's own clock is 90 s slow"
        assert len(sent) == 1

        (again,) = await publish(lab.pool, lab.people, clock(), "worse.example")
        key = post.client.key
        for receipts, reason in await forgeries(post, stranger, sent, again):
            with pytest.raises(NotTaken, match=reason) as refusal:
                await post.client.call("POST", "receipts", {"receipts": receipts})
            assert refusal.value.status == 422
        assert (await state(lab, again)).block.state is BlockState.PUBLISHED
        with pytest.raises(NotTaken) as refusal:
            stranger.client.caller.key = key
            await stranger.client.call("GET", "work")
        assert refusal.value.status == 403
        await probe.close()


async def forgeries(
    post: Post, stranger: Post, sent: Sent, row: block.BlockRow
) -> list[tuple[Sent, str]]:
    """Receipts that must not be believed, each with why."""
    (real,) = sent
    key = post.client.key
    octets, signature = (base64.b64decode(real[f]) for f in ("statement", "signature"))
    said = read(octets, signature, key.public_key().public_bytes_raw())
    orders = msgspec.json.decode(await post.client.call("GET", "work"))
    (wanted,) = orders["work"]

    def signed(by: Post = post, answer: str = real["answer"], **changes: Any) -> Sent:
        moved = msgspec.structs.replace(
            said, block=str(row.uuid), name=row.name, serial=wanted["serial"],
            ordered_at=datetime.fromisoformat(wanted["ordered_at"]),
            approved_at=datetime.fromisoformat(wanted["approved_at"]), seen_at=clock(), n=2,
        )  # fmt: skip
        statement = msgspec.structs.replace(moved, **changes)
        prev = bytes.fromhex(orders["hash"])
        octets, signature, _ = chained(statement, statement.n, prev, by.client.key.sign)
        return [{"statement": base64.b64encode(octets).decode(),
                 "signature": base64.b64encode(signature).decode(), "answer": answer}]  # fmt: skip

    empty = base64.b64encode(bytes(12)).decode()
    return [
        (sent, "proved before"),
        ([real | {"signature": base64.b64encode(bytes(64)).decode()}], "signature"),
        (signed(by=stranger), "signature"),
        (signed(prober=str(stranger.client.identity.outpost)), "another outpost"),
        (signed(subscriber="other"), "another outpost"),
        (signed(), "not as ordered"),
        (signed(name="evil.example"), "not about what was ordered"),
        (signed(seen_at=clock() + timedelta(minutes=1)), "in the future"),
        (signed(seen_at=clock() - timedelta(minutes=1)), "before it was ordered"),
        (signed(control="made-up.example"), "no control name"),
        (signed(answer=empty), "not the one that was signed"),
    ]  # fmt: skip
