"""The proof over the final text: an original is found in every coding, and only then."""

import base64
import quopri
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy.residue import MANY, Needles, Original, scan

SECRET = "janez.kovač@lipa.example"


def forms() -> dict[str, str]:
    raw = SECRET.encode()
    return {
        "plain": SECRET,
        "capitals": SECRET.upper(),
        "no diacritics": SECRET.replace("č", "c"),
        "percent": quote(SECRET, safe=""),
        "percent twice": quote(quote(SECRET, safe=""), safe=""),
        "base64": base64.b64encode(raw).decode(),
        "base64 shifted": base64.b64encode(b"x" + raw).decode(),
        "base64 shifted twice": base64.b64encode(b"xy" + raw + b"z").decode(),
        "base64url": base64.urlsafe_b64encode(raw).decode(),
        "base64 folded": base64.b64encode(raw).decode()[:14]
        + "\n"
        + base64.b64encode(raw).decode()[14:],
        "hexadecimal": raw.hex(),
        "hexadecimal capitals": raw.hex().upper(),
        "quoted-printable": quopri.encodestring(raw).decode(),
        "reversed": SECRET[::-1],
        "entities": "".join(f"&#{ord(c)};" for c in SECRET),
        "zero width": "\u200b".join(SECRET),
        "two lines": SECRET[:10] + "\n" + SECRET[10:],
        "UTF-16 in base64": base64.b64encode(SECRET.encode("utf-16-le")).decode(),
        "base64 of percent": base64.b64encode(quote(SECRET).encode()).decode(),
        "hexadecimal with marks": "".join(f"\\x{b:02x}" for b in raw),
        "hexadecimal with colons": raw.hex(":"),
        "escapes": "".join(f"\\u{ord(c):04x}" for c in SECRET),
        "elements": SECRET[:5] + "<b>" + SECRET[5:] + "</b>",
        "quoted lines": SECRET[:10] + "\n> " + SECRET[10:],
        "punycode": "janez.kovač@" + "lipa.example",
        "Cyrillic letters": SECRET.replace("a", "\u0430"),
        "loose accents": SECRET.replace("č", "c\u030c"),
        "defanged": SECRET.replace(".", "[.]").replace("@", "[at]"),
    }


@pytest.mark.parametrize("name", forms())
def test_a_value_is_found_in_every_form(name: str) -> None:
    text = f"začetek {forms()[name]} konec"
    assert scan(text, [Original(SECRET, "EMAIL")]).hits


@pytest.mark.parametrize("text", ["+386 40 000 111", "040/000-111", "(040) 000 111", "040000111"])
def test_a_number_is_found_without_its_separators(text: str) -> None:
    assert scan(text, [Original("40 000 111", "PHONE")]).hits


def test_a_clean_text_has_no_hits() -> None:
    text = "person-0123456789ab na https://evil.example/a; kosovo, otkazivanje"
    assert (
        scan(text, [Original(SECRET, "EMAIL"), Original("Kos", "NAME", whole_word=True)]).hits == ()
    )


def test_a_hit_names_the_form_and_never_the_value() -> None:
    hits = scan(SECRET, [Original(SECRET, "EMAIL")]).hits
    assert {h.kind for h in hits} == {"EMAIL"}
    assert SECRET not in repr(hits)


def test_a_short_word_counts_as_a_word_only() -> None:
    original = [Original("Ivan", "NAME", whole_word=True)]
    assert not scan("otkazivanje", original).hits
    assert scan("otkaz, ivan.", original).hits


def test_a_host_is_found_turned_round_and_in_ascii() -> None:
    assert scan("com.example-lipa.www", [Original("www.example-lipa.com", "HOST")]).hits
    assert scan("xn--pota-fixture-wnc.example", [Original("pošta-fixture.example", "HOST")]).hits


def test_many_values_are_looked_for_at_once_and_found_the_same() -> None:
    values = [Original(f"oseba{i}@lipa.example", "EMAIL") for i in range(MANY + 50)]
    text = f"x {values[-1].text} y {base64.b64encode(values[3].text.encode()).decode()} z"
    few = scan(text, [values[-1], values[3]])
    many = scan(text, values)
    assert {h.form for h in few.hits} <= {h.form for h in many.hits}
    assert {"plain", "base64"} <= {h.form for h in many.hits}
    assert not scan("čisto besedilo", values).hits


def test_names_of_a_register_are_looked_for_beside_those_of_the_item() -> None:
    register = Needles([Original("Livarna Kresnik", "ORG")])
    assert scan("pri livarna kresnik", [], register).hits
    assert not scan("pri livarni", [], register).hits


@given(st.text(), st.integers(0, 3), st.integers(0, 3))
def test_no_alignment_of_base64_hides_a_value(noise: str, before: int, after: int) -> None:
    raw = b"x" * before + SECRET.encode() + b"y" * after
    code = base64.b64encode(raw).decode()
    assert scan(f"{noise} {code} {noise}", [Original(SECRET, "EMAIL")]).hits


@given(st.text())
def test_any_output_is_read(text: str) -> None:
    assert scan(text, []).hits == ()
