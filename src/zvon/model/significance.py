"""Is an incident significant in the sense of the law: yes, no, or unknown and what is missing.

Criteria are data (`rule_pack`). A value that nobody knows makes a criterion unknown and not false,
in the three-valued logic of Kleene: 31 minutes of outage are enough whatever else is missing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from zvon.model.deadline import due, length

Value = bool | float | str


class Answer(StrEnum):
    """What a criterion, and all of them together, came to."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Comparison(Struct, frozen=True, forbid_unknown_fields=True, rename={"equals": "is"}):
    """One comparison of a fact; exactly one of the limits is set."""

    fact: str
    gt: float | None = None
    gte: float | None = None
    lt: float | None = None
    lte: float | None = None
    equals: Value | None = None

    def __post_init__(self) -> None:
        limits = (self.gt, self.gte, self.lt, self.lte, self.equals)
        if sum(limit is not None for limit in limits) != 1:
            raise ValueError(f"{self.fact}: one of gt, gte, lt, lte, is")

    @property
    def limit(self) -> tuple[str, Value]:
        """The sign and the limit, for people: `>`, 30."""
        for sign, limit in ((">", self.gt), ("≥", self.gte), ("<", self.lt), ("≤", self.lte)):
            if limit is not None:
                return sign, limit
        assert self.equals is not None
        return "=", self.equals


class Criterion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way to be significant. `unless_all` is an exception: it counts when all of it holds."""

    id: str
    cite: str = ""
    all: tuple[Comparison, ...] = ()
    any: tuple[Comparison, ...] = ()
    unless_all: tuple[Comparison, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.all) == bool(self.any):
            raise ValueError(f"{self.id}: either all or any")


class Together(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Incidents that are significant only together: `times` within a length, of the same cause.

    The facts of `sums` are added up over them and then compared (CIR (EU) 2024/2690, Article 4).
    """

    id: str
    times: int
    within: str
    same: str
    sums: tuple[str, ...]
    any: tuple[Comparison, ...]
    cite: str = ""


