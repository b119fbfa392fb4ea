"""A data policy that leaves a question open does not load, and says which file and key."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policies import ROLES, policy_text
from zvon.model.data_class import IDS
from zvon.model.data_policy import DataPolicy
from zvon.model.data_policy_file import BadPolicy, parse, parse_all
from zvon.privacy.policies import shipped


def read(text: str) -> DataPolicy:
    return parse(text, file="zz.toml", roles=ROLES)


def problem(text: str) -> str:
    with pytest.raises(BadPolicy) as caught:
        read(text)
    assert str(caught.value).startswith("zz.toml: ")
    return str(caught.value)


def test_the_policies_that_ship_load_and_cover_every_class() -> None:
    loaded = parse_all(shipped(), roles=ROLES)
    assert len(loaded) >= 2
    for policy in loaded.values():
        assert {rule.id for rule in policy.classes} == set(IDS)
        assert not policy.confirmed, "a legal basis is confirmed by a person of the operator"


@pytest.mark.parametrize("count", [1, 2, 9])
def test_any_number_of_countries_loads(count: int) -> None:
    countries = [f"Q{letter}" for letter in "ABCDEFGHI"[:count]]
    files = {f"{each}.toml": policy_text(each) for each in countries}
    assert sorted(parse_all(files, roles=ROLES)) == countries


def test_two_files_of_one_country_do_not_load() -> None:
    with pytest.raises(BadPolicy, match=r"b\.toml: country: ZZ stands in another file"):
        parse_all({"a.toml": policy_text("ZZ"), "b.toml": policy_text("ZZ")}, roles=ROLES)


def test_an_unknown_key_is_named() -> None:
    assert "colour" in problem('colour = "red"\n' + policy_text("ZZ"))
    inside = policy_text("ZZ").replace('id = "indicator"', 'id = "indicator"\nforever = true')
    assert "forever" in problem(inside)


@pytest.mark.parametrize(
    ("retention", "why"),
    [("P0D", "no time"), ("forever", "no length"), ("", "class"), ("P", "no length"),
     ("P99Y", "no end"), ("PT5H", "no length"), ("P-1D", "no length"), ("P٣D", "no length")],
)  # fmt: skip
def test_a_retention_without_an_end_is_refused(retention: str, why: str) -> None:
    said = problem(policy_text("ZZ", retention={"report.raw": retention}))
    assert why in said
    assert retention == "" or "class[report.raw].retention" in said


def test_a_class_without_a_row_is_named() -> None:
    assert "backup" in problem(policy_text("ZZ", leave_out=("backup",)))


def test_a_row_for_no_class_is_named() -> None:
    assert "class[gossip]" in problem(policy_text("ZZ").replace('"indicator"', '"gossip"'))


def test_a_role_that_does_not_exist_is_named() -> None:
    said = problem(policy_text("ZZ", readers={"audit": ["zz.janitor"]}))
    assert said == "zz.toml: class[audit].readers: no role is called 'janitor'"


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('clock = "received_at"', 'clock = "moon"', "its age counts from received_at"),
        ('transfer = "never"', 'transfer = "policy"', "never leaves"),
        ('after = "destroy"', 'after = "aggregate"', "can only be destroyed"),
        ('basis = ["gdpr:6.1.e"]', 'basis = ["lex:1"]', "does not name this act"),
        ('basis = ["gdpr:6.1.e"]', 'basis = ["because"]', "is not like"),
        ('residency = ["*"]', 'residency = ["everywhere"]', "is no country"),
        ('readers = ["*.analyst"]', 'readers = ["analyst"]', "is not country.role"),
        ('schema = "zvon.datapolicy/1"', 'schema = "zvon.datapolicy/2"', "schema"),
        ('country = "ZZ"', 'country = "zz"', "country"),
        ("[controller]", "[controller", "no TOML"),
    ],
)
def test_what_means_nothing_is_refused(old: str, new: str, why: str) -> None:
    text = policy_text("ZZ")
    assert old in text
    assert why in problem(text.replace(old, new, 1))


def test_a_row_that_stands_twice_is_refused() -> None:
    text = policy_text("ZZ")
    rows = text.index("[[class]]")
    assert "stands twice" in problem(text + text[rows : text.index("[[class]]", rows + 1)])


@pytest.mark.parametrize("text", ["", "\0", "[" * 5000, "a=" * 3000, "class = 3"])
def test_no_text_raises_anything_else(text: str) -> None:
    problem(text)


def test_the_end_of_a_class_follows_the_calendar() -> None:
    policy = read(policy_text("ZZ", retention={"report.raw": "P1M", "indicator": "P2Y"}))
    now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert policy.rule("report.raw").cut_off(now) == datetime(2026, 2, 28, 12, tzinfo=UTC)
    assert policy.rule("indicator").cut_off(now) == datetime(2024, 3, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "may"),
    [
        ({"country": "ZZ", "roles": ["analyst"]}, True),
        ({"country": "ZZ", "roles": ["desk"]}, False),
        ({"country": "YY", "roles": ["analyst"]}, False),
        ({"country": "ZZ", "roles": []}, False),
    ],
)
def test_who_reads_is_country_and_role(given: dict[str, Any], may: bool) -> None:
    policy = read(policy_text("ZZ"))
    assert policy.rule("report.raw").read_by(**given) is may
    assert policy.rule("indicator").read_by("YY", ["analyst"])


@given(st.text(max_size=300))
def test_any_text_is_refused_with_our_own_error(text: str) -> None:
    assert problem(text)


@given(st.data())
def test_a_policy_with_a_piece_gone_is_refused_or_still_whole(data: st.DataObject) -> None:
    text = policy_text("ZZ")
    start = data.draw(st.integers(0, len(text)))
    cut = text[:start] + text[start + data.draw(st.integers(1, 400)) :]
    try:
        made = read(cut)
    except BadPolicy:
        return
    assert {rule.id for rule in made.classes} == set(IDS)
    assert all(str(rule.lasts) for rule in made.classes)
