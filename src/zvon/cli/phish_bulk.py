"""`zvon phish bulk`: hand in many things at once, each as a report of its own."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.bulk_rows import BadBulk, Row
from zvon.model.report import Channel, Lang

if TYPE_CHECKING:
    import httpx

app = App(name="bulk", help="Hand in many things at once.", help_format="plaintext")

NODE = "http://127.0.0.1:8080"
DONE, NOT_ALL, BAD_INPUT = 0, 1, 2
AT_ONCE = 4
TIMEOUT_S = 30.0
ASK_EVERY_S = 2.0
TRIES = 3
OPEN = frozenset({"received", "decoded"})


@app.default
def bulk(
    file: Annotated[
        str,
        Parameter(
            help="A text with an address or message a line, a table, an mbox, or a folder of files;"
            " `-` reads lines from the input.",
            allow_leading_hyphen=True,
        ),
    ],
    /,
    *,
    node: Annotated[str, Parameter(help="Address of the node.")] = NODE,
    key: Annotated[
        str | None, Parameter(help="API key; without it the reports are a citizen's.")
    ] = None,
    column: Annotated[
        str | None, Parameter(help="Column of a table; found by its name when not said.")
    ] = None,
    channel: Annotated[Channel, Parameter(help="How the messages came.")] = Channel.UNKNOWN,
    lang: Annotated[Lang | None, Parameter(help="Language of the answers.")] = None,
    wait: Annotated[int, Parameter(help="Wait so many seconds for the answers.")] = 0,
    json: Annotated[bool, Parameter(help="Print one JSON object.", negative=())] = False,
) -> int:
    """Send each row of FILE as a report and print how many were taken, known and set aside.

    The same file sent again makes no second reports. What can't be sent is listed with its place
    and reason; with --wait also what the node could not read. Exit code 0 when all rows were
    taken, 1 when some were not, 2 when the input is bad.
    """
    import msgspec

    try:
        batch, given = _input(file, column)
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        query = {"channel": channel.value} | ({} if lang is None else {"lang": lang.value})
        outcome = asyncio.run(_all(given, node, headers, query, batch, wait))
    except (BadBulk, OSError) as problem:
        print(f"zvon: {problem}", file=sys.stderr)
        return BAD_INPUT
    if json:
        print(msgspec.json.encode(outcome).decode())
    else:
        _print(outcome)
    return NOT_ALL if outcome["aside"] or outcome["unread"] else DONE


def _input(file: str, column: str | None) -> tuple[str, Iterable[Row]]:
    import hashlib

    from zvon.cli.bulk_rows import batch_of, lines, rows

    if file == "-":
        body = sys.stdin.buffer.read()
        return hashlib.sha256(body).hexdigest()[:24], lines(body, column)
    path = Path(file)
    if not path.exists():
        raise BadBulk(f"there is no file {file}")
    return batch_of(path), rows(path, column)


async def _all(
    given: Iterable[Row],
    node: str,
    headers: dict[str, str],
    query: dict[str, str],
    batch: str,
    wait: int,
) -> dict[str, Any]:
    """Send the rows, a few at a time; what became of them."""
    import httpx

    count: Counter[str] = Counter()
    aside: list[dict[str, str]] = []
    receipts: dict[str, tuple[str, str]] = {}
    fresh: set[str] = set()
    waiting = iter(given)
    try:
        address = httpx.URL(f"{node.rstrip('/')}/api/v1/reports", params=query)
        client = httpx.AsyncClient(
            headers={**headers, "idempotency-key": f"bulk:{batch}"}, timeout=TIMEOUT_S
        )
    except httpx.InvalidURL:
        raise BadBulk(f"{node!r} is not the address of a node") from None

    async def work() -> None:
        for row in waiting:
            count["rows"] += 1
            answer, problem = (
                (None, row.problem) if row.problem else await _sent(client, address, row)
            )
            if answer is None:
                aside.append({"place": row.place, "reason": problem})
                continue
            count["taken"] += 1
            # Two rows of one message are answered in any order: only the reports count.
            if answer["status"] == "received":
                fresh.add(answer["report"])
            receipts.setdefault(answer["report"], (row.place, answer["receipt_url"]))

    async with client:
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        answers: Counter[str] = Counter()
        unread: list[dict[str, str]] = []
        if wait:
            async for place, status, said in _answers(client, node, receipts, wait):
                answers[said] += 1
                if status == "quarantined":
                    unread.append({"place": place, "reason": "the node could not read it"})
    return {
        "rows": count["rows"], "sent": len(fresh), "known": count["taken"] - len(fresh),
        "aside": aside, "answers": dict(answers), "unread": unread,
    }  # fmt: skip


async def _sent(
    client: "httpx.AsyncClient", address: "httpx.URL", row: Row
) -> tuple[dict[str, str] | None, str]:
    """The receipt, or why there is none. A node that is busy is asked again."""
    import httpx
    import msgspec

    problem = "no answer"
    for attempt in range(TRIES):
        try:
            answer = await client.post(
                address, content=row.body, headers={"content-type": row.media_type}
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise BadBulk(f"{str(address)!r} is not the address of a node") from None
        except httpx.HTTPError as lost:
            problem = f"no answer: {type(lost).__name__}"
            await asyncio.sleep(attempt)
            continue
        if answer.status_code == 429 or answer.status_code >= 500:
            problem = f"the node answered {answer.status_code}"
            await asyncio.sleep(1 + attempt)
            continue
        try:
            said = msgspec.json.decode(answer.content, type=dict[str, Any])
        except msgspec.DecodeError:
            return None, "the answer was no node's"
        if not answer.is_success or "receipt_url" not in said:
            return None, str(said.get("detail") or said.get("title") or answer.status_code)
        return said, ""
    return None, problem


async def _answers(
    client: "httpx.AsyncClient", node: str, receipts: dict[str, tuple[str, str]], wait: int
) -> AsyncIterator[tuple[str, str, str]]:
    """Place, status and answer of each report; `waiting` for those without one in time."""
    import httpx

    left = dict(receipts)
    end = asyncio.get_running_loop().time() + wait
    while left:
        for number, (place, url) in list(left.items()):
            token = url.rpartition("/")[2]
            try:
                said = (await client.get(f"{node.rstrip('/')}/api/v1/receipts/{token}")).json()
            except (httpx.HTTPError, ValueError):
                continue
            if said.get("status", "received") not in OPEN:
                del left[number]
                yield place, said["status"], said.get("answer") or "waiting"
        if not left or asyncio.get_running_loop().time() >= end:
            break
        await asyncio.sleep(ASK_EVERY_S)
    for place, _ in left.values():
        yield place, "received", "waiting"


def _print(outcome: dict[str, Any]) -> None:
    print(
        f"{outcome['rows']} rows: {outcome['sent']} sent, {outcome['known']} known before,"
        f" {len(outcome['aside'])} set aside"
    )
    if outcome["answers"]:
        print(
            "answers: " + ", ".join(f"{n} {word}" for word, n in sorted(outcome["answers"].items()))
        )
    for row in (*outcome["aside"], *outcome["unread"]):
        print(f"{row['place']}: {row['reason']}")
