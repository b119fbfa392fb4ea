"""A message proves itself in the way of its sender, within its time, or not at all."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.collect.source.webhook import Refused, Style, Webhook, verify

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
AT = str(int(NOW.timestamp()))
BODY = b'{"alert": 1}'
SECRET = "it is a secret"


def mac(message: bytes, key: bytes = SECRET.encode()) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def headers_of(style: Style, body: bytes = BODY, at: str = AT) -> dict[str, str]:
    match style:
        case "body":
            return {"x-hub-signature-256": "sha256=" + mac(body).hex()}
        case "slack":
            signature = mac(f"v0:{at}:".encode() + body).hex()
            return {"x-slack-signature": f"v0={signature}", "x-slack-request-timestamp": at}
        case "stripe":
            return {"stripe-signature": f"t={at},v1={mac(f'{at}.'.encode() + body).hex()},v0=x"}
        case "standard":
            signature = base64.b64encode(mac(f"m1.{at}.".encode() + body)).decode()
            return {"webhook-id": "m1", "webhook-timestamp": at,
                    "webhook-signature": f"v1,AAAA v1,{signature}"}  # fmt: skip
        case "token":
            return {"authorization": f"Bearer {SECRET}"}


STYLES: list[Style] = ["body", "slack", "stripe", "standard", "token"]


@pytest.mark.parametrize("style", STYLES)
def test_a_signed_message_is_taken_and_a_changed_one_is_not(style: Style) -> None:
    settings = Webhook(style=style)
    named = verify(settings, SECRET, headers_of(style), BODY, NOW)
    assert named == ("m1" if style == "standard" else None)
    for secret in ("other", ""):
        with pytest.raises(Refused):
            verify(settings, secret, headers_of(style), BODY, NOW)
    if style != "token":
        with pytest.raises(Refused):
            verify(settings, SECRET, headers_of(style), BODY + b" ", NOW)
    with pytest.raises(Refused):
        verify(settings, SECRET, {}, BODY, NOW)


@pytest.mark.parametrize("style", ["slack", "stripe", "standard"])
def test_a_message_that_is_replayed_later_is_refused(style: Style) -> None:
    settings = Webhook(style=style, window_s=300)
    for away in (timedelta(seconds=300), timedelta(seconds=-300)):
        verify(settings, SECRET, headers_of(style), BODY, NOW + away)
    for away in (timedelta(seconds=301), timedelta(seconds=-301), timedelta(days=9000)):
        with pytest.raises(Refused):
            verify(settings, SECRET, headers_of(style), BODY, NOW + away)
    # A new time under the old signature proves nothing.
    later = headers_of(style, at=str(int(AT) + 500))
    mixed = {key: later[key] if "timestamp" in key else value
             for key, value in headers_of(style).items()}  # fmt: skip
    if mixed != headers_of(style):
        with pytest.raises(Refused):
            verify(settings, SECRET, mixed, BODY, NOW + timedelta(seconds=500))


@pytest.mark.parametrize("written", [
    mac(BODY).hex(), mac(BODY).hex().upper(), base64.b64encode(mac(BODY)).decode(),
    "sha256=" + base64.b64encode(mac(BODY)).decode(),
])  # fmt: skip
def test_a_signature_may_be_written_in_several_ways_and_stand_in_any_header(written: str) -> None:
    settings = Webhook(header="X-Wazuh-Signature")
    assert verify(settings, SECRET, {"x-wazuh-signature": written}, BODY, NOW) is None


@given(st.sampled_from(STYLES), st.text(max_size=200), st.text(max_size=20))
def test_no_header_raises_anything_but_our_own_error(style: Style, text: str, at: str) -> None:
    settings = Webhook(style=style)
    headers = {settings.shown_in: text, "x-slack-request-timestamp": at, "webhook-timestamp": at}
    with pytest.raises(Refused):
        verify(settings, SECRET, headers, BODY, NOW)
