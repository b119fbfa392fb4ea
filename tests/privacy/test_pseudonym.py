"""Tokens: typed, keyed, equal inside a domain, unlinkable outside."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy.pseudonym import ALPHABET, CHECK, LENGTH, TOKEN, BadKey, Domain, token

KEY = Domain("g", "2026-11", bytes(range(32)))
OTHER = Domain("g", "2026-12", bytes(range(1, 33)))
KINDS = ("NAME", "ORG", "PHONE", "IBAN", "CARD", "OIB", "EMSO", "TAX", "USER", "IP", "CIDR",
         "FILE", "MAC", "TRACK", "HASH", "WALLET")  # fmt: skip


@given(st.sampled_from(KINDS), st.text(min_size=1))
def test_equal_values_have_equal_tokens_in_one_domain_only(kind: str, value: str) -> None:
    made = token(KEY, kind, value, country="si")
    assert made == token(KEY, kind, value, country="si")
    assert made != token(OTHER, kind, value, country="si")
    assert made != token(KEY, kind, value + "x", country="si")


@given(st.sampled_from(KINDS), st.text(min_size=1))
def test_the_gate_knows_its_own_tokens(kind: str, value: str) -> None:
    made = token(KEY, kind, value, country="si")
    found = TOKEN.search(f"pred {made}, potem")
    assert found is not None
    assert found[0] == made


def test_a_code_has_sixty_bits_and_a_check_in_crockford_letters() -> None:
    code = KEY.code("person", "ana novak")
    assert len(code) == LENGTH + CHECK == 16
    assert LENGTH * 5 == 60
    assert set(code) <= set(ALPHABET)
    assert not set("ilou") & set(ALPHABET)


def test_a_token_says_the_country_and_nothing_else() -> None:
    assert token(KEY, "PHONE", "+38640000111", country="si").startswith("phone-si-")
    assert token(KEY, "IBAN", "SI56990000000000068", country="si").startswith("iban-si-")
    assert token(KEY, "PHONE", "123").startswith("phone-zz-")


def test_hosts_and_mails_of_one_owner_share_its_part() -> None:
    host = token(KEY, "HOST", "ris.kbc.example|kbc.example")
    mail = token(KEY, "EMAIL", "ana@kbc.example|kbc.example")
    apex = token(KEY, "DOMAIN", "kbc.example|kbc.example")
    assert apex == "org-" + host.partition("org-")[2] == "org-" + mail.partition("org-")[2]
    assert host.endswith(".invalid")


def test_the_kind_separates_equal_texts() -> None:
    assert KEY.code("person", "a") != KEY.code("org", "a")


def test_a_short_key_is_refused_and_a_key_is_never_shown() -> None:
    with pytest.raises(BadKey):
        Domain("g", "e", b"short")
    assert bytes(range(32)).hex() not in repr(KEY)
    assert "key" not in repr(KEY)


@given(st.sampled_from(KINDS), st.text(min_size=1))
def test_only_who_has_the_key_makes_a_token_that_is_ours(kind: str, value: str) -> None:
    made = token(KEY, kind, value, country="si")
    other = token(Domain("g", "e", b"x" * 32), kind, value, country="si")
    assert KEY.genuine(made)
    assert not KEY.genuine(other)
    assert not KEY.genuine(made[:-9] + "0" + made[-8:]) or made[-9] == "0"


def test_each_code_of_a_token_is_checked() -> None:
    mail = token(KEY, "EMAIL", "ana@kbc.example|kbc.example")
    user, _, owner = mail.partition("@")
    assert not KEY.genuine("user-0123456789abcdef@" + owner)
    assert not KEY.genuine(user + "@org-0123456789abcdef.invalid")
    assert not KEY.genuine("no code at all")
