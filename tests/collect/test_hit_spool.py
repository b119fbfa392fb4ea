"""The collector's spool and its reading of logs: nothing lost, nothing twice, never without end."""

import os
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from zvon.collect.hit_count import Counter
from zvon.collect.hit_spool import HitSpool, Place
from zvon.collect.log_follow import Follower
from zvon.collect.resolver_log import Collector
from zvon.formats.resolver_log import Hit, unbound
from zvon.model.hit import HitCount

NOW = datetime(2026, 11, 22, 9, 0, 30, tzinfo=UTC)
ID = "0" * 32
LINE = ("[{at}] unbound[1:0] info: rpz: applied [hot.si.zvon] {name}. rpz-nxdomain"
        " {client}@1 {name}. A IN\n")  # fmt: skip


def row(hits: int) -> HitCount:
    return HitCount(zone="hot.si.zvon", owner="evil.example", action="nxdomain",
                    minute=NOW.replace(second=0), hits=hits)  # fmt: skip


def hit(client: str, at: datetime = NOW) -> Hit:
    return Hit(zone="hot.si.zvon", owner="evil.example", action="nxdomain", client=client, at=at)


def line(name: str, client: str = "203.0.113.7") -> str:
    return LINE.format(at=int(NOW.timestamp()), name=name, client=client)


def batches(spool: HitSpool) -> list[tuple[int, int]]:
    """Number and hits of what waits; takes it."""
    found = []
    while (record := spool.next()) is not None:
        found.append((record.n, sum(r.hits for r in record.rows)))
        spool.taken(record.n)
    return found


def test_batches_come_back_in_order_and_the_place_with_them(tmp_path: Path) -> None:
    spool = HitSpool(tmp_path, ID, segment_bytes=300)
    for n in range(1, 21):
        spool.append([row(n)], Place(device=1, inode=2, offset=n * 100))
    spool.close()
    again = HitSpool(tmp_path, "f" * 32, segment_bytes=300)
    assert again.identifier == ID
    assert again.place == Place(device=1, inode=2, offset=2000)
    assert batches(again) == [(n, n) for n in range(1, 21)]
    again.append([row(5)], Place(device=1, inode=2, offset=2100))
    again.close()
    assert len(list(tmp_path.glob("*.seg"))) <= 2, "what the node has is deleted"
    last = HitSpool(tmp_path, ID)
    assert last.place == Place(device=1, inode=2, offset=2100)
    assert batches(last)[-1] == (21, 5)
    last.close()


def test_a_torn_record_is_cut_off_and_the_place_is_the_one_before(tmp_path: Path) -> None:
    spool = HitSpool(tmp_path, ID)
    spool.append([row(1)], Place(inode=1, offset=10))
    spool.append([row(2)], Place(inode=1, offset=20))
    spool.close()
    (segment,) = tmp_path.glob("*.seg")
    whole = segment.read_bytes()
    for cut in (1, 5, 40):
        segment.write_bytes(whole[:-cut])
        again = HitSpool(tmp_path, ID)
        assert again.place == Place(inode=1, offset=10)
        again.append([row(7)], Place(inode=1, offset=30))
        assert batches(again) == [(1, 1), (2, 7)]
        again.close()


def test_a_node_that_is_away_for_ever_does_not_fill_the_disk_and_what_went_is_counted(
    tmp_path: Path,
) -> None:
    spool = HitSpool(tmp_path, ID, segment_bytes=1000, most_bytes=5000)
    for n in range(200):
        spool.append([row(1)], Place(inode=1, offset=n))
    size = sum(path.stat().st_size for path in tmp_path.glob("*.seg"))
    assert size <= 7000
    kept, lost = 0, spool.lost
    while (record := spool.next()) is not None:
        kept, lost = kept + sum(r.hits for r in record.rows), lost + record.lost
        spool.taken(record.n)
    assert kept + lost == 200
    assert lost > 100
    spool.close()


def test_a_log_is_read_through_rotation_cutting_and_restarts(tmp_path: Path) -> None:
    log = tmp_path / "rpz.log"
    log.write_text("before\n")
    follower = Follower(log, None)
    assert follower.read() == []
    with log.open("a") as out:
        out.write("one\ntwo\nthr")
    assert follower.read() == [b"one", b"two"]
    with log.open("a") as out:
        out.write("ee\n")
    log.rename(tmp_path / "rpz.log.0")
    log.write_text("four\n")
    assert [*follower.read(), *follower.read()] == [b"three", b"four"]
    place = follower.place
    follower.close()
    with log.open("a") as out:
        out.write("five\n")
    log.rename(tmp_path / "rpz.log.1")
    log.write_text("six\n")
    follower = Follower(log, place)  # rotated while nobody read
    assert [*follower.read(), *follower.read()] == [b"five", b"six"]
    with log.open("r+b") as out:
        out.truncate(0)
    log.write_text("7\n")
    assert follower.read() == [b"7"]
    log.unlink()
    assert follower.read() == []
    follower.close()


