"""The gate on labelled mails: what it finds, what it keeps, and how many mails a second on one core.

    python -m bench.privacy --data FOLDER [--presidio]     (or ZVON_DATA)

The mails are the labelled ones of the data folder and the development mails of the tests. Every
stage is on, the residue scan included. Time is processor time of one thread, so other work on the
machine does not count; the clock on the wall is printed beside it. `--presidio` puts Presidio
beside it, judged by the same code; it lives in an environment of its own:

    python -m venv DIR && DIR/bin/pip install presidio-analyzer
    python -m bench.privacy --presidio DIR/bin/python

It runs with its pattern recognisers and without a model of names (there is none for Slovenian or
Croatian to install), once as it comes and once with recognisers for Slovenia and Croatia.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec

from tests.privacy import corpus
from zvon.model.policy import compile_policy
from zvon.model.role import Role, SpanDecision, SpanState
from zvon.privacy import engine, identifiers, names, tables
from zvon.privacy.engine import Outcome, Part, Status, share_text
from zvon.privacy.facts import Facts, with_brands
from zvon.privacy.gold import GoldMail, Score, judge
from zvon.privacy.pseudonym import KEY_BYTES, Domain
from zvon.privacy.tables import agreements

GROUP = "demo-amber"
PRESIDIO = Path(__file__).with_name("_presidio.py")
# Where the engine calls a stage: the module or class, the name there, what to print.
STAGES: tuple[tuple[Any, str, str], ...] = (
    (engine, "Reading", "opening, folding, words, cues"),
    (identifiers, "detect", "identifiers"),
    (names, "detect", "names and tagger"),
    (engine, "sweep", "the same values again"),
    (engine, "score", "roles"),
    (engine, "make_spans", "decisions and pseudonyms"),
    (engine, "rewrite", "rewriting"),
    (engine, "scan", "residue scan"),
)
HUGE = 10_000_000


def read(folder: Path | None) -> dict[str, list[GoldMail]]:
    """The labelled mails by where they come from."""
    out = {"development mails of the tests": corpus.mails("dev")}
    path = folder and folder / "text/pii_roles/mails.dev.jsonl"
    if path and path.exists():
        rows = [line for line in path.read_bytes().splitlines() if line.strip()]
        out["mails of the data folder"] = [msgspec.json.decode(r, type=GoldMail) for r in rows]
    return out


def gate() -> Callable[[GoldMail], Outcome]:
    """The gate with the shipped agreement, a random key and the language of each mail."""
    agreement = agreements()[GROUP]
    policy = compile_policy(agreement, group=GROUP, tlp=[agreement.max_tlp])
    facts = with_brands(Facts())
    keys = Domain(GROUP, "bench", os.urandom(KEY_BYTES))

    def decide(mail: GoldMail) -> Outcome:
        said = msgspec.structs.replace(facts, lang=mail.lang)
        return share_text([Part("text", mail.text)], facts=said, policy=policy, keys=keys)

    return decide


class Clock:
    """Processor time of the stages, their own and not that of the stages inside them."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self._real: list[tuple[Any, str, Any]] = []

    def __enter__(self) -> Self:
        for place, name, label in STAGES:
            real = getattr(place, name)
            self._real.append((place, name, real))
            setattr(place, name, self._timed(real, label))
        return self

    def __exit__(self, *_: object) -> None:
        for place, name, real in self._real:
            setattr(place, name, real)

    def _timed(self, real: Any, label: str) -> Any:
        def timed(*args: Any, **named: Any) -> Any:
            start = time.thread_time()
            try:
                return real(*args, **named)
            finally:
                self.spent[label] = self.spent.get(label, 0.0) + time.thread_time() - start

        return timed


def speed(decide: Callable[[GoldMail], Outcome], mails: Sequence[GoldMail], rounds: int) -> float:
    """Mails a second of processor time, the best of `rounds`."""
    best = 0.0
    for _ in range(rounds):
        start = time.thread_time()
        for mail in mails:
            decide(mail)
        best = max(best, len(mails) / (time.thread_time() - start))
    return best


def stages(decide: Callable[[GoldMail], Outcome], mails: Sequence[GoldMail], rounds: int) -> None:
    """Print milliseconds of each stage for one mail."""
    with Clock() as clock:
        start = time.thread_time()
        for _ in range(rounds):
            for mail in mails:
                decide(mail)
        total = time.thread_time() - start
    number = len(mails) * rounds
    for label, spent in clock.spent.items():
        print(f"    {label:32} {spent / number * 1000:7.3f} ms")
    rest = total - sum(clock.spent.values())
    print(f"    {'the rest, and measuring':32} {rest / number * 1000:7.3f} ms")


