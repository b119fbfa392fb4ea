"""One document, three files: the same words in each, and nothing in them that acts."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats.paper.block import Items, Link, Paper, Paragraph, Table, Writer
from zvon.formats.paper.docx import to_docx
from zvon.formats.paper.html import to_html
from zvon.formats.paper.markdown import to_markdown


def paper(text: str = "Pošta & <b>Čšž</b>") -> Paper:
    w = Writer()
    w.head("Prvič")
    w.say(text, warns=True)
    w.items([text, "druga"])
    w.items([])
    w.table(
        "Vrste", ["Kaj", "Koliko"], [["phishing", Link("17", "https://node.example/q?a=1&b=2")]]
    )
    return Paper(lang="sl", title=text, blocks=tuple(w.blocks), foot=("narejeno", text))


def words(docx: bytes) -> str:
    made = Document(BytesIO(docx))
    cells = [c.text for t in made.tables for r in t.rows for c in r.cells]
    return "\n".join([*(p.text for p in made.paragraphs), *cells])


def test_all_files_say_the_same() -> None:
    html, text, docx = to_html(paper("Pošta")), to_markdown(paper("Pošta")), to_docx(paper("Pošta"))
    for said in ("Pošta", "Prvič", "phishing", "druga", "17", "narejeno", "Koliko"):
        assert said in html
        assert said in text
        assert said in words(docx)
    assert 'href="https://node.example/q?a=1&amp;b=2"' in html
    assert "[17](https://node.example/q?a=1&b=2)" in text
    with ZipFile(BytesIO(docx)) as archive:
        assert b"https://node.example/q?a=1&amp;b=2" in archive.read("word/_rels/document.xml.rels")


def test_what_people_write_never_becomes_markup() -> None:
    hostile = "<script>alert(1)</script> [x](javascript:1) ![](//e.example) | a"
    assert "<script>" not in to_html(paper(hostile))
    assert "[x](javascript" not in to_markdown(paper(hostile))
    assert "<script>" in words(to_docx(paper(hostile)))
    with ZipFile(BytesIO(to_docx(paper(hostile)))) as archive:
        assert b"<script>" not in archive.read("word/document.xml")


def test_the_same_document_is_the_same_bytes() -> None:
    assert to_docx(paper()) == to_docx(paper())


def test_an_empty_table_and_list_are_left_out() -> None:
    w = Writer()
    w.items([])
    w.table("x", ["a"], [])
    w.say("x", live=True)
    assert (w.blocks, w.live) == ([Paragraph("x")], {0})
    assert isinstance(Items(("a",)), Items)


@pytest.mark.parametrize("bad", ["\x00", "\ud800", "￾", "", "\x1b[31m"])
def test_what_xml_has_no_place_for_is_left_out(bad: str) -> None:
    assert "Prvič" in words(to_docx(paper(bad)))


@settings(max_examples=25)
@given(st.text(max_size=60))
def test_any_text_makes_a_file_that_opens(text: str) -> None:
    assert "Prvič" in words(to_docx(paper(text)))
    assert Table("c", ("a",), (("b",),)).caption == "c"
