"""`zvon alerts correlate`: one line for each record, ranks, and what hostile files do."""

import gzip
import json
import lzma
import os
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.cli.alerts import correlate
from zvon.cli.alerts_read import Records
from zvon.cli.alerts_run import run
from zvon.ml.correlate.policy import shipped

BEGIN = 1_700_000_000 // 86400 * 86400
HEAD = "time,name,ip,host,short,time_label\n"
STEPS = ("Port scan", "Web attack", "First sudo of a user", "New service started")


def row(at: float, short: str, host: str, name: str = "") -> str:
    return f"{at},{name or short},10.0.0.1,{host},{short},false_positive\n"


def noise(hours: int) -> list[str]:
    return [
        row(BEGIN + h * 3600 + m * 60, "Upd", "mail", "Signature update")
        for h in range(hours)
        for m in (5, 35)
    ]


def attack(at: int) -> list[str]:
    return [row(at + 60 * n, f"A{n}", "web", name) for n, name in enumerate(STEPS)]


class Ran:
    """A run of the command in a folder."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def file(self, name: str, data: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def __call__(self, *files: Path) -> int:
        code = correlate(
            list(files), out=self.folder / "out", ranking=self.folder / "rank",
            hourly=self.folder / "hours", json=True,
        )  # fmt: skip
        said = self._capsys.readouterr()
        self.errors = said.err
        self.totals: dict[str, Any] = json.loads(said.out) if said.out else {}
        return code

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    def incidents(self) -> list[int | None]:
        return [each["incident"] for each in self.lines("out")]


@pytest.fixture
def ran(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Ran:
    return Ran(tmp_path, capsys)


def test_an_attack_in_noise_is_one_incident_on_top_with_reasons(ran: Ran) -> None:
    rows = noise(40) + attack(BEGIN + 30 * 3600)
    file = ran.file("a.csv", HEAD + "".join(rows))
    assert ran(file) == 0
    lines = ran.lines("out")
    assert [(each["file"], each["line"]) for each in lines] == [(str(file), n) for n in range(84)]
    top = ran.lines("rank")[0]
    assert {each["incident"] for each in lines[80:]} == {top["incident"]}
    assert (top["rank"], top["first"], top["last"]) == (1, BEGIN + 108000, BEGIN + 108180)
    assert "never seen before" in top["reasons"][0]
    assert lines[79]["incident"] is None
    assert {each["incident"] for each in ran.lines("rank")} == {
        x for x in ran.incidents() if x is not None
    }


def test_the_hourly_view_knows_nothing_of_the_hours_after(ran: Ran) -> None:
    early, late = attack(BEGIN + 30 * 3600), attack(BEGIN + 70 * 3600)
    ran(ran.file("a.csv", HEAD + "".join(noise(80) + early + late)))
    first, second = (ran.incidents()[place] for place in (160, 164))
    seen = [
        (each["at"] - BEGIN) // 3600 for each in ran.lines("hours") if each["incident"] == first
    ]
    assert (min(seen), max(seen)) == (31, 54)
    later = [
        (each["at"] - BEGIN) // 3600 for each in ran.lines("hours") if each["incident"] == second
    ]
    assert min(later) == 71
    for at in {each["at"] for each in ran.lines("hours")}:
        ranks = [each["rank"] for each in ran.lines("hours") if each["at"] == at]
        assert ranks == list(range(1, len(ranks) + 1))


def test_incidents_that_the_memory_forgot_keep_all_their_alerts(ran: Ran) -> None:
    rows = [*attack(BEGIN), row(BEGIN + 20 * 86400, "B", "mail"), *attack(BEGIN + 60 * 86400)]
    assert ran(ran.file("a.csv", HEAD + "".join(rows))) == 0
    first, later = set(ran.incidents()[:4]), set(ran.incidents()[5:])
    assert (len(first), len(later)) == (1, 1)
    assert first != later
    assert {each["incident"] for each in ran.lines("hours")} == {*ran.incidents()}
    assert sorted(each["alerts"] for each in ran.lines("rank")) == [1, 4, 4]


def test_packed_files_and_several_files_give_the_same(ran: Ran) -> None:
    rows = noise(40) + attack(BEGIN + 30 * 3600)
    plain = ran.file("a.csv", HEAD + "".join(rows))
    assert ran(plain) == 0
    expected = ran.incidents()
    for name, pack in (("xz", lzma.compress), ("gz", gzip.compress), ("zst", zstandard.compress)):
        assert ran(ran.file(f"a.{name}", pack((HEAD + "".join(rows)).encode()))) == 0
        assert ran.incidents() == expected
    parts = [ran.file(f"{n}.csv", HEAD + "".join(rows[n::3])) for n in range(3)]
    assert ran(*parts) == 0
    found = dict(
        zip(
            [n for part in range(3) for n in range(part, len(rows), 3)],
            ran.incidents(),
            strict=True,
        )
    )
    assert [found[n] for n in range(len(rows))] == expected


@given(st.permutations(noise(12) + attack(BEGIN + 9 * 3600) + attack(BEGIN + 30)))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_says_nothing(rows: list[str]) -> None:
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"zvon-order-{os.getpid()}.csv"
    folder.write_text(HEAD + "".join(rows))
    records = Records()
    records.read(folder)
    folder.unlink()
    result = run(records, shipped(), hourly=False)
    found = dict(zip(rows, result.incident.tolist(), strict=True))
    known = sorted(found.items())
    assert known == sorted(EXPECTED.items())


def _expected() -> dict[str, int]:
    rows = noise(12) + attack(BEGIN + 9 * 3600) + attack(BEGIN + 30)
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"zvon-expected-{os.getpid()}.csv"
    path.write_text(HEAD + "".join(rows))
    records = Records()
    records.read(path)
    path.unlink()
    return dict(zip(rows, run(records, shipped(), hourly=False).incident.tolist(), strict=True))


EXPECTED = _expected()


def eve(at: str, source: str, target: str, rule: int, title: str) -> dict[str, Any]:
    return {
        "timestamp": at, "event_type": "alert", "flow_id": 1, "src_ip": source, "dest_ip": target,
        "alert": {"signature_id": rule, "gid": 1, "signature": title, "severity": 1, "category": "x"},
    }  # fmt: skip


def test_eve_and_wazuh_are_told_by_their_content(ran: Ran) -> None:
    events: list[dict[str, Any]] = [
        eve("2026-11-22T10:00:00+0000", "203.0.113.7", "10.0.0.4", 1, "ET TROJAN Beacon"),
        {"timestamp": "2026-11-22T10:00:01+0000", "event_type": "flow", "flow_id": 2, "src_ip": "10.0.0.4"},
        {
            "timestamp": "2026-11-22T10:00:30.000+0000", "rule": {"id": "5710", "level": 5, "description": "sshd: brute force"},
            "agent": {"id": "1", "name": "vpn"}, "manager": {"name": "m"}, "data": {"srcip": "203.0.113.7"},
        },
    ]  # fmt: skip
    assert ran(ran.file("mixed.log", "".join(json.dumps(each) + "\n" for each in events))) == 0
    first, flow, third = ran.incidents()
    assert flow is None
    assert first == third is not None
    assert (ran.totals["alerts"], ran.totals["others"], ran.totals["bad"]) == (2, 1, 0)
    assert ran(ran.file("list.json", json.dumps(events, indent=1))) == 0
    assert ran.incidents() == [first, flow, third]


BAD = [
    ("no time", "soon,x,10.0.0.1,web,A,z\n"), ("no time", "nan,x,10.0.0.1,web,A,z\n"),
    ("no time", "-5,x,10.0.0.1,web,A,z\n"), ("no time", "1e300,x,10.0.0.1,web,A,z\n"),
    ("columns", "1\n"), ("no signature or no host", f"{BEGIN},,,,,\n"),
    ("columns", "\x00\n"), ("larger than field limit", f'"{"y" * 200_000}",,,,,\n'),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "line"), BAD)
def test_a_bad_row_is_named_counted_and_stops_nothing(ran: Ran, reason: str, line: str) -> None:
    file = ran.file(
        "a.csv", HEAD + row(BEGIN, "A", "web") + line + row(BEGIN + 1, "B", "web", "sudo")
    )
    assert ran(file) == 0
    assert [each is None for each in ran.incidents()] == [False, True, False]
    assert ran.totals["bad"] == 1
    assert f"{file}:3: " in ran.errors
    assert reason in ran.errors


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[1,2",
        '"text"',
        "[" * 100_000,
        '{"a":' * 100_000,
        "\x00",
        '{"event_type":"alert"}',
        "{}",
    ],
)
def test_a_bad_line_of_json_stops_nothing(ran: Ran, line: str) -> None:
    good = json.dumps(
        eve("2026-11-22T10:00:00+0000", "203.0.113.7", "10.0.0.4", 1, "ET TROJAN B\ud800eacon")
    )
    assert ran(ran.file("a.json", f"{good}\n{line}\n{good}\n")) == 0
    assert len(ran.lines("out")) == 3
    assert ran.incidents()[1] is None
    assert ran.incidents()[0] == ran.incidents()[2] is not None


def test_an_alert_without_a_time_is_bad_and_one_far_in_time_costs_no_hours(ran: Ran) -> None:
    events = [
        eve("2026-11-22T10:00:00+0000", "203.0.113.7", "10.0.0.4", 1, "ET TROJAN Beacon"),
        eve("yesterday", "203.0.113.7", "10.0.0.4", 1, "ET TROJAN Beacon"),
        eve("2186-11-22T10:00:00+0000", "203.0.113.7", "10.0.0.4", 2, "ET TROJAN Beacon"),
    ]
    assert ran(ran.file("a.json", "".join(json.dumps(each) + "\n" for each in events))) == 0
    assert ran.totals["bad"] == 1
    assert 20 < len({each["at"] for each in ran.lines("hours")}) < 60


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no alert"), (b"\n\n", "no alert"), (b"a,b,c\n1,2,3\n", "neither JSON nor a table"),
        (b"\xff\xfe\x00\x01\x02", "neither JSON nor a table"), (HEAD.encode(), "no alert"),
        (HEAD.encode() + b"x,y,z\n", "no record of it can be read"), (b"PK\x03\x04rest", "archive"),
        (b"\xfd7zXZ\x00broken", "no alert"), (b'{"a": 1}\n', "no record of it can be read"),
    ],
)  # fmt: skip
def test_nothing_that_can_be_read_is_bad_input_and_writes_nothing(
    ran: Ran, data: bytes, said: str
) -> None:
    try:
        code = ran(ran.file("a", data))
        errors = ran.errors
    except ValueError as problem:
        code, errors = 2, str(problem)
    assert code == 2
    assert said in errors
    assert not (ran.folder / "out").exists()


def test_a_packed_file_that_ends_too_early_is_read_as_far_as_it_goes_and_said(ran: Ran) -> None:
    text = HEAD + "".join(row(BEGIN + n, f"S{n % 50}", f"h{n % 7}") for n in range(20_000))
    packed = gzip.compress(text.encode())
    assert ran(ran.file("a.gz", packed[: len(packed) // 2])) == 0
    assert "ends too early" in ran.errors
    assert 0 < ran.totals["records"] < 20_000


def test_a_missing_file_is_named_before_anything_is_read(ran: Ran) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ran(ran.folder / "nowhere.csv")


def test_what_a_sensor_writes_cannot_speak_to_the_terminal(
    ran: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    file = ran.file(
        "a.csv", HEAD + row(BEGIN, "A", "web", "attack \x1b[2J\x07") + "\x1b]0;x\x07,,,,,\n"
    )
    correlate([file], out=ran.folder / "out", ranking=ran.folder / "rank")
    said = capsys.readouterr()
    assert "\x1b" not in said.out + said.err
    assert "\x07" not in said.out + said.err
    assert "attack" in said.out
