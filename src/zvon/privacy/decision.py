"""The written decision on an item, `zvon.privacy.decision/1`. It holds originals: 0600, raw class."""

import hashlib
from typing import Any

import msgspec

from zvon.model.policy import Policy
from zvon.model.role import SpanDecision
from zvon.privacy.engine import Outcome

SCHEMA = "zvon.privacy.decision/1"
SEPARATOR = "\n\n"


def decision(
    outcome: Outcome, policy: Policy, *, id: str, kind: str, raw: bytes, epoch: str, ms: float
) -> dict[str, Any]:
    """The outcome in the shape that is written to `decision.json`."""
    return {
        "schema": SCHEMA,
        "id": id,
        "input": {
            "type": kind,
            "sha256": hashlib.sha256(raw).hexdigest(),
            "chars": sum(len(part.text) for part in outcome.parts),
        },
        "lang": outcome.lang,
        "group": policy.group,
        "epoch": epoch,
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
        "status": outcome.status.value,
        "reason": outcome.leave.reason,
        "parts": [{"id": p.id, "kind": p.kind, "text": p.text} for p in outcome.parts],
        "spans": [_span(span) for span in outcome.spans],
        "shared_text": joined(outcome.shared) if outcome.shared else None,
        "preview_text": joined(outcome.preview),
        "residue": {"transforms": outcome.residue.transforms, "hits": len(outcome.residue.hits)},
        "risk": {"expected_leaks": outcome.expected_leaks, "k": None},
        "ms": round(ms, 2),
    }


def joined(texts: dict[str, str]) -> str:
    """The texts of an item as one; a single one stays exactly as it is."""
    if len(texts) == 1:
        return next(iter(texts.values()))
    return SEPARATOR.join(f"[{name}]\n{text}" for name, text in texts.items())


def _span(span: SpanDecision) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(span)
    row["inner"] = [
        {k: i[k] for k in ("start", "end", "type", "state", "replacement")} for i in row["inner"]
    ]
    return row


def rule_code(rule: str) -> tuple[str, dict[str, str]]:
    """The message of an evidence rule in the `privacy` catalogue, and its parameters."""
    if rule.startswith("cue.") and rule not in {"cue.alias", "cue.contact"}:
        return "RULE_CUE", {"phrase": rule.removeprefix("cue.").replace("*", "…")}
    if rule.startswith("word."):
        return "RULE_CUE", {"phrase": rule.removeprefix("word.")}
    return "RULE_" + rule.upper().replace(".", "_"), {}
