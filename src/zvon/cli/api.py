"""A node's API, asked from the command line; what it refuses becomes one line."""

from collections.abc import Iterator
from typing import Annotated, Any

from cyclopts import Parameter

NODE = "http://127.0.0.1:8080"
TIMEOUT_S = 30.0

NodeFlag = Annotated[str, Parameter(help="Address of the node.", env_var="ZVON_NODE")]
KeyFlag = Annotated[str | None, Parameter(help="API key of a person.", env_var="ZVON_KEY")]
JsonFlag = Annotated[bool, Parameter(help="Print JSON.", negative=())]


class NoAnswer(RuntimeError):
    """The node did not answer."""


class NodeRefused(ValueError):
    """The node did not take the request; says why."""


def call(
    node: str,
    key: str | None,
    method: str,
    path: str,
    body: Any = None,
    **query: str | list[str],
) -> dict[str, Any]:
    """One request to `/api/v1`; a body of bytes goes as it is, any other as JSON. Raises `NoAnswer`, `NodeRefused`."""
    import httpx
    import msgspec

    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    raw = isinstance(body, bytes)
    try:
        answer = httpx.request(
            method, f"{node.rstrip('/')}/api/v1{path}", headers=headers,
            json=None if raw else body, content=body if raw else None, params=query or None, timeout=TIMEOUT_S,
        )  # fmt: skip
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NodeRefused(f"{node!r} is not the address of a node") from None
    except httpx.HTTPError as problem:
        raise NoAnswer(f"no answer from {node}: {problem}") from None
    try:
        said = msgspec.json.decode(answer.content, type=dict[str, Any]) if answer.content else {}
    except msgspec.DecodeError:
        raise NoAnswer(f"{node} answered something that is no node's") from None
    if not answer.is_success:
        reason = said.get("detail") or said.get("title") or answer.reason_phrase
        raise NodeRefused(f"{node} refused it ({answer.status_code}): {reason}")
    return said


def stream(
    node: str, key: str | None, method: str, path: str, body: Any = None, **query: str
) -> Iterator[bytes]:
    """What one request to `/api/v1` answers, piece by piece. Raises `NoAnswer`, `NodeRefused`."""
    import httpx

    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    try:
        with httpx.stream(
            method, f"{node.rstrip('/')}/api/v1{path}", headers=headers, json=body,
            params=query or None, timeout=TIMEOUT_S,
        ) as answer:  # fmt: skip
            if not answer.is_success:
                raise NodeRefused(
                    f"{node} refused it ({answer.status_code}): {_said(answer.read())}"
                )
            yield from answer.iter_bytes()
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NodeRefused(f"{node!r} is not the address of a node") from None
    except httpx.HTTPError as problem:
        raise NoAnswer(f"no answer from {node}: {problem}") from None


def _said(body: bytes) -> str:
    import msgspec

    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return "it did not say why"
    return str(said.get("detail") or said.get("title") or "it did not say why")
