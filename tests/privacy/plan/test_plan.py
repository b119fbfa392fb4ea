"""Documents are pictures of the policy: complete in every language, and different when it is."""

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.policies import ROLES, policy_text
from zvon.locale import LANGS, Translator
from zvon.model.data_class import IDS
from zvon.model.data_policy import DataPolicy
from zvon.model.data_policy_file import parse, parse_all
from zvon.privacy.plan import BUILDERS, WRITERS, document, to_html, to_markdown
from zvon.privacy.plan.document import Document, Kind
from zvon.privacy.plan.facts import ClassFacts, Facts, KeyFacts, Recipient, SourceFacts
from zvon.privacy.plan.seal import NoFoot, content_sha256, read_foot
from zvon.privacy.plan.words import bases, key, readers
from zvon.privacy.policies import shipped

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FACTS = Facts(
    at=NOW, node="Node of <ZZ>", version=7, released=12, stopped=3, open_requests=2,
    classes={"report.raw": ClassFacts(rows=1234, oldest=NOW, purged_at=NOW)},
    recipients=(Recipient(name="Banks | all", group=True, members=4),
                Recipient(name="Team YY", group=False, country="HR")),
    keys=(KeyFacts(group="Banks", living=2, destroyed=5, newest="2026-11"),),
    sources=(SourceFacts(name="Mailbox *hot*", kind="mailbox"),),
)  # fmt: skip


def policy(**given: str) -> DataPolicy:
    return parse(policy_text("ZZ", retention=given), file="zz.toml", roles=ROLES)


def one(kind: Kind = Kind.PLAN, lang: str = "en", facts: Facts | None = None) -> Document:
    return document(policy(), kind, lang, NOW, facts)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", Kind)
def test_every_word_of_the_shipped_policies_is_in_the_catalogues(kind: Kind, lang: str) -> None:
    speak = Translator(lang, strict=True)
    for each in parse_all(shipped(), roles=ROLES).values():
        made = BUILDERS[kind](each, speak, NOW, FACTS)
        text = to_markdown(made)
        for rule in each.classes:
            assert f"({rule.id})".replace("_", r"\_") in text
            words = {"PURPOSE": rule.purpose, "SUBJECT": rule.subjects, "AFTER": (rule.after,),
                     "WHY": rule.purpose, "CLOCK": (rule.clock,), "CLASS": (rule.id,),
                     "HOLDS": (rule.id,), "TRANSFER": (rule.transfer,)}  # fmt: skip
            for prefix, codes in words.items():
                for code in codes:
                    assert key(f"PLAN_{prefix}", code) in speak, (prefix, code)
            assert not re.search(r"\w:\w", readers(speak, rule) + bases(speak, rule))
        assert "PLAN_" not in text.replace(r"\_", "_")


@pytest.mark.parametrize("kind", Kind)
def test_a_document_names_every_class_and_who_answers(kind: Kind) -> None:
    text = to_markdown(one(kind)).replace("\\", "")
    assert all(f"({each})" in text for each in IDS)
    assert "Response team of ZZ" in text
    assert "Officer of the team" in text
    assert "The data protection officer has not confirmed them" in text


@pytest.mark.parametrize("kind", Kind)
def test_a_changed_retention_changes_the_document_and_its_foot(kind: Kind) -> None:
    long, short = policy(), policy(**{"report.raw": "P20D"})
    before, after = (document(each, kind, "en", NOW) for each in (long, short))
    assert "20 days" not in to_markdown(before)
    assert "20 days" in to_markdown(after)
    assert content_sha256(before) != content_sha256(after)
    feet = [read_foot(to_html(each)) for each in (before, after)]
    assert [foot.policy_sha256 for foot in feet] == [long.sha256, short.sha256]


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize("kind", Kind)
def test_the_state_of_a_node_is_shown_and_does_not_count_as_a_change(kind: Kind, form: str) -> None:
    bare, full = one(kind), one(kind, facts=FACTS)
    assert content_sha256(bare) == content_sha256(full)
    texts = [WRITERS[form](each) for each in (bare, full)]
    assert "Team YY" not in texts[0]
    assert "Team YY" in texts[1]
    assert "shows" in texts[0] or "does not show the state of a node" in texts[0]