def huge() -> None:
    """One line of ten million characters, of several kinds."""
    decide = gate()
    pieces = {
        "words and addresses": "Prejela sem na ana.novak@lipa.example od 203.0.113.7 danes, ",
        "one word": "a",
        "dots": "a.",
        "digits": "0412345678 ",
        "at signs": "a@",
        "percent": "%41",
    }
    for name, piece in pieces.items():
        for size in (HUGE // 10, HUGE):
            text = (piece * (size // len(piece) + 1))[:size]
            start = time.thread_time()
            outcome = decide(GoldMail("huge", text, (), "sl"))
            spent = time.thread_time() - start
            print(f"    {name:24} {size:>10,} characters {spent:7.2f} s  {outcome.status.value}")


def numbers(title: str, score: Score) -> None:
    """Print the five numbers."""
    found = ", ".join(f"{name} {a / of if of else 0:.3f}" for name, a, of in score.rows())
    print(f"  {title:28} {found}")


def presidio(python: str, mails: Sequence[GoldMail]) -> None:
    """Run Presidio in its own environment over the same mails, and judge what it removes."""
    lists = tables.names()
    listed = json.dumps(sorted(lists.first | lists.last))
    rows = "\n".join([listed, *(json.dumps({"text": m.text}) for m in mails)])
    for how in ("as it comes", "with SI and HR"):
        run = subprocess.run(
            [python, "-P", str(PRESIDIO), how],
            input=rows,
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            print(f"  Presidio does not run: {run.stderr.strip().splitlines()[-1:]}")
            return
        answer = json.loads(run.stdout)
        pairs = zip(mails, answer["spans"], strict=True)
        total = sum((judge(m, removed(m, found)) for m, found in pairs), Score())
        numbers(f"Presidio, {how}", total)
        print(f"  {'':28} {answer['mails_per_s']:.0f} mails/s")


def removed(mail: GoldMail, found: Iterable[tuple[int, int, str]]) -> Outcome:
    """What an engine without roles would let go: every span that it found is taken out."""
    merged: list[tuple[int, int, str]] = []
    for start, end, kind in sorted(found):
        if merged and start < merged[-1][1]:
            first, last, name = merged[-1]
            merged[-1] = (first, max(last, end), name)
        else:
            merged.append((start, end, kind))
    spans = [
        SpanDecision(
            part="text", start=start, end=end, text=mail.text[start:end], type=kind,
            role=Role.UNSURE, state=SpanState.REDACT, replacement=f"[{kind}]",
            entity="", p_attacker=0.0,
        )
        for start, end, kind in merged
    ]  # fmt: skip
    whole = gate()(GoldMail(mail.id, "", (), mail.lang))
    text = engine.rewrite(Part("text", mail.text), spans)
    return msgspec.structs.replace(
        whole, spans=tuple(spans), status=Status.RELEASED, shared={"text": text},
        preview={"text": text},
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Print everything."""
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--data", type=Path, default=os.environ.get("ZVON_DATA"))
    args.add_argument("--rounds", type=int, default=5)
    args.add_argument("--presidio", metavar="PYTHON", help="a Python that has presidio-analyzer")
    args.add_argument("--huge", action="store_true", help="texts of ten million characters too")
    chosen = args.parse_args(argv)
    decide = gate()
    for title, mails in read(chosen.data and Path(chosen.data)).items():
        if not mails:
            continue
        chars = sum(len(m.text) for m in mails) // len(mails)
        print(f"{title}: {len(mails)}, {chars} characters each on average")
        numbers("the gate", sum((judge(m, decide(m)) for m in mails), Score()))
        rate = speed(decide, mails, chosen.rounds)
        start = time.perf_counter()
        for mail in mails:
            decide(mail)
        wall = len(mails) / (time.perf_counter() - start)
        print(f"  {'':28} {rate:.0f} mails/s of one core ({wall:.0f} by the clock on the wall)")
        stages(decide, mails, chosen.rounds)
        if chosen.presidio:
            presidio(chosen.presidio, mails)
    if chosen.huge:
        print("one line of many characters")
        huge()
    return 0


if __name__ == "__main__":
    sys.exit(main())
