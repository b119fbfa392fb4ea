"""Paths of tiles are as the standard writes them, and heads that a log did not sign are refused."""

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ct_log import Log
from zvon.formats.ct_tile import BadHead, read_checkpoint, read_sth, tile_path


@pytest.mark.parametrize(
    ("tile", "width", "path"),
    [
        (0, 256, "tile/data/000"),
        (999, 256, "tile/data/999"),
        (1000, 256, "tile/data/x001/000"),
        (1234067, 256, "tile/data/x001/x234/067"),
        (1234067, 12, "tile/data/x001/x234/067.p/12"),
    ],
)
def test_the_paths_of_tiles(tile: int, width: int, path: str) -> None:
    assert tile_path("data", tile, width) == path


def test_a_signed_checkpoint_gives_size_and_time() -> None:
    log = Log([("a.example",)] * 3)
    assert read_checkpoint(log.checkpoint()).size == 3
    signed = read_checkpoint(log.checkpoint(), log.key)
    assert (signed.size, signed.at_ms) == (3, 5)


def test_a_checkpoint_with_another_size_than_was_signed_is_refused() -> None:
    log = Log([("a.example",)] * 3)
    with pytest.raises(BadHead, match="wrong"):
        read_checkpoint(log.checkpoint().replace(b"\n3\n", b"\n4\n"), log.key)


def test_a_checkpoint_of_another_key_is_refused() -> None:
    log = Log([])
    with pytest.raises(BadHead, match="not signed"):
        read_checkpoint(log.checkpoint(), log.key + b"x")


def test_a_tree_head_of_the_old_kind_is_checked_as_well() -> None:
    log = Log([("a.example",)] * 2)
    body = log.reply("/ct/v1/get-sth")[2]
    assert read_sth(body, log.key).size == 2
    forged = json.loads(body) | {"tree_size": 9}
    with pytest.raises(BadHead, match="wrong"):
        read_sth(json.dumps(forged).encode(), log.key)
    assert read_sth(json.dumps(forged).encode()).size == 9


@pytest.mark.parametrize(
    "text",
    [b"", b"a\n1\n\n", b"a\n-1\n" + base64.b64encode(bytes(32)) + b"\n\n",
     b"a\n1\nAAAA\n\n", b"a\n99999999999999999\n" + base64.b64encode(bytes(32)) + b"\n\n",
     b"\xff\n\n"],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text: bytes) -> None:
    with pytest.raises(BadHead):
        read_checkpoint(text)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_own_error(data: bytes) -> None:
    log = Log([])
    for read in (read_checkpoint, read_sth):
        with suppress(BadHead):
            assert read(data, log.key) is None, "noise passed as signed"


@given(st.binary(max_size=120))
def test_no_signature_raises_anything_but_our_own_error(signature: bytes) -> None:
    log = Log([])
    said = {"tree_size": 0, "timestamp": 1, "sha256_root_hash": base64.b64encode(bytes(32)).decode(),
            "tree_head_signature": base64.b64encode(signature).decode()}  # fmt: skip
    with pytest.raises(BadHead):
        read_sth(json.dumps(said).encode(), log.key)
