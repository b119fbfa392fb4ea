"""No table is forgotten: each is in a class that a policy ends, or is named as machinery."""

import re

import pytest

from tests.house.source import PACKAGE
from zvon.model.data_class import CLASSES, IDS, data_class
from zvon.model.data_machinery import MACHINERY

SCHEMA = PACKAGE / "store" / "schema"
TABLE = re.compile(
    r"^create table (?:if not exists )?(\w+) *\((.*?)^\);", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
ONE_LINE = re.compile(r"^create table (\w+) \((.*)\);$", re.MULTILINE | re.IGNORECASE)
HELD = {held.table for each in CLASSES for held in each.tables}


def columns() -> dict[str, str]:
    """The text of each table of the schema by its name."""
    found: dict[str, str] = {}
    for file in sorted(SCHEMA.glob("*.sql")):
        text = file.read_text("utf-8")
        found.update(ONE_LINE.findall(text))
        found.update(TABLE.findall(ONE_LINE.sub("", text)))
    return found


def test_every_table_is_in_a_class_or_named_as_machinery() -> None:
    tables = set(columns())
    assert len(tables) > 120
    assert tables - HELD - set(MACHINERY) == set()


def test_nothing_is_named_that_is_not_there() -> None:
    assert HELD - set(columns()) == set()
    assert set(MACHINERY) - set(columns()) == {"alembic_version"}
    assert not HELD & set(MACHINERY)


def test_the_columns_that_age_counts_from_exist() -> None:
    tables = columns()
    for each in CLASSES:
        for held in each.tables:
            assert bool(held.clock) != bool(held.key and held.parent), held
            assert re.search(rf"\b{held.clock or held.key}\b", tables[held.table]), held
            assert not held.parent or held.parent in tables, held


def test_every_class_has_something_and_is_found_by_its_name() -> None:
    assert len(set(IDS)) == len(IDS)
    for each in CLASSES:
        assert each.tables or each.folders
        assert data_class(each.id) is each
    with pytest.raises(LookupError, match="rumour"):
        data_class("rumour")


def test_records_of_every_kind_belong_to_exactly_one_class() -> None:
    kinds = [
        kind
        for each in CLASSES
        for held in each.tables
        if held.table == "record"
        for kind in held.kinds
    ]
    assert sorted(kinds) == [
        "alert", "document", "event", "incident", "indicator", "log", "object", "report",
    ]  # fmt: skip
