"""Zones in memory: full and incremental transfers tell the same."""

from collections.abc import Iterable
from random import Random

import dns.message
import dns.name
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.dns.page import Part
from zvon.dns.ram import RamZone
from zvon.dns.wire import HEADER
from zvon.formats.rpz import RpzError
from zvon.formats.rpz_pack import key_of
from zvon.model.zone import next_serial, serial_back

ZONE = "hot.si.zvon"
Content = dict[tuple[str, str], set[str]]


def zone(serial: int = 1, size: int = 0) -> RamZone:
    rules = [(f"d{n}.bulk.example", ".") for n in range(size)]
    return RamZone(ZONE, zone_id=1, ttl=60, serial=serial, marker="serial-hot.si.zvon.example",
                   rules=rules)  # fmt: skip


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


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_pages_are_cut_and_joined_as_the_zone_grows_and_shrinks(seed: int, steps: int) -> None:
    random = Random(seed)
    made = zone(size=3000)
    model = {f"d{n}.bulk.example": "." for n in range(3000)}
    for _ in range(steps):
        batch: dict[str, str | None] = {}
        if random.random() < 0.5:
            for _ in range(random.choice([1, 30, 900])):
                name = (
                    f"{random.choice(['', '*.'])}n{random.randrange(9000)}.{random.choice('ab')}.si"
                )
                batch[name] = random.choice([".", "*.", "rpz-passthru.", "landing.example."])
        else:
            few = random.choice([1, 30, 2500])
            batch |= dict.fromkeys(random.sample(sorted(model), min(few, len(model))))
        made.apply(next_serial(made.serial),
                   [("del" if r is None else "add", o, r or ".") for o, r in batch.items()])  # fmt: skip
        model |= {o: r for o, r in batch.items() if r is not None}
        model = {o: r for o, r in model.items() if batch.get(o, r) is not None}
    snapshot = made.snapshot()
    assert dict(snapshot.rules()) == model
    assert made.size == snapshot.size == len(model)
    assert [key_of(o) for o, _ in snapshot.rules()] == sorted(map(key_of, model))
    assert all(made.get(owner) == rdata for owner, rdata in model.items())
    told = {(name, rdata) for name, kind, rdata in records(made, snapshot.full())
            if kind == "CNAME"}  # fmt: skip
    assert told == {(f"{o}.{ZONE}.", r) for o, r in model.items()}


def test_a_chain_of_ten_thousand_steps_equals_the_full_transfer_from_wherever_it_is_joined() -> (
    None
):
    random = Random(4)
    made = zone(serial=2**32 - 5000, size=700)
    joined: dict[int, set[tuple[str, str, str]]] = {}
    for n in range(10_000):
        if n in {0, 1, 4999, 9000, 9999}:
            joined[made.serial] = content(records(made, made.snapshot().full()))
        owner = f"{random.choice(['', '*.'])}x{random.randrange(300)}.example"
        target = random.choice([None, ".", "*.", "landing.example."])
        made.apply(next_serial(made.serial),
                   [("add", owner, target) if target else ("del", owner, ".")])  # fmt: skip
    assert made.serial == 5001
    now = content(records(made, made.snapshot().full()))
    for since, held in joined.items():
        difference = made.difference(since)
        assert difference is not None
        replay(held, records(made, difference))
        assert held == now


def test_an_addition_over_another_rule_takes_the_old_one_away() -> None:
    made = zone(size=300)
    made.apply(2, [("add", "a.example", ".")])
    made.apply(3, [("add", "a.example", "landing.example."), ("del", "never.there", ".")])
    difference = made.difference(2)
    assert difference is not None
    told = [(name, rdata) for name, kind, rdata in records(made, difference) if kind == "CNAME"]
    assert told == [(f"a.example.{ZONE}.", "."), (f"a.example.{ZONE}.", "landing.example.")]


def test_triggers_and_landing_hosts_are_transferred_as_they_were_given() -> None:
    made = zone(size=10)
    rules = {"32.66.2.0.192.rpz-ip": ".", "48.zz.db8.2001.rpz-nsip": "*.",
             "ns.evil.example.rpz-nsdname": "landing.example.", "a.example": "landing.example.",
             "b.example": "rpz-passthru.", "c.example": "rpz-passthru."}  # fmt: skip
    made.apply(2, [("add", owner, rdata) for owner, rdata in rules.items()])
    told = {(name, rdata) for name, kind, rdata in records(made, made.snapshot().full())
            if kind == "CNAME" and "bulk" not in name}  # fmt: skip
    assert told == {(f"{owner}.{ZONE}.", rdata) for owner, rdata in rules.items()}


def test_many_rules_of_the_longest_names_fit_into_messages() -> None:
    owners = [".".join(["x" * 61] * 3) + f".{n:04d}y" for n in range(500)]
    made = RamZone(ZONE, zone_id=1, ttl=60, serial=1, marker=None,
                   rules=[(owner, f"{owner[-190:]}.") for owner in owners])  # fmt: skip
    parts = list(made.snapshot().full())
    assert max(len(body) for body, _ in parts) < 64_000
    assert sum(kind == "CNAME" for _, kind, _ in records(made, parts)) == 500
    short = RamZone(ZONE, zone_id=1, ttl=60, serial=1, marker=None,
                    rules=[(f"{n:x}", ".") for n in range(9000)])  # fmt: skip
    parts = list(short.snapshot().full())
    assert max(len(body) for body, _ in parts) < 64_000
    assert sum(count for _, count in parts) == 9003


def test_a_rule_with_a_target_that_we_do_not_offer_is_refused() -> None:
    made = zone(size=1)
    with pytest.raises(RpzError):
        made.apply(2, [("add", "a.example", "rpz-drop.")])
    assert made.serial == 1
    with pytest.raises(RpzError):
        RamZone(ZONE, zone_id=1, ttl=60, serial=1, marker=None, rules=[("a.example", "A.")])


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
