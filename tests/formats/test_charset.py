"""Bytes are always read; what was guessed or replaced is said."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats.charset import GUESSED, REPLACED, text_of
from zvon.formats.header import date, decoded
from zvon.formats.plain import INVISIBLE, plain

CHARSETS = [None, "utf-8", "utf8", "UTF-7", "utf-16", "iso-8859-2", "base64", "zlib", "idna",
            "punycode", "rot13", "unicode_escape", "x-unknown", "\x00", "cp1250", "hex"]  # fmt: skip


@settings(deadline=None)
@given(st.binary(max_size=80), st.sampled_from(CHARSETS))
def test_any_bytes_become_text(body: bytes, charset: str | None) -> None:
    text, _ = text_of(body, charset)
    clean, _ = plain(text)
    assert plain(clean)[0] == clean
    assert not set(clean) & {"\x00", "\u200b", "\u202e", "\r"}
    clean.encode()


@pytest.mark.parametrize(
    ("body", "charset", "text", "warnings"),
    [
        ("č".encode(), None, "č", ()),
        ("č".encode(), "utf-8", "č", ()),
        ("č".encode("iso-8859-2"), "iso-8859-2", "č", ()),
        ("č".encode(), "us-ascii", "č", (GUESSED,)),
        ("račun".encode("cp1250"), "utf-8", "račun", (GUESSED,)),
        ("\ufeffč".encode("utf-16-le"), None, "č", ()),
        ("č".encode("utf-8-sig"), "cp1250", "č", ()),
        (b"a\x81\xc4\x8d", None, "a\ufffdč", (REPLACED,)),
        (b"eJwDAAAAAAE=", "base64", "eJwDAAAAAAE=", ()),
    ],
)
def test_the_charset_is_believed_when_it_fits(
    body: bytes, charset: str | None, text: str, warnings: tuple[str, ...]
) -> None:
    assert text_of(body, charset) == (text, warnings)


def test_joiners_stay_in_emoji_and_go_between_letters() -> None:
    family = "\U0001f468\u200d\U0001f469"
    assert plain(family) == (family, ())
    assert plain("po\u200dsta") == ("posta", (INVISIBLE,))


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_field_is_decoded_and_any_date_is_read_or_none(value: str) -> None:
    assert "\x00" not in decoded(value)
    assert date(value) is None or date(value) is not None


def test_encoded_words_are_decoded() -> None:
    assert decoded("=?UTF-8?Q?Po=C5=A1ta?= =?utf-8?b?U2xvdmVuaWpl?=") == "PoštaSlovenije"
    assert decoded("=?x-no?q?a?= \r\n b") == "a b"
    assert decoded("=?utf-8?b?!!!?=").startswith("=?") or decoded("=?utf-8?b?!!!?=") == ""
