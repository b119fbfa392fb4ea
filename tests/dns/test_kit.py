"""The kit's files, judged by the vendors' own checkers, and what must not stand in them."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from tests.programs import program
from zvon.cli.demo.resolvers import Wanted, _bind, _unbound
from zvon.dns.kit import PLACEHOLDER, KitFile, kit
from zvon.store.subscriber import Subscriber

SECRET = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISE="
PRIMARY = "192.0.2.53:5300"


def subscriber(brand: str, *, mode: str = "enforce", relay: bool = False) -> Subscriber:
    by_address = brand == "unbound" and not relay
    return Subscriber(
        id=1, uuid=UUID(int=1), name="t2", party="ISP", party_id=1, brand=brand,
        address="198.51.100.7", known_by="address" if by_address else "tsig", relay=relay,
        mode=mode, mandatory=True, notify_address="198.51.100.7:5353",
        probe_address="127.0.0.1:5354", feed="si", feed_id=1,
        key_name=None if by_address else "t2-00000001.zvon",
        algorithm=None if by_address else "hmac-sha256",
        created_at=datetime(2026, 11, 22, tzinfo=UTC),
    )  # fmt: skip


def files(brand: str, folder: Path, **more: object) -> dict[str, str]:
    found: list[KitFile] = kit(subscriber(brand, **more), PRIMARY, SECRET)  # type: ignore[arg-type]
    for file in found:
        (folder / file.path).write_text(file.text, encoding="utf-8")
    return {file.path: file.text for file in found}


def wanted(brand: str, folder: Path) -> Wanted:
    return Wanted(label="t2", brand=brand, folder=folder, forward="127.0.0.1:5355", port=5354,
                  relay=False, relay_port=5353)  # fmt: skip


@pytest.mark.parametrize("mode", ["log-only", "enforce"])
@pytest.mark.server("named")
def test_bind_accepts_the_kit(tmp_path: Path, mode: str) -> None:
    files("bind", tmp_path, mode=mode)
    _bind(wanted("bind", tmp_path))
    checker = program("named-checkconf") or "named-checkconf"
    said = subprocess.run([checker, str(tmp_path / "named.conf")], cwd=tmp_path,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("mode", ["log-only", "enforce"])
@pytest.mark.parametrize("relay", [False, True])
@pytest.mark.server("unbound", "nsd")
def test_unbound_and_its_relay_accept_the_kit(tmp_path: Path, mode: str, relay: bool) -> None:
    made = files("unbound", tmp_path, mode=mode, relay=relay)
    _unbound(wanted("unbound", tmp_path))
    checker = program("unbound-checkconf") or "unbound-checkconf"
    said = subprocess.run([checker, str(tmp_path / "unbound.conf")], capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    if relay:
        assert "198.51.100.7@5353" in made["nsd-zvon.conf"]
        checker = program("nsd-checkconf") or "nsd-checkconf"
        said = subprocess.run([checker, str(tmp_path / "nsd-zvon.conf")], capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert said.returncode == 0, said.stdout + said.stderr
    else:
        assert "nsd-zvon.conf" not in made
        assert SECRET not in "".join(made.values())


def test_bind_renews_the_hot_zone_without_its_minute_of_delay(tmp_path: Path) -> None:
    text = files("bind", tmp_path)["zvon-options.conf"]
    (hot,) = [line for line in text.splitlines() if '"hot.si.zvon"' in line]
    assert "min-update-interval 0" in hot


@pytest.mark.parametrize(
    ("brand", "words"),
    [("bind", "policy disabled"), ("unbound", "rpz-action-override: disabled"),
     ("pdns", "defpol=Policy.NoAction"), ("proof", 'mode = "log-only"')],
)  # fmt: skip
def test_log_only_changes_the_hot_and_cold_zone_and_never_the_allow_zone(
    tmp_path: Path, brand: str, words: str
) -> None:
    text = "".join(files(brand, tmp_path, mode="log-only").values())
    expected = 1 if brand == "proof" else 2
    assert text.count(words) == expected
    assert words not in "".join(files(brand, tmp_path, mode="enforce").values())


@pytest.mark.parametrize("brand", ["bind", "unbound", "pdns", "proof"])
def test_zones_stand_in_the_order_in_which_they_are_looked_at(tmp_path: Path, brand: str) -> None:
    for text in files(brand, tmp_path).values():
        places = [
            text.find(f'"{zone}"') for zone in ("allow.t2.zvon", "hot.si.zvon", "cold.si.zvon")
        ]
        assert places == sorted(places)


@pytest.mark.parametrize("brand", ["bind", "pdns", "proof"])
def test_without_the_secret_there_is_a_placeholder(brand: str) -> None:
    text = "".join(file.text for file in kit(subscriber(brand), PRIMARY, None))
    assert PLACEHOLDER in text
    assert "rpz-drop" not in text
