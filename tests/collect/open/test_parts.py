"""Documents taken apart: every text, every link, and sentences about what was left out."""

import bz2
import lzma
import zipfile
from io import BytesIO

import py7zr
import pytest
import zstandard

from tests.collect.open.papers import locked, packed, pdf
from zvon.collect.open import opener
from zvon.collect.open.parts import MAX_BYTES, parts
from zvon.formats.document.part import Parts

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELS = (
    '<Relationships><Relationship Id="r1" Type="attachedTemplate" TargetMode="External"'
    ' Target="https://template.evil.example/t.dotm"/></Relationships>'
)


def texts(found: Parts) -> dict[str, str]:
    return {part.id: part.text for part in found.parts}


def docx(main: str, **more: str) -> bytes:
    files = {"[Content_Types].xml": "<Types/>", "word/document.xml": main, **more}
    return packed({name: body.encode() for name, body in files.items()})


def para(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_a_word_document_gives_comments_notes_links_and_names_its_macros() -> None:
    body = docx(
        f"<w:document {W}>{para('Napad na &lt;banko&gt;')}</w:document>",
        **{
            "word/comments.xml": para("glej 192.0.2.1"),
            "word/footnotes.xml": para("vir"),
            "word/_rels/settings.xml.rels": RELS,
            "word/vbaProject.bin": "x",
        },
    )
    found = parts(body)
    assert texts(found) == {
        "text": "Napad na <banko>",
        "comments:word/comments.xml": "glej 192.0.2.1",
        "notes:word/footnotes.xml": "vir",
    }
    assert [link.target for link in found.parts[0].links] == [
        "https://template.evil.example/t.dotm"
    ]
    assert any("vbaProject.bin" in each and "not run" in each for each in found.warnings)


def test_a_row_of_a_table_in_a_word_document_is_a_line() -> None:
    def row(*cells: str) -> str:
        return "<w:tr>" + "".join(f"<w:tc>{para(cell)}</w:tc>" for cell in cells) + "</w:tr>"

    table = f"<w:tbl>{row('IP naslov', 'Opis')}{row('192.0.2.7', 'botnet')}</w:tbl>"
    body = docx(f"<w:document {W}>{para('Seznam')}{table}{para('Konec')}</w:document>")
    assert texts(parts(body))["text"] == "Seznam\nIP naslov\tOpis\n192.0.2.7\tbotnet\n\nKonec"


def test_a_workbook_gives_a_table_for_each_sheet_and_dates_as_dates() -> None:
    files = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": '<workbook><sheets><sheet name="Seznam" r:id="r1"/></sheets></workbook>',
        "xl/sharedStrings.xml": "<sst><si><t>IP naslov</t></si><si><r><t>192.0</t></r><r><t>.2.7</t></r></si></sst>",
        "xl/styles.xml": '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": (
            '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="C1" t="inlineStr">'
            '<is><t>kdaj</t></is></c></row><row r="2"><c r="A2" t="s"><v>1</v></c>'
            '<c r="B2"><f>1+1</f><v>2</v></c><c r="C2" s="1"><v>46000</v></c></row></sheetData></worksheet>'
        ),
    }
    found = parts(packed({name: body.encode() for name, body in files.items()}))
    assert texts(found) == {"sheet:Seznam": "IP naslov\t\tkdaj\n192.0.2.7\t2\t2025-12-09 00:00:00"}


def test_a_presentation_and_an_opendocument_text_are_read() -> None:
    slides = {
        "[Content_Types].xml": b"<Types/>",
        "ppt/presentation.xml": b"<p/>",
        "ppt/slides/slide1.xml": b"<a:p><a:r><a:t>Prva</a:t></a:r></a:p>",
        "ppt/notesSlides/notesSlide1.xml": b"<a:p><a:r><a:t>Opomba</a:t></a:r></a:p>",
    }
    assert texts(parts(packed(slides))) == {"slide:1": "Prva\n\nOpomba"}
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            '<text:h>Naslov</text:h><text:p>Stran <text:a xlink:href="https://evil.example/x">'
            "tukaj</text:a></text:p>",
        )
    found = parts(out.getvalue())
    assert texts(found) == {"text": "Naslov\nStran tukaj"}
    assert found.parts[0].links[0].target == "https://evil.example/x"


def test_a_mail_gives_subject_text_and_files_and_where_its_link_really_leads() -> None:
    html = (
        b"From: Posta <x@evil.example>\nTo: a@b.example\nSubject: Paket\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="B"\n\n--B\nContent-Type: text/html\n\n'
        b'<p>Obiscite <a href="https://evil.example/pay">www.posta.si</a></p>\n'
        b'--B\nContent-Type: text/plain\nContent-Disposition: attachment; filename="b.txt"\n\n'
        b"192.0.2.66\n--B--\n"
    )
    found = parts(html)
    assert texts(found)["subject"] == "Paket"
    text = next(part for part in found.parts if part.id == "text")
    [link] = text.links
    assert (link.target, link.shown) == ("https://evil.example/pay", "www.posta.si")
    assert link.start is not None
    assert text.text[link.start : link.end] == "www.posta.si"


def test_a_pdf_gives_a_part_for_each_page_with_its_links() -> None:
    found = parts(
        pdf("a long line of words about somebody", link="https://evil.example/p", script="x")
    )
    [page] = found.parts
    assert page.id == "page:1"
    assert "about somebody" in page.text
    assert [link.target for link in page.links] == ["https://evil.example/p"]
    assert any("not run" in each for each in found.warnings)


