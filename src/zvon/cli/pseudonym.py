"""`zvon pseudonym`: epochs, the way back for the originator, and questions between partners."""

from typing import Annotated, Any

from cyclopts import App, Parameter

from zvon.cli.api import NODE, JsonFlag, KeyFlag, NodeFlag, call

app = App(
    name="pseudonym",
    help="Pseudonyms of this node: their epochs, their way back, and questions about them.",
    help_format="plaintext",
)

Group = Annotated[str, Parameter(help="Identifier of the sharing group.")]
Reason = Annotated[str, Parameter(help="Why; it stays in the audit.")]


@app.command
def epochs(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List the epochs: how many pseudonyms lead back, and when the way back ends or ended."""
    said = call(node, key, "GET", "/pseudonyms")
    if json:
        _json(said)
        return
    for row in said["epochs"]:
        if row["destroyed_at"]:
            life = f"destroyed {row['destroyed_at'][:10]} by {row['destroyed_by']}"
            life += "" if row["rewritten_at"] else ", still on the disk"
        else:
            life = f"{row['pseudonyms']} lead back until {(row['destroy_at'] or 'for ever')[:10]}"
        print(f"{row['epoch']:<16} {row['group']}  {row['group_name']:<20} {life}")
    print(f"{len(said['epochs'])} epochs")


@app.command
def reverse(
    token: Annotated[str, Parameter(help="The pseudonym.")], /, *, group: Group, reason: Reason,
    epoch: Annotated[str | None, Parameter(help="If not the newest that has it.")] = None,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> int:  # fmt: skip
    """Print the original behind a pseudonym of this node; exit 1 while a second person must agree."""
    body = {"group": group, "token": token, "reason": reason, "epoch": epoch}
    said = call(node, key, "POST", "/pseudonyms/reverse", body)
    if json:
        _json(said)
    elif said["original"] is None:
        print(f"another person has to agree first: zvon pseudonym approve {said['waits']}")
    else:
        print(said["original"])
    return 0 if said["original"] is not None else 1


@app.command
def approve(
    reversal: Annotated[str, Parameter(help="Identifier of the request.")], /, *,
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Agree that somebody else may see an original; you are not shown it."""
    call(node, key, "POST", f"/pseudonym-reversals/{reversal}/approval")
    print("agreed; the one who asked can see it once within a day")


@app.command
def reversals(*, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False) -> None:
    """List who asked to see originals where two people are needed."""
    said = call(node, key, "GET", "/pseudonym-reversals")
    if json:
        _json(said)
        return
    for row in said["reversals"]:
        agreed = f"agreed by {row['agreed_by']}" if row["agreed_by"] else "waits"
        used = ", shown" if row["shown_at"] else ""
        print(f"{row['id']}  {row['token']}  {row['asked_by']}: {row['reason']}  ({agreed}{used})")


@app.command
def destroy(
    epoch: Annotated[str, Parameter(help="The epoch, such as 2026-11.")], /, *, group: Group,
    reason: Reason,
    yes: Annotated[bool, Parameter(help="Do it; nothing undoes it.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> int:  # fmt: skip
    """Destroy the key of an epoch: no pseudonym of it leads back ever again."""
    if not yes:
        print("this cannot be undone; say --yes")
        return 2
    body = {"group": group, "epoch": epoch, "reason": reason}
    said = call(node, key, "POST", "/pseudonyms/destroy", body)
    if json:
        _json(said)
        return 0
    gone = ", ".join(f"{n} {kind}" for kind, n in said["pseudonyms"].items()) or "no pseudonyms"
    print(f"irreversible now: {gone}; {said['releases']} releases lost their originals,"
          f" {said['closed']} that waited were closed")  # fmt: skip
    return 0


@app.command
def questions(
    *, open: Annotated[bool, Parameter(help="Only those that wait.", negative=())] = False,
    node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """List what partners ask about our pseudonyms, and what we ask about theirs."""
    query = {"state": "open"} if open else {}
    said = call(node, key, "GET", "/pseudonym-questions", **query)
    if json:
        _json(said)
        return
    for row in said["questions"]:
        way = f"{row['peer_name']} asks us" if row["ours"] else f"we ask {row['peer_name']}"
        print(f"{row['id']}  {way} about {row['token']} ({row['state']}, {row['at'][:10]})")
        print(f"    ? {row['question']}")
        if row["answer"]:
            print(f"    ! {row['answer']}")


@app.command
def ask(
    token: Annotated[str, Parameter(help="The pseudonym, as it came.")], question: str, /, *,
    group: Group, node: NodeFlag = NODE, key: KeyFlag = None, json: JsonFlag = False,
) -> None:  # fmt: skip
    """Ask the partner who made a pseudonym; a person there answers in words."""
    body = {"group": group, "token": token, "question": question}
    said = call(node, key, "POST", "/pseudonym-questions", body)
    if json:
        _json(said)
    else:
        print(f"asked: {said['id']}")


@app.command
def answer(
    question: Annotated[str, Parameter(help="Identifier of the question.")], text: str, /, *,
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Answer a partner in words; a text with the value in it does not leave."""
    call(node, key, "POST", f"/pseudonym-questions/{question}/answer", {"answer": text})
    print("answered; the partner fetches it")


@app.command
def refuse(
    question: Annotated[str, Parameter(help="Identifier of the question.")], /, *,
    node: NodeFlag = NODE, key: KeyFlag = None,
) -> None:  # fmt: skip
    """Say no to a partner's question."""
    call(node, key, "POST", f"/pseudonym-questions/{question}/refusal")
    print("refused")


def _json(value: dict[str, Any]) -> None:
    import msgspec

    print(msgspec.json.encode(value).decode())
