"""`zvon privacy calibrate`: what the beliefs of the gate are worth on labelled mails."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from msgspec import Struct

if TYPE_CHECKING:
    from zvon.ml.side.calibrate import Fit, Platt

FOLDS = 5
PRIOR = 8.0  # how many values that agree with it the scaling of all types is worth
GAIN = 0.002  # log loss that a scaling must save to be kept
GRID = tuple(round(0.5 + 0.05 * i, 2) for i in range(10))
REMOVE = (0.2, 0.35, 0.5)


class Value(Struct, frozen=True):
    """One labelled value: its group of types, log-odds before scaling, side, and author."""

    group: str
    logit: float
    attacker: bool
    author: str


def calibrate(
    *,
    gold: Annotated[list[Path], Parameter(consume_multiple=True)],
    out: Annotated[Path | None, Parameter(help="Write the scaling here (TOML).")] = None,
    leak: Annotated[float, Parameter(help="Cost of a victim's value that leaves.")] = 50.0,
    lost: Annotated[float, Parameter(help="Cost of an indicator that is removed.")] = 1.0,
    ask: Annotated[float, Parameter(help="Cost of a question to the analyst.")] = 2.0,
) -> int:
    """Fit the scaling of beliefs, and show what thresholds would cost on these mails.

    Every figure is of mails whose author was not fitted on (five folds). A group stays as it is
    where scaling does not help there, and so do names of people: aliases are too few to move them.
    """
    values = read(gold)
    scaled, found = crossed(values)
    for group in list(found):
        rows = [i for i, v in enumerate(values) if v.group == group]
        before, after = _fits(values, scaled, rows)
        if after.log_loss > before.log_loss - GAIN:
            del found[group]
            for i in rows:
                scaled[i] = values[i].logit
    print(f"{'group':8}{'values':>8}{'log loss':>18}{'calibration error':>22}")
    for group in (*sorted({v.group for v in values}), ""):
        rows = [i for i, v in enumerate(values) if not group or v.group == group]
        before, after = _fits(values, scaled, rows)
        print(f"{group or 'all':8}{len(rows):8}{before.log_loss:9.3f} -> {after.log_loss:.3f}"
              f"{before.calibration_error:13.3f} -> {after.calibration_error:.3f}")  # fmt: skip
    print(f"\nleak : lost indicator : question = {leak:g} : {lost:g} : {ask:g}")
    print(f"{'keep at':>8}{'remove at':>11}{'leaks':>7}{'lost':>6}{'asked':>7}{'cost a value':>14}")
    for low in REMOVE:
        for high in GRID:
            if high >= low:
                leaks, gone, asked = outcomes(values, scaled, keep_at=high, remove_at=low)
                cost = (leaks * leak + gone * lost + asked * ask) / max(1, len(values))
                print(f"{high:8.2f}{low:11.2f}{leaks:7}{gone:6}{asked:7}{cost:14.3f}")
    if out is not None:
        out.write_text(_toml(found, len(values)), encoding="utf-8")
    return 0


def outcomes(
    values: Sequence[Value], logits: Sequence[float], *, keep_at: float, remove_at: float
) -> tuple[int, int, int]:
    """How many values would leak, be lost and be asked with these thresholds."""
    from zvon.ml.side.calibrate import probability

    leaks = gone = asked = 0
    for value, logit in zip(values, logits, strict=True):
        p = probability(logit)
        leaks += p >= keep_at and not value.attacker
        gone += p <= remove_at and value.attacker
        asked += remove_at < p < keep_at
    return leaks, gone, asked


def crossed(values: Sequence[Value]) -> tuple[list[float], dict[str, "Platt"]]:
    """Log-odds scaled without the author of each value, and the scaling fitted on all."""
    authors = sorted({v.author for v in values})
    fold = {author: i % FOLDS for i, author in enumerate(authors)}
    scaled = [0.0] * len(values)
    for k in range(FOLDS):
        fitted = _fit([v for v in values if fold[v.author] != k])
        for i, value in enumerate(values):
            if fold[value.author] == k:
                scaled[i] = fitted[value.group].of(value.logit) if value.group in fitted else value.logit  # fmt: skip
    return scaled, _fit(values)


def _fit(values: Sequence[Value]) -> dict[str, "Platt"]:
    from zvon.ml.side.calibrate import Platt, platt

    prior = platt([v.logit for v in values], [v.attacker for v in values], prior=Platt(), weight=PRIOR)  # fmt: skip
    groups = sorted({v.group for v in values} - {"person"})
    return {
        group: platt(
            [v.logit for v in values if v.group == group],
            [v.attacker for v in values if v.group == group],
            prior=Platt(prior.slope, 0.0), weight=PRIOR,
        )
        for group in groups
    }  # fmt: skip


def read(gold: Sequence[Path]) -> list[Value]:
    """Every value of the mails whose side is labelled and that no hard rule decides."""
    import msgspec

    from zvon.model.policy import compile_policy
    from zvon.privacy.engine import Part, share_text
    from zvon.privacy.facts import Facts, with_brands
    from zvon.privacy.gold import GoldMail
    from zvon.privacy.pseudonym import KEY_BYTES, Domain
    from zvon.privacy.role.context import GROUP
    from zvon.privacy.tables import agreements

    group = "demo-amber"
    policy = compile_policy(agreements()[group], group=group, tlp=["AMBER"])
    facts, keys = with_brands(Facts()), Domain(group, "eval", bytes(KEY_BYTES))
    found: list[Value] = []
    for line in (line for path in gold for line in path.read_bytes().splitlines() if line.strip()):
        mail = msgspec.json.decode(line, type=GoldMail)
        told = msgspec.structs.replace(facts, lang=mail.lang)
        seen: dict[str, list[bool]] = defaultdict(list)
        spans = {}
        for span in share_text(
            [Part("text", mail.text)], facts=told, policy=policy, keys=keys
        ).spans:
            hard = span.type not in GROUP or any(e.rule == "inner" for e in span.evidence)
            for label in () if hard or not span.evidence else mail.spans:
                if label.start < span.end and span.start < label.end:
                    seen[span.entity].append(label.role == "keep")
                    spans[span.entity] = span
                    break
        for entity, sides in seen.items():
            span = spans[entity]
            raw = sum(e.weight for e in span.evidence)
            found.append(Value(GROUP[span.type], raw, 2 * sum(sides) >= len(sides), mail.author or mail.id))  # fmt: skip
    return found


def _fits(
    values: Sequence[Value], scaled: Sequence[float], rows: Sequence[int]
) -> tuple["Fit", "Fit"]:
    from zvon.ml.side.calibrate import measured

    sides = [values[i].attacker for i in rows]
    return measured([values[i].logit for i in rows], sides), measured(
        [scaled[i] for i in rows], sides
    )


def _toml(found: dict[str, "Platt"], count: int) -> str:
    lines = [
        "# Scaling of the role score by group of types (Platt 1999): slope * log-odds + shift.",
        f"# Written by `zvon privacy calibrate --out` from {count} labelled values.",
    ]
    for group, scale in found.items():
        lines += ["", f"[{group}]", f"slope = {scale.slope}", f"shift = {scale.shift}"]
    return "\n".join(lines) + "\n"
