"""The rule that wins for a name."""

import pytest

from zvon.model.rpz_match import Match, candidates, match

ZONE = {
    "bad.example": ".",
    "*.bad.example": ".",
    "ok.bad.example": "rpz-passthru.",
    "*.deep.bad.example": "*.",
}


def test_candidates_go_from_the_name_outwards() -> None:
    assert list(candidates("a.b.c")) == ["a.b.c", "*.b.c", "*.c"]


@pytest.mark.parametrize(
    ("name", "owner", "passes"),
    [
        ("bad.example", "bad.example", False),
        ("www.bad.example", "*.bad.example", False),
        ("ok.bad.example", "ok.bad.example", True),
        ("below.ok.bad.example", "*.bad.example", False),
        ("x.deep.bad.example", "*.deep.bad.example", False),
    ],
)
def test_the_name_beats_a_wildcard_and_the_nearer_wildcard_wins(
    name: str, owner: str, passes: bool
) -> None:
    found = match(name, ZONE.get)
    assert found == Match(owner, ZONE[owner])
    assert found.passes is passes


def test_a_name_beside_or_above_is_not_met() -> None:
    assert match("notbad.example", ZONE.get) is None
    assert match("example", ZONE.get) is None