def seven(files: dict[str, bytes]) -> bytes:
    out = BytesIO()
    with py7zr.SevenZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(body, name)
    return out.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        lzma.compress(b"Zla stran je evil.example in se ena beseda."),
        bz2.compress(b"Zla stran je evil.example in se ena beseda."),
        zstandard.compress(b"Zla stran je evil.example in se ena beseda."),
        packed({"a.txt": b"Zla stran je evil.example in se ena beseda."}),
        seven({"a.txt": b"Zla stran je evil.example in se ena beseda."}),
        packed({"b.zip": packed({"a.txt": b"Zla stran je evil.example in se ena beseda."})}),
    ],
    ids=["xz", "bzip2", "zstd", "zip", "7z", "zip in zip"],
)
def test_archives_are_read_to_their_files(body: bytes) -> None:
    found = parts(body)
    assert [part.text for part in found.parts] == ["Zla stran je evil.example in se ena beseda."]
    assert found.parts[0].id.startswith("file:1/")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"%PDF-1.4\n1 0 obj\n<<", "damaged PDF"),
        (locked("a.txt", b"secret"), "password"),
        (packed({"a.txt": b"x" * 60_000_000}), "100 times"),
        (lzma.compress(b"x" * 60_000_000), "more than"),
        (b"", "nothing"),
        (b"\x00\x01\x02\x03" * 50, "binary data"),
        (b"x" * (MAX_BYTES + 1), "at most 50 MB"),
        (b"PK\x03\x04" + b"\x00" * 40, "archive"),
    ],
    ids=["cut pdf", "password", "zip bomb", "xz bomb", "empty", "binary", "large", "cut zip"],
)
def test_what_cannot_be_read_says_why(body: bytes, said: str) -> None:
    found = parts(body)
    assert not found.parts
    assert said in " ".join((found.reason, *found.warnings))


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + para("one &b; two")
    assert texts(parts(docx(bomb)))["text"] == "one &b; two"


def test_archives_nested_without_end_are_given_up() -> None:
    body = packed({"a.txt": b"innermost words of it"})
    for _ in range(15):
        body = packed({"a.zip": body})
    found = parts(body)
    assert not found.parts
    assert "nested deeper" in " ".join(found.warnings)


def test_ten_thousand_quotes_and_a_hundred_thousand_links_end() -> None:
    head = b"From: a@b.example\nTo: c@d.example\nSubject: x\nMessage-ID: <1@b.example>\n\n"
    quotes = head + b"\n".join(b">" * (n % 10_000) + b" words" for n in range(300))
    assert texts(parts(quotes))["text"]
    page = b"<html><body>" + b'<a href="https://evil.example/">x</a>' * 100_000
    found = parts(page)
    assert found.parts
    assert sum(len(part.links) for part in found.parts) <= 100_000


async def test_the_isolated_opener_gives_the_same_and_survives_what_kills_it() -> None:
    body = docx(f"<w:document {W}>{para('varno')}</w:document>")
    assert await opener.parts(body, name="a.docx") == parts(body, name="a.docx")
    cut = await opener.parts(b"%PDF-1.4\n", name="a\0b\udc80.pdf")
    assert cut.reason


async def test_a_reader_that_is_killed_leaves_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opener, "WALL_S", 0.01)
    found = await opener.parts(b"words " * 10, name="a.txt")
    assert "not read within" in found.reason


def test_a_pdf_with_a_password_says_so() -> None:
    body = pdf("words of a page").replace(
        b"/Root 1 0 R",
        b"/Root 1 0 R /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <" + b"41" * 32
        + b"> /U <" + b"42" * 32 + b"> >> /ID [<00> <00>]",
    )  # fmt: skip
    found = parts(body)
    assert not found.parts
    assert "password" in found.reason


def test_a_pdf_whose_pages_go_in_a_circle_ends() -> None:
    body = pdf("words of a page").replace(b"/Kids [3 0 R] /Count 1", b"/Kids [2 0 R] /Count 9")
    found = parts(body)
    assert found.reason or found.parts


@pytest.mark.parametrize(
    "body",
    [
        b"x" * 5_000_000,
        b"\xff\xfe\xfa broken \xc3 bytes \xe2\x82 in it\n" * 5,
        b"nul\x00 bytes in a text\n" + b"of some words and lines\n" * 20,
        "Content-Type: text/plain; charset=utf-7\nFrom: a@b.example\nTo: c@d.example\n"
        "Subject: x\n\n+AGE- Žito\n".encode("cp1250"),
    ],
    ids=["one line", "broken UTF-8", "NUL", "wrong charset"],
)
def test_odd_bytes_give_text(body: bytes) -> None:
    found = parts(body)
    assert found.parts
    assert found.parts[-1].text.strip()


def test_text_that_nobody_sees_is_a_part_of_its_own() -> None:
    page = (
        b'<html><body><p>Shown words</p><div style="display:none">bank <b>safe</b>'
        b"<script>var x = 1</script></div><p>and more</p></body></html>"
    )
    found = parts(page)
    assert texts(found) == {"text": "Shown words\n\nand more", "hidden": "bank safe"}
    assert any("nobody sees" in each for each in found.warnings)
