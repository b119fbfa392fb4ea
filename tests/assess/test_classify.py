"""What sensors and feeds declare becomes types of RSIT and techniques, with what speaks for each."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.assess.classify import Class, Declared, classes, table
from zvon.model.verdict import Category

EVE = {"format": "eve", "said": {"alert": {"category": "Attempted Information Leak"}}}
WAZUH = {
    "format": "wazuh",
    "said": {
        "rule": {"groups": ["syslog", "authentication_failed"], "mitre": {"id": ["T1110.001"]}}
    },
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["said", "alert", "category", "rule", "groups", "mitre", "id", "metadata",
                         "mitre_technique_id", "classification", "type"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def terms(found: list[Class], taxonomy: str = "rsit") -> list[str]:
    return [each.term for each in found if each.taxonomy == taxonomy]


def test_the_type_that_most_alerts_speak_for_comes_first() -> None:
    found = classes(Declared(alerts=[(EVE, 3), (WAZUH, 4000)]))
    assert terms(found) == ["intrusion-attempts/brute-force", "information-gathering/scanner"]
    assert terms(found, "attack") == ["T1110.001"]
    assert found[0].rule == "group"
    assert found[0].reason.params == {"what": "authentication_failed", "n": 4000}


def test_what_a_feed_says_in_words_of_rsit_beats_our_category_and_alerts() -> None:
    said = Declared(category=Category.COMPROMISED_SITE, alerts=[(EVE, 10)],
                    tags=['rsit:availability="ddos"', 'rsit:fraud="nothing"', "tlp:amber"])  # fmt: skip
    found = classes(said)
    assert terms(found) == [
        "availability/ddos", "intrusions/application-compromise", "fraud/phishing",
        "information-gathering/scanner",
    ]  # fmt: skip
    assert [each.rule for each in found] == ["tag", "category", "category", "classtype"]


def test_a_technique_gives_the_type_only_where_nothing_else_does() -> None:
    bare = {"said": {"alert": {"metadata": {"mitre_technique_id": ["T1190"]}}}}
    assert terms(classes(Declared(alerts=[(bare, 1)]))) == ["intrusion-attempts/ids-alert"]
    both = {"said": {"alert": {"category": "A Network Trojan was detected",
                               "metadata": {"mitre_technique_id": ["T1190"]}}}}  # fmt: skip
    assert terms(classes(Declared(alerts=[(both, 1)]))) == ["malicious-code/infected-system"]


@pytest.mark.parametrize(
    ("said", "term"),
    [
        ({"classification.type": "brute-force"}, "intrusion-attempts/brute-force"),
        ({"classification": {"type": "ddos-amplifier"}}, "vulnerable/ddos-amplifier"),
        ({"classification": "C2"}, "malicious-code/c2-server"),
        ({"classification": "  Phishing "}, "fraud/phishing"),
    ],
)
def test_the_word_of_a_feed_is_known(said: dict[str, Any], term: str) -> None:
    assert terms(classes(Declared(alerts=[({"said": said}, 1)]))) == [term]


def test_nothing_declared_is_no_class() -> None:
    assert classes(Declared()) == []
    assert classes(Declared(category=Category.UNSURE, alerts=[({}, 5)])) == []


def test_the_same_incident_reads_the_same_in_any_order() -> None:
    one = classes(Declared(alerts=[(EVE, 2), (WAZUH, 2)]))
    other = classes(Declared(alerts=[(WAZUH, 2), (EVE, 2)]))
    assert one == other


def test_the_shipped_table_names_types_that_exist() -> None:
    assert len(table().classtype) > 20
    assert all("/" in term for term in table().group.values())


@given(JSON, st.lists(st.text(max_size=60), max_size=3))
def test_whatever_a_sensor_sends_is_classified_or_not_and_nothing_breaks(
    said: Any, tags: list[str]
) -> None:
    found = classes(Declared(alerts=[({"said": said}, 1)], tags=tags))
    assert len(terms(found)) <= 4
    assert len(terms(found, "attack")) <= 20
