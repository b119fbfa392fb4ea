"""Forms: empty, unknown yet and given are three things; a wrong value changes nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.obligation_form import BadField, Filled, changed, missing
from zvon.model.rule_pack_shipped import forms

FORM = forms()["nis2-notification@1"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=4), each, max_size=3),
    max_leaves=5,
)  # fmt: skip


def test_unknown_yet_is_an_answer_and_empty_is_none() -> None:
    assert "impact" in missing(FORM, {})
    unknown = changed(FORM, {}, {"impact": {"unknown": True}}, "ana")
    assert unknown["impact"] == Filled("unknown", None, "person:ana")
    assert "impact" not in missing(FORM, unknown)
    empty = changed(FORM, unknown, {"impact": ""}, "ana")
    assert "impact" in missing(FORM, empty)


def test_a_value_that_stays_keeps_its_source_and_a_new_one_has_its_person() -> None:
    old = {"entity": Filled("given", "Elektro Primer", "entity.name")}
    assert changed(FORM, old, {"entity": "Elektro Primer"}, "ana") == old
    new = changed(FORM, old, {"entity": "Elektro Primer, d. d."}, "ana")
    assert new["entity"].source == "person:ana"


def test_every_wrong_field_is_named_and_nothing_is_taken() -> None:
    said: dict[str, Any] = {
        "no_such": 1, "aware_at": "yesterday", "suspected_malicious": "yes", "severity": "awful",
        "indicators": ["x"] * 501, "impact": "x" * 20_001, "contact": "a\x00b", "type": "\ud800",
        "detected_at": "2026-12-11T17:40:00", "description": {"unknown": False}, "cross_border": 1,
    }  # fmt: skip
    with pytest.raises(BadField) as refused:
        changed(FORM, {}, said, "ana")
    assert {each["field"] for each in refused.value.errors} == set(said)


@given(st.dictionaries(st.sampled_from([f.id for f in FORM.fields]) | st.text(max_size=5), JSON))
def test_whatever_is_said_it_fits_or_is_our_own_error(said: dict[str, Any]) -> None:
    try:
        made = set(changed(FORM, {}, said, "ana"))
    except BadField as refused:
        made = {each["field"] for each in refused.errors}
        fits = made <= {name[:64] for name in said}
    else:
        fits = made == set(said)
    assert fits
    assert bool(made) == bool(said)
