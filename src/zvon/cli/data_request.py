"""`zvon data-request`: what people ask about their data, through a node's API."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call, stream
from zvon.cli.block_text import moment

app = App(name="data-request", help="Requests of people about their data.", help_format="plaintext")

Number = Annotated[str, Parameter(help="The request, as in D-26-000001.")]
ReasonFlag = Annotated[str, Parameter(help="Why; it goes into the answer.")]


class UnknownRequest(LookupError):
    """No request has this number."""


@app.command(name="list")
def list_requests(
    *, closed: Annotated[bool, Parameter(help="Those closed lately.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """List requests that wait, the most urgent first."""
    found = call(node, key, "GET", "/data-requests", closed=str(closed).lower())
    if json:
        _json(found)
        return
    for one in found["data_requests"]:
        _line(one)
    if not found["data_requests"]:
        print("no requests")


@app.command
def new(
    kind: Annotated[
        Literal["access", "rectification", "erasure", "restriction", "objection"],
        Parameter(help="What the person asks for."),
    ],
    /,
    *,
    country: Annotated[str, Parameter(help="Country whose policy holds, as in SI.")],
    lang: Annotated[Literal["sl", "hr", "en"], Parameter(help="Language of the answer.")] = "sl",
    contact: Annotated[str, Parameter(help="Where the answer goes.")] = "",
    received: Annotated[
        str | None, Parameter(help="When it came, as in 2026-11-20T09:00:00Z; else now.")
    ] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Take a request in. Identifiers are read from the input, one a line: `email ana@primer.example`.

    Kinds are name, email, phone, iban, card, plate and national_id. They are not taken from the
    command line, where other people of the machine could read them.
    """
    lines = [line.strip().partition(" ") for line in sys.stdin if line.strip()]
    given = [{"kind": kind, "text": text.strip()} for kind, _, text in lines]
    body: dict[str, Any] = {"kind": kind, "country": country, "lang": lang, "contact": contact,
                            "identifiers": given}  # fmt: skip
    if received is not None:
        body["received_at"] = received
    _line(call(node, key, "POST", "/data-requests", body))


@app.command
def show(number: Number, /, *, node: NodeFlag = NODE, key: KeyFlag = None,
         json: JsonFlag = False) -> None:  # fmt: skip
    """Show a request: its clock, what was found, what was done."""
    one = call(node, key, "GET", f"/data-requests/{_id(number, node, key)}")
    if json:
        _json(one)
        return
    _line(one)
    for of_class, count in one["found"].items():
        print(f"  found {count:>6}  {of_class}")
    for of_class, did in one["done"].items():
        print(f"  {of_class}: " + ", ".join(f"{word} {what}" for word, what in did.items()))
    if one["revoked"]:
        print(f"  {one['revoked']} releases taken back, {one['receipts']} receipts of partners")
    for step in one["steps"]:
        print(f"  {moment(step['at'])[:16]}  {step['by']:<12} {step['code'].lower()}")


@app.command
def identify(
    number: Number, /, *, how: Annotated[str, Parameter(help="How it was made sure who asks.")],
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Say how it was made sure who asks; before that nothing is searched."""
    _post(number, "identity", {"how": how}, node, key)


@app.command
def extend(number: Number, /, *, reason: ReasonFlag, node: NodeFlag = NODE,
           key: KeyFlag = None) -> None:  # fmt: skip
    """Take two months more, once, within the first month."""
    _post(number, "extension", {"reason": reason}, node, key)


@app.command
def search(number: Number, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """Have the person looked for everywhere; `show` tells what was found."""
    _post(number, "search", None, node, key)


@app.command
def export(
    number: Number, /, *, out: Annotated[Path, Parameter(help="File; .json or .html.")],
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Write what is kept of the person, for them, with other people masked."""
    path = f"/data-requests/{_id(number, node, key)}/export"
    path += ".html" if out.suffix == ".html" else ""
    body = b"".join(stream(node, key, "GET", path))
    out.touch(mode=0o600)
    out.write_bytes(body)
    print(f"{out}: {len(body)} bytes")


@app.command
def answer(
    number: Number, /, *, reason: ReasonFlag,
    refuse: Annotated[bool, Parameter(help="Say no.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Close a request with what the person was told; their identifiers are erased."""
    _post(number, "answer", {"granted": not refuse, "reason": reason}, node, key)


@app.command
def erase(
    number: Number, /, *, reason: ReasonFlag,
    keep: Annotated[
        list[str] | None, Parameter(help="Class that stays, with the reason: `decision=…`.")
    ] = None,
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Erase the person here and at partners; it cannot be taken back."""
    stays = {each.partition("=")[0]: each.partition("=")[2] for each in keep or ()}
    _post(number, "erasure", {"reason": reason, "except_for": stays}, node, key)


def _post(number: str, step: str, body: Any, node: str, key: str | None) -> None:
    _line(call(node, key, "POST", f"/data-requests/{_id(number, node, key)}/{step}", body))


def _id(number: str, node: str, key: str | None) -> str:
    for closed in ("false", "true"):
        for one in call(node, key, "GET", "/data-requests", closed=closed)["data_requests"]:
            if number in {one["number"], one["id"]}:
                return str(one["id"])
    raise UnknownRequest(f"no request {number}")


def _line(one: dict[str, Any]) -> None:
    late = "  OVERDUE" if one["overdue"] else ""
    print(f"{one['number']}  {one['kind']:<13} {one['state']:<10} until {one['until'][:10]}{late}")


def _json(found: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(found).decode())
