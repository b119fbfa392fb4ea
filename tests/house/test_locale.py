"""Every sentence exists in every language. A missing one would show a code to a citizen."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from tests.house.source import PACKAGE

LOCALE = PACKAGE / "locale"
LANGUAGES = ("sl", "hr", "en")
FORMS = {"sl": 4, "hr": 3, "en": 2}
DOMAINS = sorted({file.stem for file in LOCALE.rglob("*.po")})
PLACE = re.compile(r"\{(\w+)[^}]*\}|%\((\w+)\)[sd]")


def catalogue(lang: str, domain: str) -> Catalog:
    file = LOCALE / lang / f"{domain}.po"
    assert file.exists(), f"{file.relative_to(PACKAGE)} is missing"
    with file.open("rb") as text:
        return read_po(text, locale=lang)


def messages(lang: str, domain: str) -> dict[str, Message]:
    return {m.id if isinstance(m.id, str) else m.id[0]: m for m in catalogue(lang, domain) if m.id}


def texts(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def places(text: str) -> set[str]:
    return {a or b for a, b in PLACE.findall(text)}


@pytest.mark.parametrize("domain", DOMAINS)
def test_all_languages_have_the_same_sentences(domain: str) -> None:
    ids = {lang: set(messages(lang, domain)) for lang in LANGUAGES}
    everywhere = set.union(*ids.values())
    missing = {lang: sorted(everywhere - known) for lang, known in ids.items()}
    assert missing == {lang: [] for lang in LANGUAGES}


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_is_left_empty_or_doubtful(domain: str, lang: str) -> None:
    for name, message in messages(lang, domain).items():
        assert not message.fuzzy, f"{lang}: {name!r} is fuzzy"
        assert all(texts(message)), f"{lang}: {name!r} has no text"
        if not isinstance(message.id, str):
            assert len(texts(message)) == FORMS[lang], f"{lang}: {name!r} lacks a plural form"


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_translation_has_the_same_places_to_fill(domain: str, lang: str) -> None:
    english = messages("en", domain)
    for name, message in messages(lang, domain).items():
        wanted = set().union(*map(places, texts(english[name])))
        for text in texts(message):
            # A form for one or two may leave the number out.
            assert wanted - {"n", "count"} <= places(text) | {"n", "count"}, f"{lang}: {name!r}"
            assert places(text) <= wanted, f"{lang}: {name!r}"


def test_there_are_no_other_languages_half_done() -> None:
    assert {p.name for p in Path(LOCALE).iterdir() if p.is_dir() and any(p.glob("*.po"))} <= set(
        LANGUAGES
    )
