"""Filters of the queue: the address says all of it, in one form, and nothing else gets in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.lifecycle import IncidentState
from zvon.store.incident_filter import BadFilter, Filter, Sort, SourceKind, Tab, read, write

words = st.text(st.characters(categories=("L", "N", "P")), max_size=20)
filters = st.builds(
    Filter,
    tab=st.sampled_from(Tab),
    sort=st.sampled_from(Sort),
    state=st.none() | st.sampled_from(IncidentState),
    severity=st.none() | st.integers(0, 4),
    brand=st.none() | words.filter(bool),
    source=st.none() | st.sampled_from(SourceKind),
    country=st.none() | st.sampled_from(["SI", "HR"]),
    tlp=st.none() | st.sampled_from(["amber", "amber+strict", "clear"]),
    waits_h=st.none() | st.integers(0, 1000),
    text=st.none() | words.filter(bool),
)


@given(filters)
def test_a_filter_reads_back_from_its_address(wanted: Filter) -> None:
    assert read(write(wanted)) == wanted
    assert write(read(write(wanted))) == write(wanted)


@given(st.text(max_size=80))
def test_no_query_raises_anything_but_our_own_error(query: str) -> None:
    try:
        found = read(query)
    except BadFilter:
        return
    assert isinstance(found, Filter)


@pytest.mark.parametrize("query", [
    "tab=nonsense", "severity=5", "severity=x", "tlp=purple", "country=si", "unknown=1",
    "waits_h=-1", "text=%00", "tab=all&tab=mine", "brand=" + "x" * 101, "text=a%0Ab",
])  # fmt: skip
def test_what_the_queue_does_not_know_is_refused(query: str) -> None:
    with pytest.raises(BadFilter):
        read(query)


def test_empty_fields_of_a_form_mean_nothing() -> None:
    assert read("brand=&text=&tab=all&severity=2") == Filter(severity=2)
    assert not read("tab=mine&sort=newest").narrows
    assert read("severity=0").narrows
