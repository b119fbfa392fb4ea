"""The memory: bounded, forgets what is old, and does what people decided."""

from msgspec.structs import replace

from tests.ml.correlate.alerts_made import BEGIN, HOUR, attack, engine, named
from zvon.ml.correlate.alert import Alert
from zvon.ml.correlate.engine import Engine
from zvon.ml.correlate.memory import Memory
from zvon.ml.correlate.policy import shipped
from zvon.ml.correlate.snapshot import pack, unpack

DAY = 86400.0


def test_what_a_person_split_stays_apart_in_the_next_hour() -> None:
    made = engine()
    groups = sorted({each.group for each in made.take_all(attack(BEGIN))})
    mine, theirs = groups[:3], groups[3:]
    made.memory.rearrange(
        dict.fromkeys(mine, mine[0]) | dict.fromkeys(theirs, theirs[0]),
        [(a, b) for a in mine for b in theirs],
    )
    again = Engine(Memory(shipped(), unpack(pack(made.memory.snapshot()))))
    for each in (made, again):
        for turn in range(1, 12):
            each.take_all(attack(BEGIN + 300 * turn + 600))
        names = {group: each.memory.component(group) for group in groups}
        assert {names[group] for group in mine}.isdisjoint(names[group] for group in theirs)


def test_what_a_person_joined_is_one_and_its_undo_gives_two_again() -> None:
    made = engine()
    one = made.take_all(attack(BEGIN))[0].group
    other = made.take_all(attack(BEGIN + 9 * HOUR, "vpn"))[0].group
    memory = made.memory
    before = {group: memory.component(group) for _, c in memory.active(0.0) for group in c.parts}
    value = {name: each.value for name, each in memory.active(0.0)}
    memory.rearrange(dict.fromkeys(before, one), [])
    assert memory.component(other) == one
    memory.rearrange(before, [])
    assert {group: memory.component(group) for group in before} == before
    assert {name: each.value for name, each in memory.active(0.0)} == value


def test_groups_that_are_forgotten_are_ignored() -> None:
    made = engine()
    names = named(made, made.take_all(attack(BEGIN)))
    made.memory.rearrange({99_999: 99_999, 99_998: 99_999}, [(99_998, 99_999)])
    assert {made.memory.component(each) for each in names} == set(names)


def test_a_month_of_silence_is_forgotten_and_handed_out() -> None:
    made = Engine(Memory(shipped()), hand_out=True)
    made.take_all(attack(BEGIN))
    made.take(Alert(BEGIN + 31 * DAY, "s", "web"))
    ((name, gone),) = made.forgotten
    assert (name, len(gone.parts)) == (1, 6)
    assert made.take(Alert(BEGIN + 31 * DAY + 60, "attack 0", "web")).hours == 0


def test_everything_it_holds_is_bounded() -> None:
    policy = shipped()
    small = replace(
        policy, bound=replace(policy.bound, counters=500, groups=300, postings=200)
    )  # fmt: skip
    made = Engine(Memory(small), hand_out=True)
    for day in range(12):
        made.take_all(
            Alert(BEGIN + day * DAY + n * 60, f"s{day}-{n}", f"h{n}", observables=(("domain", f"d{day}-{n}.example"),))
            for n in range(400)
        )  # fmt: skip
    memory = made.memory
    memory.now += 2 * DAY
    made.forgotten += memory.sweep()
    held = sum(len(each.parts) for _, each in memory.active(0.0))
    assert held <= 300
    assert len(memory.counters) <= 501
    assert len(memory.values) <= 200
    assert (memory.open, memory.bursts) == ({}, {})
    assert held + sum(len(each.parts) for _, each in made.forgotten) == 12 * 400
