"""Whether an ID token is what the provider said to us, now (OpenID Connect Core 1.0, 3.1.3.7)."""

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey, import_key
from msgspec import Struct

from zvon.access.refusal import Refused
from zvon.store.transaction import AuditEntry

SKEW_S = 60
OLDEST_S = 600
"""A token that was made longer ago than this was not made for this sign-in."""
MAX_TOKEN = 32 * 1024
MIN_RSA_BITS = 2048
SIGN_IN = "session:sign_in"
# Which kind of key may check which algorithm: `none` and every shared secret are absent.
KINDS: Mapping[str, type] = {
    "RS256": RSAKey, "ES256": ECKey, "EdDSA": OKPKey, "Ed25519": OKPKey,
}  # fmt: skip


class BadToken(Refused):
    """The provider's answer is not to be believed; the reason goes into the audit."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the sign-in provider's answer cannot be used: {reason}",
            AuditEntry(actor="anonymous", action=SIGN_IN, object="oidc", outcome="refused",
                       rule="token", detail={"reason": reason}),
        )  # fmt: skip


class UnknownKey(BadToken):
    """The token names a key that is not among those known: the provider may have changed it."""


class Claims(Struct, frozen=True, kw_only=True):
    """What a believed token says of a person."""

    issuer: str
    subject: str
    name: str
    login: str
    groups: tuple[str, ...]


def read_keys(body: Mapping[str, Any]) -> KeySet:
    """The public signing keys of a JWKS (RFC 7517); kinds that we do not use are left out.

    Raises `BadToken` for one that holds none.
    """
    found: list[Any] = []
    listed = body.get("keys")
    for raw in listed if isinstance(listed, list) else ():
        if not isinstance(raw, dict) or raw.get("use", "sig") != "sig":
            continue
        if raw.get("kty") not in {"RSA", "EC", "OKP"}:
            continue
        try:
            key = import_key({k: v for k, v in raw.items() if k not in {"d", "key_ops"}})
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if not isinstance(key, RSAKey) or key.public_key.key_size >= MIN_RSA_BITS:
            found.append(key)
    if not found:
        raise BadToken("it publishes no key that can be used")
    return KeySet(found)


def check_token(
    token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, now: datetime,
    groups_claim: str,
) -> Claims:  # fmt: skip
    """The claims of `token` after signature and every condition. Raises `BadToken`, `UnknownKey`."""
    if not token.isascii() or len(token) > MAX_TOKEN:
        raise BadToken("the token is too long or no token")
    header = _header(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in KINDS:
        raise BadToken(f"it signs with {str(algorithm)[:20]!r}")
    if "crit" in header:
        raise BadToken("its header asks for what is not known here")
    try:
        checked = jws.deserialize_compact(
            token.encode(), _key(keys, header, algorithm), algorithms=[algorithm]
        )
        said = json.loads(checked.payload)
    except (JoseError, ValueError, RecursionError):
        # Without a name of its key it may as well be one that we have not read yet.
        kind = UnknownKey if header.get("kid") is None else BadToken
        raise kind("the signature is wrong") from None
    if not isinstance(said, dict):
        raise BadToken("the token says nothing")
    _conditions(said, issuer, client_id, nonce, now.timestamp())
    return Claims(
        issuer=issuer, subject=_subject(said), name=_text(said, "name", 100),
        login=_text(said, "preferred_username", 64), groups=_groups(said.get(groups_claim)),
    )  # fmt: skip


def _header(token: str) -> dict[str, Any]:
    try:
        found = jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, RecursionError):
        raise BadToken("it is no signed token") from None
    return dict(found)


def _key(keys: KeySet, header: Mapping[str, Any], algorithm: str) -> Any:
    """The one key that may have signed: of the named id, and of the algorithm's kind."""
    fits = [k for k in keys.keys if isinstance(k, KINDS[algorithm])]
    named = header.get("kid")
    if named is not None:
        fits = [k for k in fits if k.kid == named]
    if not fits:
        raise UnknownKey("the token is signed with a key that it does not publish")
    if len(fits) > 1:
        raise BadToken("the token does not say which key signed it")
    return fits[0]


def _conditions(
    said: Mapping[str, Any], issuer: str, client_id: str, nonce: str, now: float
) -> None:
    if said.get("iss") != issuer:
        raise BadToken("the token is of another issuer")
    audience = said.get("aud")
    several = audience if isinstance(audience, list) else [audience]
    if client_id not in several:
        raise BadToken("the token is for somebody else")
    party = said.get("azp")
    if (len(several) > 1 and party is None) or (party is not None and party != client_id):
        raise BadToken("the token was asked for by somebody else")
    ends, made = _time(said, "exp"), _time(said, "iat")
    if ends <= now - SKEW_S:
        raise BadToken("the token has ended")
    if made > now + SKEW_S or ("nbf" in said and _time(said, "nbf") > now + SKEW_S):
        raise BadToken("the token is not valid yet")
    if made < now - OLDEST_S - SKEW_S:
        raise BadToken("the token is too old")
    given = said.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(errors="replace"),
                                                             nonce.encode()):  # fmt: skip
        raise BadToken("the token belongs to another sign-in")


def _time(said: Mapping[str, Any], claim: str) -> float:
    value = said.get(claim)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1 << 40:
        raise BadToken(f"the token's {claim} is no time")
    return float(value)


def _subject(said: Mapping[str, Any]) -> str:
    """`sub`: at most 255 ASCII characters."""
    value = said.get("sub")
    if not isinstance(value, str) or not 1 <= len(value) <= 255 or not value.isascii():
        raise BadToken("the token names nobody")
    if not value.isprintable():
        raise BadToken("the token names nobody")
    return value


def _text(said: Mapping[str, Any], claim: str, most: int) -> str:
    value = said.get(claim)
    return value[:most] if isinstance(value, str) and value.isprintable() else ""


def _groups(value: object) -> tuple[str, ...]:
    listed: Sequence[object] = value if isinstance(value, list) else ()
    kept = {g for g in listed[:1000] if isinstance(g, str) and 1 <= len(g) <= 200 and "\0" not in g}
    return tuple(sorted(kept))