class Ratio(Struct, frozen=True, forbid_unknown_fields=True):
    """A fact that follows from two others: `of` divided by `over`; what it is called, by language."""

    fact: str
    of: str
    over: str
    title: dict[str, str] = {}


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When an incident is significant: any criterion, and none of the facts of `never`."""

    never: tuple[str, ...] = ()
    any: tuple[Criterion, ...] = ()
    together: tuple[Together, ...] = ()
    derived: tuple[Ratio, ...] = ()


class Fact(Struct, frozen=True):
    """What is known and where it was learnt."""

    value: Value
    source: str


class Earlier(Struct, frozen=True):
    """An earlier incident of the same subject with what is known of it."""

    id: str
    at: datetime
    facts: Mapping[str, Fact]


class Checked(Struct, frozen=True):
    """One comparison: `value` and `source` are `None` when nobody knows."""

    fact: str
    sign: str
    limit: Value
    value: Value | None
    source: str | None
    answer: Answer


class Found(Struct, frozen=True, kw_only=True):
    """One criterion, what it came to, and each comparison; `exception` of those that excuse it."""

    id: str
    cite: str
    kind: Literal["any", "together", "never"]
    answer: Answer
    checked: tuple[Checked, ...]
    exception: tuple[Checked, ...] = ()
    with_incidents: tuple[str, ...] = ()


class Significance(Struct, frozen=True, kw_only=True):
    """The result. `missing` are the facts that could still change it."""

    answer: Answer
    missing: tuple[str, ...]
    criteria: tuple[Found, ...]


def assess(
    rules: Rules, facts: Mapping[str, Fact], *, at: datetime, earlier: Sequence[Earlier] = ()
) -> Significance:
    """Judge `facts` by `rules`. `earlier` are incidents before `at` of the same subject, any age.

    What excludes an incident (`never`) counts only when it is said: an outage does not become
    unclear because nobody wrote that it was not planned.
    """
    known = {**facts, **_derived(rules.derived, facts)}
    excluded = [_never(name, known) for name in rules.never]
    found = [_criterion(each, known) for each in rules.any]
    found += [_together(each, rules, known, at, earlier) for each in rules.together]
    if any(each.answer is Answer.YES for each in excluded):
        return Significance(answer=Answer.NO, missing=(), criteria=(*excluded, *found))
    answer = _or([each.answer for each in found])
    open_ = [each for each in found if each.answer is Answer.UNKNOWN]
    missing = {c.fact for each in open_ for c in (*each.checked, *each.exception)
               if c.answer is Answer.UNKNOWN}  # fmt: skip
    named = _names_of(rules, missing, known) if answer is Answer.UNKNOWN else ()
    return Significance(answer=answer, missing=named, criteria=(*excluded, *found))


def facts_of(rules: Rules) -> tuple[str, ...]:
    """Every fact that the rules read, those from which others are derived included, in order."""
    tests = [t for c in rules.any for t in (*c.all, *c.any, *c.unless_all)]
    tests += [t for c in rules.together for t in c.any]
    wanted = [t.fact for t in tests] + [f for r in rules.derived for f in (r.of, r.over)]
    wanted += [c.same for c in rules.together] + [f for c in rules.together for f in c.sums]
    return tuple(dict.fromkeys([*rules.never, *wanted]))


def _derived(ratios: Sequence[Ratio], facts: Mapping[str, Fact]) -> dict[str, Fact]:
    made: dict[str, Fact] = {}
    for each in ratios:
        of, over = facts.get(each.of), facts.get(each.over)
        if each.fact in facts or of is None or over is None:
            continue
        if _number(of.value) and _number(over.value) and float(over.value) > 0:
            made[each.fact] = Fact(float(of.value) / float(over.value), f"{each.of} / {each.over}")
    return made


def _never(name: str, facts: Mapping[str, Fact]) -> Found:
    checked = _check(Comparison(name, equals=True), facts)
    answer = Answer.YES if checked.answer is Answer.YES else Answer.NO
    return Found(id=name, cite="", kind="never", answer=answer, checked=(checked,))


def _criterion(rule: Criterion, facts: Mapping[str, Fact]) -> Found:
    checked = tuple(_check(test, facts) for test in rule.all or rule.any)
    answers = [each.answer for each in checked]
    answer = _and(answers) if rule.all else _or(answers)
    excuse = tuple(_check(test, facts) for test in rule.unless_all)
    if excuse:
        answer = _and([answer, _not(_and([each.answer for each in excuse]))])
    return Found(id=rule.id, cite=rule.cite, kind="any", answer=answer, checked=checked,
                 exception=excuse)  # fmt: skip


def _together(
    rule: Together,
    rules: Rules,
    facts: Mapping[str, Fact],
    at: datetime,
    earlier: Sequence[Earlier],
) -> Found:
    cause = facts.get(rule.same)
    since = [each for each in earlier if each.at <= at
             and due(each.at, length(rule.within)).strict >= at]  # fmt: skip
    if cause is None:
        # Without an earlier one there is nothing to be together with, whatever the cause.
        if len(since) + 1 < rule.times:
            return Found(
                id=rule.id, cite=rule.cite, kind="together", answer=Answer.NO, checked=()
            )  # fmt: skip
        unsaid = (Checked(rule.same, "=", "", None, None, Answer.UNKNOWN),)
        return Found(
            id=rule.id, cite=rule.cite, kind="together", answer=Answer.UNKNOWN, checked=unsaid
        )  # fmt: skip
    same = [each for each in since
            if (held := each.facts.get(rule.same)) is not None and held.value == cause.value]  # fmt: skip
    named = tuple(each.id for each in same)
    if len(same) + 1 < rule.times:
        return Found(id=rule.id, cite=rule.cite, kind="together", answer=Answer.NO, checked=(),
                     with_incidents=named)  # fmt: skip
    summed = {name: Fact(total, f"{len(same) + 1} incidents")
              for name in rule.sums
              if (total := _sum(name, [facts, *(each.facts for each in same)])) is not None}  # fmt: skip
    for ratio in rules.derived:
        if ratio.of in summed and ratio.over in facts:
            summed |= _derived((ratio,), {**facts, ratio.of: summed[ratio.of]})
    known = {name: fact for name, fact in facts.items() if name not in rule.sums} | summed
    for ratio in rules.derived:  # the single incident's own share says nothing of the sum
        if ratio.of in rule.sums and ratio.fact not in summed:
            known.pop(ratio.fact, None)
    checked = tuple(_check(test, known) for test in rule.any)
    answer = _or([each.answer for each in checked])
    return Found(id=rule.id, cite=rule.cite, kind="together", answer=answer, checked=checked,
                 with_incidents=named)  # fmt: skip


def _sum(name: str, all_facts: Sequence[Mapping[str, Fact]]) -> float | None:
    total = 0.0
    for facts in all_facts:
        held = facts.get(name)
        if held is None or not _number(held.value):
            return None
        total += float(held.value)
    return total


def _check(test: Comparison, facts: Mapping[str, Fact]) -> Checked:
    sign, limit = test.limit
    held = facts.get(test.fact)
    if held is None:
        return Checked(test.fact, sign, limit, None, None, Answer.UNKNOWN)
    if test.equals is not None:
        same = type(held.value) is type(limit) and held.value == limit
        if _number(held.value) and _number(limit):
            same = held.value == limit
        return Checked(test.fact, sign, limit, held.value, held.source, _yes(same))
    if not _number(held.value):
        return Checked(test.fact, sign, limit, held.value, held.source, Answer.UNKNOWN)
    value = float(held.value)
    holds = (
        (test.gt is None or value > test.gt) and (test.gte is None or value >= test.gte)
        and (test.lt is None or value < test.lt) and (test.lte is None or value <= test.lte)
    )  # fmt: skip
    return Checked(test.fact, sign, limit, held.value, held.source, _yes(holds))


def _names_of(rules: Rules, missing: set[str], known: Mapping[str, Fact]) -> tuple[str, ...]:
    """The missing facts; of a derived one also those that it would follow from."""
    by_fact = {ratio.fact: ratio for ratio in rules.derived}
    named = set(missing)
    for name in missing & by_fact.keys():
        named |= {each for each in (by_fact[name].of, by_fact[name].over) if each not in known}
    return tuple(sorted(named))


def _number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _yes(holds: bool) -> Answer:
    return Answer.YES if holds else Answer.NO


def _not(answer: Answer) -> Answer:
    return {Answer.YES: Answer.NO, Answer.NO: Answer.YES}.get(answer, Answer.UNKNOWN)


def _and(answers: Sequence[Answer]) -> Answer:
    if Answer.NO in answers:
        return Answer.NO
    return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.YES


def _or(answers: Sequence[Answer]) -> Answer:
    if Answer.YES in answers:
        return Answer.YES
    return Answer.UNKNOWN if Answer.UNKNOWN in answers else Answer.NO
