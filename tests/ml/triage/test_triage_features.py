"""What a sighting looks like among its neighbours."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.triage.features import BUCKETS, COLUMNS, Sighting, buckets, columns

PLACE = {name: number for number, name in enumerate(COLUMNS)}


def sighting(at: float, signature: str = "s", host: str = "h", hours: int = 0) -> Sighting:
    return Sighting(at, signature, host, hours, hours, 10.0)


SIGHTINGS = st.lists(
    st.builds(
        sighting,
        st.floats(0, 9000),
        st.sampled_from("abc"),
        st.sampled_from("xyz"),
        st.integers(0, 9),
    ),
    max_size=25,
).map(lambda found: sorted(found, key=lambda each: each.at))


@given(SIGHTINGS)
def test_windows_are_what_a_plain_count_finds(seen: list[Sighting]) -> None:
    if not seen:
        return
    found = columns(seen)
    assert found.shape == (len(seen), len(COLUMNS))
    for row, one in zip(found, seen, strict=True):
        near = [each for each in seen if abs(each.at - one.at) <= 600 and each.hours <= 6]
        here = [each for each in near if each.host == one.host]
        expected = {
            "near_600": sum(1 / (1 + each.hours) for each in near),
            "host_600": sum(1 / (1 + each.hours) for each in here),
            "signatures_600": len({each.signature for each in near}),
            "hosts_600": len({each.host for each in near}),
            "hosts_at_once": len(
                {e.host for e in seen if e.signature == one.signature and abs(e.at - one.at) <= 300}
            ),
        }
        for name, value in expected.items():
            assert np.isclose(np.expm1(row[PLACE[name]]), value), name


@given(SIGHTINGS, st.dictionaries(st.sampled_from("abc"), st.sampled_from("abc"), min_size=3))
def test_nothing_says_which_signature_it_is(seen: list[Sighting], names: dict[str, str]) -> None:
    """Other names for the signatures, the same figures."""
    if not seen or len(set(names.values())) < 3:
        return
    other = [sighting(s.at, "new " + names[s.signature], s.host, s.hours) for s in seen]
    assert np.array_equal(columns(seen), columns(other))


@given(st.text(max_size=80))
def test_words_of_any_title_have_their_places(title: str) -> None:
    found = buckets(title)
    assert all(0 <= each < BUCKETS for each in found)
    assert found == buckets(title.upper().lower()) or not title.isascii()


def test_a_storm_of_names_takes_no_square_of_its_length() -> None:
    storm = [sighting(n * 0.1, f"s{n % 500}", f"h{n % 700}") for n in range(20_000)]
    found = columns(storm)
    assert np.isclose(np.expm1(found[10_000, PLACE["signatures_3600"]]), 500)
