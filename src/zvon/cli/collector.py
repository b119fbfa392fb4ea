"""`zvon collector`: machines at a SOC's that read sources there, and hits of resolvers."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, NodeRefused, call

if TYPE_CHECKING:
    from zvon.model.collector import Enrolled

app = App(
    name="collector", help="Collectors: read sources where they are, and send batches.",
    help_format="plaintext",
)  # fmt: skip

OUTPOST, HERE = Path("zvon-probe"), Path("zvon-collector")
CONFIG = Path("collector.toml")
State = Annotated[
    Path | None, Parameter(help="Folder with the key of this machine and what it holds.")
]


@app.command
def new(
    name: str,
    /,
    *,
    policy: Annotated[str, Parameter(help="Sharing policy that it applies; empty: none.")] = "",
    party: Annotated[str | None, Parameter(help="Organisation (UUID); ours when left out.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Let a machine collect for this node; prints the token to enrol it with, once."""
    made = call(node, key, "POST", "/collectors", {"name": name, "policy": policy, "party": party})
    if json:
        _print(made)
    else:
        print(made["token"])


@app.command
def enrol(
    node: Annotated[str, Parameter(help="Address of the node.", env_var="ZVON_NODE")],
    key: Annotated[str, Parameter(help="The token, as the node gave it.", env_var="ZVON_KEY")],
    *,
    state: State = None,
) -> None:
    """Make this machine a collector of a node: a key of its own, made here, never sent.

    A token of `zvon probe add` makes it an outpost that counts hits of a resolver.
    """
    import httpx

    from zvon.collect.collector import client

    for folder, name in ((state or HERE, client.IDENTITY_FILE), (state or OUTPOST, "outpost.json")):
        if (folder / name).exists() and state is not None:
            raise FileExistsError(f"{folder} belongs to a node already")
    try:
        said, seed = client.enrol(node, key, os.urandom)
    except httpx.HTTPError as problem:
        raise RuntimeError(f"no answer from {node}: {problem}") from None
    if said.kind == "outpost":
        folder = state or OUTPOST
        _keep_outpost(folder, node, said, seed)
        print(f"{folder}: outpost {said.id} of {said.name}")
        return
    folder = state or HERE
    client.keep(folder, node, said, seed)
    policy = f", applies {said.policy.name}" if said.policy else ""
    print(f"{folder}: collector {said.name} ({said.id}) of node {said.node}{policy}")


def _keep_outpost(folder: Path, url: str, said: "Enrolled", seed: bytes) -> None:
    from zvon.dns import outpost

    identity = outpost.Identity(
        url=url.rstrip("/"), node=said.node, outpost=said.id, subscriber=said.name
    )
    outpost.keep(folder, seed, identity)


@app.command
def run(
    *,
    config: Annotated[Path, Parameter(help="Which sources to read (TOML).")] = CONFIG,
    brand: Annotated[
        str | None, Parameter(help="Count hits instead, of: bind, unbound, pdns or dnstap.")
    ] = None,
    log: Annotated[Path | None, Parameter(help="The resolver's log (bind, unbound).")] = None,
    listen: Annotated[
        str | None, Parameter(help="host:port or unix:/path for the stream (pdns, dnstap).")
    ] = None,
    ignore: Annotated[
        tuple[str, ...], Parameter(help="Networks that are no visitors: scanners, monitoring.")
    ] = (),
    state: State = None,
) -> None:
    """Read the sources of `collector.toml`, keep what they give, and send it to the node.

    What the node has not taken yet is kept in STATE/spool, also for days without it. With --brand
    the rules that a resolver applied are counted, by minute; addresses of clients stay here.
    """
    if brand is not None:
        from zvon.cli.collector_hits import run_hits

        run_hits(state or OUTPOST, brand, log, listen, ignore)
        return
    from zvon.cli.collector_run import run_sources

    run_sources(state or HERE, config)


@app.command(name="list")
def list_collectors(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List collectors: when each was last heard, what waits there, what is wrong."""
    said = call(node, key, "GET", "/collectors")
    if json:
        _print(said)
        return
    now = datetime.now(UTC)
    for one in said["collectors"]:
        status = one["status"]
        waiting = sum(each["waiting"] for each in status.get("sources", []))
        heard = _ago(one["seen_at"], now) if one["enrolled_at"] else "not enrolled"
        print(
            f"{one['name']:<24} {heard:<16} {waiting:>9} waiting  {'; '.join(_wrong(one))}".rstrip()
        )


@app.command
def show(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Show one collector: its sources, its disk, its clock, and what never came."""
    found = _named(node, key, name)
    said = call(node, key, "GET", f"/collectors/{found['id']}")
    if json:
        _print(said)
        return
    now, status = datetime.now(UTC), said["status"]
    print(f"{said['name']} ({said['id']}) of {said['party']}, policy {said['policy'] or 'none'}")
    print(f"heard: {_ago(said['seen_at'], now)}")
    for text in _wrong(said):
        print(f"wrong: {text}")
    if status:
        print(
            f"disk: {_bytes(status['used'])} of {_bytes(status['most'])}, {_bytes(status['free'])} free"
        )
    ends = {end["spool"]: end for end in said["spools"]}
    for each in status.get("sources", []):
        end = ends.get(each["spool"], {"n": 0, "items": 0, "lost": 0})
        came = end["items"] - end["lost"]
        print(
            f"  {each['name']:<24} {each['kind']:<7} {came:>10} came  {each['waiting']:>9} waiting"
            f"  {end['lost']:>7} lost  {each['problem']}".rstrip()
        )


@app.command
def policy(
    name: str,
    to: Annotated[str, Parameter(help="Name of the sharing policy; `none` for none.")],
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Have a collector apply another sharing policy; it learns it with its next answer."""
    found = _named(node, key, name)
    said = call(node, key, "PATCH", f"/collectors/{found['id']}",
                {"policy": "" if to == "none" else to})  # fmt: skip
    print(f"{said['name']}: policy {said['policy'] or 'none'}")


@app.command
def remove(name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """End a collector: nothing that it sends is believed any more; what it sent stays."""
    found = _named(node, key, name)
    call(node, key, "DELETE", f"/collectors/{found['id']}")
    print(f"{found['name']} is removed")


def _named(node: str, key: str | None, name: str) -> dict[str, Any]:
    for one in call(node, key, "GET", "/collectors")["collectors"]:
        if name in {one["name"], one["id"]}:
            return dict(one)
    raise NodeRefused(f"there is no collector {name!r}")


def _wrong(one: dict[str, Any]) -> list[str]:
    """What a person should look at, worst first."""
    status = one["status"]
    found = []
    if status.get("level"):
        loss = status.get("next_loss")
        first = f"; first to go: {loss['source']}, {loss['at'][:16]}" if loss else ""
        found.append(f"spool over {status['level']} %{first}")
    found += status.get("problems", [])
    if abs(status.get("clock_s", 0)) > 300 and not any("clock" in each for each in found):
        found.append(f"clock is {status['clock_s']:.0f} s off")
    return found + [
        f"{s['name']}: {s['problem']}" for s in status.get("sources", []) if s["problem"]
    ]


def _ago(at: str | None, now: datetime) -> str:
    if at is None:
        return "never heard"
    seconds = max(0, (now - datetime.fromisoformat(at)).total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def _print(said: Any) -> None:
    import msgspec

    sys.stdout.write(msgspec.json.encode(said).decode() + "\n")
