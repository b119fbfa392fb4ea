"""Names are read out of log entries of both kinds, and garbled ones raise our own error only."""

import json
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from tests.ct_log import certificate, merkle_leaf, tile_leaf
from zvon.formats.ct_entry import (
    BadEntry,
    Entry,
    certificate_names,
    decode_leaf,
    decode_leaves,
    decode_names,
    decode_tile,
)

NAMES = ("posta-si.example", "www.posta-si.example")


def test_names_of_the_extension_and_the_subject_are_read_once_in_lower_case() -> None:
    made = certificate(("B.example", "*.a.example", "b.example"), "Common.example")
    found = certificate_names(made.public_bytes(Encoding.DER))
    assert found == ("*.a.example", "b.example", "common.example")


def test_a_subject_that_is_a_person_or_a_firm_is_no_name() -> None:
    assert certificate_names(certificate((), "Primer d.o.o.").public_bytes(Encoding.DER)) == ()


def test_a_very_long_list_of_names_is_read() -> None:
    names = tuple(f"{'x' * 50}{n:04d}.{'y' * 60}.{'z' * 40}.example" for n in range(300))
    assert certificate_names(certificate(names).public_bytes(Encoding.DER)) == names


@pytest.mark.parametrize("precert", [False, True])
def test_a_tile_gives_its_entries_in_order(precert: bool) -> None:
    tile = tile_leaf(NAMES, precert=precert, at_ms=5) + tile_leaf(("c.example",), at_ms=6)
    assert list(decode_tile(tile)) == [
        Entry(at_ms=5, names=NAMES, precert=precert),
        Entry(at_ms=6, names=("c.example",)),
    ]


@pytest.mark.parametrize("precert", [False, True])
def test_a_leaf_of_the_old_kind_is_read(precert: bool) -> None:
    found = decode_leaf(merkle_leaf(NAMES, precert=precert, at_ms=9))
    assert found == Entry(at_ms=9, names=NAMES, precert=precert)


def test_a_certificate_that_is_none_does_not_take_the_tile_with_it() -> None:
    good = tile_leaf(NAMES)
    broken = bytearray(good)
    broken[13] = 0x31  # the outermost tag
    first, second = decode_tile(bytes(broken) + good)
    assert isinstance(first, BadEntry)
    assert isinstance(second, Entry)
    assert second.names == NAMES


def test_a_tile_that_is_cut_says_so() -> None:
    with pytest.raises(BadEntry, match="cut"):
        list(decode_tile(tile_leaf(NAMES)[:-1]))


def test_a_names_tile_is_read_line_by_line() -> None:
    row = json.dumps({"Index": 3, "Timestamp": 4, "DNS": ["B.example", "a.example"], "IP": []})
    bare = json.dumps({"Index": 4, "Timestamp": 5, "Subject": "MAA="})
    first, bad, last = decode_names(f"{row}\nnonsense\n{bare}\n".encode())
    assert first == Entry(at_ms=4, names=("a.example", "b.example"))
    assert isinstance(bad, BadEntry)
    assert last == Entry(at_ms=5, names=())


def test_an_answer_with_a_broken_leaf_gives_the_others() -> None:
    import base64

    leaf = base64.b64encode(merkle_leaf(NAMES)).decode()
    body = json.dumps({"entries": [{"leaf_input": leaf}, {"leaf_input": "AAA="},
                                   {"leaf_input": "%"}]}).encode()  # fmt: skip
    good, short, no_base64 = decode_leaves(body)
    assert isinstance(good, Entry)
    assert good.names == NAMES
    assert isinstance(short, BadEntry)
    assert isinstance(no_base64, BadEntry)
    with pytest.raises(BadEntry):
        decode_leaves(b'{"entries": 3}')


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_our_own_error(data: bytes) -> None:
    for read in (decode_tile, decode_names):
        with suppress(BadEntry):
            assert len(list(read(data))) <= len(data)
    for read_one in (decode_leaf, certificate_names, decode_leaves):
        with suppress(BadEntry):
            read_one(data)


@given(st.data())
def test_a_certificate_with_changed_bytes_raises_only_our_own_error(data: st.DataObject) -> None:
    der = bytearray(certificate(NAMES, "a.example").public_bytes(Encoding.DER))
    for _ in range(data.draw(st.integers(1, 6))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadEntry):
        for name in certificate_names(bytes(der)):
            assert name == name.lower()
