"""Kinds of sources: ours, and those of installed packages."""

from collections.abc import Iterator

import msgspec
import pytest

from zvon.collect.source import kinds as table
from zvon.collect.source.http import HTTP
from zvon.collect.source.kind import BadSettings, Kind
from zvon.collect.source.kinds import SHIPPED


@pytest.fixture
def fresh() -> Iterator[None]:
    table.kinds.cache_clear()
    yield
    table.kinds.cache_clear()


@pytest.mark.usefixtures("fresh")
def test_a_package_adds_a_kind_and_replaces_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    pigeon = msgspec.structs.replace(HTTP, name="pigeon")
    monkeypatch.setattr(table, "extensions", lambda _group: {"pigeon": pigeon, "http": pigeon})
    assert table.kind("pigeon") is pigeon
    assert table.kind("http") is HTTP


def test_an_unknown_kind_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(BadSettings, match="taxii"):
        table.kind("pigeon")


@pytest.mark.parametrize("kind", SHIPPED, ids=lambda kind: kind.name)
def test_every_kind_is_read_in_one_way_and_takes_no_settings_that_it_does_not_know(
    kind: Kind,
) -> None:
    ways = {"pull": (True, False), "push": (False, False), "stream": (False, True)}
    assert (kind.read is not None, kind.follow is not None) == ways[kind.how]
    assert kind.settings.__struct_config__.forbid_unknown_fields
    assert kind.settings.__doc__
