"""Sentences as rows of weighted buckets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.attack.features import SIZE, WORDS, counted, weighted

EVERYTHING = np.ones(SIZE, np.float32)


def test_words_pairs_and_runs_within_words_are_counted() -> None:
    rows = counted(["run run"])
    words = rows.column < WORDS
    assert sorted(rows.value[words].tolist()) == [1.0, 2.0]  # the pair, the word
    # " ru run un" of three, " run run " of four, " run " of five letters, each twice.
    assert rows.value[~words].tolist() == [2.0] * 6


def test_each_half_of_a_row_has_length_one() -> None:
    made = weighted(counted(["it deletes files and registry keys", "", "x"]), EVERYTHING)
    for n in range(made.count):
        column = made.column[made.begin[n] : made.begin[n + 1]]
        value = made.value[made.begin[n] : made.begin[n + 1]]
        for half in (column < WORDS, column >= WORDS):
            if half.any():
                assert abs(float((value[half] ** 2).sum()) - 1) < 1e-5
    assert made.begin[1] == made.begin[2]


def test_buckets_that_training_did_not_see_fall_out() -> None:
    rows = counted(["deletes files"])
    idf = EVERYTHING.copy()
    idf[rows.column[0]] = 0
    assert rows.column[0] not in weighted(rows, idf).column


@given(st.lists(st.text(max_size=60), max_size=5))
def test_a_sentence_has_the_same_row_alone_as_among_others(texts: list[str]) -> None:
    together = weighted(counted(texts), EVERYTHING)
    for n, text in enumerate(texts):
        alone = weighted(counted([text]), EVERYTHING)
        part = slice(together.begin[n], together.begin[n + 1])
        assert together.column[part].tolist() == alone.column.tolist()
        assert np.allclose(together.value[part], alone.value)
