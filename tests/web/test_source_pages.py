"""How a source does in one word, and which fields its form has."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from zvon.collect.source.kinds import kinds
from zvon.model.marking import Pap, Tlp
from zvon.store.source import Setup
from zvon.web.pages.new_source import fields
from zvon.web.pages.sources import state_of

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def setup(**given: Any) -> Setup:
    said: dict[str, Any] = {
        "id": 1, "uuid": UUID(int=1), "name": "A", "kind": "http", "party_id": None, "about": "",
        "format": "", "mapping_id": None, "settings": {}, "has_secret": False, "keep": "auto",
        "tlp": Tlp.GREEN, "pap": Pap.GREEN, "lang": "", "zone": "UTC", "region": "SI",
        "every_s": 3600, "cursor": {}, "paused": False, "collector_id": None, "tried_at": None,
        "read_at": NOW, "delivered_at": NOW, "next_at": None, "failed_at": None, "failures": 0,
        "problem": "", "lag_s": None, "made_at": NOW, "changed_at": NOW,
    } | given  # fmt: skip
    return Setup(**said)


@pytest.mark.parametrize(
    ("given", "asks", "word"),
    [
        ({}, False, "works"),
        ({"paused": True, "failures": 3}, True, "paused"),
        ({"failures": 1}, True, "fails"),
        ({}, True, "asks"),
        ({"delivered_at": None}, False, "waits"),
        ({"read_at": NOW - timedelta(hours=4), "delivered_at": NOW - timedelta(days=2)}, False, "late"),
        # Nothing new for days, but it answers: a quiet list is not a silent source.
        ({"delivered_at": NOW - timedelta(days=9)}, False, "works"),
        ({"every_s": None, "read_at": None, "delivered_at": NOW - timedelta(hours=20)}, False, "works"),
        ({"every_s": None, "read_at": None, "delivered_at": NOW - timedelta(hours=30)}, False, "late"),
    ],
)  # fmt: skip
def test_one_word_says_how_a_source_does(given: dict[str, Any], asks: bool, word: str) -> None:
    assert state_of(setup(**given), NOW, asks) == word


def test_a_form_asks_for_what_its_kind_needs() -> None:
    asked = {each.name: each for each in fields(kinds()["folder"])}
    assert (asked["path"].kind, asked["path"].needed) == ("text", True)
    assert asked["mode"].choices == ("files", "follow")
    assert asked["settle_s"].kind == "float"
    assert {each.name: each.kind for each in fields(kinds()["kafka"])}["servers"] == "list"
    assert {each.name: each.kind for each in fields(kinds()["kafka"])}["tls"] == "bool"
    assert fields(kinds()["api"]) == []
