"""Lists of names in every form give the names, and a bad line with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.name_list import (
    FORMATS,
    MAX_LINE,
    BadLine,
    Line,
    decode_csv,
    decode_diff,
    decode_text,
    decode_zone,
    host_of,
    lines,
)
from zvon.model.name import BadName


def names(found: object) -> list[str]:
    return [line.name for line in found if isinstance(line, Line)]  # type: ignore[attr-defined]


def test_a_plain_list_with_remarks_stars_addresses_and_a_hosts_file() -> None:
    text = (
        "# remark\r\nA.example\r\n*.b.example\n\n0.0.0.0 c.example\n127.0.0.1 localhost\n"
        "https://D.example:8443/path?x\nhxxp://e[.]example/\nf.example # remark\n"
    )
    found = list(decode_text([text.encode()]))
    assert names(found) == [f"{x}.example" for x in "abcdef"]
    assert found[3] == Line(7, "d.example", "https://D.example:8443/path?x")
    assert not [line for line in found if isinstance(line, BadLine)]


def test_an_ill_formed_label_is_kept_because_it_is_a_sign() -> None:
    assert host_of("XN--POTA-H6A-SI.top") == "xn--pota-h6a-si.top"


def test_a_name_in_unicode_becomes_its_a_labels() -> None:
    assert host_of("pošta-primer.example") == "xn--pota-primer-hhc.example"


@pytest.mark.parametrize(
    "text", ["", "localhost", "192.0.2.1", "a b.example", "-.example", "http://"]
)
def test_what_is_no_name_is_a_bad_line(text: str) -> None:
    with pytest.raises(BadName):
        host_of(text)


def test_a_bad_line_says_where_and_the_rest_goes_on() -> None:
    first, bad, last = decode_text([b"a.example\nno name here\nb.example"])
    assert isinstance(bad, BadLine)
    assert bad.position == 2
    assert bad.text == "no name here"
    assert names([first, last]) == ["a.example", "b.example"]


def test_a_bad_line_can_be_shown_and_kept_whatever_is_in_it() -> None:
    [bad] = decode_text([b"posta\x00si \x1b[31m.example\n"])
    assert isinstance(bad, BadLine)
    assert bad.text.isprintable()


def test_a_table_with_a_header_and_one_without() -> None:
    headed = 'rank,Domain,seen\n1,a.example,x\n\n2,"b.example",y\n3\n'
    found = list(decode_csv([headed.encode()]))
    assert names(found) == ["a.example", "b.example"]
    assert isinstance(found[-1], BadLine)
    assert found[-1].position == 5
    assert names(decode_csv([b"1,a.example\n2,b.example\n"])) == ["a.example", "b.example"]
    assert isinstance(next(decode_csv([b'domain\n"open\n'])), BadLine)


def test_a_zone_gives_its_delegations_once_and_no_others() -> None:
    zone = (
        "$ORIGIN example.\n$TTL 3600\n@ IN SOA ns.example. h.example. (\n 1 ; serial\n 2 3 4 5 )\n"
        "posta-si 3600 IN NS ns1\nposta-si 3600 IN NS ns2\n\tIN NS ns3\n"
        "other.example. IN NS ns1 ; remark\n"
    )
    assert names(decode_zone([zone.encode()])) == ["posta-si.example", "other.example"]


def test_of_a_difference_only_what_is_new() -> None:
    diff = (
        "--- old.zone\n+++ new.zone\n@@ -1 +1 @@\n a.example. NS x\n-gone.example. NS x\n"
        "+new.example. 60 IN NS x\n> also.example\nadd third.example. NS x\ndel gone2.example.\n"
    )
    assert names(decode_diff([diff.encode()])) == ["new.example", "also.example", "third.example"]


def test_chunks_may_be_cut_anywhere() -> None:
    text = "prvi.example\npošta.example\r\ntretji.example".encode()
    whole = list(decode_text([text]))
    for at in range(len(text)):
        assert list(decode_text([text[:at], text[at:]])) == whole


def test_an_endless_line_takes_no_memory_and_counts_once() -> None:
    found = list(lines([b"a.example\n", *[b"x" * MAX_LINE] * 9, b"\nb.example\n"]))
    assert [number for number, _ in found] == [1, 2, 3]
    assert len(found[1][1]) <= MAX_LINE
    assert found[2][1] == "b.example"


@pytest.mark.parametrize("form", sorted(FORMATS))
@given(data=st.lists(st.binary(max_size=60), max_size=4))
def test_no_bytes_raise_anything(form: str, data: list[bytes]) -> None:
    for line in FORMATS[form](data):
        assert line.position >= 1


labels = st.from_regex(r"[a-z]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True).filter(
    lambda x: not x.startswith("xn--")
)


@given(st.lists(st.tuples(labels, labels).map(".".join), max_size=9))
def test_names_that_are_written_are_read_back(wanted: list[str]) -> None:
    assert names(decode_text(["\n".join(wanted).encode()])) == wanted
