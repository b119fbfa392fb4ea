"""`zvon metrics`: what takes how long, and situation reports, through a node's API."""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call, stream
from zvon.cli.incident_ref import as_json

app = App(name="metrics", help="How long things take, and how much there is.",
          help_format="plaintext")  # fmt: skip
Days = Annotated[int, Parameter(help="Of the last so many days.")]


@app.command
def show(
    *,
    days: Days = 30,
    category: Annotated[str | None, Parameter(help="Only of this category.")] = None,
    brand: Annotated[str | None, Parameter(help="Only of this brand, such as si.posta.")] = None,
    rsit: Annotated[str | None, Parameter(help="Only of this type of RSIT.")] = None,
    country: Annotated[str | None, Parameter(help="Only of this country, such as SI.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Show medians with their intervals; what is still open counts for as long as it waits."""
    from zvon.locale import translator

    narrow = {k: v for k, v in (("category", category), ("brand", brand), ("rsit", rsit),
                                ("country", country)) if v is not None}  # fmt: skip
    found = call(node, key, "GET", "/metrics", None, days=str(days), **narrow)
    if json:
        as_json(found)
        return
    speak, c = translator("en"), found["counts"]
    print(f"{c['incidents']} incidents of {c['reports']} reports and {c['alerts']} alerts; "
          f"{c['decided']} decided, {c['undone']} decisions taken back")  # fmt: skip
    for one in found["figures"]:
        d = one["durations"]
        if not d["n"]:
            continue
        median = "not half yet" if d["median"] is None else speak.lasting(d["median"])
        between = ""
        if d["low"] is not None:
            high = "?" if d["high"] is None else speak.lasting(d["high"])
            between = f"({speak.lasting(d['low'])} to {high})"
        print(f"  {one['measure']:<12} {median:>14}  {between:<28} n {d['n']}, open {d['open']}"
              + (f", {one['late']} entered late" if one["late"] else ""))  # fmt: skip


@app.command
def situation(
    audience: Literal["analyst", "management", "authority", "public"],
    /,
    *,
    days: Days = 30,
    format: Literal["html", "md", "pdf", "docx", "json"] = "html",
    lang: Literal["sl", "hr", "en"] = "sl",
    out: Annotated[
        Path | None, Parameter(help="Where it is written; else to standard output.")
    ] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Make a situation report; for the public no number below five, no name and no duration."""
    path = f"/situation/{audience}"
    pieces = stream(node, key, "GET", path, days=str(days), format=format, lang=lang)
    if out is None:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        return
    body = b"".join(pieces)
    out.write_bytes(body)
    print(f"{out}: {len(body)} bytes")
