"""Real programs read what we write, hostile addresses included."""

import subprocess
from pathlib import Path

import pytest

from tests.formats.blocklist.made import ABOUT, HOSTILE_URLS
from tests.programs import program
from zvon.formats.blocklist import FORMATS, Entry, Kind, takes
from zvon.model.scope import Scope


def where_installed(name: str) -> pytest.MarkDecorator:
    """For programs that are too large, or too far from our field, to ask every machine for."""
    return pytest.mark.skipif(program(name) is None, reason=f"{name} is not installed")


ENTRIES = [
    Entry(kind=Kind.NAME, value="host-only.example"),
    Entry(kind=Kind.NAME, value="a-b.sub.example", scope=Scope.HOST_SUB),
    Entry(kind=Kind.NAME, value="_odd.xn--pota-1pa.example", scope=Scope.REGISTRABLE_SUB),
    Entry(kind=Kind.NAME, value="nodata.example", scope=Scope.HOST_SUB, action="nodata"),
    Entry(kind=Kind.NAME, value="landing.example", scope=Scope.HOST_SUB, action="landing"),
    Entry(kind=Kind.NAME, value=".".join(["l" * 63] * 3 + ["x" * 20, "example"])),
    *(Entry(kind=Kind.URL, value=address) for address in HOSTILE_URLS),
    Entry(kind=Kind.IP, value="192.0.2.66/32"),
    Entry(kind=Kind.IP, value="198.51.100.0/24"),
    Entry(kind=Kind.IP, value="2001:db8:1::/48"),
    Entry(kind=Kind.NSDNAME, value="ns.evil.example"),
    Entry(kind=Kind.NSIP, value="203.0.113.7/32"),
]


def file_of(folder: Path, name: str) -> Path:
    chosen = FORMATS[name]
    path = folder / f"{name}.{chosen.suffix}"
    path.write_bytes(b"".join(chosen.encode((e for e in ENTRIES if takes(chosen, e)), ABOUT)))
    path.chmod(0o644)
    folder.chmod(0o755)
    return path


def run(*command: str) -> subprocess.CompletedProcess[str]:
    path = program(command[0])
    assert path is not None
    return subprocess.run([path, *command[1:]], check=False, capture_output=True, text=True,
                          timeout=20)  # fmt: skip


@pytest.mark.server("named")
@pytest.mark.parametrize("name", ["rpz", "kresd"])
def test_bind_takes_the_policy_zone(tmp_path: Path, name: str) -> None:
    done = run("named-checkzone", "-i", "local", "si.zvon", str(file_of(tmp_path, name)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ignoring out-of-zone" not in done.stdout


@pytest.mark.server("unbound")
def test_unbound_takes_the_local_zones(tmp_path: Path) -> None:
    main = tmp_path / "main.conf"
    main.write_text(f'server:\n  chroot: ""\ninclude: "{file_of(tmp_path, "unbound")}"\n')
    done = run("unbound-checkconf", str(main))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr


@where_installed("dnsmasq")
def test_dnsmasq_takes_its_options(tmp_path: Path) -> None:
    done = run("dnsmasq", "--test", "-C", str(file_of(tmp_path, "dnsmasq")))
    assert done.returncode == 0, done.stderr


@where_installed("nft")
def test_nftables_takes_its_sets(tmp_path: Path) -> None:
    done = run("nft", "-c", "-f", str(file_of(tmp_path, "nftables")))
    if "Operation not permitted" in done.stderr or "Netlink" in done.stderr:
        pytest.skip("nft may not speak to the kernel here")
    assert done.returncode == 0, done.stderr


@where_installed("xmllint")
def test_a_strict_reader_takes_the_xml(tmp_path: Path) -> None:
    assert run("xmllint", "--noout", str(file_of(tmp_path, "xml"))).returncode == 0


@pytest.mark.server("kresd")
@pytest.mark.parametrize("name", ["kresd", "rpz"])
def test_knot_resolver_loads_every_rule_of_its_own_file(tmp_path: Path, name: str) -> None:
    """It says which rules it ignores; those of the other file, with our landing host, it does."""
    config = tmp_path / "kresd.conf"
    config.write_text(
        "modules = {'policy', 'hints > iterate'}\nnet.listen('127.0.0.1', 0)\n"
        f"policy.add(policy.rpz(policy.DENY, '{file_of(tmp_path, name)}', false))\nquit()\n"
    )
    done = run("kresd", "-n", "-q", "-c", str(config), str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert ("(ignored)" in done.stderr) is (name == "rpz"), done.stderr


@where_installed("squid")
def test_squid_takes_both_lists(tmp_path: Path) -> None:
    config = tmp_path / "squid.conf"
    config.write_text(
        "http_port 3128\n"
        f'acl names dstdomain "{file_of(tmp_path, "squid-domains")}"\n'
        f'acl pages url_regex "{file_of(tmp_path, "squid-urls")}"\n'
        "http_access deny names\nhttp_access deny pages\n"
    )
    done = run("squid", "-k", "parse", "-f", str(config))
    assert done.returncode == 0, done.stderr


@where_installed("suricata")
def test_suricata_takes_rules_and_datasets(tmp_path: Path) -> None:
    file_of(tmp_path, "suricata-domains").rename(tmp_path / "zvon-domains.lst")
    done = run("suricata", "-T", "-S", str(file_of(tmp_path, "suricata-rules")), "-l",
               str(tmp_path))  # fmt: skip
    assert done.returncode == 0, done.stderr


@where_installed("dnsdist")
def test_dnsdist_takes_its_rules(tmp_path: Path) -> None:
    done = run("dnsdist", "--check-config", "-C", str(file_of(tmp_path, "dnsdist")))
    assert done.returncode == 0, done.stderr
