"""No untranslated sentence in a page. A duty officer reads one language, not a mix of two."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import PACKAGE

TEMPLATES = PACKAGE / "web"
# What stands in a page as it is: our name, and signs.
SAME_EVERYWHERE = {"zvon", "UTC", "API", "URL", "DNS", "RPZ", "TLP", "PAP", "MISP", "JSON", "SHA", "MiB", "ms", "sl", "hr", "en",
                   "Esc", "Enter", "Ctrl", "Shift", "Tab"}  # fmt: skip
GONE = re.compile(
    r"\{#.*?#\}|<!--.*?-->|<(script|style|code|kbd|svg|pre)\b.*?</\1>", re.DOTALL | re.IGNORECASE
)
JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
SPOKEN = re.compile(
    r"\b(?:title|alt|placeholder|aria-label|aria-description|aria-roledescription)=\"([^\"]*)\""
)
TAG = re.compile(r"<[^>]*>", re.DOTALL)
WORD = re.compile(r"[^\W\d_]{2,}")


def untranslated(text: str) -> Iterator[str]:
    """Yield what a reader would see, or hear, as it stands in the template."""
    plain = JINJA.sub("\0", GONE.sub(" ", text))
    for spoken in SPOKEN.findall(plain):
        yield from _words(spoken)
    yield from _words(re.sub(r"&\w+;", " ", TAG.sub(" ", plain)))


def _words(text: str) -> Iterator[str]:
    for word in WORD.findall(text):
        if word not in SAME_EVERYWHERE:
            yield word


def test_every_sentence_of_a_page_is_translated() -> None:
    wrong = {
        str(file.relative_to(PACKAGE)): words
        for file in sorted(TEMPLATES.rglob("*.html*"))
        if (words := list(untranslated(file.read_text("utf-8"))))
    }
    assert wrong == {}


def test_the_check_sees_texts_and_spoken_attributes() -> None:
    assert list(untranslated("<p>{{ _('a b') }} Blocked</p>")) == ["Blocked"]
    assert list(untranslated('<a title="Open {{ x }}" href="/blocks">{{ y }}</a>')) == ["Open"]
    assert list(untranslated("{# note #}<script>let a</script>{% if x > 1 %}{% endif %}")) == []
    assert list(untranslated("<b>zvon</b> &nbsp;·")) == []


def test_the_folder_of_templates_is_where_this_check_looks() -> None:
    assert Path(TEMPLATES).is_dir()
