"""The taxonomy: its types, and what maps to them."""

import pytest

from zvon.locale import translator
from zvon.model import rsit
from zvon.model.verdict import Category


def test_it_has_eleven_classifications_and_39_types() -> None:
    assert len(rsit.types()) == len(set(rsit.types())) == 39
    assert len({term.partition("/")[0] for term in rsit.types()}) == 11
    assert rsit.version() == "1003"


def test_every_category_of_ours_and_every_technique_leads_to_a_type() -> None:
    for category in Category:
        assert set(rsit.rsit(category)) <= set(rsit.types())
    related = rsit.techniques()
    assert related["intrusion-attempts/brute-force"] == ("T1110",)
    assert set(related) <= set(rsit.types())
    assert len(related) == 15


@pytest.mark.parametrize(
    ("technique", "term"),
    [
        ("T1110", "intrusion-attempts/brute-force"),
        ("t1110.003", "intrusion-attempts/brute-force"),
        ("T1566.002", "fraud/phishing"),
        ("T1190", "intrusion-attempts/ids-alert"),
        ("T1498", "availability/ddos"),
        ("T1048", "information-content-security/data-leak"),
        ("T0000", None),
        ("", None),
    ],
)
def test_a_technique_speaks_for_one_type(technique: str, term: str | None) -> None:
    assert rsit.of_technique(technique) == term


@pytest.mark.parametrize("term", ["", "fraud", "fraud/nothing", "FRAUD/PHISHING", "x" * 10_000])
def test_what_the_taxonomy_lacks_is_refused(term: str) -> None:
    with pytest.raises(rsit.NoType, match="RSIT 1003"):
        rsit.check(term)


@pytest.mark.parametrize("lang", ["sl", "hr", "en"])
def test_every_type_has_a_name(lang: str) -> None:
    said = translator(lang)
    codes = {f"RSIT_{t.upper().replace('/', '_').replace('-', '_')}" for t in rsit.types()}
    assert {said.text(code) for code in codes} & codes == set()
