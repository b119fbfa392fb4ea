"""`zvon privacy eval`: the gate measured on labelled mails."""

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from cyclopts import Parameter

from zvon.cli.privacy_gate import Lang

if TYPE_CHECKING:
    from zvon.privacy.engine import Outcome
    from zvon.privacy.gold import GoldMail, Score

By = Literal["type", "lang", "author"]


def evaluate(
    *,
    gold: Annotated[list[Path], Parameter(consume_multiple=True)],
    group: str = "demo-amber",
    policy: Path | None = None,
    registry: Annotated[list[Path] | None, Parameter(consume_multiple=True)] = None,
    lang: Lang = "auto",
    by: By | None = None,
    json: bool = False,
) -> int:
    """Measure the gate on labelled mails: recall, indicators kept, leak-free, asked, released.

    With --by the rates are also printed for each type of value, language or author.
    """
    from zvon.model.policy import compile_policy
    from zvon.privacy.engine import Part, share_text
    from zvon.privacy.facts import read_register, with_brands
    from zvon.privacy.gold import GoldMail, Score, judge
    from zvon.privacy.pseudonym import KEY_BYTES, Domain
    from zvon.privacy.tables import agreements

    agreement = agreements(policy)[group]
    compiled = compile_policy(agreement, group=group, tlp=[agreement.max_tlp])
    register = read_register(p.read_text(encoding="utf-8") for p in registry or ())
    facts = with_brands(register)
    keys = Domain(group, "eval", os.urandom(KEY_BYTES))
    mails = [
        msgspec.json.decode(line, type=GoldMail)
        for path in gold
        for line in path.read_bytes().splitlines()
        if line.strip()
    ]
    total = Score()
    groups: dict[str, Score] = {}
    spent = 0.0
    for mail in mails:
        start = time.perf_counter()
        said = mail.lang if lang == "auto" else lang
        outcome = share_text(
            [Part("text", mail.text)],
            facts=msgspec.structs.replace(facts, lang=said),
            policy=compiled,
            keys=keys,
        )
        spent += time.perf_counter() - start
        found = judge(mail, outcome)
        total += found
        for name, score in _groups(by, mail, outcome, found).items():
            groups[name] = groups.get(name, Score()) + score
    speed = len(mails) / spent if spent else 0.0
    if json:
        rows: dict[str, Any] = _rows(total)
        if by:
            rows["by"] = {name: _rows(score) for name, score in sorted(groups.items())}
        print(msgspec.json.encode({**rows, "mails_per_s": round(speed)}).decode())
    else:
        for name, count, of in total.rows():
            print(f"{name:45} {count / of if of else 0:.3f}  ({count} of {of})")
        print(f"{'mails/s, one core':45} {speed:.0f}")
        if by:
            print()
            print("\n".join(_table(by, groups)))
    return 0


def _groups(
    by: By | None, mail: "GoldMail", outcome: "Outcome", found: "Score"
) -> dict[str, "Score"]:
    from zvon.privacy.gold import judge_types

    match by:
        case "type":
            return judge_types(mail, outcome)
        case "lang":
            return {mail.lang or "?": found}
        case "author":
            return {mail.author or "?": found}
        case None:
            return {}


def _rows(score: "Score") -> dict[str, dict[str, int]]:
    return {name: {"count": count, "of": of} for name, count, of in score.rows()}


COLUMNS = {"PII recall": "recall", "PII recall, automatic": "auto", "indicators kept": "kept",
           "indicators kept, asks not counted as loss": "not lost", "leak-free mails": "clean",
           "ask rate": "asked"}  # fmt: skip


def _table(by: str, groups: dict[str, "Score"]) -> list[str]:
    """One line a group: every rate with its count; a dash where nothing was counted."""
    lines = [f"{by:22}" + "".join(f"{head:>16}" for head in COLUMNS.values())]
    for name, score in sorted(groups.items()):
        cells = {n: f"{a / of:.3f} ({of})" if of else "-" for n, a, of in score.rows()}
        lines.append(f"{name[:21]:22}" + "".join(f"{cells[n]:>16}" for n in COLUMNS))
    return lines
