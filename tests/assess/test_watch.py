"""What arrived decides how long a name is watched and whether people see it; nothing else does."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from zvon.assess.watch import judge, shipped
from zvon.ml import lookalike
from zvon.ml.brand import shipped as matcher
from zvon.model.brand import shipped as registry
from zvon.store.watch import Item
from zvon.store.watch_look import Looked

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ALIVE: dict[str, Any] = {"addresses": ["192.0.2.1"]}
FORM: dict[str, Any] = {
    "outcome": "seen",
    "asks": ["card"],
    "title": "",
    "text": "",
    "parked": False,
}


def item(name: str = "posta-si-pack.lat", *, checks: int = 0, **seen: Any) -> Item:
    [found] = lookalike.find(matcher(), [name])
    return Item(
        id=1, uuid=UUID(int=1), name=found.name, registered=found.registered, brand=found.brand,
        technique=found.technique, score=found.score, source="list:x", state="watching",
        reasons=list(found.reasons), seen=seen, checks=checks, first_at=AT, next_at=AT,
        ended_at=None, record_id=None, record_uuid=None,
    )  # fmt: skip


def judged(one: Item, now: datetime = AT) -> Looked:
    return judge(one, registry(), now)


def codes(found: Looked) -> set[str]:
    return {r.code.removeprefix("WATCH_SEEN_") for r in found.reasons if "SEEN" in r.code}


def test_a_name_that_does_nothing_is_looked_at_ever_more_rarely_and_then_let_go() -> None:
    rests = []
    checks = 0
    while (found := judged(item(checks=checks))).state == "watching":
        assert found.next_at is not None
        rests.append(found.next_at - AT)
        checks += 1
    assert rests == [timedelta(hours=h) for h in shipped().hours]
    assert (found.state, found.next_at) == ("expired", None)


def test_a_name_that_resolves_is_kept_longer() -> None:
    one = item(checks=99, **ALIVE)
    known = replace(one, reasons=list(judged(one).reasons))
    assert judged(known).state == "watching"
    late = AT + timedelta(days=shipped().keep_days)
    assert judged(known, late).state == "expired"


def test_what_changed_is_looked_at_again_soon() -> None:
    found = judged(item(checks=4, **ALIVE))
    assert found.next_at == AT + timedelta(hours=shipped().hours[0])


def test_a_form_on_a_lookalike_goes_to_people() -> None:
    found = judged(item(page=FORM, **ALIVE))
    assert (found.state, codes(found)) == ("escalated", {"ADDRESSES", "PAGE", "FORM"})


def test_a_page_that_names_the_brand_goes_to_people() -> None:
    page = FORM | {"asks": [], "title": "Pošta Slovenije", "text": "Sledite pošiljki"}
    found = judged(item(page=page, **ALIVE))
    assert found.state == "escalated"
    assert "BRAND" in codes(found)


def test_a_page_that_names_another_brand_does_not() -> None:
    page = FORM | {"asks": [], "title": "Zagrebačka banka"}
    assert "BRAND" not in codes(judged(item(page=page, **ALIVE)))


def test_a_search_field_is_no_form_that_people_should_fear() -> None:
    page = FORM | {"asks": ["search", "other"]}
    found = judged(item("nlb-klik.top", page=page, **ALIVE))
    assert "FORM" not in codes(found)
    assert found.state == "watching"


def test_a_parked_page_is_not_bait_yet_whatever_it_asks() -> None:
    page = FORM | {"parked": True, "title": "Pošta Slovenije"}
    found = judged(item("posta.si.sledenje-paket.xyz", page=page, mail=["m"], **ALIVE))
    assert (found.state, "PARKED" in codes(found)) == ("watching", True)


def test_infrastructure_alone_is_enough_only_for_the_likeliest_names() -> None:
    arrived: dict[str, Any] = ALIVE | {"mail": ["mx.example"], "certificate": AT.isoformat()}
    young = (AT - timedelta(days=1)).isoformat()
    assert (
        judged(item("posta.si.sledenje-paket.xyz", registered=young, **arrived)).state
        == "escalated"
    )
    assert judged(item("nlb-klik.top", **arrived)).state == "watching"


def test_an_old_domain_is_not_young() -> None:
    old = (AT - timedelta(days=400)).isoformat()
    assert "YOUNG" not in codes(judged(item(registered=old, **ALIVE)))


def test_a_name_that_became_official_is_let_go() -> None:
    one = replace(item(page=FORM, **ALIVE), name="posta.si")
    assert judged(one).state == "dismissed"


def test_looking_twice_at_the_same_counts_once() -> None:
    first = judged(item(page=FORM, **ALIVE))
    again = judged(replace(item(page=FORM, **ALIVE), reasons=list(first.reasons)))
    assert (again.score, again.reasons) == (first.score, first.reasons)


@pytest.mark.parametrize("gone", [{"addresses": []}, {"addresses": None}, {}])
def test_what_is_missing_is_no_arrival(gone: dict[str, Any]) -> None:
    assert codes(judged(item(**gone))) == set()


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "addresses": st.lists(st.just("192.0.2.1"), max_size=2),
            "mail": st.lists(st.just("m.example"), max_size=1),
            "certificate": st.just(AT.isoformat()),
            "page": st.none()
            | st.fixed_dictionaries({"outcome": st.sampled_from(["seen", "unreachable"])}),
        },
    )
)
def test_without_a_form_or_the_brand_an_ordinary_combosquat_stays_on_the_list(
    seen: dict[str, Any],
) -> None:
    assert judged(item("nlb-klik.top", **seen)).state == "watching"
