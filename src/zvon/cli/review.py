"""`zvon review`: second opinions, through a node's API."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call
from zvon.cli.block_text import moment
from zvon.cli.incident_ref import Number, as_json, place

app = App(name="review", help="Second opinions on what people decided.", help_format="plaintext")


@app.command(name="list")
def list_reviews(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List what waits for a second or third person, oldest first."""
    found = call(node, key, "GET", "/reviews")
    if json:
        as_json(found)
        return
    for one in found["reviews"]:
        about = one["number"] or "blind sample"
        why = one["question"] or one["rule"] or ""
        yours = "  (you gave yours)" if one["mine"] else ""
        print(f"{one['id']}  {moment(one['at'])}  {about:<14} {one['state']:<9}"
              f" {one['kind']}  {why}".rstrip() + yours)  # fmt: skip
    if not found["reviews"]:
        print("nobody waits for a second opinion")


@app.command
def ask(
    number: Number,
    question: Annotated[str, Parameter(help="What the other person should look at.")] = "",
    /,
    *,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Ask for a second opinion on what was decided; until it is given nothing is closed."""
    body = {"question": question}
    _said(call(node, key, "POST", f"{place(number, node, key)}/reviews", body), json=json)


@app.command
def say(
    review: Annotated[str, Parameter(help="Which review, as `list` shows it.")],
    word: Annotated[
        str, Parameter(help="malicious, suspicious, … or true_positive, …, as the first said it.")
    ],
    /,
    *,
    reason: Annotated[str, Parameter(help="Why.")] = "",
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Give the second opinion, or settle as the third person; what is decided happens at once."""
    body = {"word": word, "reason": reason}
    _said(call(node, key, "POST", f"/reviews/{review}/opinions", body), json=json)


@app.command
def quality(
    *,
    days: Annotated[int, Parameter(help="Of the last so many days.")] = 90,
    node: NodeFlag = NODE,
    key: KeyFlag = None,
    json: JsonFlag = False,
) -> None:
    """Say how well people agree beyond chance (Cohen's kappa), and how much each decided."""
    found = call(node, key, "GET", "/reviews/quality", days=str(days))
    if json:
        as_json(found)
        return
    for one in found["agreement"]:
        k = one["kappa"]
        beyond = "too few" if k["value"] is None else (
            f"kappa {k['value']:.2f} ({k['low']:.2f} to {k['high']:.2f})")  # fmt: skip
        print(f"{one['category'] or 'all':<18} {k['agreed']} of {k['pairs']} the same, {beyond}")
    for one in found["load"]:
        print(f"{one['name']:<18} {one['decisions']} decisions, {one['opinions']} opinions,"
              f" {one['undone']} taken back, {one['open']} open")  # fmt: skip


def _said(one: dict[str, Any], *, json: bool) -> None:
    if json:
        as_json(one)
        return
    print(f"{one['id']}  {one['state']}")
    for o in one["opinions"]:
        print(f"  {o['login']:<12} {o['word']}  {o['reason']}".rstrip())
