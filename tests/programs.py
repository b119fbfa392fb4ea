"""Real programs that tests need: found, or named at the end of the run with how to get them."""

import os
import shutil
from collections.abc import Sequence

import pytest

PACKAGES = {
    "named": "bind9",
    "unbound": "unbound",
    "nsd": "nsd",
    "pdns_recursor": "pdns-recursor",
    "kresd": "knot-resolver lua-cqueues",
    "knotd": "knot",
    "kdig": "knot-dnsutils",
    "dig": "bind9-dnsutils",
    "chromium": "chromium",
    "psql": "postgresql",
}
SBIN = "/usr/sbin:/sbin:/usr/local/sbin"


def program(name: str) -> str | None:
    """Where `name` is, also when /usr/sbin is not on this user's PATH."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SBIN}")


def required() -> bool:
    """True when a test that lacks its server must fail instead of being skipped."""
    truthy = {"1", "true", "yes"}
    names = ("CI", "ZVON_REQUIRE_SERVERS")
    return any(os.environ.get(name, "").lower() in truthy for name in names)


def needs(item: pytest.Item) -> list[str]:
    """The programs that the marks of a test name."""
    names = [str(name) for mark in item.iter_markers("server") for name in mark.args]
    return names + ["chromium"] * any(item.iter_markers("browser"))


def check(item: pytest.Item) -> None:
    """Skip (or fail) a test whose programs are not here."""
    absent = [name for name in needs(item) if program(name) is None]
    if absent:
        said = f"needs {', '.join(absent)}: {how_to_get(absent)}"
        if required():
            pytest.fail(said, pytrace=False)
        pytest.skip(said)


def how_to_get(names: Sequence[str]) -> str:
    """The command that installs `names`."""
    return "apt-get install " + " ".join(PACKAGES.get(name, name) for name in names)