def test_a_line_without_end_does_not_stop_the_reading(tmp_path: Path) -> None:
    log = tmp_path / "rpz.log"
    log.write_bytes(b"")
    follower = Follower(log, None)
    log.write_bytes(b"\xff" * 300_000 + b"\nlast\n")
    lines = []
    while more := follower.read():
        lines += more
    assert lines[-1] == b"last"
    follower.close()


def test_clients_are_counted_without_being_kept_and_few_are_not_said() -> None:
    counter = Counter(os.urandom)
    for n in range(4):
        counter.add(hit(f"203.0.113.{n}"), NOW)
        counter.add(hit(f"203.0.113.{n}"), NOW)
    (few,) = counter.drain()
    assert (few.hits, few.clients) == (8, None)
    for n in range(5):
        counter.add(hit(f"203.0.113.{n}"), NOW)
    (five,) = counter.drain()
    assert (five.hits, five.clients) == (5, 5)
    assert five.minute == NOW.replace(second=0)


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "198.51.100.9", "2001:db8::7"])
def test_our_own_questions_are_no_sighting(client: str) -> None:
    counter = Counter(os.urandom, ("127.0.0.0/8", "::1/128", "198.51.100.0/24", "2001:db8::/64"))
    assert not counter.add(hit(client), NOW)
    assert counter.drain() == []


def test_no_address_stands_in_the_spool(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("")
    spool = HitSpool(tmp_path / "spool", ID)
    collector = Collector(Counter(os.urandom), spool, lambda: NOW)
    follower = Follower(log, None)
    collector.begin(follower)
    log.write_text("".join(line("evil.example", f"203.0.113.{n}") for n in range(50)))
    collector.follow(follower, unbound)
    collector.flush(now=True)
    record = spool.next()
    while record is not None and not record.rows:
        spool.taken(record.n)
        record = spool.next()
    assert record is not None
    assert (record.rows[0].hits, record.rows[0].clients) == (50, 50)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "spool").iterdir())
    assert b"203.0.113" not in stored
    follower.close()
    spool.close()


KILLED = textwrap.dedent("""
    import os, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from zvon.collect.hit_count import Counter
    from zvon.collect.log_follow import Follower
    from zvon.collect.resolver_log import Collector
    from zvon.collect.hit_spool import HitSpool
    from zvon.formats.resolver_log import unbound
    root, after = Path(sys.argv[1]), int(sys.argv[2])
    spool = HitSpool(root / "spool", "0" * 32, segment_bytes=2000)
    collector = Collector(Counter(os.urandom), spool, lambda: datetime.now(UTC))
    follower = Follower(root / "log", spool.place)
    while collector.follow(follower, unbound):
        collector.flush(now=True)
        after -= 1
        if after == 0:
            os.kill(os.getpid(), 9)
    collector.flush(now=True)
""")


def test_a_collector_that_is_killed_loses_nothing_and_counts_nothing_twice(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("")
    spool = HitSpool(tmp_path / "spool", ID)
    follower = Follower(log, None)
    Collector(Counter(os.urandom), spool, lambda: NOW).begin(follower)
    follower.close()
    spool.close()
    names = [f"n{n}.example" for n in range(20_000)]
    log.write_text("".join(line(name) for name in names))
    ends = []
    for after in (1, 3, 2, 1000):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path), str(after)], check=False, timeout=60
        )
        ends.append(done.returncode)
    assert ends == [-9, -9, -9, 0]
    counted: dict[str, int] = {}
    spool = HitSpool(tmp_path / "spool", ID)
    while (record := spool.next()) is not None:
        for found in record.rows:
            counted[found.owner] = counted.get(found.owner, 0) + found.hits
        spool.taken(record.n)
    assert counted == dict.fromkeys(names, 1)
    spool.close()


def test_an_old_key_of_clients_is_not_used_the_next_day() -> None:
    given: list[bytes] = []

    def random(n: int) -> bytes:
        given.append(os.urandom(n))
        return given[-1]

    counter = Counter(random)
    for moment in (NOW, NOW, NOW + timedelta(days=1)):
        counter.add(hit("203.0.113.1", moment), moment)
    assert len(given) == 2
