"""A block as a tired analyst reads it: what, how far, who, how long, and what to do."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from zvon.cli.sentence import Sentence, sentences
from zvon.config import Settings

Block = dict[str, Any]

ADVICE = {
    "renew": "still alive: renew it, or it ends",
    "lift": "looks gone: lift it",
    "look": "ends soon: look whether it is still bad",
}
STAGES = {
    "approved": "approved",
    "published": "published",
    "first_enforced": "first resolver blocks",
    "all_enforced": "all resolvers block",
}


def say() -> Sentence:
    """Sentences in the language of the node."""
    return sentences(Settings().lang)


def moment(text: str | None) -> str:
    """A time of the API, to the second and in UTC."""
    if text is None:
        return "-"
    return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}"


def line(block: Block, text: Sentence) -> str:
    """One block in one line of the list.

    At its end the grade of each subscriber, and the seconds from the approval to the first and to
    the last resolver that blocks.
    """
    grades = " ".join(f"{p['subscriber']}:{p['grade'] or '-'}" for p in block["proof"])
    until = text("until {at}", at=moment(block["expires_at"])[:16])
    marks = ""
    if block["confirm_by"] and block["lifted_at"] is None:
        marks += "  " + text("CONFIRM by {at}", at=moment(block["confirm_by"])[11:16])
    if block["advice"] and block["lifted_at"] is None:
        marks += "  " + text(ADVICE[block["advice"]])
    proved = {stage["stage"]: stage["seconds"] for stage in block["timeline"]}
    if proved.get("first_enforced") is not None:
        last = proved.get("all_enforced")
        grades += (
            f"  +{proved['first_enforced']:.1f}…" + ("" if last is None else f"{last:.1f}") + " s"
        )
    return f"{block['number']}  {block['state']:<10} {target(block)}  {until}{marks}  {grades}"


def target(block: Block) -> str:
    """What is blocked, and how much of it."""
    if block["trigger"] != "qname":
        return f"{block['trigger']} {block['name']}"
    return f"{block['name']} ({block['scope']})"


def whole(block: Block, text: Sentence) -> Iterator[str]:
    """A block with its proof and life, line by line; times are UTC."""
    yield f"{block['number']}  {block['state'].upper()}  {target(block)}  {block['action']}"
    about = [block["reason"], block["category"], block["source"], block["legal_ground"],
             block["order_number"], block["incident_number"]]  # fmt: skip
    yield "  " + " · ".join(part for part in about if part)
    yield from _what_to_do(block, text)
    yield ""
    proposed = text("{at} proposed by {who}", at=moment(block["proposed_at"]),
                    who=block["proposer"])  # fmt: skip
    yield "  " + proposed
    for stage in block["timeline"]:
        name = text(STAGES[stage["stage"]])
        after = "" if stage["seconds"] is None else f"  +{stage['seconds']:.3f} s"
        yield f"  {moment(stage['at']):<19} {name}{after}"
    if block["lifted_at"]:
        yield "  " + text("{at} lifted: {reason}", at=moment(block["lifted_at"]),
                          reason=block["lift_reason"] or "")  # fmt: skip
    else:
        yield "  " + text("{at} ends", at=moment(block["expires_at"]))
    if block["proof"]:
        yield ""
        yield "  " + text("At the resolvers:")
    for one in block["proof"]:
        seconds = "" if one["seconds"] is None else f"  {one['seconds']:.3f} s"
        yield f"    {one['subscriber']:<16} {one['brand']:<8} {one['mode']:<9} {one['grade'] or '-'}{seconds}"
    yield ""
    for step in block["steps"]:
        yield f"  {moment(step['at'])}  {step['new']:<10} {step['actor']}: {step['reason']}"


def _what_to_do(block: Block, text: Sentence) -> Iterator[str]:
    if block["lifted_at"] is not None:
        return
    if block["held_rule"] and block["state"] == "held":
        yield "  " + text("Held by {rule}: a person of another role releases it.",
                          rule=block["held_rule"])  # fmt: skip
    if block["confirm_by"]:
        yield "  " + text("One person's word: confirm it (approve) before {at}, or it lifts itself.",
                          at=moment(block["confirm_by"]))  # fmt: skip
    if block["advice"]:
        facts = ", ".join(f"{name}: {value}" for name, value in block["advice_facts"].items())
        yield "  " + text(ADVICE[block["advice"]]) + (f" ({facts})" if facts else "")
