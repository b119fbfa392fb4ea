"""One ordinary node of the demo: started as an operator would, driven only through its API."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

START_S = 90.0
STOP_S = 20.0
POLL_S = 0.05


class NodeFailed(RuntimeError):
    """The node did not start, or ended by itself; the message holds the end of its log."""


class ApiError(RuntimeError):
    """The API refused a request that the demo needs."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(
            f"{response.request.method} {response.request.url.path} answered"
            f" {response.status_code}: {response.text[:300]}"
        )
        self.status = response.status_code


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A loopback port that is free for TCP and UDP now."""
    while True:
        with socket.socket(socket.AF_INET, kind) as one:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other, suppress(OSError):
                other.bind(("127.0.0.1", port))
                return port


class Account:
    """A person with a key: what the API lets this person do."""

    def __init__(self, base: str, key: str, login: str) -> None:
        self.login = login
        self._http = httpx.AsyncClient(
            base_url=f"{base}/api/v1",
            headers={"Authorization": f"Bearer {key}"},
            timeout=30.0,
            trust_env=False,
        )

    async def get(self, path: str, **query: Any) -> Any:
        """GET, decoded. Raises `ApiError` for anything but 2xx."""
        return _decoded(await self._http.get(path, params=query))

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """POST a JSON body, decoded. Raises `ApiError` for anything but 2xx."""
        return _decoded(await self._http.post(path, json=body or {}))

    async def refused(self, path: str, body: Mapping[str, Any]) -> httpx.Response:
        """POST something that should not be allowed; the caller looks at the answer."""
        return await self._http.post(path, json=body)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _decoded(response: httpx.Response) -> Any:
    if not response.is_success:
        raise ApiError(response)
    return response.json() if response.content else None


class DemoNode:
    """A process tree of `zvon up` with a folder and ports of its own."""

    def __init__(self, name: str, country: str, lang: str, folder: Path, settings: dict[str, str]):
        self.name, self.country, self.lang, self.folder = name, country, lang, folder
        self.http, self.peer, self.dns = free_port(), free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.http}"
        self.people: dict[str, Account] = {}
        self.login_link: str | None = None
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start and wait until the node says that it is ready. Raises `NodeFailed`."""
        with (self.folder.parent / f"{self.name}.err").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "zvon", "up", "--json"),
                *("--root", str(self.folder)),
                *("--name", self.name, "--country", self.country, "--lang", self.lang),
                *("--http", f"127.0.0.1:{self.http}", "--peer", f"127.0.0.1:{self.peer}"),
                *("--dns", f"127.0.0.1:{self.dns}"),
                *(word for key, value in self._settings.items() for word in (f"--{key}", value)),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        try:
            ready = await asyncio.wait_for(self._ready_line(), START_S)
        except TimeoutError:
            raise NodeFailed(f"{self.name} was not ready in {START_S:.0f} s{self._log()}") from None
        self.login_link = ready.get("link") or self.login_link

    async def _ready_line(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            with suppress(json.JSONDecodeError):
                said = json.loads(line)
                if said.get("event") == "ready":
                    self._drain = asyncio.create_task(self._process.stdout.read())
                    return dict(said)
        raise NodeFailed(f"{self.name} ended while starting{self._log()}")

    def _log(self) -> str:
        path = self.folder.parent / f"{self.name}.err"
        lines = path.read_text(errors="replace").splitlines()[-8:] if path.exists() else []
        return "".join(f"\n    {line}" for line in lines)

    async def first_administrator(self) -> Account:
        """Use the one-time link as the first administrator would; gives an account with a key."""
        assert self.login_link is not None
        async with httpx.AsyncClient(base_url=f"{self.url}/api/v1", trust_env=False) as http:
            session = _decoded(
                await http.post("/session", json={"link": self.login_link.rsplit("/", 1)[1]})
            )
            headers = {"X-CSRF-Token": session["csrf"]}
            key = _decoded(
                await http.post(
                    f"/people/{session['person']}/keys", json={"name": "demo"}, headers=headers
                )
            )
        account = Account(self.url, key["key"], session["login"])
        self.people[session["login"]] = account
        return account

    async def person(self, admin: Account, login: str, name: str, role: str) -> Account:
        """Create a person with one role and a key."""
        created = await admin.post(
            "/people", {"login": login, "name": name, "roles": [role], "lang": self.lang}
        )
        key = await admin.post(f"/people/{created['id']}/keys", {"name": "demo"})
        account = Account(self.url, key["key"], login)
        self.people[login] = account
        return account

    async def report(self, text: str, channel: str) -> dict[str, Any]:
        """Hand in a report without an account, as a citizen does."""
        async with httpx.AsyncClient(base_url=self.url, timeout=30.0, trust_env=False) as http:
            answer = await http.post(
                "/api/v1/reports", json={"text": text, "channel": channel, "lang": self.lang}
            )
        return dict(_decoded(answer))

    async def receipt(self, receipt_url: str) -> dict[str, Any]:
        """What the citizen's receipt says now."""
        token = receipt_url.rstrip("/").rsplit("/", 1)[1]
        async with httpx.AsyncClient(base_url=self.url, timeout=10.0, trust_env=False) as http:
            return dict(_decoded(await http.get(f"/api/v1/receipts/{token}")))

    def kill(self) -> None:
        """SIGKILL every process of the node at once, as a power cut would."""
        if self._process is not None and self._process.returncode is None:
            for pid in (*descendants(self._process.pid), self._process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    async def wait(self) -> None:
        """Wait until the main process is gone."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """End the node cleanly; after `STOP_S` by force."""
        for account in self.people.values():
            await account.close()
        if self._process is None or self._process.returncode is not None:
            return
        left = descendants(self._process.pid)
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_S)
        except TimeoutError:
            self.kill()
            await self._process.wait()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> list[int]:
    """Process ids below `pid`, deepest last (Linux)."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *descendants(int(child))]
    return found
