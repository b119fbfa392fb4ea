"""T11: whatever is thrown at the doors, no zone that a resolver rejects is ever made.

Seeded, so that a failure comes back; `ZVON_FUZZ=1000000` does a million.
"""

import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.programs import program
from zvon.formats import rpz
from zvon.formats.defang import refang
from zvon.formats.rpz import RpzError
from zvon.model import guard, neverblock
from zvon.model.guard import Protected
from zvon.model.name import BadName, canonical
from zvon.model.neverblock import REQUIRED
from zvon.model.prefix import BadPrefix
from zvon.model.prefix import canonical as canonical_prefix
from zvon.model.scope import Scope, ScopeFacts, dns_scope

SIZE = int(os.environ.get("ZVON_FUZZ", "20000"))
ZONE = "cold.si.zvon"
FACTS = guard.facts(
    REQUIRED,
    [Protected(n.name, each.list, n.reason) for each in neverblock.shipped() for n in each.names],
    [Protected(p.prefix, "prefix", p.reason) for p in neverblock.shipped_prefixes()[1]],
)
PARTS = ("evil", "posta", "xn--pota-h6a", "xn--a", "a" * 63, "a" * 64, "-x", "x-", "_dmarc", "*", "",
         "пошта", "раypal", "ﬀ", "ß", "\u202e", "\x00", " ", "\\", '"', ";", "$ORIGIN", "@", "(",
         "rpz-ip", "rpz-nsdname", "32.1.2.0.192.rpz-ip", "1", "0x7f", "%", "[.]", "hxxp://", "A",
         "é" * 20, "\t", "\n", "TXT", "CNAME .", "a b", "zz", "☃", "127", "-")  # fmt: skip
TAILS = ("example", "com", "si", "com.hr", "co.uk", "weebly.com", "gov.si", "local", "rpz-ip", "",
         "test.", "onion", "пример", "1", "0x1")  # fmt: skip


def indicators(size: int, seed: int) -> list[str]:
    """Text as it comes from feeds, mails and enemies."""
    dice = random.Random(seed)
    found = []
    for _ in range(size):
        kind = dice.random()
        if kind < 0.1:
            octets = ".".join(
                str(dice.choice((0, 1, 8, 10, 192, 203, 224, 255, 256))) for _ in "1234"
            )
            found.append(f"{octets}/{dice.choice((0, 1, 8, 23, 24, 25, 31, 32, 33))}")
        elif kind < 0.2:
            groups = ":".join(f"{dice.choice((0, 1, 0x20, 0x2001, 0xfe80, 0xffff)):x}"
                              for _ in range(dice.choice((1, 3, 7, 8, 9))))  # fmt: skip
            found.append(
                f"{groups}{dice.choice(('::', ''))}/{dice.choice((0, 16, 47, 48, 64, 128, 129))}"
            )
        elif kind < 0.3:
            found.append("".join(chr(dice.choice((dice.randrange(0x250), dice.randrange(0x11000))))
                                 for _ in range(dice.randrange(40))))  # fmt: skip
        else:
            labels = [dice.choice(PARTS) if dice.random() < 0.6 else f"n{dice.randrange(10**6)}"
                      for _ in range(dice.randrange(1, 6))]  # fmt: skip
            found.append(".".join([*labels, dice.choice(TAILS)]))
    return found


def rules(texts: list[str]) -> dict[str, str]:
    """What of the texts would stand in a zone: through the same checks as a block."""
    made: dict[str, str] = {}
    for number, text in enumerate(texts):
        target = (".", "*.", "landing.example.", "rpz-passthru.")[number % 4]
        try:
            prefix = canonical_prefix(text)
        except BadPrefix:
            made |= dict.fromkeys(_of_name(text), target)
            continue
        if not guard.check(prefix, Scope.HOST, FACTS, trigger="ip"):
            made[rpz.trigger_owner("ip", prefix)] = target
    return made


def _of_name(text: str) -> list[str]:
    advice = dns_scope(refang(text), ScopeFacts(age_days=1))
    found: list[str] = []
    for name, scope in ((advice.name, advice.scope), (text, Scope.HOST_SUB)):
        try:
            one = canonical(name) if name is not None else None
        except BadName:
            continue
        if one is None or guard.check(one, scope, FACTS):
            continue
        owners = [one, f"*.{one}"] if scope.covers_below else [one]
        for owner in owners:
            rpz.check_owner(owner, ZONE)
        found += owners
    return found


def zone_text(made: dict[str, str]) -> str:
    """The zone as a file."""
    head = "$TTL 60\n@ SOA localhost. hostmaster.localhost. 1 60 30 604800 60\n@ NS localhost.\n"
    return head + "".join(f"{owner} CNAME {target}\n" for owner, target in made.items())


def test_a_name_that_fits_no_zone_is_refused_before_it_is_written() -> None:
    longest = ".".join(["a" * 57] * 3 + ["b" * 50, "example"])
    for name in (longest, "x.rpz-ip.example.rpz-ip", "a..b", "a.*.example"):
        with pytest.raises((BadName, RpzError, AssertionError)):
            canonical(name)
            assert not guard.check(name, Scope.HOST, FACTS)
            rpz.check_owner(name, ZONE)


@pytest.mark.server("named", "unbound")
def test_every_zone_of_fuzzed_indicators_loads_and_no_rule_is_dropped(tmp_path: Path) -> None:
    made = rules(indicators(SIZE, seed=11))
    assert len(made) > 3000
    assert any(owner.endswith(".rpz-ip") for owner in made)
    zone = tmp_path / "zone"
    zone.write_text(zone_text(made), encoding="ascii")
    named = program("named-checkzone")
    assert named is not None
    said = subprocess.run([named, "-i", "none", "-k", "ignore", "-D", "-o", "-", ZONE, str(zone)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert said.returncode == 0, said.stderr
    kept = sum(line.split()[3] == "CNAME" for line in said.stdout.splitlines() if line)
    assert kept == len(made)
    checker = program("unbound-checkconf")
    assert checker is not None
    config = tmp_path / "unbound.conf"
    config.write_text(
        'server:\n  module-config: "respip iterator"\n  chroot: ""\n  username: ""\n'
        f'  directory: "{tmp_path}"\nrpz:\n  name: "{ZONE}"\n  zonefile: "{zone}"\n'
    )
    checked = subprocess.run([checker, str(config)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
