"""`zvon dns export`: a list of a feed in the format of a proxy, a browser or a resolver."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from zvon.cli.api import NODE, KeyFlag, NoAnswer, NodeFlag, NodeRefused

TIMEOUT_S = 300.0


def export(
    feed: str,
    /,
    *,
    format: Annotated[str, Parameter(help="txt, csv, json, hosts, adblock, dnsmasq, …")] = "txt",
    since: Annotated[int | None, Parameter(help="Only what changed after this change.")] = None,
    out: Annotated[Path | None, Parameter(help="File; standard output without it.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Write the list of FEED in one format; with --since the difference (json, csv, txt).

    The change up to which the list is complete goes to standard error, for the next --since.
    """
    import httpx
    import msgspec

    query = {} if since is None else {"since": str(since)}
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    url = f"{node.rstrip('/')}/api/v1/feeds/{feed}/export/{format}"
    try:
        with httpx.stream("GET", url, params=query, headers=headers, timeout=TIMEOUT_S) as answer:
            if not answer.is_success:
                answer.read()
                try:
                    said = msgspec.json.decode(answer.content, type=dict[str, object])
                except msgspec.DecodeError:
                    raise NoAnswer(f"{node} answered something that is no node's") from None
                raise NodeRefused(f"{node} refused it ({answer.status_code}): {said.get('detail')}")
            target = sys.stdout.buffer if out is None else out.open("wb")
            try:
                for piece in answer.iter_bytes():
                    target.write(piece)
                target.flush()
            finally:
                if out is not None:
                    target.close()
            print(f"change {answer.headers.get('x-zvon-change', '?')}", file=sys.stderr)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise NodeRefused(f"{node!r} is not the address of a node") from None
    except httpx.HTTPError as problem:
        raise NoAnswer(f"no answer from {node}: {problem}") from None
