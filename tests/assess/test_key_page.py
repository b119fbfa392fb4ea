"""By what the pages of one kit know each other."""

from tests.assess.message import AT
from zvon.assess.key_page import good_looks, page_keys, resource_sets, surroundings
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType

C, T = EvidenceCode, ObservableType
URL = "https://a.example/p"


def seen(code: EvidenceCode, value: str, url: str = URL, nodes: int = 0) -> Evidence:
    return Evidence(observable=Observable(T.URL, url), code=code, value=value, source="test",
                    seen_at=AT, stage=3, params={"nodes": nodes} if nodes else {})  # fmt: skip


LOOKS = [seen(C.SKELETON, "s1", nodes=40), seen(C.RESOURCES, "a b c d"), seen(C.FAVICON, "77")]
KITS = {"a b c d": "r1"}


def codes(*rows: Evidence, url: str = URL) -> set[tuple[str, str, bool]]:
    found = page_keys(url, rows, "text", KITS)
    return {(key.code, key.observable.value, key.strong) for key in found}


def test_a_page_that_asks_for_a_card_is_known_by_its_looks() -> None:
    assert codes(*LOOKS, seen(C.FORM, "card")) == {
        ("SAME_PAGE", "s1", True), ("SAME_RESOURCES", "r1", True), ("SAME_FAVICON", "77", True),
    }  # fmt: skip


def test_a_page_that_asks_for_nothing_or_only_searches_is_not() -> None:
    assert codes(*LOOKS) == set()
    assert codes(*LOOKS, seen(C.FORM, "search")) == set()


def test_a_parked_or_empty_page_has_no_marks_at_all() -> None:
    rows = [*LOOKS, seen(C.FORM, "card"), seen(C.FORM_TARGET, "x.example")]
    assert codes(*rows, seen(C.PARKED, "registrar")) == set()
    assert codes(*rows, seen(C.EMPTY, "default")) == set()


def test_a_small_skeleton_and_an_unnamed_set_are_nobodys() -> None:
    rows = [seen(C.SKELETON, "s1", nodes=39), seen(C.RESOURCES, "z"), seen(C.FORM, "password")]
    assert codes(*rows) == set()


def test_where_the_loot_goes_is_a_mark_unless_it_is_an_official_place() -> None:
    assert codes(seen(C.FORM_TARGET, "zbir.example"), seen(C.SECRET, "b0t")) == {
        ("SAME_FORM_TARGET", "zbir.example", True), ("SAME_BOT", "b0t", True),
    }  # fmt: skip
    assert codes(seen(C.FORM_TARGET, "www.nlb.si")) == set()


def test_a_certificate_ties_only_when_it_is_for_several_domains() -> None:
    alone = seen(C.CERTIFICATE, "a.example www.a.example *.a.example")
    assert codes(alone) == set()
    shared = codes(seen(C.CERTIFICATE, "b.example a.example"))
    assert shared == codes(seen(C.CERTIFICATE, "a.example b.example"))
    assert {code for code, _, _ in shared} == {"SAME_CERTIFICATE"}


def test_what_was_seen_elsewhere_is_not_this_pages() -> None:
    assert codes(*LOOKS, seen(C.FORM, "card"), url="https://b.example/") == set()


def test_a_good_page_tells_its_looks_without_a_form() -> None:
    values = {mark.value for mark in good_looks(URL, LOOKS, KITS)}
    assert values == {"s1", "r1", "77"}


def test_sets_are_named_once_and_surroundings_are_short() -> None:
    assert resource_sets([*LOOKS, *LOOKS]) == ("a b c d",)
    assert surroundings("") == ""
    assert len(surroundings("x" * 400)) == 16
    assert surroundings("a") != surroundings("b")
