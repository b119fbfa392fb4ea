"""Deliveries are read in a process of their own: bounded, killed when it hangs, and never in the way.

Small plain ones are read beside the event loop instead: starting a process takes half a second.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress

import msgspec

from zvon.collect.read.steps import read as read_here
from zvon.collect.read.words import Said, Task
from zvon.formats.detect import packing
from zvon.store.delivery import unpack

SMALL = 256 * 1024
SILENCE_S = 60.0  # it says something every few seconds; after this it hangs
MAX_FRAME = 256 * 1024 * 1024
_KEPT = ("PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "TMPDIR")
_GIVEN = {"LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
_threads = ThreadPoolExecutor(2, thread_name_prefix="intake")


class Unread(Exception):
    """The reader of a delivery was ended; says why."""


async def read(task: Task, size: int, pieces: AsyncIterator[bytes]) -> AsyncGenerator[Said]:
    """What a delivery of `size` bytes says; `pieces` are packed. Raises `Unread`."""
    first = await anext(pieces, None)
    if first is None:
        return
    if size <= SMALL:
        body = unpack(first)
        if packing(body) is None:
            loop = asyncio.get_running_loop()
            for said in await loop.run_in_executor(_threads, list, read_here(task, [body])):
                yield said
            return
    async with aclosing(_apart(task, first, pieces)) as apart:
        async for said in apart:
            yield said


async def _apart(task: Task, first: bytes, pieces: AsyncIterator[bytes]) -> AsyncGenerator[Said]:
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ} | _GIVEN
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-B", "-m", "zvon.collect.read",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL, env=environment, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    writing = asyncio.create_task(_write(process.stdin, task, first, pieces))
    try:
        while (frame := await _frame(process.stdout)) is not None:
            yield msgspec.msgpack.decode(frame, type=Said)
        code = await process.wait()
        if code != 0:
            raise Unread(_why(code))
        await writing
    except Unread:
        if writing.done() and not writing.cancelled() and (lost := writing.exception()) is not None:
            raise lost from None  # it got no more pieces, which is no fault of the delivery
        raise
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        writing.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await writing


async def _frame(stream: asyncio.StreamReader) -> bytes | None:
    try:
        async with asyncio.timeout(SILENCE_S):
            length = int.from_bytes(await stream.readexactly(4))
            if length > MAX_FRAME:
                raise Unread("its reader said too much at once")
            return await stream.readexactly(length)
    except TimeoutError:
        raise Unread(f"its reader did nothing for {SILENCE_S:.0f} seconds") from None
    except asyncio.IncompleteReadError:
        return None


async def _write(
    stream: asyncio.StreamWriter, task: Task, first: bytes, pieces: AsyncIterator[bytes]
) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):
        await _send(stream, msgspec.msgpack.encode(task))
        await _send(stream, first)
        async for piece in pieces:
            await _send(stream, piece)
        await _send(stream, b"")
        stream.close()


async def _send(stream: asyncio.StreamWriter, body: bytes) -> None:
    stream.write(len(body).to_bytes(4))
    stream.write(body)
    await stream.drain()


def _why(code: int) -> str:
    match -code:
        case signal.SIGXCPU:
            return "reading it took too long"
        case signal.SIGKILL | signal.SIGSEGV | signal.SIGABRT:
            return "it needed too much, or broke its reader"
        case _:
            return f"its reader ended with code {code}"
