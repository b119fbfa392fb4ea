"""`zvon dns explain`: what each feed does with a name, and why."""

from typing import Annotated, Any

from cyclopts import Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.config import Settings

DOES = {
    "none": "answers the truth",
    "nxdomain": "says that the name does not exist",
    "nodata": "says that there is no address",
    "landing": "leads to the landing page",
    "passthru": "lets it pass",
}


def explain(
    name: str,
    /,
    *,
    feed: Annotated[str | None, Parameter(help="Only this feed.")] = None,
    subscriber: Annotated[
        str | None, Parameter(help="As this subscriber's resolver sees it.")
    ] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Say what each feed does with NAME, which decision made it so, and what could be blocked.

    Without --key only the rules about what may be blocked are shown; they need no node.
    """
    if key is None:
        said = _rules_only(name)
    else:
        query = {"name": name, "feed": feed, "subscriber": subscriber}
        said = call(node, key, "GET", "/explain", **{k: v for k, v in query.items() if v})
    if json:
        import msgspec

        print(msgspec.json.encode(said).decode())
        return
    _show(said)


def _rules_only(name: str) -> dict[str, Any]:
    import msgspec

    from zvon.model.scope import ScopeFacts, dns_scope

    advice = msgspec.to_builtins(dns_scope(name, ScopeFacts()))
    return {"name": name, "feeds": [], "protected": [], "advice": advice}


def _show(said: dict[str, Any]) -> None:
    from zvon.cli.sentence import sentences
    from zvon.locale import translator

    text, lang = sentences(Settings().lang), Settings().lang
    advice = said["advice"]
    print(said["name"])
    for feed in said["feeds"]:
        print(f"  {feed['feed']:<12} {text(DOES[feed['action']])}")
        for rule in feed["rules"]:
            mark = "→" if rule["speaks"] else " "
            print(f"    {mark} {rule['zone']}  {rule['owner']}  {text(DOES[rule['action']])}")
            if rule["block"]:
                _block(rule["block"], text)
    for entry in said["protected"]:
        print("  " + text("never blocked: {name} is on the list {list}: {reason}", **entry))
    if advice is not None:
        word = translator(lang).text("SCOPE_" + advice["reason"].upper())
        print("  " + text("a block could cover: {name} ({scope}) · {word}",
                          name=advice["name"] or "–", scope=advice["scope"], word=word))  # fmt: skip


def _block(block: dict[str, Any], text: Any) -> None:
    incident = f" · {block['incident_number']}" if block["incident_number"] else ""
    print(f"        {block['number']} {block['state']}{incident}")
    print("        " + text(
        "proposed by {proposer}, approved by {approver}, until {day}: {reason}",
        proposer=block["proposer"], approver=block["approver"] or "–",
        day=block["expires_at"][:10], reason=block["reason"],
    ))  # fmt: skip
