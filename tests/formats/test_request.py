"""Signed requests: what is signed cannot be moved, altered or sent late."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import request
from zvon.formats.note import PeerError

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes_raw()
A, B, C = (UUID(int=n) for n in (1, 2, 3))
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TARGET = "/peer/v1/groups/x/batches?from=3"


def headers() -> dict[str, str]:
    made = request.sign("GET", TARGET, b"", node=A, key=KEY, asked=B, now=NOW, nonce=b"n" * 16)
    return {name.lower(): value for name, value in made.items()}


def check(
    method: str = "GET", target: str = TARGET, body: bytes = b"", key: bytes = PUBLIC,
    asked: UUID = B, now: datetime = NOW,
) -> None:  # fmt: skip
    request.check(request.claim(headers()), method, target, body, key=key, asked=asked, now=now)


def test_the_request_as_signed_is_accepted_within_300_s() -> None:
    check()
    check(now=NOW + timedelta(seconds=300))
    check(now=NOW - timedelta(seconds=300))
    for away in (301, -301):
        with pytest.raises(PeerError, match="300 s"):
            check(now=NOW + timedelta(seconds=away))


def test_every_part_is_signed() -> None:
    wrong: list[dict[str, Any]] = [
        {"method": "POST"}, {"target": TARGET + "0"}, {"body": b"x"}, {"asked": C},
        {"key": bytes(32)},
    ]  # fmt: skip
    for change in wrong:
        with pytest.raises(PeerError, match="signature is wrong"):
            check(**change)
    for name, value in (("zvon-node", str(C)), ("zvon-nonce", "00" * 16)):
        claim = request.claim({**headers(), name: value})
        with pytest.raises(PeerError):
            request.check(claim, "GET", TARGET, b"", key=PUBLIC, asked=B, now=NOW)


@pytest.mark.parametrize("name", ["zvon-node", "zvon-time", "zvon-nonce", "zvon-signature"])
@given(value=st.text(max_size=100))
def test_no_header_raises_anything_but_our_own_error(name: str, value: str) -> None:
    with suppress(PeerError):
        request.claim({**headers(), name: value})
    without = headers()
    del without[name]
    with pytest.raises(PeerError):
        request.claim(without)
