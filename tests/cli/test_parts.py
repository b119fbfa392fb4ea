"""Processes are started again, at rest when they keep dying, and never outlive us."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zvon.cli.parts import RESTS_S, SLOW_S, WINDOW_S, Deaths, Part, stop_in_order, tail

# What stands in for `python -m zvon serve NAME`: the name says how it behaves.
FAKE = """#!{python}
import os, sys, time
name = sys.argv[-1]
if name == "dies":
    sys.exit("no such luck")
if name != "silent":
    os.write(int(os.environ["ZVON_READY_FD"]), b"1")
time.sleep(60)
"""


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Part]:
    fake = tmp_path / "fake"
    fake.write_text(FAKE.format(python=sys.executable))
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    return lambda name: Part(name, os.environ, tmp_path)


def until(done: Callable[[], bool], limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def test_the_rest_grows_and_the_third_death_in_a_minute_tells_a_person() -> None:
    deaths = Deaths()
    assert deaths.count(0) == RESTS_S[0]
    assert deaths.count(1) == RESTS_S[1]
    assert not deaths.often
    assert deaths.count(2) == SLOW_S
    assert deaths.often


def test_old_deaths_are_forgotten() -> None:
    deaths = Deaths()
    for at in (0.0, WINDOW_S + 1, 2 * WINDOW_S + 2):
        assert deaths.count(at) == RESTS_S[0]
    assert not deaths.often


def test_a_part_is_ready_when_it_says_so_and_not_before(part: Callable[[str], Part]) -> None:
    good, silent = part("good"), part("silent")
    for one in (good, silent):
        one.start()

    def good_is_ready() -> bool:
        assert good.look(0) is None
        return good.ready

    until(good_is_ready)
    silent.look(0)
    assert not silent.ready
    stop_in_order([good, silent], lambda: None)
    assert (good.pid, silent.pid) == (None, None)


def test_a_dead_part_gives_its_status_its_words_and_a_time_to_start(
    part: Callable[[str], Part],
) -> None:
    dying = part("dies")
    dying.start()
    statuses: list[int | None] = []

    def ended() -> bool:
        statuses.append(dying.look(100.0))
        return statuses[-1] is not None

    until(ended)
    assert statuses[-1] == 1
    assert dying.start_at == 100.0 + RESTS_S[0]
    assert "no such luck" in dying.last_words()
    assert dying.look(100.1) is None


def test_a_killed_part_is_seen(part: Callable[[str], Part]) -> None:
    good = part("good")
    good.start()
    assert good.pid is not None
    os.kill(good.pid, signal.SIGKILL)
    until(lambda: good.look(0.0) == -signal.SIGKILL)


OWNER = """
import os, sys, time
from pathlib import Path
from zvon.cli.parts import Part
sys.executable = sys.argv[1]
part = Part("good", os.environ, Path(sys.argv[2]))
part.start()
print(part.pid, flush=True)
time.sleep(60)
"""


def test_parts_die_with_the_process_that_started_them(
    part: Callable[[str], Part], tmp_path: Path
) -> None:
    owner = subprocess.Popen(
        [os.fspath(Path(sys.prefix) / "bin" / "python"), "-c", OWNER, str(tmp_path / "fake"),
         str(tmp_path)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.communicate()
    stat = Path(f"/proc/{pid}/stat")
    until(lambda: not stat.exists() or stat.read_text().split()[2] == "Z")


def test_the_database_stops_after_the_parts(part: Callable[[str], Part]) -> None:
    good = part("good")
    good.start()
    seen: list[int | None] = []
    stop_in_order([good], lambda: seen.append(good.pid))
    assert seen == [None]


def test_the_tail_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("\n".join(str(n) for n in range(50_000)))
    assert tail(tmp_path / "x", 2) == "49998\n49999"
    assert tail(tmp_path / "none", 2) == ""
