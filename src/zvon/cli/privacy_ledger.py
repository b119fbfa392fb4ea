"""`zvon privacy disclosures` and `zvon privacy labels`: what left and why, and what people decided."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call

DoorName = Literal[
    "peer", "question", "takedown", "notice", "export", "mail", "webhook", "misp", "taxii", "feed",
    "report", "statistics",
]  # fmt: skip
OutcomeName = Literal["released", "held", "refused", "residue"]


def disclosures(
    *, door: Annotated[DoorName | None, Parameter(help="Only by this way out.")] = None,
    outcome: Annotated[OutcomeName | None, Parameter(help="Only what ended so.")] = None,
    recipient: Annotated[str | None, Parameter(help="A group, an organisation, a domain.")] = None,
    subject: Annotated[str | None, Parameter(help="What it was about, by its number.")] = None,
    since: Annotated[str | None, Parameter(help="From this day or time on.")] = None,
    until: Annotated[str | None, Parameter(help="Before this day or time.")] = None,
    most: Annotated[int, Parameter(name="--most", help="At most so many lines.")] = 100,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Show what left this node and what the gate stopped, newest first; no original is in it."""
    from msgspec.json import encode

    asked = {"door": door, "outcome": outcome, "recipient": recipient, "subject": subject,
             "since": _time(since), "until": _time(until)}  # fmt: skip
    query = {name: value for name, value in asked.items() if value is not None}
    rows: list[dict[str, Any]] = []
    counts: dict[str, dict[str, int]] = {}
    after: str | None = ""
    while after is not None and len(rows) < most:
        place = {"after": after} if after else {}
        limit = str(min(most - len(rows), 1000))
        said = call(node, key, "GET", "/disclosures", limit=limit, **query, **place)
        rows += said["disclosures"]
        counts, after = said["counts"], said["next"]
    if json:
        print(encode({"disclosures": rows, "counts": counts}).decode())
        return
    for row in rows:
        print(_line(row))
    for name, outcomes in sorted(counts.items()):
        print(f"{name}: " + ", ".join(f"{n} {word}" for word, n in sorted(outcomes.items())))
    if not rows:
        print("nothing left and nothing was stopped")


def _time(text: str | None) -> str | None:
    """A day alone is its first moment."""
    return f"{text}T00:00:00Z" if text is not None and len(text) == len("2026-11-22") else text


def _line(row: dict[str, Any]) -> str:
    gone = {state: sum(types.values()) for state, types in row["spans"].items() if state != "keep"}
    told = ", ".join(f"{n} {state}" for state, n in gone.items()) or "nothing taken out"
    end = "taken back" if row["revoked_at"] else row["outcome"]
    why = f" ({row['reason']})" if row["reason"] else ""
    return (
        f"{row['at'][:16].replace('T', ' ')}  {row['door']:<10} {end + why:<24} {row['subject']}"
        f" to {row['recipient']}, TLP:{row['tlp'].removeprefix('TLP:')}, {told},"
        f" risk {row['risk']:.2f}, by {row['by'] or 'the node'}"
    )


def labels(
    *, out: Annotated[Path | None, Parameter(help="File to write, else the output.")] = None,
    root: Annotated[Path | None, Parameter(help="Folder of the node (else ZVON_ROOT).")] = None,
) -> int:  # fmt: skip
    """Write what people decided about spans, one JSON object a line: features, never the text."""
    import asyncio

    from zvon.access.node import BadKeyFile, NoNode
    from zvon.access.seal import BadSeal

    try:
        lines = asyncio.run(_labels(root))
        if out is None:
            sys.stdout.write("".join(lines))
        else:
            out.write_text("".join(lines), encoding="utf-8")
    except (RuntimeError, OSError, NoNode, BadSeal, BadKeyFile) as problem:
        print(f"privacy: {problem}", file=sys.stderr)
        return 2
    print(f"{len(lines)} decisions", file=sys.stderr)
    return 0


async def _labels(root: Path | None) -> list[str]:
    import msgspec

    from zvon.cli.node import open_node
    from zvon.store.span_label import every
    from zvon.store.visibility import SYSTEM, read

    async with open_node(root) as context, read(context.pool, SYSTEM) as db:
        return [msgspec.json.encode(label).decode() + "\n" async for label in every(db)]
