"""`zvon quarantine`: what nobody could read, and reading it again."""

import sys
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NoAnswer, NodeFlag, NodeRefused, call

app = App(
    name="quarantine", help="What nobody could read, and reading it again.", help_format="plaintext"
)

DONE, NOT_DONE, BAD_INPUT = 0, 1, 2

SourceFlag = Annotated[str | None, Parameter(help="Name or identifier of a source.")]
DeliveryFlag = Annotated[UUID | None, Parameter(help="One delivery.")]


@app.command(name="list")
def list_pieces(
    *,
    source: SourceFlag = None,
    delivery: DeliveryFlag = None,
    limit: Annotated[int, Parameter(help="At most so many, the newest.")] = 100,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:
    """Print the pieces that wait: number, delivery, position, reason."""

    def ask() -> None:
        query = {"limit": str(max(1, min(limit, 500)))} | _scope(node, key, source, delivery)
        answer = call(node, key, "GET", "/quarantine", None, **query)
        if json:
            _print_json(answer)
            return
        for each in answer["pieces"]:
            place = f"{each['delivery_name'] or each['delivery']}: {each['position']}"
            print(f"{each['id']}  {each['source_name']}  {place}  {each['reason']}")
        if not answer["pieces"]:
            print("nothing waits")
        elif answer["next"]:
            print("there are more; --limit shows up to 500")

    return _run(ask)


@app.command
def show(
    number: Annotated[int, Parameter(help="Its number, as `list` prints it.")],
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:
    """Print one piece whole: where it stands, why it was set aside, and its beginning."""

    def ask() -> None:
        found = call(node, key, "GET", f"/quarantine/{number}")
        if json:
            _print_json(found)
            return
        print(f"source    {found['source_name']}")
        print(f"delivery  {found['delivery']}  {found['delivery_name']}")
        print(f"position  {found['position']}")
        print(f"reason    {found['reason']}")
        if found["replayed_at"]:
            print(f"replayed  {found['replayed_at'][:19]}")
        # A stranger's bytes must not drive the terminal.
        print("".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in found["text"]))

    return _run(ask)


@app.command
def replay(
    *,
    source: SourceFlag = None,
    delivery: DeliveryFlag = None,
    all: Annotated[
        bool,
        Parameter(help="Read the whole of each delivery, also where nothing was wrong.",
                  negative=()),
    ] = False,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> int:  # fmt: skip
    """Read again what waits, with today's decoders and the confirmed mapping.

    Without --source and --delivery that is everything that waits.
    """

    def ask() -> None:
        body: dict[str, Any] = {"all": all} | _scope(node, key, source, delivery)
        answer = call(node, key, "POST", "/quarantine/replays", body)
        if json:
            _print_json(answer)
        else:
            count = answer["deliveries"]
            print(f"{count} {'delivery is' if count == 1 else 'deliveries are'} read again")

    return _run(ask)


def _scope(node: str, key: str | None, source: str | None, delivery: UUID | None) -> dict[str, str]:
    if delivery is not None:
        return {"delivery": str(delivery)}
    if source is None:
        return {}
    try:
        return {"source": str(UUID(source))}
    except ValueError:
        known = call(node, key, "GET", "/sources")["sources"]
    for each in known:
        if each["source"]["name"] == source:
            return {"source": each["source"]["id"]}
    raise NodeRefused(f"there is no source {source!r}")


def _run(ask: Callable[[], None]) -> int:
    try:
        ask()
    except NoAnswer as problem:
        print(f"zvon: {problem}", file=sys.stderr)
        return NOT_DONE
    except NodeRefused as problem:
        print(f"zvon: {problem}", file=sys.stderr)
        return BAD_INPUT
    return DONE


def _print_json(answer: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(answer).decode())
