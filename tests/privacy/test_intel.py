"""Whose is a value in a document: examples, and the measured share on labelled documents."""

import pytest

from tests.privacy.roles import read
from zvon.cli.text_eval import Marks
from zvon.cli.text_extract import Part, Reader
from zvon.model.observable import Observable
from zvon.model.observable import ObservableType as T
from zvon.model.role import Role
from zvon.privacy.facts import Facts, with_brands
from zvon.privacy.intel import Judged, Setting, Text, judge

FACTS = with_brands(Facts())


def judged(text: str, **setting: object) -> dict[str, Judged]:
    """The judgement on each value that stands by itself."""
    (rows,) = judge([Text(text=text)], Setting(facts=FACTS, **setting), region="SI")  # type: ignore[arg-type]
    return {row.found.observable.value: row for row in rows if row.found.parent is None}


@pytest.mark.parametrize(
    ("text", "value", "role", "code"),
    [
        ("Lažna stran nlb-varnost[.]example posnema nlb.si", "nlb-varnost.example", Role.ATTACKER, "defanged"),
        ("Lažna stran nlb-varnost[.]example posnema nlb.si", "nlb-varnost.example", Role.ATTACKER, "brand-lookalike:nlb"),
        ("Lažna stran nlb-varnost[.]example posnema nlb.si", "nlb.si", Role.BRAND, "brand-official"),
        ("Prava stranica je posta.hr", "posta.hr", Role.BRAND, "brand-official"),
        ("Indikatorji zlorabe\n\nzvon-a.example\nzvon-b.example", "zvon-b.example", Role.ATTACKER, "indicator-section"),
        ("Pokazatelji kompromitacije:\nzvon-a.example", "zvon-a.example", Role.ATTACKER, "indicator-section"),
        ("C2 servers used:\n\n- zvon-a.example\n- zvon-b.example", "zvon-b.example", Role.ATTACKER, "indicator-section"),
        ("The malicious domains seen in this wave of attacks on the region are:\nzvon-a.example", "zvon-a.example", Role.ATTACKER, "lead-in"),
        ("type,value,note\ndomain,zvon-a.example,x", "zvon-a.example", Role.ATTACKER, "indicator-table"),
        ("Bad: a[.]example\n\nReferences\n\nhttps://zvon-news.example/story", "https://zvon-news.example/story", Role.REFERENCE, "reference-section"),
        ("It is described in https://securelist.com/x/1/", "https://securelist.com/x/1/", Role.REFERENCE, "reference:vendor"),
        ("The host asks 8.8.8.8 for the name", "8.8.8.8", Role.INFRASTRUCTURE, "infrastructure:resolver"),
        ("It was served from hxxps://bit[.]ly/3zvon", "https://bit.ly/3zvon", Role.ATTACKER, "infrastructure:shortener"),
        ("The domain zvon-old.example was sinkholed", "zvon-old.example", Role.INFRASTRUCTURE, "sinkhole"),
        ("It runs powershell.exe", "powershell.exe", Role.BYSTANDER, "system-file"),
        ("The victim's machine 10.20.4.5 was hit", "10.20.4.5", Role.VICTIM, "private-address"),
        ("Bad: a[.]example b[.]example c[.]example. https://zvon-lab.example/blog/x", "https://zvon-lab.example/blog/x", Role.REFERENCE, "plain-beside-defanged"),
        ("T1059 T1566 T1071 T1055 T1105, https://zvon-lab.example/x", "https://zvon-lab.example/x", Role.UNSURE, "plain-in-report"),
        ("https://zvon-lab.example/wp-content/uploads/a.png", "https://zvon-lab.example/wp-content/uploads/a.png", Role.REFERENCE, "furniture"),
        ("The office answers on https://www.zvon.gov/x", "https://www.zvon.gov/x", Role.REFERENCE, "institution"),
        ("Follow https://twitter.com/zvonlab", "https://twitter.com/zvonlab", Role.REFERENCE, "reference:social"),
        ("See CVE-2026-12345", "CVE-2026-12345", Role.REFERENCE, "identifier"),
    ],
)  # fmt: skip
def test_a_value_has_a_role_and_says_why(text: str, value: str, role: Role, code: str) -> None:
    row = judged(text)[value]
    assert row.role is role
    assert code in row.evidence
    assert (row.score >= 0.6) is (role is Role.ATTACKER)


