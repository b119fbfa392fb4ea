"""The shipped tagger: what it says of reports, of one sentence, and of hostile texts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.ml.attack.model import shipped
from zvon.ml.attack.predict import by_sentence, tag

REPORT = (
    "Our team looked at a new intrusion in the energy sector.",
    "The victims are in three countries of the region.",
    "The operators sent a spearphishing email with a malicious Word attachment to employees.",
    "After it was opened, the malware created a scheduled task with schtasks to stay on the host.",
    "It ran a series of commands in cmd.exe and dumped credentials from the memory of LSASS.",
    "Figure 3 shows the timeline of the campaign.",
    "Collected files were sent to the command and control server over HTTP.",
    "We thank our partners for their help.",
)  # fmt: skip


def test_a_report_gives_techniques_each_with_the_sentence_that_says_so() -> None:
    text = "\n".join(REPORT)
    tagged = tag(text)
    found = {one.id: one for one in tagged.techniques}
    assert tagged.attack_version == shipped().version
    for technique, word in (("T1566.001", "attachment"), ("T1053.005", "schtasks"),
                            ("T1003.001", "LSASS"), ("T1059.003", "cmd.exe")):  # fmt: skip
        one = found[technique]
        assert one.suggested
        best = one.evidence[0]
        assert word in text[best.start : best.end]
    scores = [one.score for one in tagged.techniques]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_nothing_of_interest_suggests_nothing() -> None:
    text = "\n".join((REPORT[0], REPORT[1], REPORT[5], REPORT[7], "The next meeting is on Friday."))
    assert [one.id for one in tag(text).techniques if one.suggested] == []


def test_what_the_text_names_is_literal_and_what_was_revoked_is_said() -> None:
    old, new = next(iter(shipped().revoked.items()))
    while new in shipped().revoked:
        new = shipped().revoked[new]
    found = {one.id: one for one in tag(f"See {old} and T9999.").techniques}
    assert found[new].literal
    assert found[new].was == (old,)
    assert found[new].score == pytest.approx(0.99)
    assert "T9999" not in found
    assert old not in found


def test_slovenian_and_croatian_are_read_with_low_confidence() -> None:
    for text in (
        "Izsiljevalsko programje je šifriralo strežnike, varnostnih kopij žal ni bilo.",
        "Ucjenjivački softver šifrirao je poslužitelje, pričuvnih kopija nažalost nije bilo.",
    ):
        found = {one.id: one for one in tag(text).techniques}
        assert found["T1486"].low
        assert found["T1486"].score <= 0.5
        assert not any(one.suggested and not one.low for one in found.values())


def test_top_and_least_score_limit_what_is_shown() -> None:
    text = REPORT[3]
    assert len(tag(text, top=2).techniques) <= max(
        2, sum(o.suggested for o in tag(text).techniques)
    )
    assert all(one.score >= 0.3 for one in tag(text, least=0.3).techniques)


def test_sentences_have_places_in_the_whole_text() -> None:
    text = "\n".join(REPORT[2:5])
    for line, one in zip(REPORT[2:5], by_sentence(text), strict=True):
        assert text[one.start : one.end] == line
        assert all(
            one.start <= e.start < e.end <= one.end for t in one.techniques for e in t.evidence
        )


def test_weights_load_small() -> None:
    model = shipped()
    assert len(model.labels) >= 50
    assert len(model.techniques) >= 576


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n\n",
        "\0\0\0",
        "\ud800 cmd.exe \udfff",
        "a.a.a." * 20_000,
        "((((" * 20_000,
        "[.]" * 20_000,
        "T1059 " * 2_000,
    ],
)
def test_hostile_texts_have_an_answer(text: str) -> None:
    assert tag(text).attack_version


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=400))
def test_evidence_lies_within_any_text(text: str) -> None:
    for one in tag(text).techniques:
        assert all(0 <= e.start < e.end <= len(text) for e in one.evidence)
