"""`zvon intake`: send files into a source of a node, or see how they would be read."""

import sys
import time
from collections.abc import Iterator
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NoAnswer, NodeFlag, NodeRefused, call

app = App(name="intake", help="Send files into a source of a node.", help_format="plaintext")

DONE, NOT_DONE, BAD_INPUT = 0, 1, 2
PIECE = 1 << 20
LOOK_S = 0.5
SEND_S = 600.0
ENDED = {"done", "failed"}


@app.default
def intake(
    *files: Annotated[
        str,
        Parameter(
            help="Files of any kind that the node reads, also compressed; `-` is the input.",
            allow_leading_hyphen=True,
        ),
    ],
    source: Annotated[
        str | None,
        Parameter(help="Name or identifier of the source; not needed where there is only one."),
    ] = None,
    format: Annotated[str, Parameter(help="The decoder, when content does not tell.")] = "",
    wait: Annotated[
        float, Parameter(help="Wait up to so many seconds until it is read, and say what it was.")
    ] = 0.0,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:
    """Send FILES into a source; the node keeps them before it answers.

    Exit code 0 when all were kept (with --wait: read), 1 when not, 2 when the input is bad.
    """
    import msgspec

    if not files:
        raise ValueError("which files? `zvon intake FILE…`, or `-` for the input")
    for file in files:
        if file != "-" and not Path(file).is_file():
            raise FileNotFoundError(f"there is no file {file}")
    try:
        place = _source(node, key, source)
    except NoAnswer as problem:
        return _failed(problem)
    code = DONE
    for file in files:
        try:
            told = _send(node, key, place, file, format)
            if wait > 0:
                told = _followed(node, key, told, wait)
        except NoAnswer as problem:
            return _failed(problem)
        except NodeRefused as problem:
            print(f"zvon: {file}: {problem}", file=sys.stderr)
            code = BAD_INPUT
            continue
        if wait > 0 and told["state"] != "done":
            code = max(code, NOT_DONE)
        print(msgspec.json.encode({"file": file} | told).decode() if json else _line(file, told))
    return code


@app.command
def detect(
    *files: Annotated[
        str, Parameter(help="Files to look at; `-` is the input.", allow_leading_hyphen=True)
    ],
    json: JsonFlag = False,
) -> int:
    """Say which decoder would read each of FILES, and why. Asks no node.

    Exit code 0 when there is a decoder for everything, 1 when not.
    """
    import msgspec

    from zvon.collect.read.unpack import members
    from zvon.formats.detect import choose
    from zvon.locale import translator
    from zvon.model.item import Bad

    if not files:
        raise ValueError("which files? `zvon intake detect FILE…`")
    code, words = DONE, translator("en")
    for file in files:
        for each in members(_pieces(file), "" if file == "-" else Path(file).name):
            row: dict[str, Any] = {"file": file, "format": None}
            if isinstance(each, Bad):
                row |= {"place": each.position, "problem": each.reason}
                said = f"{each.position}: {each.reason}"
            elif (found := choose(each.sample, each.name)) is None:
                row |= {"member": each.name if each.inside else None, "packing": each.packed,
                        "problem": "no decoder knows what this is"}  # fmt: skip
                said = "no decoder knows what this is"
            else:
                decoder, guess = found
                why = words.text(f"DETECTED_{guess.why}", **guess.params)
                row |= {"member": each.name if each.inside else None, "packing": each.packed,
                        "format": decoder.name, "score": guess.score, "why": guess.why,
                        "params": guess.params, "sentence": why}  # fmt: skip
                said = f"{decoder.name} ({guess.score} of 100): {why}"
            code = DONE if code == DONE and row["format"] else NOT_DONE
            inner = f" · {row['member']}" if row.get("member") else ""
            packed = f" · {' in '.join(reversed(row['packing']))}" if row.get("packing") else ""
            print(msgspec.json.encode(row).decode() if json else f"{file}{inner}{packed}  {said}")
    return code


def _source(node: str, key: str | None, wanted: str | None) -> str:
    """The identifier of the source that is meant. Raises `NodeRefused`, `NoAnswer`."""
    from uuid import UUID

    if wanted is not None:
        try:
            return str(UUID(wanted))
        except ValueError:
            pass
    listed = call(node, key, "GET", "/sources")["sources"]
    known = {each["source"]["name"]: each["source"]["id"] for each in listed}
    if wanted is None and len(known) == 1:
        return str(next(iter(known.values())))
    if wanted not in known:
        names = ", ".join(sorted(known)) or "none yet: `zvon source add`"
        reason = (
            "--source: into which one?" if wanted is None else f"there is no source {wanted!r};"
        )
        raise NodeRefused(f"{reason} There are: {names}")
    return str(known[wanted])


def _send(node: str, key: str | None, source: str, file: str, format: str) -> dict[str, Any]:
    """Stream one file to the node. Raises `NodeRefused`, `NoAnswer`."""
    import httpx
    import msgspec

    name = "" if file == "-" else Path(file).name
    headers = {"content-type": guess_type(name)[0] or "application/octet-stream"}
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    query = {k: v for k, v in {"name": name, "format": format}.items() if v}
    address = f"{node.rstrip('/')}/api/v1/sources/{quote(source)}/deliveries"
    try:
        answer = httpx.request(
            "POST", address, content=_pieces(file), headers=headers, params=query, timeout=SEND_S
        )
        told = msgspec.json.decode(answer.content, type=dict[str, Any])
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NodeRefused(f"{node!r} is not the address of a node") from None
    except httpx.HTTPError as problem:
        raise NoAnswer(f"no answer from {node}: {problem}") from None
    except msgspec.DecodeError:
        raise NoAnswer(f"{node} answered something that is no node's") from None
    if answer.status_code >= 500:
        raise NoAnswer(f"{node} could not take it ({answer.status_code}); try again")
    if not answer.is_success:
        reason = told.get("detail") or told.get("title")
        raise NodeRefused(f"{node} refused it ({answer.status_code}): {reason}")
    return told


def _followed(node: str, key: str | None, told: dict[str, Any], wait: float) -> dict[str, Any]:
    """What became of a delivery, at the latest after `wait` seconds."""
    until = time.monotonic() + wait
    while True:
        found = call(node, key, "GET", f"/deliveries/{told['delivery']}")
        if found["state"] in ENDED or found["asks"] or time.monotonic() > until:
            return found
        time.sleep(LOOK_S)


def _pieces(file: str) -> Iterator[bytes]:
    if file == "-":
        while piece := sys.stdin.buffer.read(PIECE):
            yield piece
        return
    with Path(file).open("rb") as opened:
        while piece := opened.read(PIECE):
            yield piece


def _line(file: str, told: dict[str, Any]) -> str:
    if "items" not in told:
        return f"{file}  {told['state']}  {told['url']}"
    if told["asks"]:
        return f"{file}  waits: a person has to confirm how this table is read ({told['id']})"
    line = (
        f"{file}  {told['state']}  {told['format']}  {told['items']} items, "
        f"{told['records']} records, {told['observables']} values"
    )
    if told["quarantined"]:
        line += f", {told['quarantined']} set aside: zvon quarantine list --delivery {told['id']}"
    return line + (f"  {told['problem']}" if told["problem"] else "")


def _failed(problem: Exception) -> int:
    print(f"zvon: {problem}", file=sys.stderr)
    return NOT_DONE
