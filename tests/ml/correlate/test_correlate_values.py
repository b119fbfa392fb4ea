"""Shared values: rare ones join, common ones only explain, old ones fade."""

from zvon.ml.correlate.policy import shipped
from zvon.ml.correlate.values import Values

ADDRESS = ("ipv4", "203.0.113.7")
HOUR = 3600.0


def many(groups: int = 1000) -> Values:
    return Values(shipped(), groups=groups)


def test_a_rare_value_joins_and_says_how_rare_it_is() -> None:
    values = many()
    values.meet(1, [ADDRESS], 0.0, joins=True)
    (match,), hubs = values.meet(2, [ADDRESS], 840.0, joins=True)
    assert (match.group, hubs) == (1, [])
    assert dict(match.reason.params) == {
        "type": "ipv4", "value": "203.0.113.7", "groups": 2, "all": 1000, "gap_s": 840.0,
    }  # fmt: skip


def test_an_address_fades_within_days_and_a_hash_does_not() -> None:
    values, digest = many(), ("sha256", "ab" * 32)
    values.meet(1, [ADDRESS, digest], 0.0, joins=True)
    assert values.meet(2, [ADDRESS], 72 * HOUR, joins=True)[0] == []
    assert [each.group for each in values.meet(3, [digest], 72 * HOUR, joins=True)[0]] == [1]


def test_a_hub_explains_and_never_joins() -> None:
    values = many(10_000)
    found = [values.meet(group, [ADDRESS], float(group), joins=True) for group in range(1, 200)]
    joined = [bool(matches) for matches, _ in found]
    cap = shipped().observable.type["ipv4"].hub
    assert not any(joined[cap:])
    assert all(hubs and hubs[0].value == "203.0.113.7" for _, hubs in found[cap:])


def test_networks_and_background_join_nothing() -> None:
    values = many()
    values.meet(1, [("asn", "64500"), ADDRESS], 0.0, joins=True)
    assert values.meet(2, [("asn", "64500")], 1.0, joins=True) == ([], [])
    assert values.meet(3, [ADDRESS], 2.0, joins=False) == ([], [])


def test_background_makes_a_value_less_rare() -> None:
    rare, common = many(), many()
    for values, groups in ((rare, range(1, 2)), (common, range(1, 40))):
        for group in groups:
            values.meet(group, [ADDRESS], 0.0, joins=False)
    (first, *_), _ = rare.meet(100, [ADDRESS], 1.0, joins=True)
    others, _ = common.meet(100, [ADDRESS], 1.0, joins=True)
    assert first.score > max((each.score for each in others), default=0.0)


def test_several_values_that_are_weak_alone_join_together() -> None:
    values = many(30)
    shared = [ADDRESS, ("domain", "lipa.example")]
    values.meet(1, shared, 0.0, joins=True)
    assert values.meet(2, shared[:1], 1.0, joins=True)[0] == []
    assert [each.group for each in values.meet(3, shared, 2.0, joins=True)[0]] != []


def test_the_index_is_bounded() -> None:
    small = shipped()
    values = Values(small, groups=1)
    values._policy = small.__class__(**{  # a smaller bound, everything else the same
        **{name: getattr(small, name) for name in small.__struct_fields__},
        "bound": small.bound.__class__(counters=10, forget_days=1.0, groups=10, postings=100),
    })  # fmt: skip
    for number in range(1000):
        values.meet(number, [("domain", f"a{number}.example")], float(number), joins=True)
    assert len(values) == 100