def test_only_the_target_behind_a_link_is_the_attackers() -> None:
    parts = [
        Text(text="Paket čaka: www.posta.si", decoys=((12, 24),)),
        Text(text="https://paket-zvon.example/i", id="link", shown="posta.si"),
    ]
    shown, target = judge(parts, Setting(facts=FACTS), region="SI")
    assert [row.role for row in shown] == [Role.BRAND]
    assert "link-text" in shown[0].evidence
    assert {row.role for row in target} == {Role.ATTACKER}
    assert "link-mismatch:posta.si" in target[0].evidence


def test_a_host_of_a_file_service_is_never_the_attackers_and_its_address_may_be() -> None:
    (rows,) = judge([Text(text="hxxps://pastebin[.]com/raw/zvon")], Setting(facts=FACTS), region="SI")  # fmt: skip
    assert [(row.found.observable.type, row.role) for row in rows] == [
        (T.URL, Role.ATTACKER),
        (T.DOMAIN, Role.INFRASTRUCTURE),
    ]


def test_what_the_node_knows_decides() -> None:
    text = "Videli smo zvon-x.example in zvon-y.example."
    listed = {"zvon-y.example": ("cloud-hosters",)}
    rows = judged(
        text,
        known=lambda value: value.value == "zvon-x.example",
        listed=lambda value: listed.get(value.value, ()),
    )
    assert rows["zvon-x.example"].role is Role.ATTACKER
    assert "known-indicator" in rows["zvon-x.example"].evidence
    assert rows["zvon-y.example"].role is Role.INFRASTRUCTURE
    assert "warning-list:cloud-hosters" in rows["zvon-y.example"].evidence


def test_the_host_of_the_report_itself_is_a_reference() -> None:
    row = judged("Preberite na blog.zvon-lab.example.", own=frozenset({"zvon-lab.example"}))
    assert row["blog.zvon-lab.example"].role is Role.REFERENCE


def test_the_writer_of_each_block_of_a_forwarded_mail_is_told_apart() -> None:
    text = (
        "Dobila sem to, moj naslov je eva@lipa.example.\n\n"
        "---------- Posredovano sporočilo ----------\nOd: Banka <info@zvon-banka.example>\n"
        "Za: eva@lipa.example\nZadeva: Nujno\n\nKliknite na https://zvon-klik.example/a"
    )
    rows = judged(text)
    assert rows["eva@lipa.example"].role in {Role.REPORTER, Role.VICTIM}
    assert "citizen-block" in rows["eva@lipa.example"].evidence
    assert rows["https://zvon-klik.example/a"].role is Role.ATTACKER
    assert "criminal-block" in rows["https://zvon-klik.example/a"].evidence


def test_marks_that_hide_characters_do_not_move_a_value() -> None:
    rows = judged("zn\u00adak &amp; C2: zvon\u200b-a[.]example in zvon-b[.]example")
    assert rows["zvon-b.example"].role is Role.ATTACKER


def test_equal_values_have_one_role_however_far_apart() -> None:
    text = "C2: zvon-a[.]example\n" + "prazna vrstica brez vsebine\n" * 600 + "zvon-a.example"
    (rows,) = judge([Text(text=text)], Setting(facts=FACTS), region="SI")
    assert [row.role for row in rows] == [Role.ATTACKER, Role.ATTACKER]


def test_nothing_is_known_of_an_empty_document() -> None:
    assert judge([Text(text="")], Setting(facts=FACTS), region="SI") == [[]]
    assert judge([], Setting(facts=FACTS), region="SI") == []


def test_labelled_documents_are_judged_as_people_did() -> None:
    texts = read()
    assert sum(len(text.mentions) for text in texts) >= 300
    assert {text.lang for text in texts} == {"sl", "hr", "en"}
    marks = Marks()
    for text in texts:
        reader = Reader(None, "auto", roles=True)
        marks.add(text, reader.texts([Part(text=text.text)], text.id))
    answer = marks.answer()
    assert answer["all"]["recall"] >= 0.97
    assert answer["all"]["precision"] >= 0.97
    assert answer["attacker_or_other"] >= 0.95
    assert answer["role"] >= 0.9


def test_the_role_of_a_value_is_that_of_its_type_not_of_its_text() -> None:
    row = judged("md5 d41d8cd98f00b204e9800998ecf8427e")["d41d8cd98f00b204e9800998ecf8427e"]
    assert row.found.observable == Observable(T.MD5, "d41d8cd98f00b204e9800998ecf8427e")
    assert row.role is Role.ATTACKER
