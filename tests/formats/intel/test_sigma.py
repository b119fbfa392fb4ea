"""Sigma files: each document an object with its log source and techniques."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.detect import choose
from zvon.formats.intel import sigma
from zvon.model.item import Bad, Item, ItemKind, Options, ValueRole

OPTIONS = Options(received_at=datetime(2026, 11, 22, tzinfo=UTC))
RULE = b"""title: Odd Shell of a Service
id: 0e95725d-7320-415d-80f7-004da920fc11
status: test
description: Finds it.
date: 2026-10-01
modified: 2026/11/02
tags:
    - attack.execution
    - attack.t1059.003
    - cve.2026-12345
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image|endswith: '\\cmd.exe'
    condition: selection
level: high
"""


def read(body: bytes) -> list[Item | Bad]:
    return list(sigma.decode([body], OPTIONS))


def test_a_rule_is_an_object_with_id_level_source_and_techniques() -> None:
    found = choose(RULE, "rule.yml")
    assert found is not None
    assert found[0].name == "sigma"
    [item] = read(RULE)
    assert isinstance(item, Item)
    assert (item.kind, item.id) == (
        ItemKind.OBJECT, UUID("0e95725d-7320-415d-80f7-004da920fc11"),
    )  # fmt: skip
    assert [(v.observable.value, v.role) for v in item.values] == [
        ("0e95725d-7320-415d-80f7-004da920fc11", ValueRole.SAID),
        ("T1059.003", ValueRole.NAMED),
        ("CVE-2026-12345", ValueRole.NAMED),
    ]
    assert item.payload["logsource"] == {"category": "process_creation", "product": "windows"}
    assert item.payload["date"] == "2026-10-01"
    assert item.payload["rule"].startswith("title:")
    assert item.at == datetime(2026, 11, 2, tzinfo=UTC)
    assert "level:high" in item.tags


def test_several_documents_are_several_rules_and_a_broken_one_stays_behind() -> None:
    body = RULE + b"---\ntitle: [\n---\n" + RULE.replace(b"fc11", b"fc12") + b"---\nfoo: bar\n"
    found = read(body)
    assert [type(each).__name__ for each in found] == ["Item", "Bad", "Item", "Bad"]
    assert all(each.reason for each in found if isinstance(each, Bad))


def test_tags_of_yaml_build_nothing_and_aliases_do_not_multiply() -> None:
    for body in (
        b"title: x\ndetection: !!python/object/apply:os.system ['true']\n",
        (
            b"title: &a [x,x,x,x,x,x,x,x,x]\ndetection: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n"
            b"c: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d]\n"
        ),
        b"title: " + b"[" * 5_000,
        b"title: &a [*a]\n",
    ):
        [bad] = read(body)
        assert isinstance(bad, Bad)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_exception(body: bytes) -> None:
    sigma.sniff(body, "a.yml")
    for each in read(RULE + b"\n---\n" + body):
        assert isinstance(each, Item | Bad)
