"""A playbook as a picture: layers from top to bottom, so that every way goes down.

Layers by the longest way from the start, long ways led through places of their own, each layer
ordered by the mean of its neighbours (Sugiyama, Tagawa and Toda, 1981). Loops over lists only; equal
input gives an equal picture.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from zvon.model.playbook import Playbook, StepId, targets

MOST = 150
"""Larger playbooks are read in the list; a picture of them helps nobody."""
BOX, HIGH, GAP, ROW, BEND, MARGIN = 196, 40, 20, 84, 14, 16
SWEEPS = 8
LETTERS = 25


class Shape(Struct, frozen=True, kw_only=True):
    """A step in the picture, by its upper left corner."""

    step: StepId
    label: str
    kind: str
    x: int
    y: int


class Arrow(Struct, frozen=True, kw_only=True):
    """A way, as an SVG path; `label` stands where it begins. `back` leads up again."""

    path: str
    way: str
    x: int
    y: int
    back: bool = False


class Flow(Struct, frozen=True, kw_only=True):
    """The whole picture."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    arrows: tuple[Arrow, ...]


Point = tuple[StepId, int]
"""A step (0), or the place in layer n that a long way passes (n > 0), keyed by what it is of."""


def draw(playbook: Playbook, labels: Mapping[StepId, str]) -> Flow | None:
    """Draw `playbook`; none when it is too large. `labels` are the names for people."""
    if len(playbook.steps) > MOST:
        return None
    ways = [
        (name, target, way)
        for name, step in playbook.steps.items()
        for way, target in targets(step)
        if target in playbook.steps
    ]
    if len(ways) > 4 * MOST:
        return None
    back = _back(playbook, ways)
    down = [each for each in ways if each[:2] not in back]
    layer = _layers(playbook, down)
    order, chains = _places(playbook, layer, down)
    return _drawing(playbook, labels, order, chains, [w for w in ways if w[:2] in back])


def _back(playbook: Playbook, ways: Sequence[tuple[str, str, str]]) -> set[tuple[str, str]]:
    """Ways that close a circle, seen from the start by depth-first search with our own stack."""
    leads: dict[str, list[str]] = defaultdict(list)
    for name, target, _ in ways:
        leads[name].append(target)
    open_steps: set[str] = set()
    done: set[str] = set()
    found: set[tuple[str, str]] = set()
    for root in [playbook.start, *playbook.steps]:
        if root in done or root not in playbook.steps:
            continue
        stack = [(root, 0)]
        open_steps.add(root)
        while stack:
            name, at = stack.pop()
            if at == len(leads[name]):
                open_steps.discard(name)
                done.add(name)
                continue
            stack.append((name, at + 1))
            target = leads[name][at]
            if target in open_steps:
                found.add((name, target))
            elif target not in done:
                open_steps.add(target)
                stack.append((target, 0))
    return found


def _layers(playbook: Playbook, down: Sequence[tuple[str, str, str]]) -> dict[str, int]:
    before: dict[str, int] = dict.fromkeys(playbook.steps, 0)
    leads: dict[str, list[str]] = defaultdict(list)
    for name, target, _ in down:
        leads[name].append(target)
        before[target] += 1
    layer = dict.fromkeys(playbook.steps, 0)
    ready = [name for name, count in before.items() if count == 0]
    while ready:
        name = ready.pop()
        for target in leads[name]:
            layer[target] = max(layer[target], layer[name] + 1)
            before[target] -= 1
            if before[target] == 0:
                ready.append(target)
    return layer


Rows = dict[int, list[Point]]
Chain = tuple[str, list[Point]]


def _places(
    playbook: Playbook, layer: Mapping[str, int], down: Sequence[tuple[str, str, str]]
) -> tuple[Rows, list[Chain]]:
    rows: Rows = defaultdict(list)
    for name in playbook.steps:
        rows[layer[name]].append((name, 0))
    near: dict[Point, list[Point]] = defaultdict(list)
    chains: list[Chain] = []
    for number, (name, target, way) in enumerate(down):
        chain: list[Point] = [(name, 0)]
        for n in range(layer[name] + 1, layer[target]):
            point = (f"{number} {name}", n)
            rows[n].append(point)
            chain.append(point)
        chain.append((target, 0))
        chains.append((way, chain))
        for a, b in pairwise(chain):
            near[a].append(b)
            near[b].append(a)
    for sweep in range(SWEEPS):
        place = {p: i / len(row) for row in rows.values() for i, p in enumerate(row)}
        for n in sorted(rows, reverse=bool(sweep % 2)):
            rows[n].sort(key=lambda p: _mean(place, near[p], place[p]))
    return rows, chains


def _mean(place: Mapping[Point, float], others: Sequence[Point], own: float) -> float:
    return sum(place[each] for each in others) / len(others) if others else own


def _drawing(
    playbook: Playbook,
    labels: Mapping[StepId, str],
    rows: Rows,
    chains: Sequence[Chain],
    back: Sequence[tuple[str, str, str]],
) -> Flow:
    def wide(point: Point) -> int:
        return BEND if point[1] else BOX

    widest = max(sum(wide(p) + GAP for p in row) - GAP for row in rows.values())
    middle: dict[Point, tuple[int, int]] = {}
    for n, row in rows.items():
        x = MARGIN + (widest - (sum(wide(p) + GAP for p in row) - GAP)) // 2
        for point in row:
            middle[point] = (x + wide(point) // 2, MARGIN + n * ROW)
            x += wide(point) + GAP
    shapes = tuple(
        Shape(step=name, label=_short(labels[name]), kind=str(type(step).__struct_config__.tag),
              x=middle[name, 0][0] - BOX // 2, y=middle[name, 0][1])
        for name, step in playbook.steps.items()
    )  # fmt: skip
    arrows = [_arrow(way, [middle[p] for p in chain]) for way, chain in chains]
    arrows += [_up(way, middle[a, 0], middle[b, 0]) for a, b, way in back]
    return Flow(
        width=widest + 2 * MARGIN + (40 if back else 0),
        height=2 * MARGIN + HIGH + ROW * max(rows), shapes=shapes, arrows=tuple(arrows),
    )  # fmt: skip


def _arrow(way: str, points: Sequence[tuple[int, int]]) -> Arrow:
    x, y = points[0][0], points[0][1] + HIGH
    path = f"M{x} {y}"
    for to_x, to_y in points[1:]:
        half = (y + to_y) // 2
        path += f"C{x} {half} {to_x} {half} {to_x} {to_y}"
        x, y = to_x, to_y
        if (to_x, to_y) != points[-1]:  # through the place that is kept free for it
            path += f"L{to_x} {to_y + HIGH}"
            y = to_y + HIGH
    # Labels of several ways from one step stand apart: along their own way.
    first = points[1]
    label_x = points[0][0] + (first[0] - points[0][0]) // 3
    return Arrow(path=path, way=way, x=label_x, y=points[0][1] + HIGH + 16)


def _up(way: str, start: tuple[int, int], end: tuple[int, int]) -> Arrow:
    x, y = start[0] + BOX // 2, start[1] + HIGH // 2
    to_x, to_y = end[0] + BOX // 2, end[1] + HIGH // 2
    out = max(x, to_x) + 30
    path = f"M{x} {y}C{out} {y} {out} {to_y} {to_x} {to_y}"
    return Arrow(path=path, way=way, x=out - 10, y=(y + to_y) // 2, back=True)


def _short(label: str) -> str:
    return label if len(label) <= LETTERS else f"{label[: LETTERS - 1]}…"
