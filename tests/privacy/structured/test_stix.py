"""STIX bundles: a victim is an identity, every reference leads somewhere, the result is STIX."""

import json
import re
from typing import Any

import pytest
import stix2

from tests.privacy.structured.structures import (
    BAD_IP,
    BAD_NAME,
    VICTIMS,
    leaves,
    opened,
    passed,
)  # fmt: skip

AT = "2026-06-01T00:00:00.000Z"
_ID = re.compile(r'"([a-z0-9-]+--[0-9a-f-]{36})"')


def bundle() -> tuple[dict[str, Any], set[str]]:
    """A phishing mail to Igor Kos, and the identifiers that are hashes of victims' values."""
    him = stix2.EmailAddress(value="igor.kos@lipa-primer.si", display_name="Igor Kos")
    her = stix2.EmailAddress(value=f"napad@{BAD_NAME}")
    ours, theirs = stix2.IPv4Address(value="46.123.240.11"), stix2.IPv4Address(value=BAD_IP)
    flow = stix2.NetworkTraffic(src_ref=ours.id, dst_ref=theirs.id, protocols=["tcp"])
    account = stix2.UserAccount(account_login="mnovak")
    mail = stix2.EmailMessage(
        is_multipart=False,
        from_ref=her.id,
        to_refs=[him.id],
        subject="Račun za Igorja Kosa",
        body=f"Igor Kos, https://{BAD_NAME}/a",
    )
    victim = stix2.Identity(
        name="Lipa d.o.o.", identity_class="organization", contact_information="info@lipa-primer.si"
    )
    good = stix2.Indicator(
        pattern=f"[domain-name:value = '{BAD_NAME}' AND ipv4-addr:value = '{BAD_IP}']",
        pattern_type="stix",
        valid_from=AT,
        created_by_ref=victim.id,
    )
    malware = stix2.Malware(name="Emotet", is_family=True)
    seen = stix2.ObservedData(
        first_observed=AT,
        last_observed=AT,
        number_observed=1,
        object_refs=[ours.id, theirs.id, flow.id],
    )
    only = stix2.ObservedData(
        first_observed=AT, last_observed=AT, number_observed=1, object_refs=[him.id]
    )
    note = stix2.Note(
        content="Uporabnik mnovak (Igor Kos) je kliknil", object_refs=[good.id, account.id]
    )
    held = stix2.Bundle(
        him, her, ours, theirs, flow, account, mail, victim, good, malware, seen, only, note,
        stix2.Relationship(good, "indicates", malware), stix2.Relationship(malware, "targets", victim),
    )  # fmt: skip
    return json.loads(held.serialize()), {him.id, ours.id, account.id, victim.id}


def test_no_victim_is_left_not_even_as_a_hash_and_every_indicator_is() -> None:
    data, hashes = bundle()
    text = leaves(data)
    assert not [each for each in (*VICTIMS, *hashes) if each in text.lower()]
    assert BAD_NAME in text
    assert BAD_IP in text


def test_what_leaves_is_stix_and_every_reference_leads_somewhere() -> None:
    text = leaves(bundle()[0])
    parsed = stix2.parse(text)
    assert parsed["type"] == "bundle"
    own = {each["id"] for each in json.loads(text)["objects"]}
    assert set(_ID.findall(text)) - own == {json.loads(text)["id"]}


def test_a_victim_is_an_identity_and_the_relation_is_kept() -> None:
    found = json.loads(leaves(bundle()[0]))["objects"]
    people = {each["id"]: each["name"] for each in found if each["type"] == "identity"}
    assert any(name.startswith("user-") and "@" in name for name in people.values())
    mail = next(each for each in found if each["type"] == "email-message")
    assert "to_refs" not in mail
    tied = [e for e in found if e["type"] == "relationship" and e["source_ref"] == mail["id"]]
    assert [each["target_ref"] in people for each in tied] == [True]
    traffic = next(each for each in found if each["type"] == "network-traffic")
    assert "src_ref" not in traffic
    assert "dst_ref" in traffic


def test_what_was_seen_of_a_victim_alone_goes() -> None:
    found = json.loads(leaves(bundle()[0]))["objects"]
    assert sum(each["type"] == "observed-data" for each in found) == 1


def test_a_pattern_with_a_victim_is_no_indicator_and_is_asked_about() -> None:
    data, _ = bundle()
    data["objects"].append(json.loads(stix2.Indicator(
        pattern="[ipv4-addr:value = '10.1.2.3']", pattern_type="stix", valid_from=AT).serialize()))  # fmt: skip
    text = leaves(data)
    assert sum(e["type"] == "indicator" for e in json.loads(text)["objects"]) == 1
    assert "10.1.2.3" not in text


def test_a_red_bundle_carries_its_marking() -> None:
    red = "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed"
    note = stix2.Note(content="x", object_refs=[f"malware--{'1' * 8}-1111-4111-8111-{'1' * 12}"],
                      object_marking_refs=[red])  # fmt: skip
    assert opened(json.loads(stix2.Bundle(note).serialize())).markings == ("RED",)


def test_observed_data_of_the_old_version_holds_no_victim() -> None:
    old = {"type": "bundle", "id": f"bundle--{'2' * 8}-2222-4222-8222-{'2' * 12}", "spec_version": "2.0",
           "objects": [{"type": "observed-data", "id": f"observed-data--{'3' * 8}-3333-4333-8333-{'3' * 12}",
                        "created": AT, "modified": AT, "first_observed": AT, "last_observed": AT,
                        "number_observed": 1, "objects": {
                            "0": {"type": "ipv4-addr", "value": "10.1.2.3"},
                            "1": {"type": "domain-name", "value": "lipa-primer.si", "resolves_to_refs": ["0"]},
                            "2": {"type": "file", "name": "emotet.exe", "hashes": {"SHA-256": "ab" * 32}}}}]}  # fmt: skip
    found = passed(old)
    text = found.preview if not found.files else next(iter(found.files.values())).decode()
    assert "10.1.2.3" not in text
    assert "lipa" not in text
    (seen,) = [e for e in json.loads(text)["objects"] if e["type"] == "observed-data"]
    assert list(seen["objects"]) == ["2"]


@pytest.mark.parametrize("objects", [["x", 3], [{"type": []}], [{"id": {}, "object_refs": {"a": 1}}],
                                     [{"type": "relationship"}], []])  # fmt: skip
def test_what_is_no_stix_breaks_nothing(objects: list[Any]) -> None:
    found = passed({"type": "bundle", "id": "bundle--x", "objects": objects}, "stix")
    assert found.outcome.status.value in {"released", "held", "residue"}


def test_the_same_input_gives_the_same_output() -> None:
    data, _ = bundle()
    assert leaves(data) == leaves(data)
