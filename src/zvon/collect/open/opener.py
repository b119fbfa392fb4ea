"""Hostile documents are opened in a process of their own, which has little and lives shortly.

The process gets the bytes on its input and nothing else: no network where the system allows it,
no environment, no write, bounded memory and time. It is killed with all that it started.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress

import msgspec

from zvon.collect.open.answer import Answer
from zvon.formats.document.part import Parts
from zvon.formats.limit import Undecodable
from zvon.model.report import Channel, Message

WALL_S = 40.0
MAX_ANSWER = 16 * 1024 * 1024
MAX_PARTS_ANSWER = 64 * 1024 * 1024
AT_ONCE = max(1, (os.cpu_count() or 1) - 1)

_KEPT = ("PATH", "TESSDATA_PREFIX", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
_GIVEN = {"LANG": "C.UTF-8", "OMP_THREAD_LIMIT": "1", "PYTHONDONTWRITEBYTECODE": "1"}


async def read(body: bytes, media_type: str, channel: Channel, *, to_us: bool = False) -> Message:
    """Read a report of any kind in a process of its own.

    Raises `Undecodable` for what cannot be read, and when the process was ended by its limits.
    """
    async with _turn():
        code, said = await _run(
            body,
            [media_type.replace("\0", "")[:200], channel.value, "1" if to_us else "0"],
            MAX_ANSWER,
        )
    if code is None:
        raise Undecodable("byte 0", f"it was not read within {WALL_S:.0f} seconds")
    try:
        answer = msgspec.json.decode(said, type=Answer)
    except (msgspec.DecodeError, RecursionError):
        raise Undecodable("byte 0", f"its reader was ended ({_why(code)})") from None
    if answer.message is None:
        raise Undecodable(answer.position or "byte 0", answer.reason or "it cannot be read")
    return answer.message


async def parts(body: bytes, media_type: str = "", name: str = "") -> Parts:
    """Take a document apart in a process of its own. Raises nothing: a document that cannot be
    read, or that its reader broke at, has a `reason`.
    """
    async with _turn():
        code, said = await _run(
            body, ["--parts", media_type.replace("\0", "")[:200], _argument(name)], MAX_PARTS_ANSWER
        )
    if code is None:
        return Parts(reason=f"it was not read within {WALL_S:.0f} seconds", cut=True)
    try:
        return msgspec.json.decode(said, type=Parts)
    except (msgspec.DecodeError, RecursionError):
        return Parts(reason=f"its reader was ended ({_why(code)})", cut=True)


def _argument(text: str) -> str:
    """A name as a program may get it: no NUL, no half of a surrogate pair, not too long."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()[-200:]


async def isolated(
    module: str, body: bytes, arguments: list[str], most: int
) -> tuple[int | None, bytes]:
    """Run a module of ours on `body` in a process that has little and lives shortly.

    Exit code and output; no code when time was up or the answer too long.
    """
    async with _turn():
        return await _run(body, arguments, most, module)


async def _run(
    body: bytes, arguments: list[str], most: int, module: str = "zvon.collect.open"
) -> tuple[int | None, bytes]:
    """Exit code and output; no code when time was up or the answer too long."""
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ} | _GIVEN
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-B", "-m", module, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(WALL_S):
            said = await _talk(process, body, most)
            return await process.wait(), said
    except TimeoutError:
        return None, b""
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _talk(process: asyncio.subprocess.Process, body: bytes, most: int) -> bytes:
    """Write the report and read the answer, at most `most` bytes of it."""
    assert process.stdin is not None
    assert process.stdout is not None
    writing = asyncio.create_task(_write(process.stdin, body))
    said = bytearray()
    try:
        while piece := await process.stdout.read(65_536):
            said += piece
            if len(said) > most:
                raise TimeoutError
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
    return bytes(said)


async def _write(stream: asyncio.StreamWriter, body: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        stream.write(body)
        await stream.drain()
        stream.close()


def _why(code: int) -> str:
    match -code:
        case signal.SIGXCPU:
            return "it took too long"
        case signal.SIGKILL | signal.SIGSEGV | signal.SIGABRT:
            return "it needed too much, or broke its reader"
        case _:
            return f"exit code {code}"


def _turn() -> asyncio.Semaphore:
    """At most `AT_ONCE` openers for each event loop: memory times their number stays bounded."""
    loop = asyncio.get_running_loop()
    if loop not in _turns:
        _turns.clear()
        _turns[loop] = asyncio.Semaphore(AT_ONCE)
    return _turns[loop]


_turns: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}