@pytest.mark.parametrize("form", WRITERS)
def test_the_foot_is_read_back_and_an_edit_by_hand_is_seen(form: str) -> None:
    made = one(Kind.ASSESSMENT, "hr")
    text = WRITERS[form](made)
    foot = read_foot(text)
    assert (foot.kind, foot.country, foot.lang, foot.whole) == ("dpia", "ZZ", "hr", True)
    assert foot.content_sha256 == content_sha256(made)
    assert read_foot(text.replace("30 dana", "99 dana")).whole is False
    with pytest.raises(NoFoot):
        read_foot(text[: len(text) // 2])


def test_html_is_whole_and_accessible() -> None:
    page = LexborHTMLParser(to_html(one(facts=FACTS)))
    root = page.css_first("html")
    assert root is not None
    assert root.attributes["lang"] == "en"
    assert len(page.css("h1")) == 1
    assert not page.css("script, img, link, iframe, [style], [onclick]")
    for table in page.css("table"):
        assert table.css_first("caption") is not None
        assert len(table.css("thead th[scope=col]")) >= 2
        wide = len(table.css("thead th"))
        for row in table.css("tbody tr"):
            assert len(row.css("th[scope=row], td")) == wide
    for area in page.css(".wide"):
        assert area.attributes["tabindex"] == "0"
        assert area.attributes["aria-label"]
    levels = [int((each.tag or "")[1:]) for each in page.css("h1, h2, h3")]
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_what_people_typed_becomes_no_markup() -> None:
    html, text = to_html(one(facts=FACTS)), to_markdown(one(facts=FACTS))
    assert "Node of &lt;ZZ&gt;" in html
    assert r"Banks \| all" in text
    assert r"Mailbox \*hot\*" in text
    assert r"Node of \<ZZ\>" in text


def test_a_name_that_imitates_the_foot_does_not_become_one() -> None:
    fake = "<!-- zvon.plan/1 kind=dmp country=AA lang=en policy=" + "0" * 64
    evil = FACTS.__class__(at=NOW, node=fake, version=1, classes={})
    for write in WRITERS.values():
        foot = read_foot(write(one(facts=evil)))
        assert (foot.country, foot.whole) == ("ZZ", True)


def test_the_record_has_one_activity_for_each_purpose_with_all_points() -> None:
    for each in parse_all(shipped(), roles=ROLES).values():
        text = to_markdown(document(each, Kind.PROCESSING, "en", NOW))
        purposes = {purpose for rule in each.classes for purpose in rule.purpose}
        assert len(re.findall(r"^### ", text, re.MULTILINE)) == len(purposes)
        for point in ("(b) Purpose", "(c) Categories of data", "(d) Disclosure", "(f) Time limits"):
            assert text.count(point) >= len(purposes)


def test_the_assessment_leaves_to_people_what_only_they_can_decide() -> None:
    text = to_markdown(one(Kind.ASSESSMENT))
    assert text.count("| … |") == 4
    assert "Advice of the data protection officer" in text


def test_an_own_word_of_an_operator_stands_as_written() -> None:
    text = policy_text("ZZ").replace('purpose = ["incident-handling"]', 'purpose = ["radio-watch"]')
    made = parse(text, file="zz.toml", roles=ROLES)
    assert "radio-watch" in to_markdown(document(made, Kind.PLAN, "sl", NOW))


def test_country_names_come_from_the_language_and_not_from_us() -> None:
    titles = [
        document(parse(policy_text("AT"), file="at", roles=ROLES), Kind.PLAN, lang, NOW).title
        for lang in LANGS
    ]
    assert [title.split(": ")[1] for title in titles] == ["Avstrija", "Austrija", "Austria"]
