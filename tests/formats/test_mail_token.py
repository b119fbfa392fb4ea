"""The token in our addresses: found again however it is written, and never guessed."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import mail_token
from zvon.formats.mail_token import Kind, Token

KEY = b"k" * 32
OWN = "cert@cert.example"
refs = st.binary(min_size=8, max_size=8).map(mail_token.reference)
kinds: st.SearchStrategy[Kind] = st.sampled_from(["thread", "bounce"])


@given(refs, kinds)
def test_a_token_reads_back_from_an_address(ref: str, kind: Kind) -> None:
    made = mail_token.address(OWN, KEY, Token(kind, ref))
    assert mail_token.in_addresses(["x@y.example", made.upper()], KEY) == Token(kind, ref)
    assert mail_token.is_own(made, OWN)
    assert len(made.partition("@")[0]) <= 64


@given(refs)
def test_a_token_reads_back_from_a_subject_and_is_taken_out_of_it(ref: str) -> None:
    subject = f"Re: [x] Obvestilo {mail_token.subject_mark(KEY, ref)} še kaj"
    assert mail_token.in_subject(subject, KEY) == Token("thread", ref)
    assert mail_token.without_mark(subject) == "Re: [x] Obvestilo še kaj"


@given(refs, kinds)
def test_another_key_or_purpose_makes_another_code(ref: str, kind: Kind) -> None:
    made = mail_token.address(OWN, KEY, Token(kind, ref))
    assert mail_token.in_addresses([made], b"x" * 32) is None
    swapped = made.replace("+zt-", "+z?-").replace("+zb-", "+zt-").replace("+z?-", "+zb-")
    assert mail_token.in_addresses([swapped], KEY) is None


@given(st.text())
def test_no_text_is_a_token_by_chance(text: str) -> None:
    assert mail_token.in_subject(text, KEY) is None
    assert mail_token.in_addresses([text], KEY) is None
