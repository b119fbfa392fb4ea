"""Asking the OpenID provider that the operator named: discovery, keys, and a code for a token."""

import base64
import ssl
from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import httpx
import msgspec
from joserfc.jwk import KeySet
from msgspec import Struct

from zvon.access.oidc_token import BadToken, Claims, UnknownKey, check_token, read_keys
from zvon.config import Settings

TIMEOUT_S = 10.0
MAX_ANSWER = 256 * 1024
KEPT = timedelta(hours=1)
AGAIN = timedelta(seconds=30)
"""A token that names an unknown key makes us read the keys again, but not oftener than this."""


class ProviderAway(ConnectionError):
    """The provider does not answer, or not as one; a password or a passkey still works."""


class BadProvider(ValueError):
    """The settings of the provider cannot be used; the message says which."""


class Metadata(Struct, frozen=True):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False
    end_session_endpoint: str | None = None


class Attempt(Struct, frozen=True, kw_only=True):
    """One sign-in that was begun: what only this browser knows until the provider answers."""

    state: str
    nonce: str
    verifier: str
    go_on: str
    until: int
    person: int | None = None


class Provider:
    """The provider of one node; metadata and keys are kept for an hour."""

    def __init__(
        self, settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        if not settings.oidc_issuer or not settings.oidc_client_id:
            raise BadProvider("oidc_issuer and oidc_client_id belong together")
        self.issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._secret_file: Path | None = settings.oidc_client_secret
        self._groups_claim = settings.oidc_groups_claim
        self._ca = settings.source_ca
        self._transport = transport
        self._loopback = _loopback(urlsplit(self.issuer).hostname or "")
        self._check_url(self.issuer, "oidc_issuer")
        self._metadata: tuple[datetime, Metadata] | None = None
        self._keys: tuple[datetime, KeySet] | None = None

    async def address(self, attempt: Attempt, challenge: str, back: str, now: datetime) -> str:
        """Where the browser goes to sign in (authorization code with PKCE, RFC 7636)."""
        said = await self.metadata(now)
        asked = {
            "response_type": "code", "client_id": self._client_id, "redirect_uri": back,
            "scope": "openid profile", "state": attempt.state, "nonce": attempt.nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        joint = "&" if "?" in said.authorization_endpoint else "?"
        return f"{said.authorization_endpoint}{joint}{urlencode(asked)}"

    async def claims(
        self, code: str, attempt: Attempt, back: str, issuer: str | None, now: datetime
    ) -> Claims:
        """Exchange `code` for a token and believe it or not. Raises `BadToken`, `ProviderAway`.

        `issuer` is what the answer said of itself (RFC 9207).
        """
        said = await self.metadata(now)
        if issuer != self.issuer and (
            issuer is not None or said.authorization_response_iss_parameter_supported
        ):
            raise BadToken("the answer came from another provider")
        token = await self._exchange(said, code, attempt.verifier, back)
        try:
            return await self._checked(token, attempt, now)
        except UnknownKey:
            if self._keys is not None and now - self._keys[0] < AGAIN:
                raise
            self._keys = None
            return await self._checked(token, attempt, now)

    async def sign_out_address(self, back: str, now: datetime) -> str | None:
        """Where the browser goes to sign out of the provider too, when it has such a place."""
        end = (await self.metadata(now)).end_session_endpoint
        if end is None:
            return None
        asked = {"client_id": self._client_id, "post_logout_redirect_uri": back}
        return f"{end}{'&' if '?' in end else '?'}{urlencode(asked)}"

    async def metadata(self, now: datetime) -> Metadata:
        """What the provider says of itself, read anew after an hour. Raises `ProviderAway`."""
        if self._metadata is None or now - self._metadata[0] >= KEPT:
            url = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
            try:
                found = msgspec.convert(await self._get(url), Metadata)
                for each in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                    self._check_url(each, "an address of the provider")
                if found.end_session_endpoint is not None:
                    self._check_url(found.end_session_endpoint, "an address of the provider")
            except (msgspec.ValidationError, BadProvider) as problem:
                raise ProviderAway(
                    f"the sign-in provider describes itself badly: {problem}"
                ) from None
            if found.issuer != self.issuer:
                raise ProviderAway("the sign-in provider says that it is another one")
            self._metadata = (now, found)
        return self._metadata[1]

    async def _checked(self, token: str, attempt: Attempt, now: datetime) -> Claims:
        if self._keys is None or now - self._keys[0] >= KEPT:
            url = (await self.metadata(now)).jwks_uri
            self._keys = (now, read_keys(await self._get(url)))
        return check_token(
            token, self._keys[1], issuer=self.issuer, client_id=self._client_id,
            nonce=attempt.nonce, now=now, groups_claim=self._groups_claim,
        )  # fmt: skip

    async def _exchange(self, said: Metadata, code: str, verifier: str, back: str) -> str:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": back,
            "code_verifier": verifier,
        }  # fmt: skip
        headers = {"Accept": "application/json"}
        secret = self._secret()
        methods = said.token_endpoint_auth_methods_supported
        if secret and "client_secret_basic" in methods:
            pair = f"{quote(self._client_id, safe='')}:{quote(secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = self._client_id
            if secret:
                form["client_secret"] = secret
        answer = await self._ask("POST", said.token_endpoint, data=form, headers=headers)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise BadToken("it gave no token for the code")
        return token

    def _secret(self) -> str | None:
        """Read at each use, so that a new secret needs no restart."""
        if self._secret_file is None:
            return None
        try:
            return self._secret_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise ProviderAway("the file with oidc_client_secret cannot be read") from None

    async def _get(self, url: str) -> dict[str, Any]:
        return await self._ask("GET", url, headers={"Accept": "application/json"})

    async def _ask(
        self, method: str, url: str, *, headers: Mapping[str, str],
        data: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """One request: no redirects, no proxy of the environment, an end in time and in size."""
        trust = ssl.create_default_context()
        if self._ca is not None:
            trust.load_verify_locations(self._ca)
        body = bytearray()
        try:
            async with (
                httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False, verify=trust,
                                  transport=self._transport) as http,
                http.stream(method, url, headers=dict(headers),
                            data=None if data is None else dict(data)) as answer,
            ):  # fmt: skip
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > MAX_ANSWER:
                        raise ProviderAway("the sign-in provider says too much")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as problem:
            raise ProviderAway(
                f"the sign-in provider does not answer ({type(problem).__name__})"
            ) from None
        if method == "POST" and answer.status_code in {400, 401, 403}:
            raise BadToken("it does not take the code")
        try:
            found = msgspec.json.decode(bytes(body), type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found = None
        if answer.status_code != 200 or found is None:
            raise ProviderAway(f"the sign-in provider answers with {answer.status_code}")
        return found

    def _check_url(self, url: str, what: str) -> None:
        """HTTPS, or HTTP where provider and node share a machine."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            bad = parts.username is not None or parts.fragment != "" or not host or parts.port == 0
        except ValueError:
            raise BadProvider(f"{what} is no address") from None
        plain = parts.scheme == "http" and self._loopback and _loopback(host)
        if bad or not (parts.scheme == "https" or plain):
            raise BadProvider(f"{what} must be an https address")


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
