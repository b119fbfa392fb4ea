"""`zvon obligation`: what the law asks for and until when, through a node's API; `calc` needs none."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call, stream
from zvon.cli.block_text import moment, say

app = App(name="obligation", help="Obligations: what is due, reports, significance.",
          help_format="plaintext")  # fmt: skip

Number = Annotated[str, Parameter(help="The duty, as in N-26-000001.")]
StepName = Annotated[str, Parameter(help="The report, as in early_warning.")]


class UnknownObligation(LookupError):
    """No duty has this number, or it has no such report."""


class NotSignificant(RuntimeError):
    """The answer is not yes."""


@app.command(name="list")
def list_obligations(
    *, done: Annotated[bool, Parameter(help="Reports sent lately.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """List what is due, the most urgent first."""
    found = call(node, key, "GET", "/obligations", done=str(done).lower())
    if json:
        _json(found)
        return
    if not found["steps"]:
        print(say()("nothing is due"))
    for one in found["steps"]:
        _line(one)


@app.command
def show(number: Number, /, *, node: NodeFlag = NODE, key: KeyFlag = None,
         json: JsonFlag = False) -> None:  # fmt: skip
    """Show a duty: its reports, what happened, what was sent."""
    _show(_find(node, key, number), json=json)


@app.command
def start(
    pack: Annotated[str, Parameter(help="An active rule pack, as in nis2-entity-si.")],
    /,
    *,
    entity: Annotated[str, Parameter(help="Whose duty it is.")],
    kind: Annotated[str, Parameter(help="What they are, as in energy or dns_provider.")] = "",
    incident: Annotated[str | None, Parameter(help="The incident's identifier.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Start a duty; its reports follow from the times of the incident."""
    body: dict[str, Any] = {"pack": pack, "entity": entity, "entity_kind": kind}
    if incident is not None:
        body["incident"] = incident
    _show(call(node, key, "POST", "/obligations", body), json=json)


