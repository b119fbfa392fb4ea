"""Elements out of JSON: the same as a whole decode gives, at any size and any cut."""

import json
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.decoding import in_chunks
from zvon.formats import json_stream
from zvon.formats.json_stream import Piece, pieces
from zvon.formats.json_value import storable
from zvon.model.item import Bad

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=12)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4), max_leaves=12
)  # fmt: skip


def read(body: bytes, *paths: str, size: int = 1 << 20) -> list[Piece | Bad]:
    with patch.object(json_stream, "BLOCK", size):
        return list(pieces([body], paths))


@given(st.lists(values, max_size=8), st.integers(1, 40), st.sampled_from([None, 1]))
def test_elements_of_a_list_are_those_that_a_whole_decode_gives(
    elements: list[Any], size: int, indent: int | None
) -> None:
    body = json.dumps(elements, indent=indent).encode()
    found = read(body, "[]", size=size)
    assert [each.value for each in found if isinstance(each, Piece)] == storable(elements)
    assert [each.position for each in found] == [f"$[{n}]" for n in range(len(elements))]


@given(
    st.lists(values, max_size=5),
    st.dictionaries(st.text(max_size=5), values, max_size=4),
    st.integers(1, 30),
)
def test_a_named_array_is_taken_out_of_its_object_and_the_rest_is_whole(
    elements: list[Any], rest: dict[str, Any], size: int
) -> None:
    rest.pop("objects", None)
    body = json.dumps({"objects": elements, **rest}).encode()
    *inside, around = read(body, "objects[]", size=size)
    assert isinstance(around, Piece)
    assert [each.value for each in inside if isinstance(each, Piece)] == storable(elements)
    assert (around.path, around.value) == ("", storable(rest))


@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_bytes_raise_and_no_cut_changes_what_is_read(body: bytes, size: int) -> None:
    paths = ("[]", "objects[]", "a[].b[]")
    assert read(body, *paths, size=size) == read(body, *paths)


@given(
    st.lists(
        st.sampled_from(["{", "}", "[", "]", '"', "\\", ",", ":", "1", "a", " "]), max_size=60
    ),
    st.integers(1, 9),
)
def test_brackets_in_any_order_are_read_the_same_however_they_are_cut(
    signs: list[str], size: int
) -> None:
    body = "".join(signs).encode()
    assert read(body, "[]", "a[]", size=size) == read(body, "[]", "a[]")


def test_brackets_and_quotes_inside_strings_are_text() -> None:
    body = rb'[{"a": "]}\"["}, {"b": "\\"}]'
    assert [each.value for each in read(body, "[]") if isinstance(each, Piece)] == [
        {"a": ']}"['}, {"b": "\\"},
    ]  # fmt: skip


def test_arrays_inside_objects_inside_arrays_keep_who_stands_around_them() -> None:
    body = b'{"response":[{"Event":{"uuid":"u1","Attribute":[{"v":1}]}},{"Event":{"uuid":"u2","Attribute":[{"v":2}]}}]}'
    found = [each for each in read(body, "response[].Event.Attribute[]") if isinstance(each, Piece)]
    attributes = [each for each in found if each.path == "response[].Event.Attribute[]"]
    assert [(each.position, each.above[-1]["uuid"], each.value["v"]) for each in attributes] == [
        ("$.response[0].Event.Attribute[0]", "u1", 1),
        ("$.response[1].Event.Attribute[0]", "u2", 2),
    ]
    assert [each.value for each in found if each.path == "response[].Event"] == [
        {"uuid": "u1"}, {"uuid": "u2"},
    ]  # fmt: skip


def test_values_one_after_the_other_are_each_an_element() -> None:
    body = b'{"a":1}\n\x1e{"b":2}{"c":3},{"d":4}'
    assert [(each.position, each.value) for each in read(body, "[]") if isinstance(each, Piece)] == [
        ("$", {"a": 1}), ("value 2: $", {"b": 2}), ("value 3: $", {"c": 3}), ("value 4: $", {"d": 4}),
    ]  # fmt: skip


def test_a_broken_element_is_named_and_the_others_are_read() -> None:
    found = read(b'[{"a":1},{"b":},{"c":3}]', "[]")
    assert [type(each).__name__ for each in found] == ["Piece", "Bad", "Piece"]
    assert found[1].position == "$[1]"
    assert isinstance(found[1], Bad)
    assert found[1].piece == b'{"b":}'


def test_what_was_complete_before_the_end_of_a_cut_file_is_read() -> None:
    found = read(b'{"Event":{"info":"x","Attribute":[{"v":1},{"v":2},{"v":', "Event.Attribute[]")
    assert [each.value for each in found if isinstance(each, Piece)] == [
        {"v": 1}, {"v": 2}, {"info": "x"}, {},
    ]  # fmt: skip
    (bad,) = [each for each in found if isinstance(each, Bad)]
    assert bad.position == "byte 55"


def test_words_between_values_are_bad_and_so_much_of_it_ends_the_reading() -> None:
    body = b'oops {"a":1}' + b" x {}" * 100
    found = read(body, "[]")
    assert isinstance(found[0], Bad)
    assert found[1] == Piece("", "$", {"a": 1}, 7)
    assert sum(isinstance(each, Bad) for each in found) == json_stream.MAX_STRAY + 2


def test_an_element_over_the_limit_is_bad_and_the_next_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_stream, "MAX_ELEMENT", 2000)
    body = json.dumps([{"n": 1}, {"x": "y" * 9000}, {"n": 3}]).encode()
    found = list(pieces(in_chunks(body, 500), ["[]"]))
    assert [each.value for each in found if isinstance(each, Piece)] == [{"n": 1}, {"n": 3}]
    (bad,) = [each for each in found if isinstance(each, Bad)]
    assert (bad.position, len(bad.piece) <= 4096) == ("$[1]", True)


def test_nesting_past_the_limit_is_bad() -> None:
    body = b"[" + b"[" * 5000 + b"]" * 5000 + b', {"n": 1}]'
    deep, good = read(body, "[]")
    assert isinstance(deep, Bad)
    assert "64" in deep.reason
    assert isinstance(good, Piece)


def test_a_stream_that_never_ends_an_element_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "MAX_ELEMENT", 100_000)
    reader = json_stream._Reader(["[]"])
    held = []

    def endless() -> Iterator[bytes]:
        yield b'["'
        for _ in range(200):
            yield b"x" * 10_000

    for chunk in endless():
        reader.feed(chunk)
        held.append(len(reader._held))
    assert max(held) <= 110_000


def test_utf_16_with_its_mark_is_read() -> None:
    body = '\ufeff[{"a": "č"}]'.encode("utf-16-le")
    (piece,) = read(body, "[]", size=3)
    assert isinstance(piece, Piece)
    assert piece.value == {"a": "č"}
