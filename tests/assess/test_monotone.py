"""More that incriminates never lowers the probability; less never raises it; the rest is bounded."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.assess.looks import C, seen
from tests.assess.message import AT, message, registered
from zvon.assess.decide import decide
from zvon.assess.judge import judge
from zvon.assess.shipped import shipped
from zvon.ml.evidence import MOST_SCORE
from zvon.ml.evidence import shipped as weights
from zvon.model.evidence import Evidence

URL = "https://nova-stran.example/x"
TEXT = message(f"Pozdravljeni, poglejte {URL}")
KINDS = (
    (C.FORM, "card"), (C.FORM, "code"), (C.FORM, "password"), (C.FORM, "identity"),
    (C.FORM_TARGET, "zbiralnik.example"), (C.TITLE, "NLB Klik"), (C.LOGO, "si.posta"),
    (C.CLOAK, "form"), (C.CLOAK, "brand"), (C.CLOAK, "text"), (C.SECRET, "ab"),
    (C.KIT_ARCHIVE, "/k.zip"), (C.DOWNLOAD, "application/vnd.android.package-archive"),
)  # fmt: skip
rows = st.lists(st.sampled_from(KINDS), max_size=6, unique=True)


def probability(found: list[Evidence], kit: int = 0) -> float:
    opinion = judge(shipped(), TEXT, AT, found, kits={URL: kit} if kit else None)
    assert opinion.verdict.probability is not None
    return opinion.verdict.probability


def evidence(found: list[tuple[C, str]], age: int | None) -> list[Evidence]:
    base = registered("nova-stran.example", age) if age is not None else []
    return [*base, *[row for n, kind in enumerate(found) for row in seen(URL, kind, minutes=n)]]


@settings(max_examples=60, deadline=None)
@given(rows, st.sampled_from(KINDS), st.sampled_from((None, 2, 50, 300)), st.integers(0, 3))
def test_one_more_incriminating_row_never_lowers_the_probability(
    found: list[tuple[C, str]], more: tuple[C, str], age: int | None, kit: int
) -> None:
    less, with_more = evidence(found, age), evidence([*found, more], age)
    # A first look also tells what is missing on the page, so both sides have been looked at.
    looked = seen(URL, (C.SKELETON, "00"), minutes=99)
    assert probability([*with_more, *looked], kit) >= probability([*less, *looked], kit) - 1e-12
    assert probability([*with_more, *looked], kit + 1) >= probability([*with_more, *looked], kit)


@settings(max_examples=30, deadline=None)
@given(rows, st.sampled_from((None, 2, 900)))
def test_the_order_of_the_evidence_changes_no_byte(
    found: list[tuple[C, str]], age: int | None
) -> None:
    given_ = evidence(found, age)
    mixed = sorted(given_, key=lambda row: (row.value, row.code.value))
    first, second = (judge(shipped(), TEXT, AT, each).verdict for each in (given_, mixed))
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


def test_a_younger_domain_is_never_less_suspect() -> None:
    ages = [1, 10, 60, 200, 1000, 4000]
    found = [probability(registered("nova-stran.example", age)) for age in ages]
    assert found == sorted(found, reverse=True)


def test_both_probabilities_are_kept_and_differ_by_the_prior_alone() -> None:
    assessor = shipped()
    policy = msgspec.structs.replace(assessor.policy, prior={"default": 0.001})
    rare = msgspec.structs.replace(assessor, policy=policy)
    facts = assessor.facts(TEXT, registered("nova-stran.example", 2), AT)
    often, seldom = decide(assessor, facts, "sms"), decide(rare, facts, "sms")
    assert (often.prior, seldom.prior) == (0.4, 0.001)
    assert often.unshifted == seldom.unshifted == often.probability
    assert (seldom.probability or 0) < 0.05


def test_a_models_score_is_bounded_and_never_decides() -> None:
    for code in ("LEXICAL", "TEXT"):
        assert weights().scored(code, 1.0) <= MOST_SCORE
        assert weights().scored(code, 0.5) == 0.0
        assert weights().scored(code, 0.99) >= weights().scored(code, 0.9) > 0
    assert not {"LEXICAL", "TEXT"} & shipped().policy.telling
    assert not {"LEXICAL", "TEXT"} & shipped().policy.beside


def test_the_weights_of_missing_stages_are_never_above_zero() -> None:
    assert all(value <= 0 for value in weights().missing.values())
    assert judge(shipped(), TEXT, AT).facts.missing == ("age", "page")
