"""`zvon dns feed`: views over the decisions that resolvers can take."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call

app = App(name="feed", help="Feeds: which decisions they take.", help_format="plaintext")

Many = Annotated[tuple[str, ...], Parameter(consume_multiple=True)]
CategoryFlag = Annotated[Many, Parameter(name="--category", help="Categories it takes; all.")]
CountryFlag = Annotated[Many, Parameter(name="--from", help="Countries of the decisions; all.")]
SourceFlag = Annotated[Many, Parameter(name="--source", help="Sources it takes; all.")]
TriggerFlag = Annotated[Many, Parameter(name="--trigger", help="qname, ip, nsdname, nsip; all.")]
HomeFlag = Annotated[Many, Parameter(name="--home", help="Home feeds it takes; all.")]
ConfidenceFlag = Annotated[float | None, Parameter(help="Least confidence, 0 to 1.")]
ActionFlag = Annotated[
    str | None, Parameter(help="given, nxdomain, nodata or landing: what it answers.")
]


@app.command
def add(
    name: str,
    /,
    *,
    country: Annotated[str, Parameter(help="Whose law it follows, two letters.")],
    categories: CategoryFlag = (),
    countries: CountryFlag = (),
    sources: SourceFlag = (),
    triggers: TriggerFlag = (),
    feeds: HomeFlag = (),
    min_confidence: ConfidenceFlag = None,
    action: ActionFlag = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Make the feed NAME; what lives now is put into it in the background."""
    view = _view(categories, countries, sources, triggers, feeds, min_confidence)
    body = {"name": name, "country": country.upper(), "view": view, "action": action or "given"}
    _show(call(node, key, "POST", "/feeds", body), json)


@app.command(name="list")
def list_feeds(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List all feeds: blocks, serial of the hot zone, action, who takes it."""
    said = call(node, key, "GET", "/feeds")
    if json:
        _json(said)
        return
    for one in said["feeds"]:
        kind = "home" if one["own"] else "view"
        state = "stopped" if one["frozen_at"] else "filling" if one["filling"] else "-"
        state = "held" if one["held"] else state
        print(f"{one['name']:<20} {kind}  {one['country']}  {one['blocks']:>8}"
              f" {one['serials']['hot']:>10}  {one['action']:<8}  {state:<8}"
              f" {' '.join(one['subscribers']) or '-'}")  # fmt: skip


@app.command
def show(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Show the feed NAME: its view, zones and subscribers."""
    _show(call(node, key, "GET", f"/feeds/{name}"), json)


@app.command
def edit(
    name: str,
    /,
    *,
    categories: CategoryFlag = (),
    countries: CountryFlag = (),
    sources: SourceFlag = (),
    triggers: TriggerFlag = (),
    feeds: HomeFlag = (),
    min_confidence: ConfidenceFlag = None,
    everything: Annotated[bool, Parameter(help="Take all decisions.", negative=())] = False,
    action: ActionFlag = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Change the feed NAME. The flags of the view replace it; without them it stays.

    A large change of a feed that somebody takes waits: another person runs `zvon dns feed confirm`.
    """
    body: dict[str, Any] = {"action": action}
    view = _view(categories, countries, sources, triggers, feeds, min_confidence)
    if view or everything:
        body["view"] = view
    _show(call(node, key, "PATCH", f"/feeds/{name}", body), json)


@app.command
def confirm(
    name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False
) -> None:
    """Let a held change of the feed NAME go on, as another person than the one who asked."""
    _show(call(node, key, "POST", f"/feeds/{name}/confirmations"), json)


@app.command
def remove(name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """End the feed NAME, which nobody may take any more. Its name is not given again."""
    call(node, key, "DELETE", f"/feeds/{name}")


def _view(
    categories: Many, countries: Many, sources: Many, triggers: Many, feeds: Many,
    min_confidence: float | None,
) -> dict[str, Any]:  # fmt: skip
    given: dict[str, Any] = {
        "categories": list(categories), "countries": [one.upper() for one in countries],
        "sources": list(sources), "triggers": list(triggers), "feeds": list(feeds),
        "min_confidence": min_confidence,
    }  # fmt: skip
    return {field: value for field, value in given.items() if value}


def _show(feed: dict[str, Any], json: bool) -> None:
    if json:
        _json(feed)
        return
    from zvon.cli.sentence import sentences
    from zvon.config import Settings

    text = sentences(Settings().lang)
    view = {field: value for field, value in feed["view"].items() if value}
    takes = "; ".join(
        f"{field} {', '.join(value) if isinstance(value, list) else value}"
        for field, value in view.items()
    )
    print(f"{feed['name']} ({feed['country']}): {takes or text('takes all decisions')}")
    print("  " + text("{blocks} blocks, action {action}", blocks=feed["blocks"],
                      action=feed["action"]))  # fmt: skip
    for kind, serial in sorted(feed["serials"].items()):
        print("  " + text("zone {zone}: serial {serial}, {rules} rules",
                          zone=f"{kind}.{feed['name']}.zvon", serial=serial,
                          rules=feed["rules"].get(kind, 0)))  # fmt: skip
    if feed["subscribers"]:
        print("  " + text("taken by {names}", names=", ".join(feed["subscribers"])))
    if feed["filling"]:
        print("  " + text("the change is being carried out"))
    if feed["frozen_at"]:
        print("  " + text("stopped: {reason}", reason=feed["frozen_reason"] or "-"))
    if feed["held"]:
        print("  " + text("a change by {name} waits for a second person: zvon dns feed confirm"
                          " {feed}", name=feed["held"]["by"] or "-", feed=feed["name"]))  # fmt: skip


def _json(value: Any) -> None:
    import sys

    import msgspec

    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")


@app.command
def justify(
    name: str,
    file: Annotated[Path, Parameter(help="The justification as TOML, every field filled.")],
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
) -> None:
    """Say in FILE why the feed NAME may block and not only log; another person agrees with `agree`."""
    import tomllib

    said = tomllib.loads(file.read_text(encoding="utf-8"))
    day = said.get("review_on")
    body = {**said, "feed": name, "review_on": str(day) if day is not None else None}
    made = call(node, key, "POST", "/justifications", body)
    print(f"{made['feed']}  {made['id']}  {made['review_on']}")


@app.command
def agree(name: str, /, *, node: NodeFlag = NODE, key: KeyFlag = None) -> None:
    """Agree to what another person wrote about the feed NAME; from then on it may block."""
    waiting = [
        each for each in call(node, key, "GET", "/justifications")["justifications"]
        if each["feed"] == name and each["approved_at"] is None and each["ended_at"] is None
    ]  # fmt: skip
    if not waiting:
        raise LookupError(f"no justification of {name} waits for a second person")
    made = call(node, key, "POST", f"/justifications/{waiting[0]['id']}/approval")
    print(f"{made['feed']}  {made['proposer']} → {made['approver']}  {made['review_on']}")
