"""The same indicators in eight forms, in three languages, are the same values everywhere."""

import hashlib
from collections.abc import Callable
from html import escape

import pytest

from tests.collect.open.papers import packed
from zvon.collect.document_card import Known, card_of, scanned, values_of
from zvon.collect.open.parts import parts
from zvon.formats.document.part import Link, Part, Parts
from zvon.formats.reference.named import Named
from zvon.ml import names
from zvon.ml.attack.predict import Evidence, Tagged, Technique
from zvon.model.item import ValueRole
from zvon.model.observable import Observable, ObservableType
from zvon.model.role import Role

INDICATORS = [
    *(f"203.0.113.{n + 1}" for n in range(25)),
    *(f"zlonamerna{n}.example" for n in range(25)),
    *(f"http://lazna{n}.example/prijava/{n}?id={n}" for n in range(25)),
    *(hashlib.sha256(str(n).encode()).hexdigest() for n in range(15)),
    *(hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest() for n in range(10)),
]
SENTENCES = (
    "Opozorilo: napadalci uporabljajo naslov {} za krajo gesel.",
    "Upozorenje: napadači koriste adresu {} za krađu lozinki.",
    "Warning: the attackers use {} to steal passwords.",
)


def _square(text: str) -> str:
    return text.replace("http://", "hxxp://").replace(".", "[.]")


def _round(text: str) -> str:
    return text.replace("http://", "hXXp[:]//").replace(".", "(.)")


def _word(text: str) -> str:
    return text.replace("http://", "http[://]").replace(".", "[dot]")


def prose(form: Callable[[str], str] = str) -> list[str]:
    """A sentence for each indicator, the languages in turn."""
    return [SENTENCES[n % 3].format(form(each)) for n, each in enumerate(INDICATORS)]


def pdf_of(lines: list[str]) -> bytes:
    """A PDF of plain lines, 40 to a page."""
    objects: dict[int, bytes] = {1: b"<< /Type /Catalog /Pages 2 0 R >>",
                                 3: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"}  # fmt: skip
    kids: list[str] = []
    for at in range(0, len(lines), 40):
        number = len(objects) + 10
        shown = [line.replace("\\", "").replace("(", "\\(").replace(")", "\\)")
                 for line in lines[at : at + 40]]  # fmt: skip
        drawn = "BT /F1 7 Tf 30 800 Td 12 TL\n" + "".join(f"({x}) Tj T*\n" for x in shown) + "ET"
        body = drawn.encode("latin-1", "replace")
        objects[number] = b"<< /Length %d >>\nstream\n" % len(body) + body + b"\nendstream"
        objects[number + 1] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        ).encode()
        kids.append(f"{number + 1} 0 R")
    objects[2] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    out, places = bytearray(b"%PDF-1.4\n"), {}
    for number in sorted(objects):
        places[number] = len(out)
        out += b"%d 0 obj\n" % number + objects[number] + b"\nendobj\n"
    start, most = len(out), max(objects)
    rows = (b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n"
            for n in range(most + 1))  # fmt: skip
    out += b"xref\n0 %d\n" % (most + 1) + b"".join(rows)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (most + 1, start)
    return bytes(out)


def docx_of(lines: list[str]) -> bytes:
    """A Word document of plain paragraphs."""
    paragraphs = "".join(f"<w:p><w:r><w:t>{escape(x)}</w:t></w:r></w:p>" for x in lines)
    document = f"<w:document>{paragraphs}</w:document>".encode()
    return packed({"[Content_Types].xml": b"<Types/>", "word/document.xml": document})


