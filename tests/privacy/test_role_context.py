"""What the model sees around a value."""

from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.privacy import identifiers
from zvon.privacy.mentions import Reading
from zvon.privacy.role.context import Around, around


def seen(text: str, lang: str = "en") -> list[Around]:
    reading = Reading("text", text, lang)
    identifiers.detect(reading)
    return around(reading)


def words(found: Around, slot: str) -> list[str]:
    return [word for name, word, _ in found.words if name == slot]


def test_words_before_and_after_by_distance() -> None:
    found = seen("Many failed logins arrived from 192.0.2.10 during last night")[0]
    assert words(found, "L1") == ["from"]
    assert words(found, "L2") == ["arrive", "logins"]
    assert words(found, "L4") == ["failed", "many"]
    assert words(found, "R1") == ["during"]
    assert words(found, "R2") == ["last", "night"]
    assert "logins from" in words(found, "X")


def test_another_value_is_seen_by_its_kind_and_not_by_its_letters() -> None:
    last = seen("from 185.0.2.10 to 91.100.7.7")[1]
    assert "<ip>" in words(last, "L2")
    inner = seen("10.1.2.3 -> 91.100.7.7")[1]
    assert "<inner>" in [*words(inner, "L1"), *words(inner, "L2")]
    bad = seen("evil[.]test is at 91.100.7.7")[1]
    assert "<bad>" in [*words(bad, "L1"), *words(bad, "L2")]
    everything = {w for f in (last, inner, bad) for _, w, _ in f.words}
    assert not any("185" in word or "evil" in word for word in everything)


def test_the_clause_before_is_told_from_this_one() -> None:
    found = seen("We were attacked. The address is 91.100.7.7")[0]
    assert "attack" in words(found, "B")
    assert "attack" not in words(found, "L4")


def test_a_heading_speaks_for_the_lines_below_it() -> None:
    first, second = seen("Attacker addresses:\n91.100.7.7\n91.100.7.8\n\nOther text\n")
    assert words(first, "H") == ["attack", "addres"]
    assert words(second, "H") == ["attack", "addres"]


def test_a_blank_line_ends_what_a_heading_says() -> None:
    found = seen("Attacker addresses:\n91.100.7.7\n\nOur gateway 91.100.7.9\n")
    assert words(found[0], "H")
    assert words(found[1], "H") == []


def test_the_head_of_a_column_is_a_feature() -> None:
    found = seen("source;target;port\n91.100.7.7;185.0.2.1;22\n")
    assert words(found[0], "C") == ["source"]
    assert words(found[1], "C") == ["target"]


def test_features_stand_for_the_type_and_for_all() -> None:
    names = {name for name, _ in seen("from 91.100.7.7")[0].features()}
    assert {"ip.L1", "*.L1"} <= names


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="a1. :;\n\ue000\ue0ff@/\x00", max_size=60))
def test_any_text_is_read(noise: str) -> None:
    text = f"{noise} 91.100.7.7 {noise}"
    for found in seen(text):
        for _, _, token in found.words:
            assert 0 <= token.start < token.end <= len(text)
