"""Techniques that a text names itself."""

from zvon.ml.attack.literal import NamePattern, ids

NAMES = {
    "T1566.001": "Spearphishing Attachment",
    "T1059.006": "Python",
    "T1003": "OS Credential Dumping",
    "T1505.003": "Web Shell",
    "T1100": "Twice Named Thing",
    "T1101": "Twice Named Thing",
}


def found(text: str) -> list[tuple[str, str]]:
    return [(text[one.start : one.end], one.technique) for one in ids(text)]


def test_ids_as_people_write_them() -> None:
    assert found("T1059.003, t1566 and attack.mitre.org/techniques/T1003/001/.") == [
        ("T1059.003", "T1059.003"), ("t1566", "T1566"), ("T1003/001", "T1003.001")]  # fmt: skip


def test_numbers_that_only_look_like_ids_are_none() -> None:
    assert found("T10590 AT1059 T2059 xT1059 v.T1059 T1059.0031") == []


def test_names_need_their_capitals_and_more_than_one_word() -> None:
    pattern = NamePattern(NAMES)
    text = "Spearphishing Attachment; spearphishing attachment, Python, OS Credential Dumping, Web Shell"
    assert [one.technique for one in pattern.find(text)] == ["T1566.001", "T1003", "T1505.003"]


def test_a_name_that_two_techniques_share_names_neither() -> None:
    assert list(NamePattern(NAMES).find("Twice Named Thing")) == []


def test_no_names_find_nothing() -> None:
    assert list(NamePattern({}).find("Web Shell")) == []
