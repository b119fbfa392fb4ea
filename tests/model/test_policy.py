"""Labels and agreements become one policy; the strictest wins, the unknown is RED."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model.marking import Pap, Tlp
from zvon.model.policy import (
    Agreement,
    Audience,
    BadAgreement,
    HackedSite,
    Payment,
    Policy,
    UrlQuery,
    audience,
    compile_policy,
    may_leave,
    read_agreement,
)

LOOSE = Agreement(
    url_query=UrlQuery.KEEP, hacked_site=HackedSite.KEEP_URL, mule_iban=Payment.KEEP,
    sender_phone=Payment.KEEP,
)  # fmt: skip


def compiled(*tlp: str | Tlp, agreement: Agreement = LOOSE, pap: tuple[str, ...] = ()) -> Policy:
    return compile_policy(agreement, group="g", tlp=tlp, pap=pap)


@given(st.lists(st.sampled_from(Tlp), min_size=1))
def test_the_strictest_label_wins(labels: list[Tlp]) -> None:
    assert compiled(*labels).tlp is max(labels)


@given(st.text())
def test_an_unknown_label_is_red(label: str) -> None:
    known = {"CLEAR", "WHITE", "GREEN", "AMBER", "AMBER+STRICT", "AMBER_STRICT", "RED"}
    if label.strip().upper().removeprefix("TLP:") not in known:
        assert compiled("green", label).tlp is Tlp.RED


def test_no_label_is_red() -> None:
    assert compiled().tlp is Tlp.RED


def test_handling_is_the_strictest_of_labels_and_floor() -> None:
    floor = Agreement(pap_floor="AMBER")
    assert compiled("amber", agreement=floor).pap is Pap.AMBER
    assert compiled("amber", agreement=floor, pap=("clear",)).pap is Pap.AMBER
    assert compiled("amber", agreement=floor, pap=("clear", "RED")).pap is Pap.RED
    assert compiled("amber", agreement=floor, pap=("whatever",)).pap is Pap.RED


def test_equal_inputs_give_an_equal_hash_and_any_change_another() -> None:
    assert compiled("amber").sha256 == compiled("amber").sha256
    other = {compiled("green").sha256, compiled("amber", pap=("AMBER",)).sha256,
             compiled("amber", agreement=Agreement()).sha256}  # fmt: skip
    assert compiled("amber").sha256 not in other
    assert len(other) == 3


def test_wide_audiences_lose_what_a_narrow_one_may_keep() -> None:
    amber, green, clear = compiled("amber"), compiled("green"), compiled("clear")
    assert amber.url_query is UrlQuery.KEEP
    assert green.url_query is clear.url_query is UrlQuery.DROP_VALUES
    assert green.hacked_site is HackedSite.KEEP_URL
    assert clear.hacked_site is HackedSite.KEEP_PATH
    assert clear.mule_iban is clear.sender_phone is Payment.HASH
    assert (amber.onward, green.onward) == (False, True)


def test_each_marking_has_its_audience() -> None:
    assert [audience(t) for t in sorted(Tlp)] == [
        Audience.ANYONE, Audience.COMMUNITY, Audience.CLIENTS, Audience.ORGANISATION, Audience.NAMED,
    ]  # fmt: skip


def test_red_never_leaves_whatever_the_group_agreed() -> None:
    assert may_leave(compiled("red"), Tlp.RED, "g").reason == "TLP_RED"
    assert not may_leave(compiled("green"), Tlp.RED, "g").allowed
    assert not may_leave(compiled("red"), Tlp.CLEAR, "g").allowed


def test_above_the_maximum_and_in_another_group_is_refused() -> None:
    policy = compiled("amber+strict")
    assert may_leave(policy, Tlp.CLEAR, "g").reason == "TLP_ABOVE_GROUP"
    assert may_leave(compiled("amber"), Tlp.AMBER, "other").reason == "OTHER_GROUP"
    assert may_leave(compiled("amber"), Tlp.AMBER, "g").allowed


def test_an_agreement_with_an_unknown_key_or_word_is_refused() -> None:
    for wrong in ({"url_querry": "keep"}, {"url_query": "perhaps"}, {"keep_at": 2}):
        with pytest.raises(BadAgreement):
            read_agreement(wrong)
    assert read_agreement({}) == Agreement()


@pytest.mark.parametrize("label", ["RED", "", "purple"])
def test_no_group_may_hold_red_or_an_unknown_marking(label: str) -> None:
    with pytest.raises(BadAgreement):
        compiled("green", agreement=Agreement(max_tlp=label))


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        compiled("amber").tlp = Tlp.CLEAR  # type: ignore[misc]
    assert msgspec.json.decode(msgspec.json.encode(compiled("amber")), type=Policy) == compiled("amber")  # fmt: skip
