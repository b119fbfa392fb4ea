"""What the demo reads back: answers, states, and the time until a resolver obeys."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from zvon.cli.demo.node import Account, DemoNode
from zvon.cli.demo.show import StepFailed
from zvon.cli.demo.stage import Stage, Subscribed
from zvon.cli.demo.stopwatch import Timed, addresses, ask, blocked, until

CONTROL = "sapunara-bura.example"
LIMIT_S = 30.0


async def answered(node: DemoNode, receipt_url: str) -> dict[str, Any]:
    """Wait until a report has its answer. Raises `StepFailed` after a minute."""
    began = time.monotonic()
    while time.monotonic() - began < LIMIT_S * 2:
        receipt = await node.receipt(receipt_url)
        if receipt["status"] in {"answered", "quarantined"}:
            return receipt
        await asyncio.sleep(0.05)
    raise StepFailed("a report was not answered within a minute")


async def race(
    stage: Stage,
    resolvers: Sequence[Subscribed],
    name: str,
    act: Callable[[], Awaitable[Any]],
    *,
    lifted: bool = False,
) -> tuple[list[Timed], float]:
    """Warm the caches, start the probes, act; give what each resolver did and how long `act` took."""
    for r in resolvers:
        await ask(r.running.port, name)
    began = time.monotonic()
    wanted = (lambda a: bool(addresses(a))) if lifted else blocked
    probes = [
        asyncio.create_task(until(r.target, name, wanted, began=began, limit_s=LIMIT_S))
        for r in resolvers
    ]
    try:
        await act()
        returned = time.monotonic() - began
        timed = await asyncio.gather(*probes)
    finally:
        for probe in probes:
            probe.cancel()
    late = [t.target.label for t in timed if t.seconds is None]
    if late:
        raise StepFailed(f"no proof within {LIMIT_S:.0f} s at {', '.join(late)}")
    return timed, returned


async def control_resolves(stage: Stage) -> None:
    """A name that nobody blocked must go on resolving everywhere."""
    for r in stage.resolvers:
        answer = await ask(r.running.port, CONTROL)
        if answer is None or not addresses(answer):
            raise StepFailed(f"{r.label} no longer resolves {CONTROL}, which nobody blocked")


async def wait_for_state(account: Account, block_id: str, wanted: str) -> dict[str, Any]:
    """The block once it is in state `wanted`."""
    began = time.monotonic()
    while True:
        seen = await account.get(f"/blocks/{block_id}")
        if seen["state"] == wanted:
            return dict(seen)
        if time.monotonic() - began > LIMIT_S:
            raise StepFailed(f"the block is {seen['state']}, not {wanted}")
        await asyncio.sleep(0.05)


async def from_peer(account: Account) -> dict[str, Any]:
    """The incident that the partner's event opened, once it has a proposal."""
    began = time.monotonic()
    while time.monotonic() - began < LIMIT_S:
        rows = (await account.get("/incidents", tab="all"))["incidents"]
        for row in rows:
            if row["origin"] == "peer":
                seen = await account.get(f"/incidents/{row['id']}")
                if seen["blocks"]:
                    return dict(seen)
        await asyncio.sleep(0.05)
    raise StepFailed("the partner did not receive the event")


async def published_count(stage: Stage) -> int:
    """How many blocks are in force."""
    rows = (await stage.ana.get("/blocks"))["blocks"]
    return sum(r["state"] in {"published", "enforced", "expiring"} for r in rows)


async def auditor_verifies(stage: Stage) -> bool:
    """An auditor recomputes the whole audit chain."""
    assert stage.si is not None
    auditor = await stage.si.person(stage.admin["SI"], "zala", "Zala V.", "auditor")
    found = await auditor.get("/audit/verification")
    if not found["whole"]:
        raise StepFailed(f"the audit chain is broken at row {found['problems'][0]}")
    return True


def slowest(timed: Sequence[Timed]) -> float:
    """Seconds of the last resolver that obeyed."""
    return max(t.seconds for t in timed if t.seconds is not None)


def pairs(stage: Stage, timed: Sequence[Timed], proved: str) -> list[str]:
    """Two resolvers a line, with their times."""
    cells = [
        f"{t.target.label} {t.target.brand:<9}{t.seconds:.3f} s  {proved} {stage.show.tick(True)}"
        for t in timed
        if t.seconds is not None
    ]
    return ["     ".join(cells[n : n + 2]) for n in range(0, len(cells), 2)]


def timing(timed: Sequence[Timed]) -> dict[str, Any]:
    """The evidence of a race: every resolver with its last answer in wire form."""
    rows = [
        {
            "resolver": {
                "label": t.target.label,
                "brand": t.target.brand,
                "version": t.target.version,
                "port": t.target.port,
            },
            "seconds": None if t.seconds is None else round(t.seconds, 4),
            "asked": t.asked,
            "answer_wire_b64": b64(t.answer or b""),
        }
        for t in timed
    ]
    first: Mapping[str, Any] = rows[0] if rows else {}
    return {
        "resolvers": rows,
        "resolver": first.get("resolver"),
        "answer_wire_b64": first.get("answer_wire_b64"),
    }


def described(r: Subscribed) -> dict[str, Any]:
    """A resolver for the evidence."""
    return {"label": r.label, "brand": r.running.brand, "version": r.running.version,
            "port": r.running.port, "node": r.node.name}  # fmt: skip


def b64(data: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(data).decode()
