"""What the pages for everybody say is in every catalogue; a missing sentence would be English."""

import re
from importlib.resources import files
from itertools import chain

from zvon.locale import LANGS, translator
from zvon.web.pages import public_words

TEMPLATES = ("landing", "check", "appeal", "appeal_status", "transparency", "public")
SAID = re.compile(r"""(?:_|say\.text)\((?:"([^"]+)"|'([^']+)')""")


def sentences() -> set[str]:
    folder = files("zvon.web") / "templates"
    pages = [(folder / f"{name}.html").read_text("utf-8") for name in TEMPLATES]
    said = {a or b for page in pages for a, b in SAID.findall(page)}
    tables = (public_words.HEADINGS, public_words.KINDS, public_words.GROUNDS,
              public_words.SCOPES, public_words.OUTCOMES)  # fmt: skip
    said |= set(chain.from_iterable(table.values() for table in tables))
    said |= {public_words.OTHERWISE, public_words.OTHER_KIND}
    code = (files("zvon.web.pages") / "appeal.py").read_text("utf-8")
    return said | set(re.findall(r'Unfit\("([^"]+)"\)', code))


def test_every_sentence_is_in_every_language() -> None:
    said = sentences()
    assert len(said) > 90
    for lang in LANGS:
        assert [one for one in said if one not in translator(lang)] == [], lang


def test_every_scope_and_outcome_has_a_word() -> None:
    from zvon.formats.transparency import Kind
    from zvon.model.scope import Scope

    assert set(public_words.OUTCOMES) == set(Kind)
    assert set(public_words.SCOPES) == {s.value for s in Scope} - {"none"}
