"""What documents say beside their text is read, whatever it is written in."""

import pytest

from tests.collect.open.papers import locked, packed
from tests.collect.rebuild.papers import annotated, document
from zvon.collect.rebuild import listing, margins


def test_authors_changes_and_alternative_texts_of_a_word_document_are_read() -> None:
    said = margins.read(document("Besedilo")).said
    assert {"Maja Hribar", "Janez Krajnc", "Slika: Petra Zajc", "Igor Kos"} <= set(said)
    assert "Besedilo" not in said


def test_annotations_and_properties_of_a_pdf_are_read() -> None:
    said = margins.read(annotated("Besedilo")).said
    assert {"Maja Hribar", "Janez Krajnc", "Igor Kos"} <= set(said)


def test_the_author_of_an_rtf_is_read() -> None:
    assert margins.read(rb"{\rtf1{\info{\author Igor \'8eagar}}x}").said == ("Igor Žagar",)


@pytest.mark.parametrize("body", [b"", b"%PDF-1.4 broken", packed({"a.xml": b"<"}), b"PK\x03\x04"])
def test_a_damaged_document_breaks_nothing(body: bytes) -> None:
    found = margins.read(body)
    assert found.reason or not found.said


def test_an_archive_is_listed_and_what_is_locked_is_named() -> None:
    first, second = listing.read(packed({"a.txt": b"abc", "b/c.exe": b"MZ"})).members
    assert (first.name, first.size, second.name) == ("a.txt", 3, "b/c.exe")
    assert len(first.sha256) == 64
    (held,) = listing.read(locked("a.txt", b"abc")).members
    assert held.state == "it needs a password"
    assert held.sha256 == ""


def test_a_bomb_is_refused() -> None:
    found = listing.read(packed({"a": bytes(150 * 1024 * 1024)}))
    assert found.reason or found.members[0].state
