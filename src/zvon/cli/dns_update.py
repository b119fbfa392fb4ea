"""`zvon dns export-rfc2136`: a feed, kept up to date in a primary that somebody already runs."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from zvon.dns.update import Target


def export_rfc2136(
    *,
    feed: Annotated[str, Parameter(help="The feed.")],
    server: Annotated[str, Parameter(help="host:port of the primary, over TCP.")],
    zone: Annotated[str, Parameter(help="The zone there; it has to exist.")],
    key_name: Annotated[str, Parameter(help="The key that may change and transfer the zone.")],
    key_file: Annotated[Path, Parameter(help="File with its secret in base64.")],
    algorithm: Annotated[str, Parameter(help="hmac-sha256, -sha384 or -sha512.")] = "hmac-sha256",
    once: Annotated[bool, Parameter(help="Compare once, and end.", negative=())] = False,
    root: Annotated[Path | None, Parameter(help="Folder of this node.")] = None,
) -> int:
    """Write FEED into a zone of another primary by signed updates (RFC 2136), until stopped.

    Runs on the machine of the node. Exit code 1 when the primary does not take it (with --once).
    """
    from zvon.dns.update import FAILURES, Target

    target = Target(server=server, zone=zone.rstrip("."), key=key_name, algorithm=algorithm,
                    secret=key_file.read_text(encoding="ascii").strip())  # fmt: skip
    try:
        return asyncio.run(_run(feed, target, once=once, root=root))
    except (*FAILURES, LookupError) as problem:
        print(f"export-rfc2136: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


async def _run(feed: str, target: "Target", *, once: bool, root: Path | None) -> int:
    from zvon.cli.node import open_node
    from zvon.dns.update import Exporter

    async with open_node(root) as context:
        exporter = Exporter(context.pool, feed, target)
        if once:
            print(f"{target.zone}: {await exporter.reconcile()} owners changed")
            return 0
        await exporter.run()
    return 0