@app.command
def event(
    number: Number,
    kind: Annotated[
        str, Parameter(help="requested, received:early_warning, decision:cross_border …")
    ],
    /,
    *,
    at: Annotated[
        str | None, Parameter(help="When, as in 2026-12-12T09:05:00+01:00; else now.")
    ] = None,
    due: Annotated[str | None, Parameter(help="Until when a request asks for it.")] = None,
    note: Annotated[str, Parameter(help="A note.")] = "",
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Write down what happened to a duty."""
    body: dict[str, Any] = {"kind": kind, "note": note}
    body |= {name: value for name, value in (("at", at), ("due_at", due)) if value is not None}
    one = _find(node, key, number)
    _show(call(node, key, "POST", f"/obligations/{one['id']}/events", body), json=json)


@app.command
def draft(
    number: Number,
    step: StepName,
    fields: Annotated[
        list[str] | None, Parameter(help="FIELD=VALUE, FIELD=? for unknown yet.")
    ] = None,
    /,
    *,
    fill: Annotated[bool, Parameter(help="Fill from the incident first.", negative=())] = False,
    review: Annotated[bool, Parameter(help="Give it to whoever sends it.", negative=())] = False,
    out: Annotated[Path | None, Parameter(help="Write it: .json, .html or .pdf.")] = None,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Write the draft of a report, and say what is missing."""
    one = _step(node, key, number, step)
    path = f"/obligation-steps/{one['id']}"
    if fill:
        one = call(node, key, "POST", f"{path}/prefill", {"version": one["version"]})
    if fields:
        said = {name: _value(value) for name, _, value in (each.partition("=") for each in fields)}
        one = call(node, key, "POST", f"{path}/fields", {"version": one["version"], "fields": said})
    if review:
        one = call(node, key, "POST", f"{path}/review", {"version": one["version"]})
    if out is not None:
        body = b"".join(stream(node, key, "GET", f"{path}/export",
                               format=out.suffix.removeprefix(".") or "json"))  # fmt: skip
        out.touch(mode=0o600)
        out.write_bytes(body)
        print(f"{out}: {len(body)} bytes")
        return
    if json:
        _json(one)
        return
    _line(one)
    for name, field in one.get("fields", {}).items():
        shown = {"empty": "–", "unknown": "?"}.get(field["state"], str(field["value"]))
        print(f"  {name:<22} {shown}" + (f"  [{field['source']}]" if field["source"] else ""))


@app.command
def submit(
    number: Number,
    step: StepName,
    /,
    *,
    to: Annotated[str, Parameter(help="To whom.")],
    way: Annotated[str, Parameter(help="portal, mail, file, phone or other.")] = "portal",
    sent: Annotated[str | None, Parameter(help="When it was sent; else now.")] = None,
    receipt: Annotated[str, Parameter(help="The number that came back.")] = "",
    by_mail: Annotated[
        bool, Parameter(help="The node sends it to this address.", negative=())
    ] = False,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Send a reviewed report, or write down that it was sent; another person than its writer."""
    one = _step(node, key, number, step)
    path = f"/obligation-steps/{one['id']}"
    if by_mail:
        said = call(node, key, "POST", f"{path}/mail", {"version": one["version"], "address": to})
    else:
        body: dict[str, Any] = {"version": one["version"], "recipient": to, "way": way,
                                "receipt": receipt}  # fmt: skip
        if sent is not None:
            body["sent_at"] = sent
        said = call(node, key, "POST", f"{path}/submission", body)
    if json:
        _json(said)
    else:
        _line(said)


@app.command
def packs(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List rule packs: which are active, and which nobody checked."""
    found = call(node, key, "GET", "/rule-packs")
    if json:
        _json(found)
        return
    for one in found["packs"]:
        checked = one["checked_by"] or say()("not checked by a lawyer")
        print(f"{one['pack']:<22} {one['version']:<12} {one['state']:<9} {checked}")
        if one["disabled"]:
            print(f"  {one['disabled']}")


@app.command
def calc(
    facts: Annotated[list[str], Parameter(help="FACT=VALUE, as in dns.unavailable_minutes=31.")],
    /,
    *,
    pack: Annotated[
        str, Parameter(help="A shipped pack with rules of significance.")
    ] = "cir-2024-2690-dns",
    json: JsonFlag = False,
) -> None:
    """Is it significant? yes, no, or unknown and what is missing; exit 0 for yes, else 1.

    Computes here with the rules that ship, without a node.
    """
    from datetime import UTC, datetime

    import msgspec

    from zvon.model.rule_pack_shipped import packs as shipped
    from zvon.model.significance import Answer, Fact, assess

    rules = shipped().get(pack)
    if rules is None or rules.significant is None:
        having = ", ".join(p.id for p in shipped().values() if p.significant is not None)
        raise ValueError(f"no rules of significance in {pack!r}; there are {having}")
    known = {each.id: each for each in rules.facts}
    said: dict[str, Fact] = {}
    for name, _, given in (each.partition("=") for each in facts):
        if name not in known:
            raise ValueError(f"{name!r} is no fact of {pack}; they are {', '.join(known)}")
        said[name] = Fact(_fact(known[name].type, name, given, known[name].words), "command line")
    found = assess(rules.significant, said, at=datetime.now(UTC))
    if json:
        _json({"pack": pack, "version": rules.version, "checked_by": rules.checked_by,
               **msgspec.to_builtins(found)})  # fmt: skip
    else:
        text = say()
        print(
            found.answer.value
            + ("" if rules.checked_by else f"  ({text('not checked by a lawyer')})")
        )
        for each in found.criteria:
            print(f"  {each.answer.value:<8} {each.id}  {each.cite}")
            for one in (*each.checked, *each.exception):
                value = "?" if one.value is None else one.value
                print(f"           {one.fact} = {value}  {one.sign} {one.limit}")
        if found.missing:
            print("  " + text("missing:") + " " + ", ".join(found.missing))
    if found.answer is not Answer.YES:
        raise SystemExit(1)


def _fact(kind: str, name: str, text: str, words: tuple[str, ...]) -> bool | float | str:
    if kind == "bool":
        if text not in {"true", "false", "yes", "no"}:
            raise ValueError(f"{name}: true or false, got {text!r}")
        return text in {"true", "yes"}
    if kind == "number":
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"{name}: a number, got {text!r}") from None
    if words and text not in words:
        raise ValueError(f"{name}: one of {', '.join(words)}, got {text!r}")
    return text


def _value(text: str) -> Any:
    if text == "?":
        return {"unknown": True}
    if text in {"true", "false"}:
        return text == "true"
    return text or None


def _find(node: str, key: str | None, number: str) -> dict[str, Any]:
    found = call(node, key, "GET", "/obligations")
    ids = {one["number"]: one["id"] for one in found["obligations"]}
    ids |= {one["number"]: one["obligation"] for one in found["steps"]}
    if number not in ids and number not in ids.values():
        raise UnknownObligation(f"there is no obligation {number} that runs")
    return call(node, key, "GET", f"/obligations/{ids.get(number, number)}")


def _step(node: str, key: str | None, number: str, step: str) -> dict[str, Any]:
    name, _, n = step.partition(".")
    for one in _find(node, key, number)["steps"]:
        if one["step"] == name and one["n"] == int(n or 1):
            return dict(one)
    raise UnknownObligation(f"{number} has no report {step}")


def _show(one: dict[str, Any], *, json: bool) -> None:
    if json:
        _json(one)
        return
    checked = one["checked_by"] or say()("not checked by a lawyer")
    print(f"{one['number']}  {one['entity']}  {one['pack']} {one['pack_version']} ({checked})")
    for step in one["steps"]:
        _line(step, indent="  ")
    for happened in one["events"]:
        print(f"  {moment(happened['at'])[:16]}  {happened['kind']}  {happened['by']}")
    for proof in one["submissions"]:
        print(f"  {moment(proof['sent_at'])[:16]}  {proof['step']} → {proof['recipient']}"
              f"  {proof['receipt'] or '–'}  sha256 {proof['sha256'][:16]}")  # fmt: skip


def _line(one: dict[str, Any], indent: str = "") -> None:
    text = say()
    if one["overdue"]:
        when = text("LATE since {at}", at=moment(one["due_at"]))
    elif one["due_at"] is not None:
        when = text("due {at}", at=moment(one["due_at"]))
        when += f" ({text('provisional')})" if one["provisional"] else ""
    else:
        when = text("without delay") if one["urgent"] else one["why"]
    name = one["step"] + (f".{one['n']}" if one["n"] > 1 else "")
    late = f"  {text('sent late')}" if one["late"] and one["submitted_at"] else ""
    print(f"{indent}{one['number']}  {name:<20} {one['state']:<14} {when}{late}")


def _json(said: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(said).decode())
