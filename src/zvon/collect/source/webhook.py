"""Webhooks: `POST /in/{id}` of whoever knows the secret, and proves it in a header.

A message is accepted again when it is sent again, as senders do that saw no answer; it counts
once. With a time in its signature it is refused once that is too long ago.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from zvon.collect.source.kind import Kind
from zvon.collect.source.server import HeaderName

Style = Literal["body", "slack", "stripe", "standard", "token"]
HEADERS: Mapping[Style, str] = {
    "body": "X-Hub-Signature-256",
    "slack": "X-Slack-Signature",
    "stripe": "Stripe-Signature",
    "standard": "webhook-signature",
    "token": "Authorization",
}
MAX_BODY = 16 << 20


class Refused(PermissionError):
    """The message proves nothing. It does not say what is wrong."""


class Webhook(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the sender proves itself: HMAC-SHA256 in `header`, or that of the style when empty.

    `body`: over the body, hexadecimal or Base64, `sha256=` before it or not (GitHub and most
    others). `slack`, `stripe` and `standard` (standardwebhooks.com) sign a time too, which may lie
    `window_s` away. `token`: the header is the secret itself, for senders that cannot sign.
    """

    style: Style = "body"
    header: HeaderName = ""
    window_s: Annotated[int, Meta(ge=10, le=86_400)] = 300

    @property
    def shown_in(self) -> str:
        """The header with the signature, in lower case."""
        return (self.header or HEADERS[self.style]).lower()


def verify(
    settings: Webhook, secret: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> str | None:
    """The sender's own identifier of the message, if it has one. Raises `Refused`.

    Header names are in lower case. Signatures are compared in constant time.
    """
    shown = headers.get(settings.shown_in, "")
    if not shown or not secret:
        raise Refused
    match settings.style:
        case "token":
            _same(shown.removeprefix("Bearer ").strip().encode(), [secret.encode()])
            return None
        case "body":
            _signed(secret.encode(), body, [shown])
            return None
        case "slack":
            at = headers.get("x-slack-request-timestamp", "")
            _recent(settings, at, now)
            _signed(secret.encode(), f"v0:{at}:".encode() + body, [shown.removeprefix("v0=")])
            return None
        case "stripe":
            pairs = [part.strip().partition("=") for part in shown.split(",")[:20]]
            at = next((value for key, _, value in pairs if key == "t"), "")
            _recent(settings, at, now)
            signatures = [value for key, _, value in pairs if key == "v1"]
            _signed(secret.encode(), f"{at}.".encode() + body, signatures)
            return None
        case "standard":
            at, named = headers.get("webhook-timestamp", ""), headers.get("webhook-id", "")[:200]
            _recent(settings, at, now)
            signatures = [part.removeprefix("v1,") for part in shown.split()[:20]]
            _signed(_standard_key(secret), f"{named}.{at}.".encode() + body, signatures)
            return named or None


def _recent(settings: Webhook, at: str, now: datetime) -> None:
    if not at.isdecimal() or len(at) > 12 or abs(now.timestamp() - int(at)) > settings.window_s:
        raise Refused


def _signed(key: bytes, message: bytes, signatures: list[str]) -> None:
    expected = hmac.digest(key, message, hashlib.sha256)
    _same(expected, [_binary(each) for each in signatures])


def _same(expected: bytes, given: list[bytes]) -> None:
    # Every one is compared, so that the time does not tell which of them was near.
    if True not in [hmac.compare_digest(expected, each) for each in given]:
        raise Refused


def _binary(signature: str) -> bytes:
    """A signature in hexadecimal or Base64; empty for what is neither."""
    text = signature.strip().removeprefix("sha256=")
    try:
        return bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


def _standard_key(secret: str) -> bytes:
    """The key that a `whsec_…` of standard webhooks stands for."""
    text = secret.removeprefix("whsec_")
    try:
        return base64.b64decode(text, validate=True) if text != secret else secret.encode()
    except (ValueError, binascii.Error):
        return secret.encode()


WEBHOOK = Kind(name="webhook", how="push", settings=Webhook, credential="needed")
