"""The DevTools protocol over two pipes: commands down, answers and events up.

Pipes and not a port, because whoever can reach the port can drive the browser.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import msgspec

MOST_BYTES = 48 * 1024 * 1024
Event = dict[str, Any]
Params = Mapping[str, Any]
Listener = Callable[[str, Event], None]


class Gone(ConnectionError):
    """The browser ended, or said something that is too long."""


class Said(RuntimeError):
    """The browser refused a command; its words."""


class Pipe:
    """Commands to one browser. `listeners` by session get each event's method and parameters."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.WriteTransport) -> None:
        self._reader, self._writer = reader, writer
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self.listeners: dict[str, Listener] = {}
        self.gone = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    async def ask(
        self,
        method: str,
        params: Params | None = None,
        *,
        session: str = "",
        timeout_s: float = 5.0,
    ) -> dict[str, Any]:
        """Have a command done and give its result. Raises `Gone`, `Said`, `TimeoutError`."""
        if self.gone.is_set():
            raise Gone(method)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        number = self.tell(method, params, session=session)
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(timeout_s):
                return await answer
        finally:
            self._waiting.pop(number, None)

    def tell(self, method: str, params: Params | None = None, *, session: str = "") -> int:
        """Send a command; its number. Nobody waits for the answer."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params or {}}
        if session:
            message["sessionId"] = session
        if not self._writer.is_closing():
            self._writer.write(msgspec.json.encode(message) + b"\0")
        return self._number

    async def close(self) -> None:
        """Stop listening; the browser ends when its pipes do."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        self._end()

    async def _read(self) -> None:
        try:
            while True:
                raw = await self._reader.readuntil(b"\0")
                self._take(msgspec.json.decode(raw[:-1]))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError):
            pass  # it ended, or says more than anybody would
        finally:
            self._end()

    def _take(self, message: dict[str, Any]) -> None:
        number = message.get("id")
        if number is None:
            listener = self.listeners.get(message.get("sessionId", ""))
            if listener is not None:
                listener(message["method"], message.get("params", {}))
            return
        waiting = self._waiting.get(number)
        if waiting is None or waiting.done():
            return
        if "error" in message:
            waiting.set_exception(Said(str(message["error"].get("message", ""))))
        else:
            waiting.set_result(message.get("result", {}))

    def _end(self) -> None:
        self.gone.set()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Gone("the browser ended"))
