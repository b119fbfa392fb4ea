"""Names of actors, malware and tools in a text."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.reference.named import Named
from zvon.ml.names import build, find

REFERENCE = (
    Named(kind="malware", id="m1", galaxy="malpedia", names=("Gluvinka", "GluvBot")),
    Named(kind="malware", id="m2", galaxy="ransomware", names=("Hive",)),
    Named(kind="malware", id="m3", galaxy="ransomware", names=("Royal", "Royal Flush")),
    Named(kind="actor", id="a1", galaxy="threat-actor", names=("APT987", "Quiet Marmot")),
    Named(kind="tool", id="t1", galaxy="tool", names=("Zvrk", "rkt")),
    Named(kind="malware", id="x", galaxy="other", names=("Trojan", "Gluvinka")),
)
NAMES = build(REFERENCE)


def said(text: str) -> list[tuple[str, str]]:
    return [(mark.id, mark.raw) for mark in find(text, NAMES)]


def test_names_and_synonyms_have_place_kind_and_id() -> None:
    text = "Skupina Quiet Marmot je uporabila gluvbot."
    first, second = find(text, NAMES)
    assert (first.kind, first.id, first.name, text[first.start : first.end]) == (
        "actor", "a1", "APT987", "Quiet Marmot")  # fmt: skip
    assert (second.id, second.raw, second.cued) == ("m1", "gluvbot", False)


def test_a_numbered_name_is_found_however_it_is_spaced() -> None:
    assert said("APT987, APT 987 and APT-987, not APT9871") == [
        ("a1", "APT987"), ("a1", "APT 987"), ("a1", "APT-987")]  # fmt: skip


def test_an_everyday_word_needs_a_cue_and_its_capital() -> None:
    assert said("We live in a hive; the Hive is full of bees.") == []
    assert said("The Hive ransomware encrypted the servers.") == [("m2", "Hive")]
    assert said("Izsiljevalska skupina Hive je objavila podatke.") == [("m2", "Hive")]
    assert said("The royal family met the group. Royal was there.") == []


def test_the_longest_of_overlapping_names_counts() -> None:
    assert said("the Royal Flush gang") == [("m3", "Royal Flush")]


def test_a_name_inside_a_word_or_an_address_is_none() -> None:
    assert said("Gluvinkas xGluvinka gluvinka.example https://a.example/gluvinka a@gluvinka") == []
    assert said("Gluvinka-related, (Gluvinka). Gluvinka!") == [("m1", "Gluvinka")] * 3


def test_a_short_name_counts_only_as_it_is_written() -> None:
    assert said("zvrk and RKT and Zvrk and rkt") == [("t1", "Zvrk")]


def test_a_generic_word_is_never_a_name_and_the_better_collection_wins() -> None:
    assert said("The Trojan malware Gluvinka") == [("m1", "Gluvinka")]


def test_no_names_find_nothing() -> None:
    assert find("Gluvinka", build(())) == []


@given(st.text(max_size=200))
def test_marks_stand_in_order_and_apart(text: str) -> None:
    marks = find(f"Gluvinka {text} APT987", NAMES)
    assert all(a.end <= b.start for a, b in itertools.pairwise(marks))
    whole = f"Gluvinka {text} APT987"
    assert all(whole[m.start : m.end] == m.raw for m in marks)
