"""Where configuration, database and document disagree; each difference by its name, none by a guess."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from zvon.model.data_class import data_class
from zvon.model.data_policy import DataPolicy
from zvon.privacy.plan.document import Document
from zvon.privacy.plan.facts import Facts
from zvon.privacy.plan.seal import Foot, content_sha256

# A purge runs each hour and says so at least once a day; what is this much over its time was missed.
GRACE = timedelta(days=2)


class Difference(Struct, frozen=True, kw_only=True):
    """One disagreement: `code` of the catalogue `drift`, and what fills its sentence."""

    code: str
    country: str
    params: dict[str, str]


class State(Struct, frozen=True, kw_only=True):
    """What the database says, for comparison.

    `rules` are residency and readers as row security reads them, by class; `reading` are the roles
    whose permission opens a class (only classes that one permission opens); `tables` are all of
    the database's own tables that no class has.
    """

    facts: Facts
    rules: Mapping[str, tuple[frozenset[str], frozenset[str]]]
    reading: Mapping[str, frozenset[str]]
    tables: Sequence[str]


class Rendered(Struct, frozen=True, kw_only=True):
    """A document as it lies on a disk (`foot` read from it), or as it was noted when made."""

    where: str
    foot: Foot | None


def differences(
    policy: DataPolicy,
    configured: DataPolicy | None,
    state: State,
    documents: Sequence[Rendered],
    fresh: Mapping[tuple[str, str], Document],
    now: datetime,
) -> list[Difference]:
    """All that does not agree for one country.

    `policy` is the one loaded, `configured` the file that the operator has. `fresh` are the
    documents that the loaded policy would give now, by kind and language.
    """
    found = [*_configuration(policy, configured), *_database(policy, state, now)]
    for each in documents:
        found += _document(policy, each, fresh)
    return found


def _configuration(policy: DataPolicy, configured: DataPolicy | None) -> list[Difference]:
    if configured is None:
        return [_one(policy, "DRIFT_NO_FILE")]
    if configured.sha256 == policy.sha256:
        return []
    changed = [
        rule.id for rule in policy.classes
        if rule not in configured.classes
    ]  # fmt: skip
    return [_one(policy, "DRIFT_FILE_DIFFERS", classes=", ".join(changed) or "–",
                 loaded=policy.sha256[:12], file=configured.sha256[:12])]  # fmt: skip


def _database(policy: DataPolicy, state: State, now: datetime) -> list[Difference]:
    found = [_one(policy, "DRIFT_TABLE", table=table) for table in state.tables]
    for rule in policy.classes:
        wanted = (frozenset(rule.residency), frozenset(rule.readers))
        if state.rules.get(rule.id) != wanted:
            found.append(_one(policy, "DRIFT_RULE", name=rule.id))
        said = {reader.partition(".")[2] for reader in rule.readers}
        if rule.id in state.reading and (more := state.reading[rule.id] - said):
            found.append(_one(policy, "DRIFT_READERS", name=rule.id, roles=", ".join(sorted(more))))
        if rule.id in state.reading and (idle := said - state.reading[rule.id]):
            found.append(_one(policy, "DRIFT_IDLE", name=rule.id, roles=", ".join(sorted(idle))))
        held = state.facts.classes.get(rule.id)
        if held is None or held.oldest is None or data_class(rule.id).used:
            continue
        # What a purge leaves on purpose (a record without its words) may be older than that.
        ran = held.purged_at is not None and held.purged_at >= now - GRACE
        if held.oldest < rule.cut_off(now) - GRACE and not ran:
            found.append(_one(policy, "DRIFT_OVERDUE", name=rule.id, retention=rule.retention,
                              oldest=held.oldest.date().isoformat()))  # fmt: skip
    return found


def _document(
    policy: DataPolicy, rendered: Rendered, fresh: Mapping[tuple[str, str], Document]
) -> list[Difference]:
    foot = rendered.foot
    if foot is None:
        return [_one(policy, "DRIFT_NO_FOOT", where=rendered.where)]
    if not foot.whole:
        return [_one(policy, "DRIFT_EDITED", where=rendered.where)]
    if foot.policy_sha256 != policy.sha256:
        return [_one(policy, "DRIFT_OLD_DOCUMENT", where=rendered.where,
                     document=foot.policy_sha256[:12], loaded=policy.sha256[:12])]  # fmt: skip
    now = fresh.get((foot.kind, foot.lang))
    if now is None or content_sha256(now) != foot.content_sha256:
        return [_one(policy, "DRIFT_OLD_WORDS", where=rendered.where)]
    return []


def _one(policy: DataPolicy, code: str, **params: str) -> Difference:
    return Difference(code=code, country=policy.country, params=params)
