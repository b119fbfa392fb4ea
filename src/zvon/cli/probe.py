"""`zvon probe`: proof from inside a subscriber's network, where its resolver answers."""

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, NodeRefused, call

app = App(name="probe", help="Proof of block from inside a subscriber's network.")

State = Annotated[Path, Parameter(help="Folder with the key of this outpost.")]
HERE = Path("zvon-probe")


@app.command
def add(
    subscriber: str,
    /,
    *,
    name: Annotated[str, Parameter(help="What people call it.")] = "probe",
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Let SUBSCRIBER run a probe and collector; prints the token to enrol it with, once."""
    found = next(
        (s for s in call(node, key, "GET", "/subscribers")["subscribers"]
         if s["name"] == subscriber), None,
    )  # fmt: skip
    if found is None:
        raise NodeRefused(f"there is no subscriber {subscriber!r}")
    made = call(node, key, "POST", "/outposts", {"subscriber": found["id"], "name": name})
    if json:
        import msgspec

        print(msgspec.json.encode(made).decode())
    else:
        print(made["token"])


@app.command(name="list")
def list_outposts(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List probes and collectors, and when each was last heard."""
    said = call(node, key, "GET", "/outposts")
    if json:
        import msgspec

        print(msgspec.json.encode(said).decode())
        return
    for one in said["outposts"]:
        heard = one["seen_at"] or "-"
        print(f"{one['id']} {one['subscriber']:<20} {one['name']:<20} {heard}")


@app.command
def enrol(
    *,
    node: Annotated[str, Parameter(help="Address of the node.", env_var="ZVON_NODE")],
    key: Annotated[str, Parameter(help="The token of `zvon probe add`.", env_var="ZVON_KEY")],
    state: State = HERE,
) -> None:
    """Make this machine an outpost of a node: a key of its own, made here, never sent."""
    import httpx

    from zvon.dns import outpost

    try:
        made = outpost.enrol(node, key, state, os.urandom)
    except httpx.HTTPError as problem:
        raise RuntimeError(f"no answer from {node}: {problem}") from None
    print(f"{state}: outpost {made.outpost} of {made.subscriber}")


@app.command
def run(
    *,
    state: State = HERE,
    resolver: Annotated[str, Parameter(help="host:port of the resolver to ask.")] = "127.0.0.1:53",
    via: Annotated[str, Parameter(help="udp, tcp, dot or doh.")] = "udp",
    ca: Annotated[Path | None, Parameter(help="Authorities (PEM) for dot and doh.")] = None,
    tls_name: Annotated[str | None, Parameter(help="Name in the certificate.")] = None,
) -> None:
    """Ask the resolver for what the node wants proved, and hand in signed receipts."""
    asyncio.run(_run(state, resolver, via, ca, tls_name))


async def _run(state: Path, resolver: str, via: str, ca: Path | None, tls_name: str | None) -> None:
    from zvon.config import host_port
    from zvon.dns.ask import Asker, strict
    from zvon.dns.outpost import Client, Probe

    host, port = host_port(resolver)
    tls = strict(str(ca) if ca else None) if via in {"dot", "doh"} else None

    async def asker() -> Asker:
        return await Asker.to(host, port, via, tls=tls, name=tls_name)

    (await asker()).close()  # a wrong `--via` is told at once
    client = Client.read(state, lambda: datetime.now(UTC), os.urandom)
    probe = Probe(client, asker)
    print(f"outpost of {client.identity.subscriber}, asks {resolver} over {via}", file=sys.stderr)
    try:
        await probe.run()
    finally:
        await probe.close()


@app.command
def verify(
    *,
    root: Annotated[Path | None, Parameter(help="Folder of the node (else ZVON_ROOT).")] = None,
    json: JsonFlag = False,
) -> int:
    """Check every receipt against its signature and its chain; exit 1 naming what was changed."""
    return asyncio.run(_verify(root, json))


async def _verify(root: Path | None, as_json: bool) -> int:
    import msgspec

    from zvon.access.node import BadKeyFile, NoNode
    from zvon.access.seal import BadSeal
    from zvon.cli.node import open_node
    from zvon.store import outpost, receipt
    from zvon.store.visibility import SYSTEM, read

    try:
        async with open_node(root) as context, read(context.pool, SYSTEM) as db:
            keys = await outpost.keys(db)
            keys[receipt.NODE] = context.node.signing.public_key().public_bytes_raw()
            count, problems = await receipt.verify(db, keys)
    except (RuntimeError, OSError, NoNode, BadSeal, BadKeyFile) as problem:
        print(f"probe: {problem}", file=sys.stderr)
        return 2
    if as_json:
        print(msgspec.json.encode({"receipts": count, "problems": problems}).decode())
    else:
        for one in problems:
            print(f"receipt {one.prober}:{one.n}: {one.text}")
        if not problems:
            print(f"probe: {count} receipts, chains unbroken")
    return 1 if problems else 0
