"""X-ARF: what a provider's desk reads by machine."""

import hashlib
import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from zvon.formats.xarf import MAX_ITEM, Content, Desk, Item, encode

DESK = Desk("Node North", "abuse@north.example")
ID = UUID("0b8f4f7e-52c3-4c4f-9d0b-6b3b8a2d7a11")
PAGE = Content(
    category="phishing", url="https://posta-si.carina.example/i", source="posta-si.carina.example",
    seen_at=datetime(2026, 12, 8, 7, 2, tzinfo=UTC), description="phishing: a page",
    brand="Pošta Slovenije", asks=("card", "code"), cloaked=True, confidence=0.98,
    hops=("https://short.example/a", "https://posta-si.carina.example/i"),
)  # fmt: skip
PICTURE = Item("a.png", "image/png", "phone", b"\x89PNG...")


def read(content: Content, *items: Item) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode(content, DESK, items, ID))
    return found


def test_it_has_every_field_that_the_schema_requires() -> None:
    found = read(PAGE, PICTURE)
    assert {"xarf_version", "report_id", "timestamp", "reporter", "sender", "source_identifier",
            "category", "type", "url"} <= found.keys()  # fmt: skip
    assert found["reporter"] == {"org": "Node North", "contact": "abuse@north.example",
                                 "domain": "north.example"}  # fmt: skip
    assert (found["category"], found["type"]) == ("content", "phishing")
    assert found["timestamp"] == "2026-12-08T07:02:00Z"
    assert found["target_brand"] == "Pošta Slovenije"
    assert found["credential_fields"] == ["card", "code"]
    assert found["detection_evasion"] == ["user_agent_filtering"]
    assert len(found["redirect_chain"]) == 2


def test_evidence_proves_itself() -> None:
    [item] = read(PAGE, PICTURE)["evidence"]
    body = b64decode(item["payload"])
    assert body == PICTURE.body
    assert item["hash"] == "sha256:" + hashlib.sha256(body).hexdigest()


def test_an_item_over_the_limit_is_left_out() -> None:
    large = Item("b.png", "image/png", "desktop", bytes(MAX_ITEM + 1))
    assert len(read(PAGE, large, PICTURE)["evidence"]) == 1


def test_unknown_facts_are_not_there() -> None:
    bare = replace(PAGE, brand=None, asks=(), hops=(), cloaked=False, confidence=None)
    assert not {"target_brand", "credential_fields", "redirect_chain", "confidence",
                "detection_evasion", "submission_url"} & read(bare).keys()  # fmt: skip


def test_a_harmless_page_is_no_report() -> None:
    with pytest.raises(ValueError, match="benign"):
        encode(replace(PAGE, category="benign"), DESK, (), ID)
