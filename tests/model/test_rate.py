"""Shares with intervals, and agreement beyond chance."""

from zvon.model.rate import kappa, rate


def test_wilson_interval_has_its_known_values() -> None:
    assert (rate(0, 320).low, round(rate(0, 320).high, 4)) == (0.0, 0.0119)
    half = rate(50, 100)
    assert (round(half.low, 3), round(half.high, 3)) == (0.404, 0.596)


def test_kappa_is_one_for_agreement_and_nothing_for_chance() -> None:
    assert kappa([("m", "m"), ("b", "b")]).value == 1
    assert kappa([("m", "m"), ("m", "b"), ("b", "m"), ("b", "b")]).value == 0
    assert kappa([("m", "m")]).value is None
    assert kappa([]).value is None


def test_the_interval_of_kappa_is_that_of_the_paper() -> None:
    # Table of counts 45, 15, 25, 15 over "yes" and "no": observed .60, by chance .54.
    pairs = [("y", "y")] * 45 + [("y", "n")] * 15 + [("n", "y")] * 25 + [("n", "n")] * 15
    found = kappa(pairs)
    assert (found.pairs, found.agreed) == (100, 60)
    assert found.value is not None
    assert round(found.value, 4) == 0.1304
    assert found.low is not None
    assert found.high is not None
    assert (round(found.low, 3), round(found.high, 3)) == (-0.078, 0.339)
