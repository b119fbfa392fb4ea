"""Packed messages say what was put into them."""

import dns.message
import dns.name
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.rpz import TXT, name_wire, txt_rdata
from zvon.formats.rpz_pack import Packer, key_of, owner_of

label = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?", fullmatch=True)
names = st.lists(label, min_size=1, max_size=6).map(".".join)
targets = st.sampled_from([".", "*.", "rpz-passthru.", "landing.example.", "stop.landing.example."])
ZONE = "cold.si.zvon"
WIRE = name_wire(ZONE)
START = 12 + len(WIRE) + 4


def read(packer: Packer) -> list[tuple[str, str]]:
    """Owner and data of every record, as dnspython reads them."""
    head = b"\0\1\x84\0\0\1" + packer.count.to_bytes(2) + bytes(4)
    wire = head + WIRE + b"\0\xfc\0\1" + bytes(packer.body)
    message = dns.message.from_wire(wire, one_rr_per_rrset=True, xfr=True)
    return [(rrset.name.to_text(), rrset[0].to_text()) for rrset in message.answer]


@given(names)
def test_a_key_leads_back_to_its_owner(name: str) -> None:
    assert owner_of(key_of(name)) == name
    assert key_of(f"*.{name}") == f"{key_of(name)} *"


@given(names, names, names)
def test_names_below_a_name_stand_right_after_it(name: str, below: str, other: str) -> None:
    keys = sorted({f"{key_of(n)}\t" for n in (name, f"{below}.{name}", f"*.{name}", other)})
    places = [at for at, key in enumerate(keys) if f".{owner_of(key[:-1])}".endswith(f".{name}")]
    assert places == list(range(places[0], places[-1] + 1))


@given(st.dictionaries(names, targets, min_size=1, max_size=60))
def test_what_was_packed_is_what_is_read(rules: dict[str, str]) -> None:
    packer = Packer(START)
    packer.soa(7, 60)
    packer.ns(60)
    packer.record(key_of("serial.example"), TXT, 60, txt_rdata("serial=7"))
    packer.rules([f"{key_of(owner)}\t{target}" for owner, target in rules.items()], 60)
    packer.soa(7, 60)
    soa = (f"{ZONE}.", "localhost. hostmaster.localhost. 7 60 30 604800 60")
    assert read(packer) == [
        soa,
        (f"{ZONE}.", "localhost."),
        (f"serial.example.{ZONE}.", '"serial=7"'),
        *((f"{owner}.{ZONE}.", target) for owner, target in rules.items()),
        soa,
    ]


def test_beyond_the_reach_of_pointers_names_are_spelled_out() -> None:
    packer = Packer(START)
    owners = [f"{'n' * 40}{n}.p{n // 2}.example" for n in range(900)]
    packer.rules([f"{key_of(owner)}\tlanding.example." for owner in owners], 60)
    assert len(packer) > 0x4000
    assert [owner for owner, _ in read(packer)] == [f"{owner}.{ZONE}." for owner in owners]


def test_a_wildcard_after_its_name_costs_fifteen_octets() -> None:
    packer = Packer(START)
    packer.rules([f"{key_of('evil.example')}\t."], 60)
    before = len(packer)
    packer.rules([f"{key_of('*.evil.example')}\t."], 60)
    assert len(packer) - before == 2 + 2 + 10 + 1
