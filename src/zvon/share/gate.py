"""An event through the gate for texts: every string of it is read, none goes around.

Free texts are rewritten. Names and observables leave only when the gate keeps them whole. What
the reporter said of himself is read, so that it is known as his, and never leaves.
"""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from zvon.model import observable, suffix
from zvon.model.observable import DERIVED, BadValue, ObservableType
from zvon.model.policy import Policy
from zvon.model.role import SpanState
from zvon.privacy.engine import Outcome, Part, share_text
from zvon.privacy.facts import Facts
from zvon.privacy.pseudonym import Domain

WITHHELD = (".remark",)


class Gated(Struct, frozen=True):
    """What the gate made of an event: the outcome, and the event that may leave (or `None`)."""

    outcome: Outcome
    event: dict[str, Any] | None


def pass_event(
    event: dict[str, Any], *, facts: Facts, policy: Policy, keys: Domain,
    overrides: dict[int, str] | None = None,
) -> Gated:  # fmt: skip
    """Send an event (`model.event.Event` as plain values) through the gate."""
    outcome = share_text(
        _parts(event), facts=facts, policy=policy, keys=keys, overrides=overrides or {}
    )
    return Gated(outcome, _event(event, outcome) if outcome.shared else None)


def known_sides(event: dict[str, Any], facts: Facts) -> Facts:
    """Add what the intake and the assessment know: whose each observable is."""
    sides: dict[str, set[str]] = {"attacker": set(), "reporter": set()}
    for row in event["observables"]:
        if row.get("side") == "reporter":
            sides["reporter"].add(row["value"])
        elif row.get("side") == "attacker" and row["type"] == ObservableType.URL:
            # The page that people shall be kept from, also on a site that was broken into; its
            # host alone stays what it is.
            sides["attacker"].add(row["value"])
    for row in event["names"]:
        if row["scope"] != "none":
            sides["attacker"] |= {row["name"], suffix.registered(row["name"]) or row["name"]}
    lang = event.get("lang")
    return replace(
        facts,
        lang=lang or facts.lang,
        attackers=facts.attackers | sides["attacker"],
        reporters=facts.reporters | sides["reporter"],
    )


def _parts(event: dict[str, Any]) -> list[Part]:
    parts = [
        Part(name, text, optional=name.endswith(WITHHELD)) for name, text in event["parts"].items()
    ]
    for i, row in enumerate(event["names"]):
        parts.append(Part(f"name.{i}", row["name"], side="attacker"))
    for i, row in enumerate(event["observables"]):
        if _leaves(row):
            parts.append(Part(f"observable.{i}", row["value"], side="attacker"))
    for where, params in _params(event):
        for key, value in params.items():
            if isinstance(value, str):
                parts.append(Part(f"{where}.{key}", value, optional=True))
    return parts


def _leaves(row: dict[str, Any]) -> bool:
    return row.get("side") == "attacker" and ObservableType(row["type"]) not in DERIVED


def _params(event: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    rows = [("title", event["title"].get("params", {}))]
    rows += [(f"reason.{i}", r.get("params", {})) for i, r in enumerate(event["reasons"])]
    return rows


def _event(event: dict[str, Any], outcome: Outcome) -> dict[str, Any]:
    """The event with every string replaced by what the gate made of it."""
    shared = outcome.shared
    touched = {s.part for s in outcome.spans if s.state is not SpanState.KEEP or s.inner}
    out = dict(event)
    out["parts"] = {name: shared[name] for name in event["parts"] if not name.endswith(WITHHELD)}
    out["title"] = {**event["title"], "params": _kept(event["title"].get("params", {}), "title", touched)}  # fmt: skip
    out["reasons"] = [
        {**row, "params": _kept(row.get("params", {}), f"reason.{i}", touched)}
        for i, row in enumerate(event["reasons"])
    ]
    whole = _whole(outcome)
    out["names"] = [row for i, row in enumerate(event["names"]) if f"name.{i}" in whole]
    out["observables"] = _observables(event, shared, whole)
    return out


def _kept(params: dict[str, Any], where: str, touched: set[str]) -> dict[str, Any]:
    """Parameters that held nothing of a victim; a reason keeps its code without the others."""
    return {k: v for k, v in params.items() if f"{where}.{k}" not in touched}


def _whole(outcome: Outcome) -> set[str]:
    """Structured values that the gate knows and keeps from the first to the last character."""
    texts = {part.id: part.text for part in outcome.parts}
    return {
        span.part
        for span in outcome.spans
        if span.state is SpanState.KEEP and (span.start, span.end) == (0, len(texts[span.part]))
    }


def _observables(
    event: dict[str, Any], shared: dict[str, str], whole: set[str]
) -> list[dict[str, Any]]:
    out: dict[tuple[str, str], dict[str, Any]] = {}
    for i, row in enumerate(event["observables"]):
        name = f"observable.{i}"
        if name not in whole:
            continue
        try:
            value = observable.canonical(ObservableType(row["type"]), shared[name])
        except BadValue:
            continue
        out.setdefault((row["type"], value.value), {"type": row["type"], "value": value.value})
    return list(out.values())
