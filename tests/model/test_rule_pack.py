"""Rule packs: what ships is whole, and a file that leaves a question open does not load."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.house.source import PACKAGE
from zvon.model.obligation_form import parse_form
from zvon.model.rule_pack import LANGS
from zvon.model.rule_pack_file import BadPack, differences, overlaps, parse
from zvon.model.rule_pack_shipped import form_texts, forms, pack_texts, packs

TEXT = pack_texts()["nis2-entity-si.toml"]
FILE = "nis2-entity-si.toml"


def read(text: str) -> None:
    parse(text, file="x.toml", forms=forms())


def test_every_shipped_pack_and_form_speaks_three_languages() -> None:
    assert {"nis2-entity-si", "nis2-entity-hr", "nis2-csirt-eu", "gdpr-eu", "order-si"} <= set(
        packs()
    )
    for pack in packs().values():
        derived = pack.significant.derived if pack.significant else ()
        titles = [pack.title, *(s.title for s in pack.steps), *(f.title for f in pack.facts),
                  *(d.title for d in derived)]  # fmt: skip
        assert all(set(title) == set(LANGS) for title in titles), pack.id
        assert pack.citations, pack.id
    for form in forms().values():
        titles = [form.title, *(f.title for f in form.fields), *form.words.values()]
        assert all(set(title) == set(LANGS) for title in titles), form.key
        for field in form.fields:
            assert not field.choices or set(field.choices) <= set(form.words), form.key


def test_nobody_claims_that_a_lawyer_checked_and_what_is_not_law_is_off() -> None:
    assert all(not pack.checked_by for pack in packs().values())
    assert {pack.id for pack in packs().values() if pack.disabled} == {
        "dora-eu",
        "nis2-proposal-eu",
    }


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('schema = "zvon.rulepack/1"', 'schema = "x"', "schema"),
        ("[pack]", "[pact]", "pack: is missing"),
        ("weekend_moves = false", "weekend_move = false", "unknown field"),
        ("weekend_moves = false", "weekend_moves = 1", "Expected `bool`"),
        ('zone = "Europe/Ljubljana"', 'zone = "Europe/Maribor"', "no time zone"),
        ('zone = "Europe/Ljubljana"', 'zone = "../../etc/passwd"', "no time zone"),
        ('due = "PT24H"', 'due = "24 hours"', "no length of time"),
        ('form = "nis2-final@1"', 'form = "nis2-final@9"', "there is no form"),
        ('from = "awareness"', 'from = "anger"', "nobody could trigger"),
        ('from = "sent:notification"', 'from = "sent:nothing"', "there is no step"),
        ('only_if = "ongoing"', 'only_if = "raining"', "neither ongoing"),
        ('id = "final"', 'id = "early_warning"', "stands twice"),
        ("percent = 75", "percent = 50", "rising"),
        ("percent = 50", "percent = 500", "<= 100"),
        ('checked_by = ""', 'checked_by = ""\nvalid_to = 2020-01-01', "before valid_from"),
        ("citations = [", "citations = []\nxs = [", "length >= 1"),
    ],
)  # fmt: skip
def test_a_pack_with_a_fault_is_refused_and_the_fault_named(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(BadPack, match=re.escape(said)):
        read(TEXT.replace(old, new))


def test_steps_that_wait_for_each_other_are_refused() -> None:
    circle = TEXT.replace('from = "awareness"\ndue = "PT72H"', 'from = "sent:final"\ndue = "PT72H"')
    with pytest.raises(BadPack, match="waits for itself"):
        read(circle)


def test_a_fact_that_nobody_declares_and_a_table_that_nobody_knows_are_refused() -> None:
    dns = pack_texts()["cir-2024-2690-dns.toml"]
    with pytest.raises(BadPack, match="no \\[\\[fact\\]\\]"):
        read(dns.replace('fact = "dns.slow_minutes"', 'fact = "dns.sleepy_minutes"'))
    with pytest.raises(BadPack, match="ways: is unknown"):
        read("ways = 1\n" + TEXT)


@given(st.text(max_size=300))
def test_no_text_raises_anything_but_our_own_error(text: str) -> None:
    with pytest.raises(BadPack):
        read(text)
    with pytest.raises(BadPack):
        parse_form(text, file="x.toml")


@pytest.mark.parametrize("text", ["[" * 9000, "a = " + "[" * 9000, "x" * 300_000, "\x00", "\ud800"])
def test_hostile_files_are_our_own_error(text: str) -> None:
    with pytest.raises(BadPack):
        read(text)


def test_a_new_version_is_told_in_plain_differences() -> None:
    old = packs()["nis2-entity-si"]
    new = parse(
        TEXT.replace('due = "PT72H"', 'due = "PT96H"').replace('"2026-11-1"', '"2027-1"')
        .replace('checked_by = ""', 'checked_by = "Jana Pravnik"'), file=FILE, forms=forms(),
    )  # fmt: skip
    found = {(each.code, *each.params.values()) for each in differences(old, new)}
    assert found == {
        ("PACK_STEP_DUE", "notification", "awareness + PT72H", "awareness + PT96H"),
        ("PACK_FIELD", "checked_by", "–", "Jana Pravnik"),
    }
    assert differences(old, old) == []
    assert overlaps(old, new)
    assert not overlaps(old, old)


def test_a_form_has_fields_that_fit() -> None:
    text = form_texts()["nis2-notification@1.toml"]
    for old, new, said in (
        ('source = "incident.title"', 'source = "incident.tittle"', "no source"),
        ('source = "field:early_warning.description"', 'source = "field:x"', "no source"),
        ('type = "choice"', 'type = "line"', "a choice has choices"),
        ('id = "contact"', 'id = "entity"', "stands twice"),
        ("required = true", "require = true", "unknown field"),
    ):
        if old in text:
            with pytest.raises(BadPack, match=said):
                parse_form(text.replace(old, new), file="x")


def test_no_length_of_the_law_stands_in_our_code() -> None:
    """What the law says may change; then a file changes and no program."""
    files = [*(PACKAGE / "model").glob("obligation*.py"), *(PACKAGE / "model").glob("rule_pack*.py"),
             PACKAGE / "model" / "deadline.py", PACKAGE / "model" / "significance.py",
             *(PACKAGE / "store").glob("obligation*.py"), *(PACKAGE / "store").glob("rule_pack*.py"),
             *(PACKAGE / "respond").glob("obligation*.py"), PACKAGE / "store" / "order.py"]  # fmt: skip
    assert len(files) >= 7
    for file in files:
        code = re.sub(r'""".*?"""|#.*', "", file.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"\b(24|48|72|96)\b|hours=\d", code), file.name
