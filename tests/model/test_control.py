"""Names that must go on resolving."""

import pytest

from zvon.model import control
from zvon.model.control import Blocked, blocked, sample
from zvon.model.scope import special_use
from zvon.model.suffix import is_suffix


def test_the_shipped_names_are_real_names_of_three_kinds() -> None:
    names = control.shipped()
    assert len({one.name for one in names}) == len(names)
    assert {one.country for one in names} == {"SI", "HR", "*"}
    assert not [one.name for one in names if special_use(one.name)]
    assert len([one for one in names if one.country != "HR"]) >= 190
    assert len([one for one in names if one.country != "SI"]) >= 190
    assert sum(is_suffix(one.name) for one in names) <= 5


@pytest.mark.parametrize(
    ("rules", "hit"),
    [
        ({"www.posta.si": "."}, [Blocked("www.posta.si", "www.posta.si", ".")]),
        ({"*.posta.si": "*."}, [Blocked("www.posta.si", "*.posta.si", "*.")]),
        ({"*.si": "landing.example."}, [Blocked("www.posta.si", "*.si", "landing.example.")]),
        ({"*.si": ".", "*.posta.si": "rpz-passthru."}, []),
        ({"posta.si": "."}, []),
        ({"evil.example": ".", "*.evil.example": "."}, []),
    ],
)
def test_what_the_rules_of_a_zone_do_to_a_name(rules: dict[str, str], hit: list[Blocked]) -> None:
    assert blocked(["www.posta.si", "gov.hr"], rules.get) == hit


def test_names_near_what_was_published_are_always_asked_and_the_others_in_turn() -> None:
    names = [f"n{n}.example" for n in range(40)] + ["posta.si", "www.posta.hr"]
    seen: set[str] = set()
    for turn in range(10):
        asked = sample(names, ["posta.evil.example", "*.posta.evil.example"], turn, 10)
        assert {"posta.si", "www.posta.hr"} <= set(asked)
        assert len(asked) == len(set(asked)) <= 12
        seen.update(asked)
    assert seen == set(names)
