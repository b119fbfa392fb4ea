"""What `zvon privacy` reads once for a run: agreement, register, key; and one item through the gate."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from zvon.privacy.carrier.item import Item, Passed

Lang = Literal["auto", "sl", "hr", "en"]


class Decided(Struct, frozen=True, kw_only=True):
    """The decision in the shape of `decision.json`, and what the gate made of the item."""

    row: dict[str, Any]
    passed: Passed


class Gate:
    """One group's gate on this machine. Raises what its files are wrong with, before anything is read."""

    def __init__(
        self, group: str, policy: Path | None, registry: Sequence[Path], keys: Path | None,
        epoch: str | None, lang: Lang,
    ) -> None:  # fmt: skip
        from zvon.cli import keyring
        from zvon.privacy.facts import read_register, with_brands
        from zvon.privacy.tables import agreements

        if policy is not None and not policy.is_dir():
            raise ValueError(f"{policy} is no folder of agreements")
        known = agreements(policy)
        if group not in known:
            raise ValueError(f"no group {group!r}; there are {', '.join(sorted(known))}")
        self.agreement = known[group]
        register = read_register(_register(path) for path in registry)
        self.facts = msgspec.structs.replace(
            with_brands(register), lang=None if lang == "auto" else lang
        )
        self.epoch = epoch or f"{datetime.now(UTC):%Y-%m}"
        self.keys = keyring.domain(keys or keyring.default_folder(), group, self.epoch)
        self.group = group

    def decide(self, item: Item, raw: bytes, id: str, lang: str | None = None) -> Decided:
        """The decision on one item that was read from `raw`."""
        from zvon.model.policy import compile_policy
        from zvon.privacy.carrier.item import markings, pass_item
        from zvon.privacy.decision import decision

        start = time.perf_counter()
        labels = markings(item)
        policy = compile_policy(
            self.agreement,
            group=self.group,
            tlp=labels["TLP"] or [self.agreement.max_tlp],
            pap=labels["PAP"],
        )
        facts = msgspec.structs.replace(self.facts, lang=lang) if lang else self.facts
        passed = pass_item(item, facts=facts, policy=policy, keys=self.keys)
        ms = (time.perf_counter() - start) * 1000
        row = decision(
            passed.outcome, policy, id=id, kind=item.kind, raw=raw, epoch=self.epoch, ms=ms
        )
        return Decided(row=row, passed=passed)


def _register(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as problem:
        raise ValueError(f"{path} is not UTF-8 (byte {problem.start})") from None
