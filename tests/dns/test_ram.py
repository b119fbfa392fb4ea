"""Zones in memory: full and incremental transfers tell the same."""

from collections.abc import Iterable

import dns.message
import dns.name
import dns.rdatatype
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.dns.ram import Part, RamZone
from zvon.dns.wire import HEADER
from zvon.model.zone import next_serial, serial_back

ZONE = "hot.si.zvon"
Content = dict[tuple[str, str], set[str]]


def zone(serial: int = 1, size: int = 0) -> RamZone:
    rules = [(f"d{n}.bulk.example", ".") for n in range(size)]
    return RamZone(ZONE, zone_id=1, ttl=60, serial=serial, marker="serial-hot.si.zvon.example",
                   rules=rules, size=size)  # fmt: skip


def records(made: RamZone, parts: Iterable[Part]) -> list[tuple[str, str, str]]:
    """Read the parts as dnspython sees them, each in a message of its own."""
    question = made.wire + b"\0\xfc\0\1"
    found = []
    for body, count in parts:
        wire = HEADER.pack(1, 0x8400, 1, count, 0, 0) + question + body
        message = dns.message.from_wire(wire, one_rr_per_rrset=True, xfr=True)
        for rrset in message.answer:
            kind = dns.rdatatype.to_text(rrset.rdtype)
            found.append((rrset.name.to_text(), kind, rrset[0].to_text()))
    return found


def replay(held: set[tuple[str, str, str]], change: list[tuple[str, str, str]]) -> None:
    """Apply an incremental transfer as a secondary does (RFC 1995, section 4)."""
    adding = True
    for record in change[1:-1]:
        if record[1] == "SOA":
            adding = not adding
        elif adding:
            assert record not in held
            held.add(record)
        else:
            held.remove(record)


def content(found: list[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    return {record for record in found if record[1] != "SOA"}


def test_a_full_transfer_begins_and_ends_with_the_soa_and_holds_each_rule_once() -> None:
    made = zone(serial=7, size=3000)
    made.apply(8, [("add", "evil.example", "."), ("add", "*.evil.example", ".")])
    found = records(made, made.snapshot().full())
    assert found[0] == found[-1]
    assert found[0][2].split()[2] == "8"
    rules = [name for name, kind, _ in found if kind == "CNAME"]
    assert len(rules) == len(set(rules)) == 3002
    assert f"*.evil.example.{ZONE}." in rules
    assert (f"serial-hot.si.zvon.example.{ZONE}.", "TXT", '"serial=8"') in found


def test_a_transfer_that_has_begun_sees_no_later_change() -> None:
    made = zone(size=1000)
    before = made.snapshot()
    made.apply(2, [("add", "late.example", "."), ("del", "d1.bulk.example", ".")])
    names = {name for name, _, _ in records(made, before.full())}
    assert f"late.example.{ZONE}." not in names
    assert f"d1.bulk.example.{ZONE}." in names


owners = st.sampled_from([f"{w}{n}.example" for n in range(6) for w in ("", "*.")])
targets = st.sampled_from([".", "*.", "rpz-passthru."])
steps = st.lists(st.lists(st.tuples(owners, st.none() | targets), min_size=1, max_size=5),
                 min_size=1, max_size=12)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(steps, st.sampled_from([1, 2**31 - 3, 2**32 - 4]), st.data())
def test_any_chain_of_incremental_transfers_equals_the_full_one(
    changes: list[list[tuple[str, str | None]]], first: int, data: st.DataObject
) -> None:
    made = zone(serial=first, size=60)
    known = first
    held = content(records(made, made.snapshot().full()))
    for change in changes:
        ops: list[tuple[str, str, str]] = []
        for owner, target in change:
            was = {o: r for kind, o, r in ops if kind == "add"}.get(owner) or made.get(owner)
            gone = any(op[:2] == ("del", owner) for op in ops[-1:])
            if was is not None and not gone:
                ops.append(("del", owner, was))
            if target is not None:
                ops.append(("add", owner, target))
        made.apply(next_serial(made.serial), ops)
        if data.draw(st.booleans()):
            difference = made.difference(known)
            assert difference is not None
            replay(held, records(made, difference))
            known = made.serial
            assert held == content(records(made, made.snapshot().full()))


def test_an_unknown_or_trimmed_base_has_no_difference() -> None:
    made = zone(serial=5, size=100)
    made.apply(6, [("add", "a.example", ".")])
    assert made.difference(5) is not None
    assert made.difference(4) is None
    assert made.difference(7) is None


def test_the_serial_skips_zero() -> None:
    made = zone(serial=2**32 - 1)
    made.apply(1, [("add", "a.example", ".")])
    assert made.serial == 1
    assert serial_back(1) == 2**32 - 1


def test_a_large_difference_is_sent_as_a_full_transfer() -> None:
    made = zone(size=10)
    made.apply(2, [("add", f"x{n}.example", ".") for n in range(600)])
    assert made.difference(1) is None
