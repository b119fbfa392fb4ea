"""Passkeys (WebAuthn Level 3): challenges that work once, and whether an answer is to be believed.

A challenge is no row: it carries its purpose, its person and its end under a MAC of the node's key,
so that asking for one costs nothing; what was used is kept until it would have ended.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from zvon.access.session import Random
from zvon.config import Settings
from zvon.store.passkey import Passkey

CHALLENGE = timedelta(minutes=5)
RANDOM, END, MAC = 16, 8, 16
MAX_CREDENTIAL = 1023
MAX_KEY = 4096


class Purpose(StrEnum):
    """What a challenge is for; one for another purpose is refused."""

    ADD = "add"
    SIGN_IN = "sign_in"
    CONFIRM = "confirm"


class NoPasskeysHere(ValueError):
    """The node is reached by an address and not by a name: browsers have no passkeys for it."""

    def __init__(self) -> None:
        super().__init__("passkeys need a name and HTTPS: set public_url")


class BadPasskey(ValueError):
    """The browser's answer is not to be believed; the message says why."""


class Site(Struct, frozen=True):
    """Whom a passkey is for: the relying party's name, and the origin of its pages."""

    name: str
    origin: str


class Spendable(Struct, frozen=True):
    """A challenge that was found good: its hash is written down, so that it works once."""

    challenge: bytes
    digest: bytes


def site(settings: Settings) -> Site:
    """The site of this node. Raises `NoPasskeysHere`."""
    parts = urlsplit(settings.console_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        if host and (parts.scheme == "https" or host == "localhost"):
            return Site(host, f"{parts.scheme}://{parts.netloc}")
    raise NoPasskeysHere


def make_challenge(
    key: bytes, purpose: Purpose, person_id: int, now: datetime, random: Random
) -> bytes:
    """A challenge for `person_id` (0: whoever it is), good for five minutes."""
    body = random(RANDOM) + struct.pack(">q", int((now + CHALLENGE).timestamp()))
    return body + _mac(key, purpose, person_id, body)


def _mac(key: bytes, purpose: Purpose, person_id: int, body: bytes) -> bytes:
    said = b"passkey %s %d " % (purpose.value.encode(), person_id) + body
    return hmac.digest(key, said, hashlib.sha256)[:MAC]


def read_challenge(
    key: bytes, purpose: Purpose, person_id: int, credential: dict[str, Any], now: datetime
) -> Spendable:
    """The challenge that a browser answered, if it is ours, of this purpose, and not too old.

    Raises `BadPasskey`.
    """
    try:
        said = msgspec.json.decode(_bytes(credential["response"]["clientDataJSON"]))
        challenge = _bytes(said["challenge"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise BadPasskey("the answer is no answer of a passkey") from None
    body, mac = challenge[:-MAC], challenge[-MAC:]
    if len(challenge) != RANDOM + END + MAC or not hmac.compare_digest(
        mac, _mac(key, purpose, person_id, body)
    ):
        raise BadPasskey("the answer is to another question")
    if struct.unpack(">q", body[RANDOM:])[0] < now.timestamp():
        raise BadPasskey("it took too long; try again")
    return Spendable(challenge, hashlib.sha256(challenge).digest())


def _bytes(text: object) -> bytes:
    """Unpadded base64url (RFC 4648, 5). Raises `ValueError`."""
    if not isinstance(text, str) or len(text) > 16_384:
        raise BadPasskey("the answer is no answer of a passkey")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as problem:
        raise ValueError(str(problem)) from None


def credential_id(credential: dict[str, Any]) -> bytes:
    """Which passkey an answer says that it is. Raises `BadPasskey`."""
    try:
        found = _bytes(credential["rawId"])
    except (KeyError, TypeError, ValueError):
        raise BadPasskey("the answer names no passkey") from None
    if not 1 <= len(found) <= MAX_CREDENTIAL:
        raise BadPasskey("the answer names no passkey")
    return found


def user_handle(credential: dict[str, Any]) -> bytes:
    """Whom a passkey says that it belongs to; empty when it does not say."""
    try:
        return _bytes(credential["response"]["userHandle"])
    except (KeyError, TypeError, ValueError):
        return b""


def add_options(
    where: Site, challenge: bytes, user_id: bytes, login: str, name: str, known: Sequence[bytes]
) -> dict[str, Any]:
    """What `navigator.credentials.create` is given: a key found without a name, with a PIN or finger."""
    made = generate_registration_options(
        rp_id=where.name, rp_name="zvon", user_id=user_id, user_name=login, user_display_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
    )  # fmt: skip
    return options_to_json_dict(made)


def ask_options(where: Site, challenge: bytes, known: Sequence[bytes] = ()) -> dict[str, Any]:
    """What `navigator.credentials.get` is given; without `known` any passkey of the site will do."""
    made = generate_authentication_options(
        rp_id=where.name, challenge=challenge,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known] or None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return options_to_json_dict(made)


class NewPasskey(Struct, frozen=True):
    """What is kept of a passkey that was made."""

    credential: bytes
    public_key: bytes
    sign_count: int
    backed_up: bool


def check_new(where: Site, challenge: bytes, credential: dict[str, Any]) -> NewPasskey:
    """The passkey that a browser made for us. Raises `BadPasskey`."""
    try:
        made = verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=where.name,
            expected_origin=where.origin, require_user_verification=True,
        )  # fmt: skip
    except WebAuthnException as problem:
        raise BadPasskey(str(problem)) from None
    except Exception:  # noqa: BLE001  # the library's parsers let errors of every kind through
        raise BadPasskey("the answer is no answer of a passkey") from None
    if len(made.credential_id) > MAX_CREDENTIAL or len(made.credential_public_key) > MAX_KEY:
        raise BadPasskey("the passkey is too large")
    return NewPasskey(made.credential_id, made.credential_public_key, made.sign_count,
                      made.credential_backed_up)  # fmt: skip


def check_answer(
    where: Site, challenge: bytes, credential: dict[str, Any], known: Passkey
) -> tuple[int, bool]:
    """The new counter of `known`, and whether it is backed up. Raises `BadPasskey`."""
    try:
        found = verify_authentication_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=where.name,
            expected_origin=where.origin, credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count, require_user_verification=True,
        )  # fmt: skip
    except WebAuthnException as problem:
        raise BadPasskey(str(problem)) from None
    except Exception:  # noqa: BLE001  # the library's parsers let errors of every kind through
        raise BadPasskey("the answer is no answer of a passkey") from None
    return found.new_sign_count, found.credential_backed_up
