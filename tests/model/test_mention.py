"""Who is named in a text."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.model.mention import LONGEST, MOST, handle, named, spelled


def test_people_and_partners_are_named_once_and_in_order() -> None:
    text = "@ana, glej to! @CSIRT-HR naj vpraša @ana.\n(@bor) @Žiga."
    assert named(text) == ("ana", "csirt-hr", "bor", "žiga")


def test_an_address_or_a_lone_sign_names_nobody() -> None:
    assert named("ana@example.si @ @@ana a@b @-") == ()


def test_an_organisation_with_blanks_has_a_handle_without() -> None:
    assert handle("CSIRT Hrvatska (HR)") == "csirt-hrvatska-hr"
    assert named(f"@{handle('CSIRT Hrvatska (HR)')}") == ("csirt-hrvatska-hr",)


def test_a_call_can_be_spelled_out_and_others_stay() -> None:
    text = "@csirt-hr. and @ana, ana@csirt-hr.example"
    assert spelled(text, {"csirt-hr": "CSIRT HR"}) == "CSIRT HR. and @ana, ana@csirt-hr.example"


def test_more_than_enough_names_call_nobody() -> None:
    assert len(named(" ".join(f"@p{n}" for n in range(500)))) == MOST


@given(st.text(max_size=300))
def test_any_text_gives_short_clean_names(text: str) -> None:
    for name in named(text):
        assert 0 < len(name) <= LONGEST
        assert handle(name) == name
