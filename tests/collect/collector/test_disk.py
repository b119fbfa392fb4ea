"""Room: warned of before anything goes, and the least important loses first."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from zvon.collect.collector.disk import Disk
from zvon.collect.spool import Spool

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Kept:
    def __init__(self, folder: Path, name: str, priority: int) -> None:
        self.name, self.priority = name, priority
        self.spool = Spool(folder / name, "0" * 32, segment_bytes=1000)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=10)
        return self.now


def write(disk: Disk, kept: Kept, times: int) -> None:
    for _ in range(times):
        disk.make_room(1000)
        kept.spool.append(b"x" * 960, b"", 10)


def test_it_warns_at_70_and_90_per_cent_and_says_who_loses_first_and_when(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 100_000, Clock(), lambda _: 1 << 40)
    low, high = Kept(tmp_path, "netflow", 1), Kept(tmp_path, "alerts", 9)
    disk.kept = (high, low)
    with capture_logs() as logs:
        write(disk, low, 30)
        write(disk, high, 39)
        assert [each["event"] for each in logs] == []
        write(disk, high, 3)
        loss = disk.next_loss()
        assert loss is not None
        assert loss.source == "netflow"
        assert NOW < loss.at < NOW + timedelta(hours=2)
        write(disk, high, 20)
    said = [each for each in logs if each["event"] == "the spool fills up"]
    assert [each["first"] for each in said] == ["netflow", "netflow"]
    assert 69 <= said[0]["percent"] < 75
    assert 89 <= said[1]["percent"] < 95
    assert disk.level == 90
    assert low.spool.dropped == high.spool.dropped == 0
    for each in (low, high):
        each.spool.close()


def test_the_oldest_of_the_least_important_goes_and_the_important_stays(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 100_000, Clock(), lambda _: 1 << 40)
    low, high = Kept(tmp_path, "netflow", 1), Kept(tmp_path, "alerts", 9)
    disk.kept = (high, low)
    with capture_logs() as logs:
        write(disk, low, 60)
        write(disk, high, 80)
    assert disk.use.used <= 101_000
    assert disk.level == 100
    assert low.spool.dropped >= 390
    assert high.spool.dropped == 0
    assert low.spool.dropped + low.spool.waiting == 600
    assert {each.get("source") for each in logs if "had to go" in each["event"]} == {"netflow"}
    low.spool.taken(10_000)
    high.spool.taken(10_000)
    disk.make_room(0)
    assert disk.level == 0, "with the node back the warning ends"
    for each in (low, high):
        each.spool.close()


def test_a_disk_that_others_fill_is_a_lower_limit(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 1 << 30, Clock(), lambda _: (64 << 20) + 5000)
    assert disk.use.most == 5000
