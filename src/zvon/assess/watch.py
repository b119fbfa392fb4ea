"""The job `assess.watch`: what follows from the last look at watched names.

An escalation makes a report, which goes through the whole pipeline and to a person. Nothing is
proposed or blocked here.
"""

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct, convert

from zvon.assess.claim import claims
from zvon.jobs import Context, enqueue
from zvon.ml import lookalike
from zvon.model.brand import Brand, Registry
from zvon.model.verdict import Reason
from zvon.store import brand, watch_look
from zvon.store.transaction import transaction
from zvon.store.visibility import SYSTEM, read
from zvon.store.watch import Item
from zvon.store.watch_look import Looked

PREFIX = "WATCH_SEEN_"
# What a page asks for when it wants what people should not give.
WANTED = frozenset({"password", "card", "code", "login", "bank", "identity"})


class Rules(Struct, frozen=True, forbid_unknown_fields=True):
    """The numbers of `watch.toml`."""

    version: str
    hours: tuple[int, ...]
    keep_days: int
    young_days: int
    rule_days: int
    rules_of_campaign: int
    telling: float
    living: float
    arrival: dict[str, float]


@cache
def shipped() -> Rules:
    """The rules that come with the program."""
    text = (files("zvon.assess") / "watch.toml").read_text(encoding="utf-8")
    return convert(tomllib.loads(text), Rules)


async def assess(context: Context, payload: dict[str, Any]) -> None:
    """Judge the items `ids` by what `collect.watch` has seen; those that are over are left alone."""
    now = context.clock()
    ids = [int(each) for each in payload["ids"]]
    async with read(context.pool, SYSTEM) as db:
        registry = await brand.current(db)
        items = await watch_look.of_ids(db, ids)
    looked = [judge(item, registry, now) for item in items]
    async with transaction(context.pool, now) as tx:
        escalated = await watch_look.judged(tx, looked, now)
        if escalated:
            await enqueue(tx, "collect.escalate", {"uuids": [str(uuid) for uuid in escalated]})


def judge(item: Item, registry: Registry, now: datetime) -> Looked:
    """What becomes of an item; the same facts at the same time give the same."""
    rules = shipped()
    of_name = [reason for reason in item.reasons if not reason.code.startswith(PREFIX)]
    arrived = [
        Reason(code=PREFIX + key.upper(), params=params, weight=rules.arrival[key], source="watch")
        for key, params in _arrivals(item.seen, registry.by_id.get(item.brand), now, rules)
    ]
    reasons = [*of_name, *arrived]
    score = lookalike.score(reasons)
    codes = {reason.code.removeprefix(PREFIX).lower() for reason in arrived}
    news = codes - {r.code.removeprefix(PREFIX).lower() for r in item.reasons}
    state, next_at = (
        "watching",
        _next(item, now, rules, alive="addresses" in codes, news=bool(news)),
    )
    if registry.official(item.name) is not None:
        state, next_at = "dismissed", None
    elif _urgent(score, codes, rules):
        state, next_at = "escalated", None
    elif next_at is None:
        state = "expired"
    return Looked(id=item.id, score=score, reasons=reasons, state=state,
                  next_at=next_at)  # fmt: skip


def _urgent(score: float, codes: set[str], rules: Rules) -> bool:
    if "parked" in codes:
        return False
    if codes & {"form", "brand"}:
        return score >= rules.telling
    return score >= rules.living and "addresses" in codes and bool(codes & {"mail", "certificate"})


def _next(item: Item, now: datetime, rules: Rules, *, alive: bool, news: bool) -> datetime | None:
    if news:
        return now + timedelta(hours=rules.hours[0])
    if item.checks < len(rules.hours):
        return now + timedelta(hours=rules.hours[item.checks])
    if alive and now - item.first_at < timedelta(days=rules.keep_days):
        return now + timedelta(hours=rules.hours[-1])
    return None


def _arrivals(
    seen: dict[str, Any], brand: Brand | None, now: datetime, rules: Rules
) -> Iterator[tuple[str, dict[str, str | int]]]:
    """What is there now: the key of its weight, and what a person should read beside it."""
    if seen.get("addresses"):
        yield "addresses", {"n": len(seen["addresses"])}
    if seen.get("certificate"):
        yield "certificate", {}
    if seen.get("mail"):
        yield "mail", {}
    if registered := seen.get("registered"):
        days = (now - datetime.fromisoformat(registered)).days
        if days <= rules.young_days:
            yield "young", {"n": max(0, days)}
    page = seen.get("page") or {}
    if page.get("outcome") != "seen":
        return
    if page.get("parked"):
        yield "parked", {}
        return
    yield "page", {}
    if asks := sorted(WANTED.intersection(page.get("asks", ()))):
        yield "form", {"asks": " ".join(asks)}
    text = f"{page.get('title', '')} . {page.get('text', '')}"
    if brand is not None and claims(text, None, brands=[brand]):
        yield "brand", {"brand": brand.name}
