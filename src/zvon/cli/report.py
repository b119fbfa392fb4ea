"""`zvon report`: send in what somebody received, to a node near or far."""

import sys
from mimetypes import guess_type
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from zvon.model.report import MAX_REPORT_BYTES, Channel, Lang

app = App(name="report", help="Send in what somebody received.", help_format="plaintext")

NODE = "http://127.0.0.1:8080"
SENT, NO_ANSWER, BAD_INPUT = 0, 1, 2
TIMEOUT_S = 30.0
# The node looks at the bytes; this only tells kinds of text apart.
_TYPES = {".eml": "message/rfc822", ".txt": "text/plain", ".html": "text/html", ".htm": "text/html",
          ".msg": "application/vnd.ms-outlook"}  # fmt: skip
PLAIN = "text/plain; charset=utf-8"


@app.default
def report(
    file: Annotated[
        str,
        Parameter(
            help="A mail (.eml, .msg), a text, a page, a picture, a PDF or Word document, or an"
            " archive of these; `-` reads the input.",
            allow_leading_hyphen=True,
        ),
    ],
    /,
    *,
    node: Annotated[str, Parameter(help="Address of the node.")] = NODE,
    key: Annotated[
        str | None, Parameter(help="API key; without it the report is a citizen's.")
    ] = None,
    channel: Annotated[Channel, Parameter(help="How the message came.")] = Channel.UNKNOWN,
    lang: Annotated[Lang | None, Parameter(help="Language of the answer.")] = None,
    once: Annotated[
        str | None, Parameter(help="Idempotency key: the same report, however often it is sent.")
    ] = None,
    json: Annotated[bool, Parameter(help="Print the receipt as JSON.", negative=())] = False,
) -> int:
    """Send FILE to a node and print the number and where the answer will be.

    Exit code 0 when the node took it, 1 when no node answered, 2 when the input is bad.
    """
    import httpx
    import msgspec

    body = _read(file)
    headers = {"content-type": _media_type(file)}
    if key is not None:
        headers["authorization"] = f"Bearer {key}"
    if once is not None:
        headers["idempotency-key"] = once
    query = {"channel": channel.value} | ({} if lang is None else {"lang": lang.value})
    address = f"{node.rstrip('/')}/api/v1/reports"
    try:
        answer = httpx.post(address, content=body, headers=headers, params=query, timeout=TIMEOUT_S)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return _failed(f"{node!r} is not the address of a node", BAD_INPUT)
    except httpx.HTTPError as problem:
        return _failed(f"no answer from {node}: {problem}", NO_ANSWER)
    if answer.status_code >= 500:
        return _failed(f"{node} could not take it ({answer.status_code}); try again", NO_ANSWER)
    try:
        receipt = msgspec.json.decode(answer.content, type=dict[str, object])
    except msgspec.DecodeError:
        return _failed(f"{node} answered something that is no node's", NO_ANSWER)
    if not answer.is_success or "receipt_url" not in receipt:
        reason = receipt.get("detail") or receipt.get("title") or answer.reason_phrase
        return _failed(f"{node} refused it ({answer.status_code}): {reason}", BAD_INPUT)
    shown = {name: receipt.get(name) for name in ("report", "status", "receipt_url")}
    if json:
        print(msgspec.json.encode(shown).decode())
    else:
        print(f"{shown['report']}  {shown['status']}  {shown['receipt_url']}")
    return SENT


def _read(file: str) -> bytes:
    """The bytes to send. Raises `ValueError` or `FileNotFoundError`, each with a sentence."""
    if file == "-":
        body = sys.stdin.buffer.read(MAX_REPORT_BYTES + 1)
    else:
        path = Path(file)
        if path.is_dir():
            raise ValueError(f"{file} is a folder")
        if not path.exists():
            raise FileNotFoundError(f"there is no file {file}")
        with path.open("rb") as opened:
            body = opened.read(MAX_REPORT_BYTES + 1)
    if not body.strip():
        raise ValueError(f"{'the input' if file == '-' else file} is empty")
    if len(body) > MAX_REPORT_BYTES:
        raise ValueError(f"a report has at most {MAX_REPORT_BYTES // 2**20} MB")
    return body


def _media_type(file: str) -> str:
    if file == "-":
        return PLAIN
    known = _TYPES.get(Path(file).suffix.lower())
    return known or guess_type(file)[0] or "application/octet-stream"


def _failed(reason: str, code: int) -> int:
    print(f"zvon: {reason}", file=sys.stderr)
    return code
