"""The proof over the final text: an original is found in every coding, and only then."""

import base64
import quopri
from urllib.parse import quote

import pytest

from zvon.privacy.residue import Original, scan

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
