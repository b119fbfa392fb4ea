"""The process that opens hostile files has no network, little memory and a short life."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.collect.open.papers import packed, qr
from zvon.collect.open import limits, opener
from zvon.formats.limit import Undecodable
from zvon.model.report import Channel, PartOutcome

ADDRESS = "https://paket.lipa.example/p"

ALLOCATE = """
from zvon.collect.open import limits
limits.apply()
try:
    held = [bytearray(50_000_000) for _ in range(40)]
except MemoryError:
    print("refused")
"""
CONNECT = """
import socket, sys
from zvon.collect.open import limits
limits.apply()
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=2)
    print("connected")
except OSError:
    print("refused")
"""
WRITE = """
from pathlib import Path
import sys
from zvon.collect.open import limits
limits.apply()
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    Path(sys.argv[1]).write_text("left behind")
    print("written")
except OSError:
    print("refused")
"""

WHO = """
import os
from zvon.collect.open import limits
limits.open_to_all = lambda _: True
limits.apply()
print(os.geteuid(), os.getegid(), os.getgroups())
"""


def ran(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True,
                          text=True, check=False)  # fmt: skip
    return done.stdout.strip()


async def test_a_document_goes_through_the_process_and_comes_back_as_a_message() -> None:
    message = await opener.read(packed({"a.png": qr(ADDRESS)}), "application/zip", Channel.SMS)
    assert [(m.observable.value, m.derived) for m in message.mentions] == [(ADDRESS, "qr")]
    assert message.channel is Channel.SMS
    assert [(p.name, p.outcome) for p in message.parts] == [("a.png", PartOutcome.READ)]


async def test_what_the_process_refuses_has_place_and_reason() -> None:
    with pytest.raises(Undecodable) as refused:
        await opener.read(b"%PDF-1.7\nnothing", "", Channel.UNKNOWN)
    assert (refused.value.position, refused.value.reason) == ("byte 0", "a damaged PDF document")


def test_memory_is_bounded() -> None:
    assert ran(ALLOCATE) == "refused"


async def test_there_is_no_way_out() -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        said = await asyncio.to_thread(ran, CONNECT, str(port))
        if said == "connected":
            pytest.skip("this system gives no process a network of its own")
        assert said == "refused"


def test_nothing_is_written(tmp_path: Path) -> None:
    assert ran(WRITE, f"{tmp_path}/left") == "refused"


async def test_one_that_takes_too_long_is_ended_with_all_that_it_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(opener, "WALL_S", 0.05)
    with pytest.raises(Undecodable, match="not read within"):
        await opener.read(qr(ADDRESS), "image/png", Channel.UNKNOWN)


async def test_an_answer_without_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opener, "MAX_ANSWER", 10)
    with pytest.raises(Undecodable, match="not read within"):
        await opener.read(qr(ADDRESS), "image/png", Channel.UNKNOWN)


async def test_a_reader_that_dies_is_told_and_the_next_one_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("sys.executable", "/bin/false")
        with pytest.raises(Undecodable, match="its reader was ended"):
            await opener.read(qr(ADDRESS), "image/png", Channel.UNKNOWN)
    assert (await opener.read(qr(ADDRESS), "image/png", Channel.UNKNOWN)).mentions


async def test_many_at_once_wait_for_their_turn() -> None:
    bodies = [qr(f"https://n{n}.lipa.example/") for n in range(4)]
    read = await asyncio.gather(*(opener.read(b, "image/png", Channel.UNKNOWN) for b in bodies))
    assert [m.mentions[0].observable.value for m in read] == [
        f"https://n{n}.lipa.example/" for n in range(4)
    ]


def test_root_gives_its_rights_up_only_where_nobody_can_still_read_the_program(
    tmp_path: Path,
) -> None:
    program = tmp_path / "lib" / "reader.py"
    program.parent.mkdir(mode=0o755)
    program.write_text("x")
    # The folder of a test run is private from some parent on: only its own part is judged here.
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:
            assert not limits.open_to_all(str(program))
            break
    assert limits.open_to_all("/usr/bin/env")
    program.chmod(0o600)
    assert not limits.open_to_all(str(program))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")
def test_root_reads_as_nobody() -> None:
    assert ran(WHO) == "65534 65534 []"
