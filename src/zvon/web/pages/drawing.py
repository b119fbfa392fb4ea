"""Where the parts of a campaign stand in its picture: columns, ordered so that few lines cross."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

ROW = 28
COLUMN = 300
LABEL = 230  # room for the words of a node, before the lines begin
MARGIN = 14
LETTER = 7
SWEEPS = 6
MOST = 40  # nodes of a column; the table beside the picture has them all


class Dot(Struct, frozen=True, kw_only=True):
    """A node to draw: `column` counts from 0, `weight` is what it stands for."""

    id: str
    column: int
    label: str
    kind: str
    weight: int = 1


class Placed(Struct, frozen=True, kw_only=True):
    """A node with its place, in pixels."""

    dot: Dot
    x: int
    y: int


class Line(Struct, frozen=True):
    """A curve between two nodes, as an SVG path, and why it is there."""

    path: str
    why: str


class Drawing(Struct, frozen=True, kw_only=True):
    """A picture: `left_out` nodes had no room."""

    width: int
    height: int
    nodes: tuple[Placed, ...]
    lines: tuple[Line, ...]
    left_out: int


def draw(dots: Sequence[Dot], edges: Iterable[tuple[str, str, str]]) -> Drawing:
    """Place `dots` and connect them by `edges` (from, to, why).

    Each column is ordered by the mean place of its neighbours, to and fro (the barycentre method
    of Sugiyama, Tagawa and Toda, 1981); equal input gives an equal picture.
    """
    columns: dict[int, list[Dot]] = defaultdict(list)
    for dot in sorted(dots, key=lambda d: (d.column, -d.weight, d.label, d.id)):
        columns[dot.column].append(dot)
    left_out = sum(max(0, len(column) - MOST) for column in columns.values())
    order = {n: column[:MOST] for n, column in sorted(columns.items())}
    drawn = {dot.id for column in order.values() for dot in column}
    kept = [(a, b, why) for a, b, why in edges if a in drawn and b in drawn]
    near: dict[str, list[str]] = defaultdict(list)
    for a, b, _ in kept:
        near[a].append(b)
        near[b].append(a)
    for sweep in range(SWEEPS):
        for n in sorted(order, reverse=bool(sweep % 2)):
            place = _places(order)
            mean = {d.id: _mean(place, near[d.id], place[d.id]) for d in order[n]}
            order[n] = sorted(order[n], key=lambda d: mean[d.id])
    return _drawing(order, kept, left_out)


def _places(order: Mapping[int, Sequence[Dot]]) -> dict[str, float]:
    """Each node's place in its column, from 0 to 1."""
    return {
        dot.id: (row + 0.5) / len(column) for column in order.values()
        for row, dot in enumerate(column)
    }  # fmt: skip


def _mean(place: Mapping[str, float], others: Sequence[str], own: float) -> float:
    return sum(place[other] for other in others) / len(others) if others else own


def _drawing(
    order: Mapping[int, Sequence[Dot]], edges: Sequence[tuple[str, str, str]], left_out: int
) -> Drawing:
    tallest = max((len(column) for column in order.values()), default=0)
    nodes: dict[str, Placed] = {}
    for n, column in enumerate(order.values()):
        offset = (tallest - len(column)) * ROW // 2
        for row, dot in enumerate(column):
            nodes[dot.id] = Placed(
                dot=dot, x=MARGIN + n * COLUMN, y=MARGIN + offset + row * ROW + ROW // 2
            )
    lines = tuple(Line(_curve(nodes[a], nodes[b]), why) for a, b, why in edges)
    width = 2 * MARGIN + max(len(order) - 1, 0) * COLUMN + LABEL
    return Drawing(
        width=width, height=2 * MARGIN + tallest * ROW, nodes=tuple(nodes.values()), lines=lines,
        left_out=left_out,
    )  # fmt: skip


def _curve(a: Placed, b: Placed) -> str:
    if a.x > b.x:
        a, b = b, a
    start, end = a.x + _width(a.dot), b.x - 6
    if a.x == b.x:  # two of one column: a bow on the right
        end = b.x + _width(b.dot)
    middle = (start + end) // 2 if a.x < b.x else max(start, end) + 40
    return f"M{start} {a.y}C{middle} {a.y} {middle} {b.y} {end} {b.y}"


def _width(dot: Dot) -> int:
    """About where the words of a node end."""
    return min(LABEL, 20 + LETTER * len(dot.label))
