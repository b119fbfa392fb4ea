"""The kit's files, judged by the vendors' own checkers, and what must not stand in them."""

import subprocess
from pathlib import Path

import pytest

from tests.dns.publisher import SECRET, subscriber
from tests.programs import program
from zvon.cli.demo.resolvers import Wanted, _bind, _unbound, in_folder
from zvon.dns.kit import PLACEHOLDER, kit
from zvon.store.subscriber import BRANDS, Subscriber

PRIMARY = "192.0.2.53:5300,[2001:db8::53]:5300"
FEEDS = ("si", "bank")
ORDER = ["allow.t2.zvon", "hot.si.zvon", "cold.si.zvon", "hot.bank.zvon", "cold.bank.zvon",
         "ip.si.zvon", "ip.bank.zvon"]  # fmt: skip


def one(brand: str, *, mode: str = "enforce", relay: bool = False) -> Subscriber:
    return subscriber(brand, mode=mode, relay=relay, feeds=FEEDS, address="198.51.100.7",
                      notify="198.51.100.7:5353")  # fmt: skip


def files(
    brand: str, folder: Path, *, mode: str = "enforce", relay: bool = False
) -> dict[str, str]:
    found = kit(one(brand, mode=mode, relay=relay), PRIMARY, SECRET, url="https://zvon.example/")
    for file in found:
        (folder / file.path).write_text(in_folder(file.text), encoding="utf-8")
    return {file.path: file.text for file in found}


def wanted(brand: str, folder: Path) -> Wanted:
    return Wanted(label="t2", brand=brand, folder=folder, forward="127.0.0.1:5355", port=5354,
                  relay=False, relay_port=5353)  # fmt: skip


def accepted(checker: str, *arguments: str, folder: Path) -> str:
    """What the checker says of a file that it takes."""
    said = subprocess.run([program(checker) or checker, *arguments], cwd=folder,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout + said.stderr


@pytest.mark.parametrize("mode", ["log-only", "enforce"])
@pytest.mark.server("named")
def test_bind_accepts_the_kit(tmp_path: Path, mode: str) -> None:
    files("bind", tmp_path, mode=mode)
    _bind(wanted("bind", tmp_path))
    with (tmp_path / "named.conf").open("a") as conf:
        conf.write('include "zvon-logging.conf";\n')
    assert accepted("named-checkconf", str(tmp_path / "named.conf"), folder=tmp_path) == ""


@pytest.mark.parametrize("mode", ["log-only", "enforce"])
@pytest.mark.parametrize("relay", [False, True])
@pytest.mark.server("unbound", "nsd")
def test_unbound_and_its_relay_accept_the_kit(tmp_path: Path, mode: str, relay: bool) -> None:
    made = files("unbound", tmp_path, mode=mode, relay=relay)
    _unbound(wanted("unbound", tmp_path))
    accepted("unbound-checkconf", str(tmp_path / "unbound.conf"), folder=tmp_path)
    if relay:
        assert "198.51.100.7@5353" in made["nsd-zvon.conf"]
        accepted("nsd-checkconf", str(tmp_path / "nsd-zvon.conf"), folder=tmp_path)
    else:
        assert "nsd-zvon.conf" not in made
        assert SECRET not in "".join(made.values())


@pytest.mark.server("nsd", "knotd")
def test_secondaries_accept_the_kit(tmp_path: Path) -> None:
    files("nsd", tmp_path)
    assert "error" not in accepted("nsd-checkconf", "nsd-zvon.conf", folder=tmp_path)
    files("knot", tmp_path)
    said = accepted("knotc", "-c", "knot-zvon.conf", "conf-check", folder=tmp_path)
    assert "Configuration is valid" in said


@pytest.mark.parametrize("mode", ["log-only", "enforce"])
@pytest.mark.parametrize("brand", ["pfsense", "opnsense"])
@pytest.mark.server("unbound")
def test_the_unbound_of_firewalls_accepts_the_kit(tmp_path: Path, brand: str, mode: str) -> None:
    made = files(brand, tmp_path, mode=mode)
    text = made["zvon-rpz.conf"].replace("/var/unbound/zvon", str(tmp_path))
    # Theirs stands before ours, and ours has to win.
    head = 'server:\n  chroot: ""\n  username: ""\n  module-config: "validator iterator"\n'
    (tmp_path / "unbound.conf").write_text(head + text, encoding="utf-8")
    for feed in FEEDS:
        (tmp_path / f"{feed}.rpz").touch()
    accepted("unbound-checkconf", "unbound.conf", folder=tmp_path)
    assert ("rpz-action-override: disabled" in text) == (mode == "log-only")


def test_bind_renews_the_hot_zone_without_its_minute_of_delay(tmp_path: Path) -> None:
    text = files("bind", tmp_path)["zvon-options.conf"]
    hot = [line for line in text.splitlines() if '"hot.' in line]
    assert len(hot) == len(FEEDS)
    assert all("min-update-interval 0" in line for line in hot)


@pytest.mark.parametrize(
    ("brand", "words", "times"),
    [("bind", "policy disabled", 6), ("unbound", "rpz-action-override: disabled", 6),
     ("pdns", "defpol=Policy.NoAction", 6), ("proof", 'mode = "log-only"', 1),
     ("kresd", "zvon log-only:", 1), ("windows", "-File C:\\ProgramData\\zvon\\zvon.ps1 -LogOnly'", 1)],
)  # fmt: skip
def test_log_only_changes_all_zones_but_never_the_allow_zone(
    tmp_path: Path, brand: str, words: str, times: int
) -> None:
    logs = files(brand, tmp_path, mode="log-only")
    logs.pop("README.txt")
    assert "".join(logs.values()).count(words) == times
    assert words not in "".join(
        text for path, text in files(brand, tmp_path).items() if path != "README.txt"
    )


@pytest.mark.parametrize("brand", ["bind", "unbound", "pdns", "proof"])
def test_zones_stand_in_the_order_in_which_they_are_looked_at(tmp_path: Path, brand: str) -> None:
    seen = 0
    for text in files(brand, tmp_path).values():
        places = [text.find(f'"{zone}"') for zone in ORDER]
        if places[0] >= 0:
            seen += 1
            assert places == sorted(places)
            assert -1 not in places
    assert seen


@pytest.mark.parametrize("brand", BRANDS)
def test_no_kit_drops_queries_overrides_an_action_or_shows_a_secret_again(brand: str) -> None:
    for mode in ("log-only", "enforce"):
        made = kit(one(brand, mode=mode), PRIMARY, None)
        text = "".join(file.text for file in made)
        assert SECRET not in text
        assert brand == "unbound" or PLACEHOLDER in text or "@API_KEY@" in text
        for word in ("rpz-drop", "rpz-tcp-only", "client-ip", "policy nxdomain", "policy given",
                     "Policy.Drop", "-Action IGNORE", "rpz-action-override: nxdomain"):  # fmt: skip
            assert word not in text
        readme = made[-1]
        assert readme.path == "README.txt"
        assert all(file.path in readme.text for file in made[:-1])
        assert "Back, without us" in readme.text


@pytest.mark.parametrize("brand", ["bind", "unbound", "pdns", "knot", "nsd"])
def test_every_address_of_the_primary_is_named(tmp_path: Path, brand: str) -> None:
    text = "".join(t for p, t in files(brand, tmp_path).items() if p != "README.txt")
    assert "192.0.2.53" in text
    assert "2001:db8::53" in text
