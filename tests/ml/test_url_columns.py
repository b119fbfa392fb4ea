"""Layout, hashes, suffixes, words and columns of addresses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.url.columns import columns, matrix, names_of
from zvon.ml.url.forest import Forest
from zvon.ml.url.hashing import GRAMS, Spans, gram_buckets, leaving, span_hash
from zvon.ml.url.layout import MAX_BYTES, lay_out
from zvon.ml.url.suffixes import BELOW, EXACT, EXCEPT, PLATFORM, cut, rules_of
from zvon.ml.url.tables import GRAM_BITS, LETTER_BITS, SUFFIX_BITS, WORD_BITS, Tables
from zvon.ml.url.words import words_of

RULES = rules_of({
    "com": EXACT, "uk": EXACT, "co.uk": EXACT, "pages.dev": EXACT | PLATFORM, "dev": EXACT,
    "ck": BELOW, "www.ck": EXCEPT,
})  # fmt: skip
forms = st.lists(
    st.from_regex(rb"[a-z0-9.-]{0,20}([/?#][!-~]{0,40})?", fullmatch=True), min_size=1, max_size=12
)


def tables() -> Tables:
    rng = np.random.default_rng(3)

    def drawn(bits: int) -> np.ndarray:
        return rng.normal(size=1 << bits).astype(np.float16).astype(np.float32)

    return Tables(
        rules=RULES, word=drawn(WORD_BITS), word_seen=drawn(WORD_BITS), suffix=drawn(SUFFIX_BITS),
        suffix_seen=drawn(SUFFIX_BITS), letters=drawn(LETTER_BITS), grams=(drawn(GRAM_BITS),),
    )  # fmt: skip


TABLES = tables()


@given(forms)
def test_the_parts_of_an_address_lie_where_the_layout_says(rows: list[bytes]) -> None:
    layout = lay_out(rows)
    flat = layout.flat.tobytes()
    for n, row in enumerate(rows):
        host = row.replace(b"?", b"/").replace(b"#", b"/").partition(b"/")[0]
        assert flat[layout.host[n] : layout.stop[n]] == host
        assert flat[layout.stop[n] + 1 : layout.end[n] - 1] == row[len(host) :].lower()


@pytest.mark.parametrize(
    ("host", "own", "suffix", "platform"),
    [
        (b"a.b.example.com", b"example", b"com", False),
        (b"x.co.uk", b"x", b"co.uk", False),
        (b"shop.pages.dev", b"shop", b"pages.dev", True),
        (b"pages.dev", b"", b"pages.dev", True),
        (b"a.b.ck", b"a", b"b.ck", False),
        (b"www.ck", b"www", b"ck", False),
        (b"one.unheard", b"one", b"unheard", False),
        (b"localhost", b"", b"localhost", False),
    ],
)
def test_a_host_is_cut_at_its_longest_suffix(
    host: bytes, own: bytes, suffix: bytes, platform: bool
) -> None:
    layout = lay_out([b"other.com", host, b""])
    at = cut(layout, Spans.of(layout), RULES)
    flat = layout.flat.tobytes()
    assert flat[at.suffix[1] : layout.stop[1]] == suffix
    assert flat[at.own[1] : at.suffix[1]].rstrip(b".") == own
    assert bool(at.platform[1]) is platform


def test_equal_spans_hash_alike_wherever_they_stand() -> None:
    layout = lay_out([b"abc.com/x-Login.PHP", b"q.login.net"])
    spans = Spans.of(layout)
    words = words_of(layout, cut(layout, spans, RULES), spans)
    text = [layout.flat[f:e].tobytes() for f, e in zip(words.first, words.last, strict=True)]
    assert text == [b"abc", b"com", b"x", b"login", b"php", b"q", b"login", b"net"]
    assert words.part.tolist() == [1, 2, 3, 3, 3, 0, 1, 2]
    assert words.hashes.tolist() == [span_hash(word) for word in text]


def test_ngrams_of_host_and_rest_differ_and_stay_inside() -> None:
    layout = lay_out([b"ab.ab", b"x/ab"])
    for n, buckets in gram_buckets(layout, GRAM_BITS):
        out = leaving(layout, n)
        assert n in GRAMS
        assert len(buckets) == layout.size
        assert set(np.arange(layout.end[0] - n + 1, layout.end[0])) <= set(out.tolist())
        if n == 2:
            assert buckets[1] == buckets[4]
            assert buckets[1] != buckets[layout.stop[1] + 2]


@given(forms)
def test_columns_do_not_depend_on_neighbours(rows: list[bytes]) -> None:
    names = names_of(TABLES)
    together = matrix(rows, TABLES, names)
    alone = np.concatenate([matrix([row], TABLES, names) for row in rows], axis=1)
    assert together.shape == (len(names), len(rows))
    assert np.isfinite(together).all()
    assert np.array_equal(together, alone)


def test_columns_count_what_they_say() -> None:
    row = columns(lay_out([b"pay-1.example.com:8080/Log_in/a.php?x=1&y=%20"]), TABLES)
    found = {name: float(values[0]) for name, values in row.items()}
    assert (found["sub.hyphen"], found["sub.digit"], found["host.labels"]) == (1, 1, 3)
    assert (found["rest.slash"], found["rest.equals"], found["rest.percent"]) == (2, 2, 1)
    assert (found["rest.upper"], found["rest.query"], found["host.port"]) == (1, 1, 1)
    assert columns(lay_out([b"a.com/b.php"]), TABLES)["rest.extension"][0] == 3


def test_what_is_cut_off_still_counts_as_length() -> None:
    row = columns(lay_out([b"a.com/" + b"z" * 900]), TABLES)
    assert row["length"][0] == 906
    assert row["rest.length"][0] == MAX_BYTES - len(b"a.com")


def test_a_tree_looks_up_the_leaf_of_its_answers() -> None:
    forest = Forest(
        column=np.array([[0, 1]], np.int16), border=np.array([[0.5, 2.0]], np.float32),
        leaf=np.array([[1, 2, 4, 8]], np.float32), bias=0.25,
    )  # fmt: skip
    grid = np.array([[0, 1, 0, 1], [1, 1, 3, 3]], np.float32)
    assert forest.raw(grid).tolist() == [1.25, 2.25, 4.25, 8.25]
