"""`zvon dns`: resolvers that subscribe to the policy zones, their kits, and what blocks a name."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, NodeRefused, call
from zvon.config import Settings, host_port

app = App(name="dns", help="Resolvers that subscribe to the policy zones.", help_format="plaintext")
subscriber = App(name="subscriber", help="Who takes the feed.", help_format="plaintext")
app.command(subscriber)

# BIND renews a policy zone once a minute unless its configuration says otherwise.
BIND_DEFAULT_S = 60.0
CHECK_S = 65.0


@subscriber.command
def add(
    name: str,
    /,
    *,
    brand: Annotated[str, Parameter(help="bind, unbound, pdns or proof.")],
    address: Annotated[str, Parameter(help="Where its transfers come from.")],
    notify: Annotated[str | None, Parameter(help="host:port for NOTIFY; ADDRESS:53.")] = None,
    probe: Annotated[str | None, Parameter(help="host:port that our probe may ask.")] = None,
    mode: Annotated[str, Parameter(help="log-only or enforce.")] = "log-only",
    out: Annotated[Path | None, Parameter(help="Folder for the files of the kit.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Add a resolver and write its configuration; the secret is shown this once."""
    body = {"name": name, "brand": brand, "address": address, "mode": mode,
            "notify_address": notify or f"{address}:53", "probe_address": probe}  # fmt: skip
    made = call(node, key, "POST", "/subscribers", body)
    if json:
        _json(made)
    else:
        _kit(made["kit"], out)


@subscriber.command(name="list")
def list_subscribers(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List all subscribers."""
    said = call(node, key, "GET", "/subscribers")
    if json:
        _json(said)
        return
    for one in said["subscribers"]:
        print(f"{one['name']:<20} {one['brand']:<8} {one['mode']:<9} {one['address']:<16}"
              f" {one['feed']:<4} {one['party']}")  # fmt: skip


@app.command
def kit(
    name: str,
    /,
    *,
    secret: Annotated[str | None, Parameter(help="The secret that was shown at the start.")] = None,
    out: Annotated[Path | None, Parameter(help="Folder for the files.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Write the configuration of the subscriber NAME; without --secret it has a placeholder."""
    found = _subscriber(node, key, name)
    files = call(node, key, "GET", f"/subscribers/{found['id']}/kit")["kit"]
    if secret is not None:
        files = [file | {"text": file["text"].replace("@SECRET@", secret)} for file in files]
    _kit(files, out)


@app.command
def check(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> int:
    """Ask the resolver of subscriber NAME whether it obeys, from this machine.

    Exit code 0 when the test name is blocked and the newest zone is in force, else 1.
    """
    said = call(node, key, "GET", "/subscribers")
    found = _subscriber(node, key, name)
    if found["probe_address"] is None:
        raise NodeRefused(f"{name} has no probe address: it cannot be measured")
    from zvon.cli.sentence import sentences

    text = sentences(Settings().lang)
    result = asyncio.run(_measure(found, said["test_name"], said["serial"]))
    if json:
        _json(result)
        return 0 if result["ok"] else 1
    answers = text("answers") if result["reachable"] else text("does not answer")
    print(f"{name} ({found['brand']}, {found['probe_address']}): {answers}")
    if result["reachable"]:
        tested = text("blocked") if result["test_blocked"] else text("not blocked")
        print(f"  {said['test_name']}: {tested}")
        print("  " + text("serial {shown}, ours {serial}", shown=result["shown"] or "-",
                          serial=said["serial"]))  # fmt: skip
        if result["late"] and found["brand"] == "bind":
            print("  " + text("late: is min-update-interval 0 missing? BIND waits 60 s without it"))
    return 0 if result["ok"] else 1


async def _measure(found: dict[str, Any], test: str, serial: int) -> dict[str, Any]:
    from zvon.dns.ask import Asker
    from zvon.model.zone import marker_name

    asker = await Asker.to(*host_port(found["probe_address"]))
    start = time.monotonic()
    try:
        answer = await asker.ask(test, timeout=2.0)
        shown: int | None = None
        while answer is not None and time.monotonic() - start < CHECK_S:
            shown = await asker.serial(marker_name("hot", found["feed"]))
            if shown == serial or found["mode"] == "log-only":
                break
            await asyncio.sleep(0.5)
    finally:
        asker.close()
    waited = time.monotonic() - start
    blocked = answer is not None and answer.blocks("nxdomain")
    return {
        "subscriber": found["name"], "reachable": answer is not None, "test_blocked": blocked,
        "shown": shown, "serial": serial, "seconds": round(waited, 3),
        "late": waited > BIND_DEFAULT_S / 2, "ok": blocked and shown == serial,
    }  # fmt: skip


@app.command
def explain(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Say what a block of NAME could cover and why, and which block covers it now.

    Without --key only the rules are shown; they need no node.
    """
    from zvon.locale import translator
    from zvon.model.name import canonical
    from zvon.model.neverblock import chain
    from zvon.model.scope import ScopeFacts, dns_scope

    advice = dns_scope(name, ScopeFacts())
    covering = []
    if key is not None and advice.reason not in {"not_a_name", "address"}:
        above = chain(advice.name or canonical(name))
        after: dict[str, str] = {}
        while True:
            page = call(node, key, "GET", "/blocks", **after)
            covering += [
                b for b in page["blocks"]
                if b["name"] in above and (b["name"] == above[0] or b["scope"] != "host")
                and b["published_at"] and not b["lifted_at"]
            ]  # fmt: skip
            if not page["next"]:
                break
            after = {"after": page["next"]}
    if json:
        _json({"name": name, "scope": advice.scope, "blockable": advice.name,
               "reason": advice.reason, "data": advice.data_versions, "blocks": covering})  # fmt: skip
        return
    text = translator(Settings().lang).text
    print(f"{name}: {advice.scope} · {text('SCOPE_' + advice.reason.upper())}")
    for block in covering:
        print("  " + text(
            "{number} blocks {covered} in feed {feed}: proposed by {proposer}, approved by {approver}, until {day}",
            number=block["number"], covered=block["name"], feed=block["feed"],
            proposer=block["proposer"], approver=block["approver"], day=block["expires_at"][:10],
        ))  # fmt: skip


def _subscriber(node: str, key: str | None, name: str) -> dict[str, Any]:
    for one in call(node, key, "GET", "/subscribers")["subscribers"]:
        if one["name"] == name:
            return dict(one)
    raise NodeRefused(f"there is no subscriber {name!r}")


def _kit(files: list[dict[str, str]], out: Path | None) -> None:
    for file in files:
        if out is None:
            print(f"# {file['path']}: {file['note']}\n{file['text']}")
            continue
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = out / Path(file["path"]).name
        path.write_text(file["text"], encoding="utf-8")
        path.chmod(0o600)
        print(f"{path}: {file['note']}", file=sys.stderr)


def _json(said: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(said).decode())
