"""The labelled mails are sound: every label parses, every number checks, nothing is missed."""

import re
from collections import Counter

import pytest
from stdnum import iban, luhn
from stdnum.hr import oib
from stdnum.si import ddv, emso

from tests.privacy.corpus import STAY, Entry, Split, entries, mails, parse
from zvon.privacy.gold import GoldMail

SPLITS: tuple[Split, Split] = ("dev", "test")
ALL = [e for split in SPLITS for e in entries(split)]
VALID = {
    "EMSO": emso.is_valid, "TAX": ddv.is_valid, "OIB": oib.is_valid, "IBAN": iban.is_valid,
    "CARD": luhn.is_valid,
}  # fmt: skip


def _name(entry: Entry) -> str:
    return entry.mail.id


def test_a_body_loses_its_labels_and_keeps_its_offsets() -> None:
    text = "=== x-1 lang=sl author=a\nSem {{-NAME|Ana Čuk}} {{+IP|192.0.2.1}}.\n\n"
    (entry,) = parse(text)
    assert entry.mail.text == "Sem Ana Čuk 192.0.2.1."
    assert [(s.role, s.type, entry.mail.text[s.start : s.end]) for s in entry.mail.spans] == [
        ("pseudonymise", "NAME", "Ana Čuk"),
        ("keep", "IP", "192.0.2.1"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "{{-NAME|a {{-NAME|b}}}}",
        "{{-NAME|}}",
        "{{-NAME|Ana",
        "{{-BRAND|x}}",
        "{{+NAME|x}}",
    ],
)
def test_broken_labels_are_refused(body: str) -> None:
    with pytest.raises(ValueError, match="x-1"):
        list(parse(f"=== x-1 lang=sl author=a\n{body}\n"))


@pytest.mark.parametrize("entry", ALL, ids=_name)
def test_offsets_point_at_the_labelled_text(entry: Entry) -> None:
    mail, last = entry.mail, 0
    for span in mail.spans:
        assert mail.text[span.start : span.end] == span.text
        assert span.text == span.text.strip()
        assert last <= span.start
        last = span.end
    assert 40 <= len(mail.text) <= 2600


@pytest.mark.parametrize("entry", ALL, ids=_name)
def test_check_digits_hold(entry: Entry) -> None:
    for span in entry.mail.spans:
        if check := VALID.get(span.type):
            assert check(re.sub(r"[\s.-]", "", span.text).removeprefix("HR" * (span.type == "OIB")))


@pytest.mark.parametrize("entry", ALL, ids=_name)
def test_a_value_has_one_role_in_a_mail_and_every_label(entry: Entry) -> None:
    roles = {(s.text.casefold(), s.role) for s in entry.mail.spans}
    both = [t for t, n in Counter(text for text, _ in roles).items() if n > 1]
    assert not both
    rest = _unlabelled(entry.mail)
    missed = [s.text for s in entry.mail.spans if re.search(_word(s.text), rest, re.IGNORECASE)]
    assert not missed


def _unlabelled(mail: GoldMail) -> str:
    text = list(mail.text)
    for span in mail.spans:
        text[span.start : span.end] = "\0" * (span.end - span.start)
    return "".join(text)


def _word(text: str) -> str:
    return rf"(?<![\w.@-]){re.escape(text)}(?![\w@-])" if len(text) > 3 else r"(?!)"


def test_some_authors_write_only_for_the_test() -> None:
    dev, test = ({e.author for e in entries(s)} for s in SPLITS)
    assert len(dev) >= 10
    assert test - dev


def test_the_languages_and_types_are_there() -> None:
    for split in SPLITS:
        found = mails(split)
        langs = Counter(m.lang for m in found)
        types = Counter(s.type for m in found for s in m.spans)
        roles = Counter(s.role for m in found for s in m.spans)
        assert set(langs) == {"sl", "hr", "en"}
        assert set(types) >= {"NAME", "EMAIL", "HOST", "IP", "PHONE", "ADDR", "ORG", "URL", "HASH"}
        assert roles["keep"] >= len(found)
        assert sum(types[t] for t in STAY) >= len(found)
