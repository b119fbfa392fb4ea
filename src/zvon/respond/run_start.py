"""Starting runs: by a person, by a run, or because of what happened to an incident."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.model.ids import RANDOM_BYTES, uuid7
from zvon.model.playbook import Playbook, Variable, VariableType
from zvon.model.playbook_action import GIVEN
from zvon.respond.run_batch import Batch
from zvon.respond.run_policy import RunPolicy
from zvon.store import run_brake, run_facts, run_start, run_version
from zvon.store.incident_row import timeline
from zvon.store.run_row import RunRow, by_uuid
from zvon.store.run_start import NewRun
from zvon.store.run_version import Pinned
from zvon.store.transaction import AuditEntry, Tx

Random = Callable[[int], bytes]
MAX_VALUE = 20_000


class StoppedPlaybook(PermissionError):
    """The playbook stopped itself; somebody who manages runs lets it go on."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} stopped itself after failed runs ({reason}); let it go on first")


class BadValue(ValueError):
    """A variable that the playbook asks for is missing, unknown or of the wrong type."""


async def start(
    tx: Tx, viewer: Viewer, playbook: UUID, incident: UUID | None, *, reason: str = "",
    sandbox: bool = False, values: Mapping[str, Any] | None = None, now: datetime,
    random: Random, policy: RunPolicy,
) -> RunRow:  # fmt: skip
    """Start the version of a playbook that is in force.

    The run acts for `viewer`, with their permissions and no more; where a step needs another one,
    it asks a person who has it. Raises `Denied`, `NoVersion`, `NoIncident`, `StoppedPlaybook`,
    `BadValue`.
    """
    viewer.require(Permission.RUN_START)
    of = await run_version.in_force(tx.db, playbook)
    await refuse_stopped(tx, of)
    variables = await _variables(tx, of.playbook, incident, values or {})
    new = NewRun(
        uuid=uuid7(now, random(RANDOM_BYTES)), of=of, incident=incident, sandbox=sandbox,
        reason=_clean(reason), acts_for=viewer.person_id, started_by=viewer.person_id,
        variables=variables,
    )  # fmt: skip
    row = await run_start.put(tx, new, now)
    assert row is not None  # only what starts by itself may be there already
    await begin(tx, row, of, actor=viewer.login, now=now, random=random, policy=policy)
    return await by_uuid(tx.db, row.uuid)


async def begin(
    tx: Tx, row: RunRow, of: Pinned, *, actor: str, now: datetime, random: Random,
    policy: RunPolicy,
) -> None:  # fmt: skip
    """Take a run whose row was just written to its first steps."""
    batch = Batch(tx, now, random, policy)
    batch.log(row, "RUN_STARTED", None, {"playbook": of.playbook.name, "version": of.number,
                                         **({"trigger": row.trigger} if row.trigger else {})},
              actor=actor)  # fmt: skip
    batch.begin(row, of)
    await batch.write()
    if row.incident_id is not None:
        await timeline(tx, row.incident_id, "run", actor, "RUN_STARTED",
                       {"number": row.number, "name": of.playbook.name}, now)  # fmt: skip


async def refuse_stopped(tx: Tx, of: Pinned) -> None:
    """Raise `StoppedPlaybook` when the playbook stopped itself."""
    stopped = (await run_brake.stopped(tx.db)).get(of.playbook_id)
    if stopped is not None:
        raise StoppedPlaybook(of.playbook.name, stopped.reason)


async def let_go(tx: Tx, viewer: Viewer, playbook: UUID, now: datetime) -> bool:
    """Let a playbook that stopped itself start runs again; false when it did not.

    Raises `Denied`, `NoVersion`.
    """
    viewer.require(Permission.RUN_MANAGE)
    of = await run_version.in_force(tx.db, playbook)
    return await run_brake.let_go(tx, viewer, of.playbook_id, now)


def refused(viewer: Viewer, action: str, subject: str, rule: str) -> AuditEntry:
    """What a refused act on runs leaves in the audit."""
    return AuditEntry(actor=viewer.login, action=action, object=subject, outcome="refused",
                      rule=rule)  # fmt: skip


async def _variables(
    tx: Tx, playbook: Playbook, incident: UUID | None, values: Mapping[str, Any]
) -> dict[str, Any]:
    given = {} if incident is None else await run_facts.facts(tx.db, incident)
    asked = {name: v for name, v in playbook.variables.items() if v.external}
    if unknown := sorted(values.keys() - asked.keys()):
        raise BadValue(f"values: the playbook asks for no {', '.join(unknown)[:200]}")
    if missing := sorted(n for n, v in asked.items() if v.value is None and n not in values):
        raise BadValue(f"values: {', '.join(missing)} has to be given")
    return {**given, **{name: checked(name, asked[name], one) for name, one in values.items()}}


_TYPES: dict[VariableType, Any] = {
    VariableType.BOOL: bool, VariableType.INTEGER: int, VariableType.LONG: int,
    VariableType.FLOAT: float, VariableType.LIST: list[str],
}  # fmt: skip


def checked(name: str, variable: Variable, value: Any) -> Any:
    """A value for a variable that a run asks for. Raises `BadValue`."""
    if name in GIVEN:
        raise BadValue(f"{name}: is the incident's own")
    try:
        made = msgspec.convert(value, _TYPES.get(variable.type, str), strict=False)
    except msgspec.ValidationError as problem:
        raise BadValue(f"{name}: {problem}") from None
    if len(str(made)) > MAX_VALUE or "\x00" in str(made):
        raise BadValue(f"{name}: too long, or a character that cannot be stored")
    return made


def _clean(reason: str) -> str:
    text = reason.strip()
    if len(text) > 500 or "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise BadValue("reason: at most 500 characters that can be stored")
    return text
