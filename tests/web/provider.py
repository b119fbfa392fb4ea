"""A real OpenID provider on loopback, and a wire to it on which a test may tamper with answers."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from httpx import Response
from msgspec.structs import replace
from oidc_provider_mock import User, run_server_in_thread  # type: ignore[import-untyped]

from tests.web.house import House
from zvon.access.oidc_provider import Provider

CLIENT = "zvon-test"
PAGE = {"Accept": "text/html"}


class Wire(httpx.AsyncBaseTransport):
    """The way to the provider: counts what is asked, and bends tokens when a test says so."""

    def __init__(self) -> None:
        self._real = httpx.AsyncHTTPTransport()
        self.asked: list[str] = []
        self.forms: list[dict[str, list[str]]] = []
        self.bend: Callable[[str], str] | None = None
        self.answer: httpx.Response | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if self.answer is not None:
            return self.answer
        answer = await self._real.handle_async_request(request)
        if path.endswith("/token"):
            self.forms.append(parse_qs(request.content.decode()))
            if self.bend is not None:
                body = json.loads(await answer.aread())
                body["id_token"] = self.bend(body["id_token"])
                return httpx.Response(200, json=body)
        return answer


def run(port: int = 0, **users: dict[str, object]) -> AbstractContextManager[Any]:
    """A provider that knows these people: subject and claims."""
    known = [User(sub=sub, claims=claims) for sub, claims in users.items()]
    served: AbstractContextManager[Any] = run_server_in_thread(port=port, user_claims=known)
    return served


def connect(house: House, port: int, **more: Any) -> Wire:
    """Let the node of `house` use the provider at `port`."""
    issuer = f"http://localhost:{port}"
    secret = house.context.settings.root / "oidc.secret"
    secret.write_text("the client's own word\n")
    settings = house.context.settings.model_copy(
        update={"oidc_issuer": issuer, "oidc_client_id": CLIENT, "oidc_name": "Test",
                "oidc_client_secret": secret, **more}
    )  # fmt: skip
    wire = Wire()
    house.context = replace(house.context, settings=settings)
    house.app.state.context = house.context
    house.app.state.oidc = Provider(settings, transport=wire)
    return wire


async def begin(house: House, path: str = "/signin/oidc") -> tuple[str, dict[str, str]]:
    """Begin to sign in: where the browser is sent, and the cookie it keeps."""
    begun = await house.client.get(path, headers=PAGE)
    assert begun.status_code == 303, begun.text
    kept = begun.headers["set-cookie"].split(";")[0]
    house.client.cookies.clear()
    return str(begun.headers["location"]), {"Cookie": kept}


async def consent(url: str, subject: str) -> str:
    """Say yes at the provider as `subject`; the path and query that the browser is sent back to."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        said = await browser.post(url, data={"sub": subject})
    assert said.status_code == 302, said.text
    parts = urlsplit(said.headers["location"])
    return f"{parts.path}?{parts.query}"


async def come_back(house: House, path: str, kept: dict[str, str]) -> Response:
    """Follow the provider's redirect."""
    answer = await house.client.get(path, headers={**PAGE, **kept})
    house.client.cookies.clear()
    return answer


async def sign_in(house: House, subject: str) -> Response:
    """The whole way once."""
    url, kept = await begin(house)
    return await come_back(house, await consent(url, subject), kept)
