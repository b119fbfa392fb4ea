"""`zvon peer`: partners of a node, through its API."""

import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter

app = App(name="peer", help="Partners: list, invite, accept, revoke.", help_format="plaintext")

NODE = "http://127.0.0.1:8080"
DONE, NO_ANSWER, BAD_INPUT = 0, 1, 2
TIMEOUT_S = 30.0

Node = Annotated[str, Parameter(help="Address of the node.", env_var="ZVON_NODE")]
Key = Annotated[str, Parameter(help="API key of an administrator.", env_var="ZVON_KEY")]
Json = Annotated[bool, Parameter(name="--json", help="Print one JSON object.", negative=())]


class NotDone(Exception):
    """The node did not do it; `code` is the exit code."""

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(reason)
        self.code = code


@app.command(name="list")
def list_peers(*, key: Key, node: Node = NODE, json_: Json = False) -> int:
    """Print every partner: state, country, name, address, last sync, and what is wrong."""
    return _run(lambda: _list(node, key, json_))


def _list(node: str, key: str, as_json: bool) -> None:
    answer = _ask("GET", node, "/peers", key)
    if as_json:
        _print_json(answer)
        return
    for peer in answer["peers"]:
        state = "stale" if peer["stale"] and peer["state"] == "active" else peer["state"]
        synced = (peer["synced_at"] or "never")[:19]
        problem = peer["error"] or peer["state_reason"]
        row = [peer["id"], state, peer["country"], peer["name"], peer["url"], synced]
        print("  ".join(row) + (f"  {problem}" if problem else ""))


@app.command
def invite(
    *,
    key: Key,
    node: Node = NODE,
    group: Annotated[UUID | None, Parameter(help="Group to invite into.")] = None,
    name: Annotated[str | None, Parameter(help="Make a new group of this name.")] = None,
    max_tlp: Annotated[str, Parameter(help="Strictest marking in a new group.")] = "amber",
    json_: Json = False,
) -> int:
    """Print an invitation: one line to hand over in confidence; it works once."""
    wanted: dict[str, Any] = {"max_tlp": max_tlp.lower()}
    if group is not None:
        wanted["group"] = str(group)
    if name is not None:
        wanted["group_name"] = name

    def ask() -> None:
        answer = _ask("POST", node, "/invitations", key, wanted)
        _print_json(answer) if json_ else print(answer["invitation"])

    return _run(ask)


@app.command
def accept(
    invitation: Annotated[str, Parameter(help="The line, a file with it, or - for the input.")],
    /,
    *,
    key: Key,
    node: Node = NODE,
    json_: Json = False,
) -> int:
    """Follow an INVITATION: reach the partner, check its keys, join the group."""

    def ask() -> None:
        answer = _ask("POST", node, "/peers", key, {"invitation": _text(invitation)})
        if json_:
            _print_json(answer)
        else:
            print(f"{answer['id']}  {answer['state']}  {answer['country']}  {answer['name']}")

    return _run(ask)


@app.command
def revoke(
    peer: Annotated[UUID, Parameter(help="Identifier of the partner, as `list` prints it.")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Kept in the audit.")],
    key: Key,
    node: Node = NODE,
    json_: Json = False,
) -> int:
    """End a partnership: out of our groups, and nothing is exchanged any more."""

    def ask() -> None:
        answer = _ask("POST", node, f"/peers/{peer}/revocation", key, {"reason": reason})
        _print_json(answer) if json_ else print(f"{answer['id']}  {answer['state']}")

    return _run(ask)


def _run(ask: Any) -> int:
    try:
        ask()
    except NotDone as problem:
        print(f"zvon: {problem}", file=sys.stderr)
        return problem.code
    return DONE


def _text(invitation: str) -> str:
    if invitation == "-":
        return sys.stdin.read(8192).strip()
    if not invitation.startswith("zvon-invite-"):
        path = Path(invitation)
        if not path.is_file():
            raise NotDone(f"{invitation!r} is neither an invitation nor a file", BAD_INPUT)
        return path.read_text(encoding="ascii", errors="replace")[:8192].strip()
    return invitation


def _ask(
    method: str, node: str, path: str, key: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The JSON answer of the node. Raises `NotDone`."""
    import httpx
    import msgspec

    try:
        answer = httpx.request(
            method, f"{node.rstrip('/')}/api/v1{path}", json=body, timeout=TIMEOUT_S,
            headers={"authorization": f"Bearer {key}"},
        )  # fmt: skip
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NotDone(f"{node!r} is not the address of a node", BAD_INPUT) from None
    except httpx.HTTPError as problem:
        raise NotDone(f"no answer from {node}: {problem}", NO_ANSWER) from None
    try:
        found = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        raise NotDone(f"{node} answered something that is no node's", NO_ANSWER) from None
    if not answer.is_success:
        reason = found.get("detail") or found.get("title") or answer.reason_phrase
        code = NO_ANSWER if answer.status_code >= 500 else BAD_INPUT
        raise NotDone(f"{node} refused ({answer.status_code}): {reason}", code)
    return found


def _print_json(answer: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(answer).decode())
