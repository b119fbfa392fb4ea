"""The picture of a campaign: complete where there is room, the same each time, few crossings."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.web.pages.drawing import MOST, Dot, draw


def dot(id: str, column: int, weight: int = 1) -> Dot:
    return Dot(id=id, column=column, label=id, kind="name", weight=weight)


def test_lines_of_a_simple_campaign_do_not_cross() -> None:
    dots = [dot(f"a{n}", 0) for n in range(6)] + [dot(f"b{n}", 1) for n in range(6)]
    drawing = draw(dots, [(f"a{n}", f"b{5 - n}", "") for n in range(6)])
    at = {placed.dot.id: placed.y for placed in drawing.nodes}
    left = sorted(range(6), key=lambda n: at[f"a{n}"])
    assert left == sorted(range(6), key=lambda n: at[f"b{5 - n}"])


def test_what_has_no_room_is_counted_and_the_heaviest_stay() -> None:
    dots = [dot(f"n{n}", 0, weight=n) for n in range(MOST + 5)]
    drawing = draw(dots, [("n0", "n44", "")])
    assert drawing.left_out == 5
    assert {p.dot.id for p in drawing.nodes} == {f"n{n}" for n in range(5, MOST + 5)}
    assert drawing.lines == ()


def test_nothing_is_a_picture_too() -> None:
    assert draw([], []).nodes == ()


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 2)), max_size=40, unique=True),
    st.data(),
)
def test_no_two_nodes_share_a_place_and_the_picture_does_not_depend_on_the_order(
    rows: list[tuple[int, int]], data: st.DataObject
) -> None:
    dots = [dot(f"{n}-{column}", column) for n, column in rows]
    ids = [d.id for d in dots]
    edges = []
    if ids:
        pairs = data.draw(st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids))))
        edges = [(a, b, "x") for a, b in pairs if a != b]
    drawing = draw(dots, edges)
    assert len({(p.x, p.y) for p in drawing.nodes}) == len(dots)
    assert draw(dots[::-1], edges) == drawing
    assert all(0 <= p.x <= drawing.width and 0 <= p.y <= drawing.height for p in drawing.nodes)
