"""The steps of the demo: two countries, real resolvers, and nothing that is not read back.

Each step acts through the public API as a person would, then asks the system and the resolvers
what became of it. A step that cannot show its effect raises `StepFailed`.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from zvon.cli.demo.justified import justification
from zvon.cli.demo.leak import leaks
from zvon.cli.demo.node import Account, ApiError, DemoNode
from zvon.cli.demo.resolvers import Wanted, start_resolver
from zvon.cli.demo.seen import (
    LIMIT_S,
    answered,
    auditor_verifies,
    b64,
    control_resolves,
    described,
    from_peer,
    pairs,
    published_count,
    race,
    slowest,
    timing,
    wait_for_state,
)
from zvon.cli.demo.show import Clock, Row, StepFailed
from zvon.cli.demo.stage import Stage, Subscribed
from zvon.cli.demo.stopwatch import addresses, ask, blocked, until
from zvon.cli.demo.world import World
from zvon.model.name import defang
from zvon.respond.fixtures import fixture
from zvon.respond.fixtures import world as world_text

LURE = "posta-si.dostava-paketa.example"
LURE_NAME = "dostava-paketa.example"
AFTER_CRASH = "glasanje-plesna.example"
FLOOD = 40
NAMES = 6

Step = Callable[[Stage], Awaitable[dict[str, Any]]]


async def run(stage: Stage) -> bool:
    """Play all steps in order; stop at the first that fails. True when every one was verified."""
    for number, step in STEPS:
        clock = Clock()
        evidence: dict[str, Any] = {}
        problem = ""
        try:
            evidence = await step(stage)
        except (StepFailed, ApiError, httpx.HTTPError, OSError, RuntimeError, LookupError) as error:
            problem = str(error) or type(error).__name__
        stage.show.add(
            Row(
                step=number,
                ok=not problem,
                started=clock.at.isoformat(timespec="milliseconds"),
                seconds=round(clock.seconds, 4),
                evidence=evidence | ({"problem": problem} if problem else {}),
            )
        )
        if problem:
            stage.show.line(number, f"{stage.show.tick(False)} {problem}")
            return False
    return True


async def world(stage: Stage) -> dict[str, Any]:
    """0: the authority and the RDAP server answer, and the wanted resolvers are found."""
    stage.world = await World(world_text(), lambda: datetime.now(UTC)).__aenter__()
    answer = await ask(int(stage.world.resolver.rpartition(":")[2]), LURE)
    if answer is None or not addresses(answer):
        raise StepFailed(f"the authority does not answer for {LURE}")
    async with httpx.AsyncClient(trust_env=False) as http:
        found = await http.get(f"{stage.world.rdap_url}/domain/{LURE_NAME}")
    if found.status_code != httpx.codes.OK:
        raise StepFailed(f"RDAP answered {found.status_code} for {LURE_NAME}")
    stage.show.line(
        0, stage.text(".example authority, RDAP · {brands}", brands=", ".join(stage.plan.brands))
    )
    return {"resolver": None, "answer_wire_b64": b64(answer.to_wire()), "rdap": found.json()}


async def nodes(stage: Stage) -> dict[str, Any]:
    """1: two nodes run, each with its people; they are peers by invitation."""
    assert stage.world is not None
    settings = {"resolver": stage.world.resolver, "rdap-url": stage.world.rdap_url}
    stage.si = DemoNode("SI", "SI", "sl", stage.plan.folder / "si", settings)
    stage.hr = DemoNode("HR", "HR", "hr", stage.plan.folder / "hr", settings)
    await asyncio.gather(stage.si.start(), stage.hr.start())
    for node in stage.nodes:
        stage.admin[node.name] = await node.first_administrator()
    si, hr = stage.admin["SI"], stage.admin["HR"]
    stage.ana = await stage.si.person(si, "ana", "Ana K.", "analyst")
    stage.bor = await stage.si.person(si, "bor", "Bor M.", "approver")
    stage.eva = await stage.hr.person(hr, "eva", "Eva P.", "analyst")
    stage.iva = await stage.hr.person(hr, "iva", "Iva R.", "approver")
    invitation = await si.post("/invitations")
    await hr.post("/peers", {"invitation": invitation["invitation"]})
    for account in (si, hr):
        peers = await account.get("/peers")
        if not any(p["state"] == "active" for p in peers["peers"]):
            raise StepFailed(f"no active peer at {account.login}'s node")
    stage.show.line(1, f"SI {stage.si.url}  HR {stage.hr.url}")
    return {"si": stage.si.url, "hr": stage.hr.url, "people": ["ana", "bor", "eva", "iva"]}


async def resolvers(stage: Stage) -> dict[str, Any]:
    """2: resolvers subscribe with the configuration that the product wrote; log-only, then enforce."""
    assert stage.world is not None
    si, hr = stage.nodes
    brands = stage.plan.brands
    await _justify(stage, si, stage.bor)
    await _justify(stage, hr, stage.iva)
    places = [(si, "si-a"), (si, "si-b"), (hr, "hr-a"), (hr, "hr-b")]
    said = []
    for (node, label), brand in zip(places, brands, strict=True):
        subscribed = await _subscribe(stage, node, label, brand)
        stage.resolvers.append(subscribed)
    test = {n.name: await _test_name(stage, n) for n in stage.nodes}
    for r in stage.resolvers:
        seen = await until(
            r.target, test[r.node.name], blocked, began=time.monotonic(), limit_s=LIMIT_S
        )
        if seen.seconds is None:
            raise StepFailed(f"{r.label} ({r.running.brand}) does not block the test name")
        polls = stage.text(" (polls, 1 s)") if r.running.brand == "pdns" else ""
        said.append(f"{r.label} {r.running.brand}{polls}")
    stage.show.line(2, " · ".join(said), stage.text("test name blocked at {n}/{n}", n=len(said)))
    return {"resolvers": [described(r) for r in stage.resolvers], "test_names": test}


async def _justify(stage: Stage, node: DemoNode, approver: Account) -> None:
    """Say why the feeds of a node may block, and have a second person agree."""
    admin = stage.admin[node.name]
    for feed in (await admin.get("/feeds"))["feeds"]:
        made = await admin.post("/justifications", justification(feed["name"]))
        await approver.post(f"/justifications/{made['id']}/approval")


async def _subscribe(stage: Stage, node: DemoNode, label: str, brand: str) -> Subscribed:
    """Subscribe in log-only, see that the test name passes, then switch to enforce."""
    assert stage.world is not None
    wanted = await Wanted.plan(label, brand, stage.plan.folder / label, stage.world.resolver)
    admin = stage.admin[node.name]
    made = await admin.post(
        "/subscribers",
        {
            "name": label,
            "brand": brand,
            "address": "127.0.0.1",
            "relay": wanted.relay,
            "notify_address": wanted.notify_address,
            "probe_address": wanted.probe_address,
            "mode": "log-only",
            "mandatory": True,
        },
    )
    running = await start_resolver(wanted, made["kit"])
    answer = await ask(running.port, await _test_name(stage, node))
    if answer is not None and blocked(answer):
        raise StepFailed(f"{label} blocks while it should only log")
    kit = await admin.post(f"/subscribers/{made['id']}/mode", {"mode": "enforce"})
    files = [f | {"text": f["text"].replace("@SECRET@", made["secret"] or "")} for f in kit["kit"]]
    await running.stop()
    running = await start_resolver(wanted, files)
    return Subscribed(label=label, node=node, running=running, id=made["id"], secret=made["secret"])


async def _test_name(stage: Stage, node: DemoNode) -> str:
    feeds = await stage.admin[node.name].get("/subscribers")
    return str(feeds["test_name"])


async def before(stage: Stage) -> dict[str, Any]:
    """3: every resolver gives the real address; without this the rest would prove nothing."""
    assert stage.world is not None
    real = await ask(int(stage.world.resolver.rpartition(":")[2]), LURE)
    assert real is not None
    wires = {}
    for r in stage.resolvers:
        answer = await ask(r.running.port, LURE)
        if answer is None or addresses(answer) != addresses(real):
            raise StepFailed(f"{r.label} does not give the real address of {defang(LURE)}")
        wires[r.label] = b64(answer.to_wire())
    stage.show.line(
        3,
        f"{defang(LURE)} → {addresses(real)[0]}  {len(wires)}/{len(stage.resolvers)}",
        stage.text("(not blocked, as it should be)"),
    )
    return {"answers": wires, "answer_wire_b64": next(iter(wires.values()))}


async def report_r01(stage: Stage) -> dict[str, Any]:
    """4: a citizen in Maribor forwards a message and gets an answer."""
    assert stage.si is not None
    message = fixture("R01")
    stage.first_report = clock = Clock()
    handed = await stage.si.report(message.body.decode(), message.channel)
    receipt = await answered(stage.si, handed["receipt_url"])
    replied = clock.seconds
    detail = await stage.ana.get(f"/reports/{handed['id']}")
    stage.incident = await stage.ana.get(f"/incidents/{detail['incident']['id']}")
    verdict = detail["verdict"]
    for key, wanted in (("word", "malicious"), ("brand", message.expect["brand"])):
        if verdict[key] != wanted:
            raise StepFailed(f"R01: {key} is {verdict[key]}, not {wanted}")
    if receipt["answer"] != message.expect["answer"]:
        raise StepFailed(f"R01: the citizen was told {receipt['answer']}")
    stage.show.line(
        4,
        stage.text(
            "{number} · {brand} · p={p:.2f} · {n} reasons",
            number=handed["report"], brand=verdict["brand"], p=verdict["probability"],
            n=len(verdict["reasons"]),
        ),
        stage.text("replied after {s:.1f} s", s=replied),
    )  # fmt: skip
    return {"report": handed["report"], "incident": stage.incident["number"], "replied_s": round(replied, 3),
            "verdict": verdict["word"], "probability": verdict["probability"]}  # fmt: skip


async def flood(stage: Stage) -> dict[str, Any]:
    """5: forty more reports become the same campaign, not forty cards."""
    assert stage.si is not None
    clock = Clock()
    node = stage.si
    assert stage.world is not None
    texts = list(stage.world.kit_reports("parcels", FLOOD, stage.plan.seed))
    texts[-1] = texts[0]
    handed = await asyncio.gather(*(node.report(t, "imessage") for t in texts))
    await asyncio.gather(*(answered(node, h["receipt_url"]) for h in handed))
    seconds = clock.seconds
    stage.incident = await stage.ana.get(f"/incidents/{stage.incident['id']}")
    campaign = stage.incident["campaign"]
    names = {n["name"] for n in stage.incident["names"]}
    if campaign["reports"] != FLOOD + 1:
        raise StepFailed(f"{campaign['reports']} reports in the campaign, not {FLOOD + 1}")
    if len(names) != NAMES:
        raise StepFailed(f"{len(names)} names in the incident, not {NAMES}: {sorted(names)}")
    stage.show.line(
        5,
        stage.text(
            "{more} more → 1 campaign, {names} names, {reports} reports",
            more=FLOOD, names=len(names), reports=campaign["reports"],
        ),
        f"{seconds:.1f} s",
    )  # fmt: skip
    return {"campaign": campaign["number"], "names": sorted(names), "reports": campaign["reports"],
            "incident": stage.incident["number"]}  # fmt: skip


async def decide(stage: Stage) -> dict[str, Any]:
    """7: one person proposes; the same person cannot approve."""
    path = f"/incidents/{stage.incident['id']}"
    await stage.ana.post(
        f"{path}/verdict", {"word": "malicious", "version": stage.incident["version"]}
    )
    made = await stage.ana.post(
        f"{path}/proposals",
        {
            "reason": stage.text("Parcel lure in the name of the Post, {n} reports", n=FLOOD + 1),
            "legal_ground": stage.text("Subscriber agreements"),
            "days": 14,
        },
    )
    stage.blocks = made["blocks"]
    body = {"blocks": [b["id"] for b in stage.blocks], "reason": stage.text("Seen and checked")}
    own = await stage.ana.refused("/blocks/approvals", body)
    if own.status_code != httpx.codes.FORBIDDEN:
        raise StepFailed(f"own approval answered {own.status_code}, not 403")
    states = {b["state"] for b in (await stage.ana.get("/blocks"))["blocks"]}
    if states - {"validated"}:
        raise StepFailed(f"blocks are {', '.join(sorted(states))} before the approval")
    stage.show.line(
        7,
        stage.text(
            "proposed ana@si ({n} names) · own approval refused (403) · bor@si approves",
            n=len(stage.blocks),
        ),
    )
    return {"incident": stage.incident["number"], "decision": [b["number"] for b in stage.blocks],
            "own_approval": own.status_code}  # fmt: skip


async def block(stage: Stage) -> dict[str, Any]:
    """8: the approval is sent; the stopwatch runs until each resolver refuses the name."""
    assert stage.si is not None
    body = {"blocks": [b["id"] for b in stage.blocks], "reason": stage.text("Seen and checked")}
    timed, returned = await race(
        stage, stage.at(stage.si), LURE, lambda: stage.bor.post("/blocks/approvals", body)
    )
    stage.seconds["report→block"] = stage.first_report.seconds
    stage.seconds["approve→all SI"] = slowest(timed)
    await control_resolves(stage)
    enforced = await wait_for_state(stage.bor, stage.blocks[0]["id"], "enforced")
    for pair in pairs(stage, timed, stage.text("probed")):
        stage.show.line(8, pair, first=stage.show.said[-1]["step"] != 8)
    return timing(timed) | {
        "decision": [b["number"] for b in stage.blocks],
        "serial": enforced["published_serial"],
        "approval_returned_s": round(returned, 4),
    }


async def share(stage: Stage) -> dict[str, Any]:
    """9: the event leaves without the victims; the partner approves; its resolvers refuse too."""
    assert stage.hr is not None
    group = (await stage.ana.get("/groups"))["groups"][0]
    made = await stage.ana.post(f"/incidents/{stage.incident['id']}/shares", {"group": group["id"]})
    seen = await stage.bor.get(f"/shares/{made['id']}")
    overrides = {str(n): "hide" for n, d in enumerate(seen["spans"]) if d["state"] == "ask"}
    await stage.bor.post(f"/shares/{made['id']}/release", {"overrides": overrides})
    incident = await from_peer(stage.iva)
    planted = fixture("R01").expect["leak_forbidden"]
    received = await stage.iva.get(f"/incidents/{incident['id']}")
    found = leaks(planted, [received, await stage.iva.get(f"/events/{made['id']}/misp")])
    if found:
        raise StepFailed(f"leaked: {len(found)} of {len(planted)} planted values")
    body = {
        "blocks": [b["id"] for b in received["blocks"]],
        "reason": stage.text("Partner's evidence seen"),
    }
    timed, _ = await race(
        stage, stage.at(stage.hr), LURE, lambda: stage.iva.post("/blocks/approvals", body)
    )
    stage.seconds["approve→all HR"] = slowest(timed)
    right = " · ".join(
        f"{t.target.label} {t.seconds:.3f} s {stage.show.tick(True)}" for t in timed if t.seconds
    )
    stage.show.line(
        9,
        stage.text("planted {n}, leaked 0 · HR approved iva@hr", n=len(planted)) + " · " + right,
    )
    return timing(timed) | {"planted": len(planted), "leaked": 0, "share": made["id"],
                             "incident": received["number"]}  # fmt: skip


async def guards(stage: Stage) -> dict[str, Any]:
    """10: a school is not blocked, and popular names are refused whole."""
    assert stage.si is not None
    school = fixture("R04")
    handed = await stage.si.report(school.body.decode(), school.channel)
    await answered(stage.si, handed["receipt_url"])
    detail = await stage.ana.get(f"/reports/{handed['id']}")
    incident = await stage.ana.get(f"/incidents/{detail['incident']['id']}")
    scopes = {n["scope"] for n in incident["names"]}
    if scopes - {"none"}:
        raise StepFailed(f"the school's scope is {', '.join(sorted(scopes))}")
    published = await published_count(stage)
    names = [{"name": n, "scope": "host_sub"} for n in stage.plan.popular]
    body = {"names": names, "reason": stage.text("A list from outside"),
            "legal_ground": stage.text("Subscriber agreements"), "days": 14}  # fmt: skip
    refused = await stage.ana.refused("/blocks", body)
    if refused.status_code != httpx.codes.UNPROCESSABLE_ENTITY:
        raise StepFailed(f"{len(names)} popular names answered {refused.status_code}, not 422")
    if await published_count(stage) != published:
        raise StepFailed("a popular name was published")
    stage.show.line(
        10,
        stage.text(
            "school → scope none · {n} popular names → refused whole, 0 published", n=len(names)
        ),
    )
    return {"report": handed["report"], "incident": incident["number"], "scope": "none",
            "names": len(names), "status": refused.status_code, "published": 0}  # fmt: skip


async def lift(stage: Stage) -> dict[str, Any]:
    """11: one lift in the first country clears the name at every resolver of both."""
    one = next(b for b in stage.blocks if b["name"] == LURE_NAME)
    body = {"blocks": [one["id"]], "reason": stage.text("Taken back for the demo")}
    timed, _ = await race(
        stage, stage.resolvers, LURE, lambda: stage.bor.post("/blocks/lifts", body), lifted=True
    )
    stage.show.line(
        11,
        stage.text(
            "{n}/{n} clean, slowest {s:.3f} s (what clients cached apart)",
            n=len(timed), s=slowest(timed),
        ),
    )  # fmt: skip
    return timing(timed) | {"decision": [one["number"]]}


async def crash(stage: Stage) -> dict[str, Any]:
    """12: the first node is killed; resolvers go on; after the restart serials go up."""
    assert stage.si is not None
    still = next(b for b in stage.blocks if b["name"] != LURE_NAME)
    serial = (await stage.bor.get(f"/blocks/{still['id']}"))["published_serial"]
    latest = (await stage.admin["SI"].get("/subscribers"))["serial"]
    stage.si.kill()
    await stage.si.wait()
    name = f"x.{still['name']}" if still["scope"] != "host" else still["name"]
    for r in stage.resolvers:
        answer = await ask(r.running.port, name)
        if answer is None or not blocked(answer):
            raise StepFailed(f"{r.label} stopped blocking when the node died")
    clock = Clock()
    await stage.si.start()
    back = clock.seconds
    again = await stage.bor.get(f"/blocks/{still['id']}")
    if again["published_serial"] != serial:
        raise StepFailed("the restarted node forgot a published block")
    vote = fixture("R09")
    handed = await stage.si.report(vote.body.decode(), vote.channel)
    await answered(stage.si, handed["receipt_url"])
    detail = await stage.ana.get(f"/reports/{handed['id']}")
    made = await stage.ana.post(
        f"/incidents/{detail['incident']['id']}/proposals",
        {"reason": stage.text("Vote lure"), "legal_ground": stage.text("Subscriber agreements"),
         "days": 14},
    )  # fmt: skip
    body = {"blocks": [b["id"] for b in made["blocks"]], "reason": stage.text("Seen and checked")}
    timed, _ = await race(
        stage, stage.at(stage.si), AFTER_CRASH, lambda: stage.bor.post("/blocks/approvals", body)
    )
    newest = (await stage.admin["SI"].get("/subscribers"))["serial"]
    if newest <= latest:
        raise StepFailed(f"serial {newest} after the restart is not above {latest}")
    stage.show.line(
        12,
        stage.text(
            "SI killed; {n}/{n} still block; back in {s:.1f} s; serial {a} → {b}",
            n=len(stage.resolvers), s=back, a=latest, b=newest,
        ),
    )  # fmt: skip
    return timing(timed) | {"serial": newest, "serial_before": latest, "back_s": round(back, 3)}


async def result(stage: Stage) -> dict[str, Any]:
    """13: the sums, and what they are not."""
    s = stage.seconds
    real = sum(r.running.brand != "proof" for r in stage.resolvers)
    audit = await auditor_verifies(stage)
    count = len(STEPS)
    stage.show.line(
        13,
        stage.text(
            "report→block {a:.1f} s (people scripted)  approve→all SI {b:.3f} s  audit chain whole",
            a=s["report→block"], b=s["approve→all SI"],
        ),
        f"PASS {count}/{count}",
    )  # fmt: skip
    brands = len({r.running.brand for r in stage.resolvers} - {"proof"})
    stage.show.plain(
        "   "
        + stage.text(
            "note       {n} of 4 brands real; loopback only; this is no figure for a wide network.",
            n=brands,
        )
    )
    return {
        "seconds": {k: round(v, 4) for k, v in s.items()},
        "real_resolvers": real,
        "audit": audit,
    }


STEPS: tuple[tuple[int, Step], ...] = (
    (0, world), (1, nodes), (2, resolvers), (3, before), (4, report_r01), (5, flood), (7, decide),
    (8, block), (9, share), (10, guards), (11, lift), (12, crash), (13, result),
)  # fmt: skip
