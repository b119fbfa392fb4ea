"""Structures of several formats about one incident; every name in them is invented."""

from typing import Any

from tests.privacy.conftest import demo, key
from zvon.privacy.carrier.item import Item, Passed, pass_item, structured_item
from zvon.privacy.facts import read_register, with_brands
from zvon.privacy.structured.item import encode

OURS = "domain,lipa-primer.si\nprefix,46.123.240.0/24\n"
VICTIMS = ("igor", "kos", "lipa", "46.123.240", "mnovak", "332 118", "10.1.2.3")
BAD_IP, BAD_NAME, BAD_URL = "185.234.72.10", "evil-fixture.top", "https://evil-fixture.top/x"
UUID = "5f1a2b3c-0000-4000-8000-0000000000"


def attribute(number: int, kind: str, value: str, category: str = "Network activity",
              **more: Any) -> dict[str, Any]:  # fmt: skip
    return {
        "uuid": f"{UUID}{number:02x}",
        "type": kind,
        "category": category,
        "value": value,
        **more,
    }


def misp() -> dict[str, Any]:
    """An event with five victims' values, three of the attacker's, and fields that never leave."""
    return {"Event": {
        "uuid": f"{UUID}01", "info": "Phishing, prijavil Igor Kos", "date": "2026-06-01",
        "threat_level_id": "2", "Orgc": {"name": "Lipa d.o.o.", "uuid": f"{UUID}02"},
        "event_creator_email": "igor.kos@lipa-primer.si",
        "Tag": [{"name": "tlp:amber"}],
        "Attribute": [
            attribute(3, "ip-dst", BAD_IP, to_ids=True, comment="C2"),
            attribute(4, "ip-src", "46.123.240.11", to_ids=False, comment="postaja Igorja Kosa"),
            attribute(5, "target-user", "mnovak", "Targeting data"),
            attribute(6, "target-email", "igor.kos@lipa-primer.si", "Targeting data"),
            attribute(7, "phone-number", "041 332 118", "Person"),
            attribute(8, "url", f"{BAD_URL}?email=igor.kos@lipa-primer.si", to_ids=True),
            attribute(9, "domain|ip", f"{BAD_NAME}|{BAD_IP}", to_ids=True),
            attribute(10, "date-of-birth", "1. 2. 1980", "Person"),
        ],
    }}  # fmt: skip


def clean_misp() -> dict[str, Any]:
    """An event in which there is nobody to protect."""
    return {"Event": {
        "uuid": f"{UUID}01", "info": "Emotet, june", "date": "2026-06-01", "analysis": "2",
        "timestamp": "1780000000", "published": True, "Tag": [{"name": "tlp:green"}],
        "Attribute": [
            attribute(3, "ip-dst", BAD_IP, to_ids=True, timestamp="1780000000"),
            attribute(4, "sha256", "ab" * 32, "Payload delivery", to_ids=True),
            attribute(5, "url", BAD_URL, to_ids=True, comment="landing page"),
        ],
        "Object": [{"uuid": f"{UUID}06", "name": "domain-ip", "meta-category": "network",
                    "Attribute": [attribute(7, "domain", BAD_NAME, to_ids=True,
                                            object_relation="domain")]}],
    }}  # fmt: skip


def opened(data: Any, kind: str = "json") -> Item:
    raw = data.encode() if isinstance(data, str) else encode(data)
    return structured_item(raw, kind)


def passed(data: Any, kind: str = "json", *, group: str = "demo-amber") -> Passed:
    """A structure through the gate of a group whose constituency is `lipa-primer.si`."""
    return pass_item(
        opened(data, kind), facts=with_brands(read_register([OURS])), policy=demo(group),
        keys=key(group),
    )  # fmt: skip


def leaves(data: Any, kind: str = "json", **more: Any) -> str:
    """The text of the one file that leaves."""
    found = passed(data, kind, **more)
    assert found.outcome.status.value == "released", [
        (s.part, s.type) for s in found.outcome.spans if s.state.value == "ask"
    ] or found.outcome.residue
    (body,) = found.files.values()
    return body.decode()


def shown(data: Any, kind: str = "json") -> str:
    """What leaves, or what people look at while it is held."""
    found = passed(data, kind)
    return next(iter(found.files.values())).decode() if found.files else found.preview