HEAD = (
    "From: soc@partner.example\nTo: node@nas.example\nSubject: Seznam\n"
    "Message-ID: <1@partner.example>\nContent-Type: text/plain; charset=utf-8\n\n"
)
FORMS = {
    "plain": "\n".join(prose()).encode(),
    "square": "\n".join(prose(_square)).encode(),
    "round": "\n".join(prose(_round)).encode("cp1250"),
    "word": "\n".join(prose(_word)).encode(),
    "html": b"<html><body>" + "".join(f"<p>{escape(x)}</p>" for x in prose(_square)).encode(),
    "pdf": pdf_of(prose(_square)),
    "docx": docx_of(prose(_round)),
    "mail": (HEAD + "\n".join(prose(_square))).encode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_hundred_indicators_are_the_same_hundred_values_in_every_form(form: str) -> None:
    card = card_of(scanned(parts(FORMS[form])), "text", form, Known())
    found = values_of(card)
    assert {value.observable.value for value in found} == set(INDICATORS)
    assert len(found) == 100
    assert {value.role for value in found} == {ValueRole.SAID}
    assert {each.lang for each in card.languages} >= {"sl", "hr", "en"} or form == "pdf"


def test_the_host_of_an_address_is_marked_and_not_stored() -> None:
    opened = Parts(parts=(Part(id="text", kind="text", text="Zlo: hxxp://evil[.]example/a"),))
    card = card_of(scanned(opened), "text", "", Known())
    assert [(mark.value, mark.parent) for mark in card.marks] == [
        ("http://evil.example/a", None), ("evil.example", "http://evil.example/a"),
    ]  # fmt: skip
    assert [value.observable.value for value in values_of(card)] == ["http://evil.example/a"]


def test_what_is_known_to_be_good_or_bad_counts() -> None:
    text = "The sample talks to files.example and to 192.0.2.4 in the list below."
    opened = Parts(parts=(Part(id="text", kind="text", text=text),))
    bad = Observable(ObservableType.IPV4, "192.0.2.4")
    known = Known(accused=frozenset({bad}), own=frozenset({"files.example"}))
    roles = {m.value: m.role for m in card_of(scanned(opened), "text", "", known).marks}
    assert roles["192.0.2.4"] is Role.ATTACKER
    assert roles["files.example"] is Role.REFERENCE


def test_a_link_to_the_same_owner_is_no_mismatch_and_pictures_lead_nowhere() -> None:
    text = "See www.nlb.si now"
    links = (
        Link(target="https://moja.nlb.si/", start=4, end=14),
        Link(target="https://cdn.example/x.png", element="img"),
    )
    read = scanned(Parts(parts=(Part(id="text", kind="html", text=text, links=links),)))
    assert not read.mismatches
    assert [target.found.raw for target in read.targets] == ["https://moja.nlb.si/"]


def test_techniques_come_with_sentences_in_their_parts_and_not_for_a_repeat() -> None:
    opened = Parts(
        parts=(
            Part(id="page:1", kind="pdf", text="First page."),
            Part(id="page:2", kind="pdf", text="It uses PowerShell. Later it stops."),
        )
    )

    def tag(text: str) -> Tagged:
        start = text.index("It uses")
        said = Evidence(start, start + 19, 0.8)
        found = Technique(id="T1059.001", name="PowerShell", score=0.9, suggested=True,
                          evidence=(said,))  # fmt: skip
        return Tagged("17.1", (found,))

    card = card_of(scanned(opened), "pdf", "", Known(tag=tag))
    [technique] = card.techniques
    [sentence] = technique.sentences
    assert (sentence.part, card.attack_version) == ("page:2", "17.1")
    assert opened.parts[1].text[sentence.start : sentence.end] == "It uses PowerShell."
    assert card_of(scanned(opened), "pdf", "", Known(tag=tag), repeats=True).techniques == ()


def test_names_of_the_reference_are_found_at_their_place() -> None:
    named = names.build(
        [Named(kind="malware", id="S9999", galaxy="mitre-malware", names=("ZvonLoader",))]
    )
    opened = Parts(parts=(Part(id="text", kind="text", text="Našli smo ZvonLoader na strežniku."),))
    [found] = card_of(scanned(opened), "text", "", Known(named=named)).names
    assert (found.raw, found.id, found.kind) == ("ZvonLoader", "S9999", "malware")
    assert opened.parts[0].text[found.start : found.end] == found.raw


def test_text_that_no_database_holds_is_made_storable() -> None:
    opened = Parts(parts=(Part(id="text", kind="text", text="a\x00b \ud800 evil[.]example"),))
    card = card_of(scanned(opened), "text", "", Known())
    assert "\x00" not in card.parts[0].text
    card.parts[0].text.encode()
