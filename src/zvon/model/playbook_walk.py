"""The steps of a playbook in the order in which a person reads them: branches inside their step."""

from msgspec import Struct

from zvon.model.playbook import Playbook, StepId, branches, sequence
from zvon.model.playbook_graph import along, reached

MOST_LEVELS = 8
MOST_LOOKED_AHEAD = 200
"""In larger playbooks what failures lead to is read first, wherever else it is reached."""


class Place(Struct, frozen=True, kw_only=True):
    """Where a step stands: how deep, and by which way of which step it is reached first.

    `way` is empty for the start and for steps that nothing leads to.
    """

    step: StepId
    level: int
    way: str = ""
    of: StepId | None = None


def walk(playbook: Playbook) -> list[Place]:
    """Every step once: what follows stands below, a branch one level deeper, the unreached last."""
    found: dict[StepId, Place] = {}
    ways = along(playbook) if len(playbook.steps) <= MOST_LOOKED_AHEAD else {}
    first = [Place(step=playbook.start, level=0)]
    if playbook.exception is not None:
        first.append(Place(step=playbook.exception, level=0, way="exception"))
    waiting = [*reversed(first)]
    while waiting:
        place = waiting.pop()
        if place.step in found or place.step not in playbook.steps:
            continue
        found[place.step] = place
        step = playbook.steps[place.step]
        deeper = min(place.level + 1, MOST_LEVELS)
        inside = [
            Place(step=target, level=deeper, way=way, of=place.step)
            for way, target in branches(step)
        ]
        next_ones = [
            Place(step=target, level=place.level, way=way, of=place.step)
            for way, target in sequence(step)
            if way in {"on_completion", "on_success"}
        ]
        # What failures share with the way itself is read where the way comes to it.
        shared = reached([each.step for each in next_ones], ways)
        aside = [
            Place(step=target, level=deeper, way=way, of=place.step)
            for way, target in sequence(step)
            if way in {"on_failure", "on_timeout"} and target not in shared
        ]
        waiting += [*reversed([*inside, *aside, *next_ones])]
    unreached = [Place(step=name, level=0) for name in playbook.steps if name not in found]
    return [*found.values(), *unreached]
