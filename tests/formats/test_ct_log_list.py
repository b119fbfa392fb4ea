"""The browsers' list of logs is read for address, operator, key and state."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.ct_log_list import BadLogList, decode

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def listed(state: str, end: str = "2027-01-01T00:00:00Z", **more: str) -> dict[str, object]:
    return {"description": "Primer 2026h2", "key": "AAAA", "state": {state: {"timestamp": end}},
            "temporal_interval": {"start_inclusive": "2026-07-01T00:00:00Z",
                                  "end_exclusive": end}, **more}  # fmt: skip


def test_logs_of_both_kinds_are_read() -> None:
    old = listed("usable", url="https://old.example/log/")
    new = listed("retired", monitoring_url="https://new.example/mon/",
                 submission_url="https://new.example/sub/")  # fmt: skip
    over = listed("readonly", "2026-10-01T00:00:00Z", url="https://over.example/")
    text = json.dumps({"version": "9", "operators": [
        {"name": "Primer", "email": [], "logs": [old, over], "tiled_logs": [new]}]})  # fmt: skip
    first, third, second = decode(text.encode())
    assert (first.kind, first.url, first.operator) == (
        "rfc6962",
        "https://old.example/log",
        "Primer",
    )
    assert first.key == b"\0\0\0"
    assert first.live(NOW)
    assert (second.kind, second.url) == ("static-ct", "https://new.example/mon")
    assert not second.live(NOW)
    assert not third.live(NOW), "the last certificate of the shard has expired"


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"operators": [{"name": "x", "logs": [{"key": "AAAA", "url": "ftp://x"}]}]}',
     '{"operators": [{"name": "x", "logs": [{"key": "%", "url": "https://x.example"}]}]}'],
)  # fmt: skip
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(BadLogList):
        decode(text.encode())


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_own_error(data: bytes) -> None:
    with suppress(BadLogList):
        assert all(log.url.startswith("https://") for log in decode(data))
