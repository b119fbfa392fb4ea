"""`zvon audit`: prove that nobody changed the record of who did what."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

app = App(name="audit", help="The hash-chained record of who did, or was refused, what.")


@app.command
def verify(
    *,
    root: Annotated[Path | None, Parameter(help="Folder of the node (else ZVON_ROOT).")] = None,
    json_: Annotated[bool, Parameter(name="--json", help="Print one JSON object.")] = False,
) -> int:
    """Check every row against the chain; exit 1 naming each row that was changed or removed."""
    return asyncio.run(_verify(root, json_))


@app.command
def check(
    file: Annotated[Path, Parameter(help="JSON lines of an export; needs no node.")],
    *,
    json_: Annotated[bool, Parameter(name="--json", help="Print one JSON object.")] = False,
) -> int:
    """Prove an exported audit away from its node; exit 1 naming each row that was changed or removed."""
    from zvon.store.audit_file import BadFile, verify

    try:
        with file.open("rb") as lines:
            found = verify(lines)
    except (OSError, BadFile) as problem:
        print(f"audit: {problem}", file=sys.stderr)
        return 2
    if json_:
        problems = [{"seq": p.seq, "kind": p.kind, "text": p.text} for p in found.problems]
        print(json.dumps({"rows": found.rows, "first": found.first, "last": found.last,
                          "head": found.head, "problems": problems}))  # fmt: skip
        return 1 if found.problems else 0
    for row in found.problems:
        print(f"audit:{row.seq}: {row.text}")
    if not found.problems:
        print(f"audit: rows {found.first} to {found.last} unbroken, {found.rows} in all")
        print(f"audit: row {found.last} has the hash {found.head}; compare it with the node's")
    return 1 if found.problems else 0


async def _verify(root: Path | None, as_json: bool) -> int:
    from zvon.access.node import BadKeyFile, NoNode
    from zvon.access.seal import BadSeal
    from zvon.cli.node import open_node
    from zvon.store import audit
    from zvon.store.visibility import SYSTEM, read

    try:
        async with open_node(root) as context, read(context.pool, SYSTEM) as db:
            rows = await audit.length(db)
            problems = await audit.verify(db)
    except (RuntimeError, OSError, NoNode, BadSeal, BadKeyFile) as problem:
        print(f"audit: {problem}", file=sys.stderr)
        return 2
    if as_json:
        found = [{"seq": p.seq, "kind": p.kind, "text": p.text} for p in problems]
        print(json.dumps({"rows": rows, "problems": found}))
    else:
        for row in problems:
            print(f"audit:{row.seq}: {row.text}")
        if not problems:
            print(f"audit: {rows} rows, chain unbroken")
    return 1 if problems else 0
