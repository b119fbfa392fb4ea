"""A list gives its lookalikes, and what in it is no name."""

from zvon.formats.name_list import decode_text
from zvon.ml.brand import shipped
from zvon.ml.name_scan import MOST_BAD, scan
from zvon.ml.watch_pattern import Patterns, Wanted


def test_names_and_bad_lines_are_counted_and_shown() -> None:
    text = b"nlb-klik.top\nno name\nexample.org\nposta-si-pack.lat\n"
    found = scan(shipped(), decode_text([text]))
    assert (found.names, found.bad) == (3, 1)
    assert [line.position for line in found.bad_lines] == [2]
    assert [one.name for one in found.found] == ["posta-si-pack.lat", "nlb-klik.top"]


def test_of_many_bad_lines_the_first_are_kept() -> None:
    found = scan(shipped(), decode_text([b"no name\n" * 1000]))
    assert found.bad == 1000
    assert len(found.bad_lines) == MOST_BAD


def test_rules_find_names_beside_the_brands() -> None:
    rules = Patterns([Wanted(3, "si.posta", "dostavnik-{#}")])
    found = scan(shipped(), decode_text([b"dostavnik-4.example\nnlb-klik.top\n"]), patterns=rules)
    assert {rule: [one.name for one in rows] for rule, rows in found.ruled.items()} == {
        3: ["dostavnik-4.example"]
    }
    assert [one.name for one in found.found] == ["nlb-klik.top"]
