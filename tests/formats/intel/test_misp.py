"""MISP core JSON: whatever container it comes in, every attribute once, with its event's marking."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymisp import MISPEvent

from tests.formats.decoding import OPTIONS, decoded, items, named, said
from zvon.formats import json_stream
from zvon.formats.found import NAMED, SAID, Found
from zvon.formats.intel import misp, misp_write
from zvon.formats.intel.misp import FORMAT
from zvon.formats.intel.misp_type import PARTS, take
from zvon.model.item import Bad, Item, ItemKind, Value
from zvon.model.marking import Pap, Tlp
from zvon.model.observable import Observable, ObservableType

EVENT_ID = "5f0c1d2e-0000-4000-8000-000000000001"


def uuid(n: int) -> str:
    return f"5f0c1d2e-0000-4000-8000-{n:012}"


def attribute(n: int, kind: str, value: str, **more: Any) -> dict[str, Any]:
    return {"uuid": uuid(n), "type": kind, "category": "Network activity", "value": value,
            "to_ids": True, "timestamp": "1795336200", "deleted": False, **more}  # fmt: skip


def event(*attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "Attribute": list(attributes), "uuid": EVENT_ID, "info": "Lažna pošta", "date": "2026-11-20",
        "analysis": "2", "threat_level_id": "2", "timestamp": "1795336200",
        "Orgc": {"name": "CSIRT Vaba", "uuid": uuid(900)}, "Tag": [{"name": "tlp:amber"}], **more,
    }  # fmt: skip


A = attribute(1, "domain", "Dostava-Paketa.example")
B = attribute(2, "domain|ip", "vaba.example|192.0.2.7")
OBJECT = {
    "name": "file", "uuid": uuid(10), "template_uuid": uuid(11), "timestamp": "1795336200",
    "Attribute": [attribute(12, "sha256", "ab" * 32, object_relation="sha256"),
                  attribute(13, "filename", "Racun.pdf.exe", object_relation="filename", to_ids=False)],
    "ObjectReference": [{"referenced_uuid": uuid(1), "relationship_type": "downloaded-from"}],
}  # fmt: skip


def read(value: Any) -> list[Item]:
    return items(FORMAT, json.dumps(value).encode())


@pytest.mark.parametrize(
    "container",
    [
        lambda e: {"Event": e},
        lambda e: {"response": [{"Event": e}]},
        lambda e: [{"Event": e}],
        lambda e: {"response": {"Event": e}},
        lambda e: e,
    ],
)
def test_an_event_is_the_same_in_every_container(container: Any) -> None:
    whole, first, second = read(container(event(A, B)))
    assert (whole.kind, whole.id, whole.title) == (ItemKind.EVENT, UUID(EVENT_ID), "Lažna pošta")
    assert "Attribute" not in whole.payload
    assert whole.payload["Orgc"]["name"] == "CSIRT Vaba"
    assert said(first) == {("domain", "dostava-paketa.example")}
    assert said(second) == {("domain", "vaba.example"), ("ipv4", "192.0.2.7")}
    assert {each.container for each in (first, second)} == {UUID(EVENT_ID)}
    assert {each.tlp for each in (whole, first, second)} == {Tlp.AMBER}


@pytest.mark.parametrize(
    "container", [lambda a: a, lambda a: {"response": {"Attribute": a}}, lambda a: {"Attribute": a}]
)
def test_attributes_come_by_themselves_as_well(container: Any) -> None:
    found = [each for each in read(container([A, B])) if each.kind is ItemKind.INDICATOR]
    assert [each.id for each in found] == [UUID(uuid(1)), UUID(uuid(2))]
    assert found[0].payload == A


def test_objects_come_by_themselves_as_well() -> None:
    body = {"response": [{"Object": OBJECT}, {"Attribute": A}]}
    whole, digest, name, alone = read(body)
    assert [each.id for each in (whole, digest, name, alone)] == [
        UUID(uuid(n)) for n in (10, 12, 13, 1)
    ]
    assert FORMAT.sniff(json.dumps(body).encode(), "") is not None


def test_what_is_not_for_detection_is_only_mentioned() -> None:
    (_, plain, link) = read({"Event": event(
        attribute(1, "ip-dst", "192.0.2.9", to_ids=False),
        attribute(2, "link", "https://porocilo.example/a", to_ids=True),
    )})  # fmt: skip
    assert (said(plain), named(plain)) == (set(), {("ipv4", "192.0.2.9")})
    assert named(link) == {("url", "https://porocilo.example/a")}


def test_objects_hold_their_attributes_and_point_to_others() -> None:
    _, whole, digest, name = read({"Event": event(Object=[OBJECT])})
    assert (whole.kind, whole.links) == (ItemKind.OBJECT, (("downloaded-from", UUID(uuid(1))),))
    assert digest.links == (("part-of", UUID(uuid(10))),)
    assert said(digest) == {("sha256", "ab" * 32)}
    assert named(name) == {("filename", "Racun.pdf.exe")}
    assert digest.container == UUID(EVENT_ID)


def test_the_strictest_marking_of_attribute_and_event_holds() -> None:
    tags = [{"name": "tlp:green"}, {"name": "PAP:RED"}, {"name": "faza:dostava"}]
    stricter = {**A, "Tag": [{"name": "tlp:red"}]}
    _, open_one, closed = read({"Event": event({**A, "Tag": tags}, stricter)})
    assert (open_one.tlp, open_one.pap, closed.tlp) == (Tlp.AMBER, Pap.RED, Tlp.RED)
    assert "faza:dostava" in open_one.tags


def test_deleted_attributes_and_times_seen_are_kept() -> None:
    gone = {
        **A,
        "deleted": True,
        "first_seen": "2026-11-01T00:00:00Z",
        "last_seen": "2026-11-02T00:00:00Z",
    }
    _, item = read({"Event": event(gone)})
    assert item.deleted
    assert item.values[0].at is not None
    assert item.values[0].at.isoformat() == "2026-11-02T00:00:00+00:00"
    assert item.at == item.values[0].at


def test_reports_of_an_event_are_documents() -> None:
    report = {
        "uuid": uuid(30),
        "name": "Opis",
        "content": "Napadalec pošilja SMS.",
        "distribution": "5",
    }
    _, document = read({"Event": event(EventReport=[report])})
    assert (document.kind, document.text, document.title) == (
        ItemKind.DOCUMENT, "Napadalec pošilja SMS.", "Opis",
    )  # fmt: skip
    assert document.container == UUID(EVENT_ID)


def test_a_large_event_goes_on_before_its_header_and_is_red_until_its_tags_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(misp, "MAX_HELD", 500)
    monkeypatch.setattr(json_stream, "BLOCK", 300)
    body = event(*(attribute(n, "domain", f"d{n}.example") for n in range(1, 8)))
    found = read({"Event": body})
    early = [each for each in found if each.kind is ItemKind.INDICATOR]
    assert len(early) == 7
    assert early[0].tlp is Tlp.RED
    (whole,) = [each for each in found if each.kind is ItemKind.EVENT]
    assert whole.tlp is Tlp.AMBER
    assert len({each.id for each in early}) == 7


def test_the_manifest_of_a_feed_names_events() -> None:
    entry = {
        "info": "Lažna pošta",
        "date": "2026-11-20",
        "Orgc": {"name": "x"},
        "Tag": [{"name": "tlp:clear"}],
    }
    (item,) = read({EVENT_ID: entry})
    assert (item.kind, item.id, item.tlp) == (ItemKind.EVENT, UUID(EVENT_ID), Tlp.CLEAR)


def test_a_broken_attribute_is_named_and_the_rest_is_read() -> None:
    body = json.dumps({"Event": event(A, {"x": 1}, B)}).replace('{"x": 1}', '{"x": }').encode()
    found = decoded(FORMAT, body)
    (bad,) = [each for each in found if isinstance(each, Bad)]
    assert bad.position == "$.Event.Attribute[1]"
    assert len(found) == 4


def test_a_value_that_is_none_stays_in_the_payload() -> None:
    _, item = read({"Event": event(attribute(1, "ip-dst", "not an address"))})
    assert (item.kind, item.values, item.payload["value"]) == (
        ItemKind.OBJECT,
        (),
        "not an address",
    )


def test_every_part_of_the_table_gives_a_value() -> None:
    examples = {
        "md5": "ab" * 16, "sha1": "ab" * 20, "sha256": "ab" * 32, "sha512": "ab" * 64,
        "ip-src": "192.0.2.1", "domain": "a.example", "email": "a@b.example", "url": "https://a.example/",
        "filename": "a.exe", "AS": "AS64500", "vulnerability": "CVE-2026-12345",
        "iban": "SI56192001234567892", "phone-number": "+38640111222",
        "yara": "rule Vaba { condition: true }", "btc": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
    }  # fmt: skip
    for kind, value in examples.items():
        found = Found()
        assert take(found, kind, value, SAID), kind
    found = Found()
    assert take(found, "ip-dst|port", "192.0.2.1|443", SAID)
    assert take(found, "filename|sha256", "a.exe|" + "ab" * 32, NAMED)
    assert len(found.values()) == 3
    assert not take(found, "comment", "192.0.2.2", SAID)
    assert all(parts for parts in PARTS.values())


domains = st.from_regex(r"[a-z][a-z0-9]{0,10}\.example", fullmatch=True)
addresses = st.ip_addresses(v=4).map(str)
observables = st.one_of(
    domains.map(lambda text: Observable(ObservableType.DOMAIN, text)),
    addresses.map(lambda text: Observable(ObservableType.IPV4, text)),
    st.binary(min_size=32, max_size=32).map(lambda raw: Observable(ObservableType.SHA256, raw.hex())),
    domains.map(lambda text: Observable(ObservableType.URL, f"https://{text}/p")),
).filter(lambda one: one.value != "0.0.0.0")  # fmt: skip


@given(st.lists(observables, min_size=1, max_size=6, unique=True), st.sampled_from(Tlp))
def test_values_that_are_written_are_read_again(values: list[Observable], tlp: Tlp) -> None:
    item = Item(
        kind=ItemKind.INDICATOR, position="line 1", payload={}, tlp=tlp, id=UUID(int=7),
        values=tuple(Value(each) for each in values), title="Opomba",
    )  # fmt: skip
    body = b"".join(misp_write.encode([item]))
    again = [each for each in items(FORMAT, body) if each.kind is ItemKind.INDICATOR]
    assert {each.values[0].observable for each in again} == set(values)
    assert {each.tlp for each in again} == {tlp}


def test_what_came_from_misp_goes_out_as_it_came_and_other_tools_read_it() -> None:
    original = event(A, B, Object=[OBJECT])
    body = b"".join(misp_write.encode(read({"Event": original})))
    (whole,) = json.loads(body)["response"]
    again = whole["Event"]
    assert {key: again[key] for key in original} == original
    tool = MISPEvent()
    tool.load(whole)
    assert len(tool.attributes) == 2
    assert len(tool.objects[0].attributes) == 2
    assert read(json.loads(body)) == read(
        {"response": [{"Event": {**original, "EventReport": []}}]}
    )


def test_events_are_written_one_after_the_other() -> None:
    two = [{"Event": event(A)}, {"Event": event(B, uuid=uuid(77))}]
    body = b"".join(misp_write.encode(read({"response": two})))
    assert [each["Event"]["uuid"] for each in json.loads(body)["response"]] == [EVENT_ID, uuid(77)]
    assert json.loads(b"".join(misp_write.encode([]))) == {"response": []}


@pytest.mark.parametrize(
    "body",
    [
        {"Event": event(A)},
        {"response": [{"Event": event(A)}]},
        [A, B],
        {EVENT_ID: {"info": "x"}},
        A,
    ],
)
def test_it_is_recognised(body: Any) -> None:
    guess = FORMAT.sniff(json.dumps(body).encode(), "")
    assert guess is not None
    assert guess.score >= 95


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'[{"type": "indicator", "id": "indicator--x"}]', b"a,b\n"]
)
def test_other_things_are_not_taken_for_it(body: bytes) -> None:
    assert FORMAT.sniff(body, "misp.json") is None


def test_the_clock_of_an_event_is_not_believed_when_it_is_wrong() -> None:
    whole, *_ = read({"Event": event(A, date="2099-01-01")})
    assert (whole.at, "clock" in whole.tags) == (None, True)


def test_values_of_every_type_and_what_surrounds_them_are_written() -> None:
    texts = {
        ObservableType.SSDEEP: "3:abc:def", ObservableType.REGKEY: "HKLM\\x", ObservableType.JA4: "t13d1516h2_8daaf6152771_b186095e22b6",
        ObservableType.HOSTNAME: "pc7", ObservableType.TEMPLATE: "ours alone", ObservableType.PHONE: "+38640111222",
    }  # fmt: skip
    values = tuple(
        Value(Observable(kind, text), at=OPTIONS.received_at) for kind, text in texts.items()
    )
    item = Item(kind=ItemKind.ALERT, position="line 1", payload=None, values=values, at=OPTIONS.received_at,
                tags=("a", "tlp:green"), pap=Pap.AMBER, title="Opozorilo", deleted=True)  # fmt: skip
    report = Item(
        kind=ItemKind.DOCUMENT,
        position="line 2",
        payload={"kind": "text"},
        text="Besedilo",
        title="Opis",
    )
    (whole,) = json.loads(b"".join(misp_write.encode([item, report])))["response"]
    written = whole["Event"]
    assert [each["type"] for each in written["Attribute"]] == [
        "ssdeep",
        "regkey",
        "other",
        "other",
        "phone-number",
    ]
    assert {each["deleted"] for each in written["Attribute"]} == {True}
    assert {"name": "PAP:AMBER"} in written["Attribute"][0]["Tag"]
    assert written["EventReport"][0]["content"] == "Besedilo"
    assert written["date"] == "2026-11-22"


def test_items_that_are_not_what_they_should_be_are_bad() -> None:
    for body in (
        [5],
        {"Event": {"uuid": EVENT_ID, "info": "x", "Attribute": [5], "Object": [6]}},
        {"response": [{"x": 1}]},
    ):
        assert any(isinstance(each, Bad) for each in decoded(FORMAT, json.dumps(body).encode()))
    odd = {**OBJECT, "Attribute": [7], "ObjectReference": [8, {"referenced_uuid": 9}]}
    found = decoded(
        FORMAT, json.dumps({"Event": event(Object=[odd], Tag=["tlp:green", 5])}).encode()
    )
    assert [type(each).__name__ for each in found] == ["Item", "Item", "Bad"]


def test_an_event_on_a_line_of_its_own_is_read_as_well() -> None:
    body = "\n".join(json.dumps(event(A, uuid=uuid(n), Object=[OBJECT])) for n in (50, 51)) + "\n"
    kinds = [each.kind for each in items(FORMAT, body.encode())]
    assert kinds.count(ItemKind.EVENT) == 2
    assert kinds.count(ItemKind.INDICATOR) == 6
