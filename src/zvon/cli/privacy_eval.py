"""`zvon privacy eval`: the gate measured on labelled mails."""

import os
import time
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from zvon.cli.privacy_gate import Lang


def evaluate(
    *,
    gold: Annotated[list[Path], Parameter(consume_multiple=True)],
    group: str = "demo-amber",
    policy: Path | None = None,
    registry: Annotated[list[Path] | None, Parameter(consume_multiple=True)] = None,
    lang: Lang = "auto",
    json: bool = False,
) -> int:
    """Measure the gate on labelled mails: recall, indicators kept, leak-free, asked, released."""
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
        total += judge(mail, outcome)
    speed = len(mails) / spent if spent else 0.0
    if json:
        rows = {name: {"count": a, "of": b} for name, a, b in total.rows()}
        print(msgspec.json.encode({**rows, "mails_per_s": round(speed)}).decode())
    else:
        for name, count, of in total.rows():
            print(f"{name:45} {count / of if of else 0:.3f}  ({count} of {of})")
        print(f"{'mails/s, one core':45} {speed:.0f}")
    return 0
