"""When a token of the provider is believed: every condition, every algorithm, every near miss."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from tests.access.authenticator import b64
from zvon.access.oidc_token import BadToken, Claims, UnknownKey, check_token, read_keys

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ISSUER, CLIENT, NONCE = "https://id.example", "zvon", "n-1"
RSA = RSAKey.generate_key(2048, {"kid": "r"})
EC = ECKey.generate_key("P-256", {"kid": "e"})
ED = OKPKey.generate_key("Ed25519", {"kid": "d"})


def jwks(*keys: Any) -> dict[str, Any]:
    """The public halves as a provider publishes them."""
    return {"keys": [key.as_dict(private=False) for key in keys]}


KEYS = read_keys(jwks(RSA, EC, ED))
GOOD: Mapping[str, Any] = {
    "iss": ISSUER, "aud": CLIENT, "sub": "ana7", "nonce": NONCE, "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 300, "name": "Ana", "groups": ["soc"],
}  # fmt: skip


def signed(claims: Mapping[str, Any], key: Any = RSA, alg: str = "RS256", **header: Any) -> str:
    """A token of these claims."""
    made = {"alg": alg, "kid": key.kid, **header}
    return jwt.encode({k: v for k, v in made.items() if v is not None}, dict(claims), key,
                      algorithms=[alg])  # fmt: skip


def check(token: str, keys: KeySet = KEYS, now: datetime = NOW) -> Claims:
    """As the node checks it."""
    return check_token(token, keys, issuer=ISSUER, client_id=CLIENT, nonce=NONCE, now=now,
                       groups_claim="groups")  # fmt: skip


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")])
def test_the_three_algorithms_are_believed(key: Any, alg: str) -> None:
    found = check(signed(GOOD, key, alg))
    assert (found.subject, found.name, found.groups) == ("ana7", "Ana", ("soc",))


def test_a_shared_secret_or_none_is_never_believed() -> None:
    for alg, key in (("HS256", RSA.as_pem(private=False)), ("none", b"")):
        said = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": alg, "kid": "r"}, GOOD))
        seal = b64(hmac.digest(key, said.encode(), hashlib.sha256)) if key else ""
        with pytest.raises(BadToken, match=alg):
            check(f"{said}.{seal}")


@pytest.mark.parametrize(("changes", "reason"), [
    ({"iss": "https://evil.example"}, "another issuer"),
    ({"iss": None}, "another issuer"),
    ({"aud": "somebody"}, "somebody else"),
    ({"aud": []}, "somebody else"),
    ({"aud": None}, "somebody else"),
    ({"aud": [CLIENT, "other"]}, "asked for by"),
    ({"aud": [CLIENT, "other"], "azp": "other"}, "asked for by"),
    ({"azp": "other"}, "asked for by"),
    ({"exp": int(NOW.timestamp()) - 61}, "has ended"),
    ({"exp": None}, "no time"),
    ({"exp": "9999999999"}, "no time"),
    ({"exp": True}, "no time"),
    ({"exp": 1e300}, "no time"),
    ({"iat": int(NOW.timestamp()) + 61}, "not valid yet"),
    ({"iat": int(NOW.timestamp()) - 700}, "too old"),
    ({"iat": None}, "no time"),
    ({"nbf": int(NOW.timestamp()) + 100}, "not valid yet"),
    ({"nonce": "n-2"}, "another sign-in"),
    ({"nonce": None}, "another sign-in"),
    ({"nonce": ["n-1"]}, "another sign-in"),
    ({"sub": ""}, "names nobody"),
    ({"sub": 7}, "names nobody"),
    ({"sub": "a" * 256}, "names nobody"),
    ({"sub": "š"}, "names nobody"),
    ({"sub": "a\nb"}, "names nobody"),
])  # fmt: skip
def test_each_condition_alone_is_enough_to_refuse(changes: dict[str, Any], reason: str) -> None:
    claims = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
    with pytest.raises(BadToken, match=reason):
        check(signed(claims))


@pytest.mark.parametrize("changes", [
    {"aud": [CLIENT]}, {"aud": [CLIENT, "other"], "azp": CLIENT}, {"azp": CLIENT},
    {"exp": int(NOW.timestamp()) - 59}, {"iat": int(NOW.timestamp()) + 59},
    {"groups": "soc"}, {"groups": None}, {"groups": [1, None, "a\0b", "ok"]}, {"name": 3},
])  # fmt: skip
def test_what_is_within_the_rules_is_believed(changes: dict[str, Any]) -> None:
    assert check(signed({**GOOD, **changes})).subject == "ana7"


def test_a_key_must_be_published_of_the_right_kind_and_long_enough() -> None:
    other = RSAKey.generate_key(2048, {"kid": "new"})
    with pytest.raises(UnknownKey):
        check(signed(GOOD, other))
    with pytest.raises(UnknownKey):
        check(signed(GOOD, EC, "ES256", kid="r"))
    with pytest.raises(BadToken, match="no key"):
        read_keys(jwks(RSAKey.generate_key(1024)))
    with pytest.raises(BadToken, match="no key"):
        read_keys({"keys": [{"kty": "oct", "k": "AAAA"}, {"kty": "RSA"}, 7, None]})
    with pytest.raises(BadToken, match="no key"):
        read_keys({"keys": "x"})


def test_a_token_without_a_name_for_its_key_is_believed_when_one_key_fits() -> None:
    assert check(signed(GOOD, RSA, kid=None)).subject == "ana7"
    two = read_keys(jwks(RSA, RSAKey.generate_key(2048, {"kid": "other"})))
    with pytest.raises(BadToken, match="which key"):
        check(signed(GOOD, RSA, kid=None), two)


def test_a_header_that_asks_for_more_is_refused() -> None:
    token = signed(GOOD)
    assert check(token, now=NOW + timedelta(seconds=300)).subject == "ana7"
    with pytest.raises(BadToken):
        check(token, now=NOW + timedelta(hours=1))
    with pytest.raises(BadToken):
        check(token + "A" * 40_000)


@given(st.text(max_size=200) | st.from_regex(r"[\w-]{0,40}\.[\w-]{0,40}\.[\w-]{0,40}"))
def test_no_text_is_a_token(text: str) -> None:
    with pytest.raises(BadToken):
        check(text)
