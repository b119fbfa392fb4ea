"""Which decisions a view takes."""

import pytest

from zvon.model.view import BadView, DecisionFacts, View, takes

FACTS = DecisionFacts(
    country="SI", category="phishing", source="SI-CERT", confidence=0.7, trigger="qname", feed="si"
)


@pytest.mark.parametrize(
    ("view", "taken"),
    [
        (View(), True),
        (View(countries=("SI", "HR")), True),
        (View(countries=("HR",)), False),
        (View(categories=("malware",)), False),
        (View(sources=("SI-CERT",)), True),
        (View(sources=("other",)), False),
        (View(min_confidence=0.7), True),
        (View(min_confidence=0.71), False),
        (View(triggers=("ip", "nsip")), False),
        (View(feeds=("si",), categories=("phishing",)), True),
        (View(feeds=("si",), categories=("scam",)), False),
    ],
)
def test_a_view_takes_what_meets_every_field_that_it_names(view: View, taken: bool) -> None:
    assert takes(view, FACTS) is taken


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("countries", ("si",)),
        ("countries", ("SLO",)),
        ("categories", ("weather",)),
        ("triggers", ("client-ip",)),
        ("min_confidence", 1.5),
        ("min_confidence", float("nan")),
        ("sources", ("x",) * 101),
    ],
)
def test_a_field_that_nothing_could_meet_is_named(field: str, value: object) -> None:
    with pytest.raises(BadView, match=field):
        View(**{field: value})  # type: ignore[arg-type]
