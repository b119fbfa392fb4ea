"""Events as MISP JSON: PyMISP reads them and writes the same back, and nothing is added."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pymisp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymisp import MISPEvent

from zvon.formats import misp
from zvon.formats.misp import NoIdentity, Organisation
from zvon.model.event import Event, EventName, EventObservable, EventReason, Title
from zvon.model.observable import ObservableType
from zvon.model.verdict import Category, VerdictWord

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ORGC = Organisation(uuid=UUID(int=7), name="CSIRT čebela")
TYPES = json.loads((Path(pymisp.__file__).parent / "data/describeTypes.json").read_text())["result"]

EVENT = Event(
    uuid=UUID("01939d5e-0000-7000-8000-000000000001"),
    title=Title(code="TITLE_PHISHING_BRAND", params={"brand": "si.posta"}),
    parts={"message.subject": "Vaša pošiljka", "message.text": "Podatke dopolnite. [ime]", "x": " "},
    names=(
        EventName(name="posta-si.dostava-paketa.example", scope="host_sub", reason="OWN"),
        EventName(name="skola.example", scope="none", reason="COMPROMISED"),
    ),
    observables=(
        EventObservable(type=ObservableType.URL, value="https://posta-si.dostava-paketa.example/i?t="),
        EventObservable(type=ObservableType.DOMAIN, value="posta-si.dostava-paketa.example"),
        EventObservable(type=ObservableType.DOMAIN, value="dostava-paketa.example"),
        EventObservable(type=ObservableType.PHONE, value="+447700900123"),
        EventObservable(type=ObservableType.PHONE, value="phone-gb-k3v9q2m7x4h8"),
        EventObservable(type=ObservableType.EMAIL, value="obvestila@gostovanje.example"),
        EventObservable(type=ObservableType.IPV4, value="203.0.113.25"),
        EventObservable(type=ObservableType.SHA256, value="ab" * 32),
    ),
    reasons=(EventReason(code="BRAND_NOT_OFFICIAL", params={"brand": "si.posta"}, source="brand"),),
    verdict=VerdictWord.MALICIOUS,
    category=Category.PHISHING,
    brand="si.posta",
    probability=0.99,
    first=NOW,
    last=NOW,
    tlp=2,
    pap=1,
)  # fmt: skip


def encode(event: Event = EVENT) -> dict[str, Any]:
    body: dict[str, Any] = misp.encode(event, info="Lažno predstavljanje", orgc=ORGC, at=NOW)[
        "Event"
    ]
    return body


def through_pymisp(body: dict[str, Any]) -> dict[str, Any]:
    event = MISPEvent()
    event.load(json.dumps({"Event": body}))  # as text, because PyMISP empties what it is given
    back: dict[str, Any] = json.loads(event.to_json())
    return back


def as_text(value: Any) -> Any:
    """MISP writes numbers as text; PyMISP turns some of them into numbers."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict):
        return {key: as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_text(inner) for inner in value]
    return str(value) if isinstance(value, int) else value


def test_pymisp_reads_it_and_writes_the_same_back() -> None:
    body = encode()
    back = as_text(through_pymisp(body))
    assert {key: back[key] for key in body} == body
    assert set(back) - set(body) <= {"Object", "EventReport", "RelatedEvent", "Galaxy"}
    assert all(set(a) <= set(b) for a, b in zip(body["Attribute"], back["Attribute"], strict=True))


def test_every_attribute_has_a_type_and_category_that_misp_knows() -> None:
    for attribute in encode()["Attribute"]:
        assert attribute["type"] in TYPES["category_type_mappings"][attribute["category"]]
    for kind, category, _ in [*misp.TYPES.values(), misp.UNTYPED]:
        assert kind in TYPES["category_type_mappings"][category]


def test_what_may_be_acted_on_says_so_and_nothing_else() -> None:
    to_ids = {a["value"] for a in encode()["Attribute"] if a["to_ids"]}
    assert to_ids == {
        "posta-si.dostava-paketa.example", "https://posta-si.dostava-paketa.example/i?t=",
        "dostava-paketa.example", "obvestila@gostovanje.example", "203.0.113.25", "ab" * 32,
    }  # fmt: skip
    undecided = msgspec.structs.replace(EVENT, verdict=VerdictWord.SUSPICIOUS)
    assert not any(a["to_ids"] for a in encode(undecided)["Attribute"])


def test_names_are_domains_or_hosts_and_stand_once_with_their_scope() -> None:
    by_value = {(a["type"], a["value"]): a["comment"] for a in encode()["Attribute"]}
    assert by_value["hostname", "posta-si.dostava-paketa.example"] == "scope host_sub: OWN"
    assert by_value["domain", "skola.example"] == "scope none: COMPROMISED"
    assert ("domain", "dostava-paketa.example") in by_value
    assert by_value["other", "phone-gb-k3v9q2m7x4h8"] == "pseudonym of phone"
    assert by_value["email-subject", "Vaša pošiljka"] == "message.subject"
    assert not any(value == " " for _, value in by_value)


@pytest.mark.parametrize(
    ("tlp", "tag", "distribution"),
    [(0, "tlp:clear", "3"), (1, "tlp:green", "1"), (2, "tlp:amber", "0"),
     (3, "tlp:amber+strict", "0"), (4, "tlp:red", "0")],
)  # fmt: skip
def test_the_marking_goes_with_it(tlp: int, tag: str, distribution: str) -> None:
    body = encode(msgspec.structs.replace(EVENT, tlp=tlp))
    names = [t["name"] for t in body["Tag"]]
    assert tag in names
    assert "PAP:GREEN" in names
    assert 'rsit:fraud="phishing"' in names
    assert body["distribution"] == distribution


def test_the_same_event_has_the_same_identifiers() -> None:
    assert [a["uuid"] for a in encode()["Attribute"]] == [a["uuid"] for a in encode()["Attribute"]]
    other = encode(msgspec.structs.replace(EVENT, uuid=UUID(int=9)))
    assert not {a["uuid"] for a in encode()["Attribute"]} & {a["uuid"] for a in other["Attribute"]}
    assert len({a["uuid"] for a in encode()["Attribute"]}) == len(encode()["Attribute"])


def test_an_event_that_did_not_pass_the_gate_is_refused() -> None:
    with pytest.raises(NoIdentity):
        encode(msgspec.structs.replace(EVENT, uuid=None))


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
events = st.builds(
    msgspec.structs.replace,
    st.just(EVENT),
    parts=st.dictionaries(texts, texts, max_size=3),
    observables=st.lists(
        st.builds(EventObservable, type=st.sampled_from(ObservableType), value=texts), max_size=4
    ).map(tuple),
    verdict=st.sampled_from(VerdictWord),
    category=st.sampled_from(Category),
    brand=st.none() | texts,
)


@given(events)
@settings(max_examples=40, deadline=None)
def test_whatever_the_event_holds_pymisp_loses_nothing(event: Event) -> None:
    body = encode(event)
    back = as_text(through_pymisp(body))
    assert {key: back[key] for key in body} == body
