"""MISP events: victims become valid pseudonyms, indicators and the form of the event stay."""

import json
from typing import Any

import pytest
from pymisp import MISPEvent

from tests.privacy.structured.structures import (
    BAD_IP,
    BAD_NAME,
    BAD_URL,
    UUID,
    VICTIMS,
    attribute,
    clean_misp,
    leaves,
    misp,
    opened,
    shown,
)  # fmt: skip
from zvon.privacy.structured.form import DOCUMENTATION
from zvon.privacy.structured.walk import MAX_DEPTH, BadStructure


def values(text: str) -> dict[str, dict[str, Any]]:
    return {each["uuid"][-2:]: each for each in json.loads(text)["Event"]["Attribute"]}


def test_no_victim_is_left_and_every_indicator_is() -> None:
    text = leaves(misp())
    assert not [each for each in VICTIMS if each in text.lower()]
    for indicator in (BAD_IP, BAD_NAME, BAD_URL):
        assert indicator in text


def test_what_leaves_is_a_misp_event() -> None:
    event = MISPEvent()
    event.load(leaves(misp()))
    assert event.uuid == f"{UUID}01"
    assert {a.type for a in event.attributes} >= {"ip-dst", "ip-src", "url", "domain|ip"}


def test_a_victims_address_is_a_documentation_address_that_detects_nothing() -> None:
    from ipaddress import IPv6Address

    row = values(leaves(misp()))["04"]
    assert IPv6Address(row["value"]) in DOCUMENTATION
    assert row["type"] == "ip-src"
    assert row["to_ids"] is False


def test_a_pseudonym_that_the_type_does_not_allow_is_text_and_a_redacted_value_goes() -> None:
    rows = values(leaves(misp()))
    assert rows["07"]["type"] == "text"
    assert rows["07"]["value"].startswith("phone-")
    assert "0a" not in rows


def test_the_same_victim_is_the_same_token_everywhere_and_another_one_in_another_group() -> None:
    text = leaves(misp())
    event = json.loads(text)["Event"]
    person = event["info"].rpartition(" ")[2]
    assert person.startswith("person-")
    assert person in values(text)["04"]["comment"]
    assert values(text)["06"]["value"] in values(text)["08"]["value"]
    other = leaves(misp(), group="demo-amber-2")
    assert person not in other
    assert values(text)["04"]["value"] not in other


def test_an_event_without_victims_leaves_as_it_came() -> None:
    assert json.loads(leaves(clean_misp())) == clean_misp()


def test_who_keeps_the_event_never_leaves() -> None:
    text = leaves(misp())
    assert "Orgc" not in text
    assert "creator" not in text
    assert "Event.Orgc" in opened(misp()).withheld


@pytest.mark.parametrize(
    "key", ["type", "category", "uuid", "date", "distribution", "meta-category"]
)
def test_a_field_that_should_hold_a_word_of_the_format_hides_no_person(key: str) -> None:
    event = clean_misp()
    event["Event"]["Attribute"][0][key] = "Kontakt: Igor Kos, igor.kos@lipa-primer.si"
    assert "Igor" not in shown(event)
    assert "lipa" not in shown(event)


def test_names_of_unknown_fields_are_read_too() -> None:
    event = clean_misp()
    event["Event"]["x"] = {"igor.kos@lipa-primer.si": [{"Igor Kos": "geslo: Marjan!2020"}]}
    text = leaves(event)
    assert not [each for each in ("igor", "Igor", "Marjan", "lipa") if each in text]


def test_a_long_number_is_read_with_the_name_of_its_field() -> None:
    event = clean_misp()
    event["Event"]["oib"] = 12345678903
    event["Event"]["size"] = 12345678904
    left = json.loads(leaves(event))["Event"]
    assert str(left["oib"]).startswith("nid-")
    assert left["size"] == 12345678904


def test_bytes_of_files_do_not_leave() -> None:
    event = clean_misp()
    event["Event"]["Attribute"].append(
        attribute(12, "attachment", "racun.pdf", "Payload delivery", data="SWdvciBLb3M=")
    )
    assert "SWdvciBLb3M" not in leaves(event)


def test_what_is_nested_too_deep_or_is_no_structure_is_refused() -> None:
    deep: Any = "x"
    for _ in range(MAX_DEPTH + 2):
        deep = {"a": deep}
    with pytest.raises(BadStructure):
        opened(deep)
    for half in ('{"Event": {"info": "Igor Ko', "", "[" * 5000):
        with pytest.raises(BadStructure) as said:
            opened(half)
        assert "Igor" not in str(said.value)


@pytest.mark.parametrize("bad", [[], {}, 7, None, [["ip-dst"]]])
def test_fields_of_the_wrong_form_break_nothing(bad: Any) -> None:
    for key in ("type", "category", "to_ids", "value", "comment"):
        event = clean_misp()
        event["Event"]["Attribute"][0][key] = bad
        event["Event"]["Tag"] = bad
        assert json.loads(shown(event)) is not None
