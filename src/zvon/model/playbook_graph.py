"""The steps of a playbook as a graph: what can be reached, what can end, what goes in circles.

Everything here is a loop over lists, never recursion: a file of any depth is only slow.
"""

from collections.abc import Collection, Iterable, Mapping

from zvon.model.playbook import (
    Call,
    End,
    Opening,
    Playbook,
    StepId,
    While,
    branches,
    sequence,
    targets,
)

Edges = Mapping[StepId, Collection[StepId]]


def edges(playbook: Playbook) -> dict[StepId, list[StepId]]:
    """Where each step leads, within its sequence and into branches; missing steps left out."""
    return {
        name: [target for _, target in targets(step) if target in playbook.steps]
        for name, step in playbook.steps.items()
    }


def along(playbook: Playbook) -> dict[StepId, list[StepId]]:
    """Where each step leads within its own sequence."""
    return {
        name: [target for _, target in sequence(step) if target in playbook.steps]
        for name, step in playbook.steps.items()
    }


def reached(roots: Iterable[StepId], ways: Edges, without: StepId | None = None) -> set[StepId]:
    """All steps that can be reached from `roots`, themselves included, not going through `without`."""
    found = {root for root in roots if root in ways and root != without}
    waiting = list(found)
    while waiting:
        for target in ways[waiting.pop()]:
            if target not in found and target != without:
                found.add(target)
                waiting.append(target)
    return found


def roots(playbook: Playbook) -> list[StepId]:
    """Where a run may begin: the start, and the step for exceptions."""
    return [each for each in (playbook.start, playbook.exception) if each in playbook.steps]


def endless(playbook: Playbook) -> list[StepId]:
    """Reachable steps from which no end can be reached, in the order of the playbook."""
    ways = edges(playbook)
    back: dict[StepId, list[StepId]] = {name: [] for name in ways}
    for name, leads in ways.items():
        for target in leads:
            back[target].append(name)
    # A step that opens branches and names nothing after them ends its sequence there.
    last = [
        name
        for name, step in playbook.steps.items()
        if isinstance(step, End) or (isinstance(step, Opening) and not any(sequence(step)))
    ]
    ending = reached(last, back)
    seen = reached(roots(playbook), ways)
    return [name for name in playbook.steps if name in seen and name not in ending]


def returns(playbook: Playbook, ways: Edges) -> set[tuple[StepId, StepId]]:
    """The ways by which the body of a `While` goes back to it: (step of the body, the `While`)."""
    found: set[tuple[StepId, StepId]] = set()
    for name, step in playbook.steps.items():
        if not isinstance(step, While):
            continue
        body = reached([step.on_true], ways, without=name)
        after = reached([target for _, target in sequence(step)], ways, without=name)
        found.update((each, name) for each in body - after if name in ways[each])
    return found


def circles(playbook: Playbook) -> list[list[StepId]]:
    """Steps that lead back to themselves other than through a `While`; each circle in order.

    Strongly connected components after Tarjan (1972), with a stack of our own.
    """
    ways = {name: list(leads) for name, leads in edges(playbook).items()}
    for inside, loop in returns(playbook, ways):
        ways[inside] = [each for each in ways[inside] if each != loop]
    place_of = {name: place for place, name in enumerate(ways)}
    order: dict[StepId, int] = {}
    low: dict[StepId, int] = {}
    stack: list[StepId] = []
    on_stack: set[StepId] = set()
    found: list[list[StepId]] = []
    for root in ways:
        if root in order:
            continue
        work: list[tuple[StepId, int]] = [(root, 0)]
        while work:
            name, place = work.pop()
            if place == 0:
                order[name] = low[name] = len(order)
                stack.append(name)
                on_stack.add(name)
            for at in range(place, len(ways[name])):
                target = ways[name][at]
                if target not in order:
                    work.append((name, at + 1))
                    work.append((target, 0))
                    break
                if target in on_stack:
                    low[name] = min(low[name], order[target])
            else:
                if low[name] == order[name]:
                    part = _popped(stack, on_stack, name)
                    if len(part) > 1 or name in ways[name]:
                        found.append(sorted(part, key=place_of.__getitem__))
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[name])
    return found


def shared_ends(playbook: Playbook) -> list[StepId]:
    """Ends at which more than one branch stops, or a branch and what is around it."""
    back = returns(playbook, edges(playbook))
    ways = {
        name: [target for target in leads if (name, target) not in back]
        for name, leads in along(playbook).items()
    }
    firsts = [
        target
        for step in playbook.steps.values()
        for _, target in branches(step)
        if target in playbook.steps
    ]
    count: dict[StepId, int] = {}
    for first in dict.fromkeys([playbook.start, *firsts]):
        for name in reached([first], ways):
            if isinstance(playbook.steps[name], End):
                count[name] = count.get(name, 0) + 1
    return [name for name in playbook.steps if count.get(name, 0) > 1]


def body(playbook: Playbook, name: StepId, step: While) -> set[StepId]:
    """The steps of a `While`'s rounds, those of branches inside included."""
    return reached([step.on_true], edges(playbook), without=name)


def called(playbook: Playbook) -> list[tuple[StepId, str]]:
    """Which other playbooks are called, and from where."""
    return [
        (name, step.playbook) for name, step in playbook.steps.items() if isinstance(step, Call)
    ]


def _popped(stack: list[StepId], on_stack: set[StepId], until: StepId) -> list[StepId]:
    part: list[StepId] = []
    while True:
        name = stack.pop()
        on_stack.discard(name)
        part.append(name)
        if name == until:
            return part
