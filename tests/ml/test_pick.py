"""Active learning: uncertain first, one of a cluster, some by chance, some twice."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.pick import Candidate, Why, entropy, pick


def test_the_most_uncertain_of_each_cluster_comes_first() -> None:
    rows = [Candidate(1, "a", 0.5), Candidate(2, "a", 0.55), Candidate(3, "b", 0.9),
            Candidate(4, "c", 0.7)]  # fmt: skip
    for seed in range(20):
        found = pick(rows, [], 3, Random(seed))
        if all(p.why is Why.UNCERTAIN for p in found):
            assert [p.candidate.id for p in found] == [1, 4, 3]
    assert all(p.why is Why.UNCERTAIN for p in pick(rows, [], 3, Random(0)))


def test_a_cluster_that_is_known_teaches_less() -> None:
    both = [Candidate(1, "known", 0.5), Candidate(2, "new", 0.9)]
    assert pick(both, [], 1, Random(2), known={"known": 6})[0].candidate.id == 2
    assert pick(both, [], 1, Random(2))[0].candidate.id == 1


def test_a_twentieth_is_random_and_a_twentieth_is_asked_twice() -> None:
    candidates = [Candidate(n, f"c{n}", 0.01) for n in range(2000)]
    rng, found = Random(5), Counter[Why]()
    for _ in range(400):
        found.update(p.why for p in pick(candidates, range(9000, 9050), 10, rng))
    assert abs(found[Why.RANDOM] / 4000 - 0.05) < 0.02
    assert abs(found[Why.DOUBLE] / 4000 - 0.05) < 0.02


@given(
    st.lists(st.tuples(st.integers(0, 500), st.sampled_from("abcdef"), st.floats(0, 1)),
             max_size=60, unique_by=lambda row: row[0]),
    st.integers(0, 30), st.integers(0, 10**6),
)  # fmt: skip
def test_never_more_than_asked_for_and_nobody_twice(
    rows: list[tuple[int, str, float]], count: int, seed: int
) -> None:
    candidates = [Candidate(*row) for row in rows]
    found = pick(candidates, [], count, Random(seed))
    ids = [p.candidate.id for p in found]
    assert len(ids) == len(set(ids)) <= count
    uncertain = [p.candidate.cluster for p in found if p.why is Why.UNCERTAIN]
    assert len(uncertain) == len(set(uncertain))
    assert found == pick(candidates[::-1], [], count, Random(seed))


def test_entropy_is_highest_at_a_half() -> None:
    assert entropy(0.5) == 1
    assert entropy(0.0) < 1e-9 > entropy(1.0)
