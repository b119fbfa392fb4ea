"""YARA files: each rule an object, read without running anything."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.detect import choose
from zvon.formats.intel import yara
from zvon.model.item import Bad, Item, ItemKind, Options, ValueRole
from zvon.model.marking import Tlp

OPTIONS = Options(received_at=datetime(2026, 11, 22, tzinfo=UTC))
RULE = r"""
import "pe"
/* rule Not_A_Rule { condition: true } */
private rule Zvon_Loader : trojan banker {
    meta:
        description = "Finds the \"loader\" {really}"
        author = "Invented Person"  // nobody
        date = "2026-11-01"
        hash1 = "d41d8cd98f00b204e9800998ecf8427e"
        tlp = "amber"
    strings:
        $a = "http://evil.example/{gate}" ascii wide
        $b = { 4D 5A ?? ( 90 | 91 ) [2-4] }
        $c = /evil[0-9]{1,3}\/x}/ nocase
    condition:
        uint16(0) == 0x5A4D and any of them // }
}
rule Second { condition: false }
"""


def read(body: bytes) -> list[Item | Bad]:
    return list(yara.decode([body], OPTIONS))


def test_each_rule_is_an_object_with_its_name_as_the_value() -> None:
    found = choose(RULE.encode(), "rules.txt")
    assert found is not None
    assert found[0].name == "yara"
    first, second = read(RULE.encode())
    assert isinstance(first, Item)
    assert isinstance(second, Item)
    assert first.kind is ItemKind.OBJECT
    assert [(v.observable.value, v.role) for v in first.values] == [
        ("Zvon_Loader", ValueRole.SAID),
        ("d41d8cd98f00b204e9800998ecf8427e", ValueRole.NAMED),
    ]
    assert first.title == 'Finds the "loader" {really}'
    assert first.tags == ("yara", "trojan", "banker")
    assert first.tlp is Tlp.AMBER
    assert first.at == datetime(2026, 11, 1, tzinfo=UTC)
    assert [each["kind"] for each in first.payload["strings"]] == ["text", "hex", "regex"]
    assert first.payload["condition"] == "uint16(0) == 0x5A4D and any of them"
    assert first.payload["rule"].endswith("}")
    assert second.payload["name"] == "Second"


def test_the_fingerprint_is_of_what_a_rule_matches_and_not_of_its_remarks() -> None:
    body = 'rule A { strings: $a = "x" condition: $a }'
    changed = 'rule A {\n meta: version = 2\n strings: // new\n $a  =  "x"\n condition: $a }'
    [one], [other] = read(body.encode()), read(changed.encode())
    assert isinstance(one, Item)
    assert isinstance(other, Item)
    assert one.payload["strings"] == other.payload["strings"]


def test_a_rule_that_is_never_closed_is_set_aside_and_has_a_place() -> None:
    [good, bad] = read(b"rule A { condition: true }\nrule B { condition: (")
    assert isinstance(good, Item)
    assert isinstance(bad, Bad)
    assert bad.position == "byte 27"
    assert "never closed" in bad.reason


def test_chunks_may_end_anywhere() -> None:
    body = RULE.encode()
    pieces = [body[n : n + 1] for n in range(len(body))]
    assert list(yara.decode(pieces, OPTIONS)) == read(body)


def test_hostile_nesting_ends() -> None:
    for body in (b"/*" * 300_000, b'"\\' * 300_000, b"{" * 300_000, b"rule a {" + b"=/" * 300_000):
        assert all(isinstance(each, Bad) for each in read(b"rule A { condition: " + body))


@given(st.text(alphabet='rule A{}:/*"\\=$condition\n ', max_size=200))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    for each in read(b"rule X { strings: $a = " + text.encode() + b" condition: true }"):
        assert isinstance(each, Item | Bad)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_exception(body: bytes) -> None:
    yara.sniff(body, "a.yar")
    assert all(isinstance(each, Item | Bad) for each in read(body))
