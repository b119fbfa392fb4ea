"""Components against brute force, undo, and what a person parted."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.correlate.forest import Forest, Join, Refusal, components

GROUP = st.integers(1, 12)
PAIR = st.tuples(GROUP, GROUP).filter(lambda pair: pair[0] != pair[1])
PAIRS = st.lists(PAIR, max_size=25)


def reached(groups: range, links: list[tuple[int, int]]) -> dict[int, int]:
    """Brute force: spread the smallest name along the links until nothing changes."""
    name = {group: group for group in groups}
    for _ in groups:
        for a, b in links:
            name[a] = name[b] = min(name[a], name[b])
    return name


@given(PAIRS)
def test_components_are_what_the_links_reach(links: list[tuple[int, int]]) -> None:
    groups = range(1, 13)
    assert components(groups, links) == reached(groups, links)


@given(PAIRS, PAIRS)
def test_undo_gives_back_what_was(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    forest = Forest(100)
    for a, b in before:
        forest.join(a, b)
    was = [(forest.name(group), forest.size(group)) for group in range(1, 13)]
    mark = forest.mark()
    for a, b in after:
        forest.join(a, b)
    forest.undo(mark)
    assert [(forest.name(group), forest.size(group)) for group in range(1, 13)] == was


@given(PAIRS, PAIRS, PAIRS)
def test_what_a_person_parted_stays_apart_and_what_one_joined_together(
    links: list[tuple[int, int]], cannot: list[tuple[int, int]], must: list[tuple[int, int]]
) -> None:
    found = components(range(1, 13), links, cannot, must)
    together = reached(range(1, 13), must)
    assert all(found[a] == found[b] for a, b in must)
    assert all(found[a] != found[b] for a, b in cannot if together[a] != together[b])


@given(PAIRS, PAIR, PAIRS)
def test_a_pair_that_was_parted_between_two_marks_stays_so(
    links: list[tuple[int, int]], pair: tuple[int, int], more: list[tuple[int, int]]
) -> None:
    forest = Forest(100)
    mark = forest.mark()
    for a, b in links:
        forest.join(a, b)
    if forest.find(pair[0]) == forest.find(pair[1]):
        forest.undo(mark)
    forest.forbid(*pair)
    forest.undo(mark)
    for a, b in more:
        forest.join(a, b)
    assert forest.find(pair[0]) != forest.find(pair[1])
    assert forest.join(*pair) is Refusal.APART


def test_a_full_component_stops_but_not_for_a_person() -> None:
    forest = Forest(3)
    assert isinstance(forest.join(1, 2), Join)
    assert isinstance(forest.join(2, 3), Join)
    assert forest.join(3, 4) is Refusal.FULL
    assert isinstance(forest.join(3, 4, forced=True), Join)
    assert forest.size(1) == 4


def test_what_is_together_can_not_be_kept_apart_by_word_alone() -> None:
    forest = Forest(10)
    forest.join(1, 2)
    try:
        forest.forbid(1, 2)
    except ValueError as problem:
        said = str(problem)
    assert "part them first" in said


def test_who_is_forgotten_is_alone_again() -> None:
    forest = Forest(10)
    forest.join(1, 2)
    forest.forbid(1, 5)
    forest.forget([1, 2])
    assert (forest.name(2), forest.size(1), forest.pairs()) == (2, 1, ())


def test_a_long_chain_is_found_quickly() -> None:
    found = components(range(20_000), [(n, n + 1) for n in range(19_999)], limit=30_000)
    assert set(found.values()) == {0}
