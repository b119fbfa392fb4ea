"""The text of a document with its marks: cut where something begins or ends, nothing lost or moved."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.model.document import Card, Mark, NameSeen, PartText, Sentence, TechniqueSeen
from zvon.model.role import Role
from zvon.web.pages.document import listed, segments

TEXT = "Obiščite posta-si[.]example ali 192.0.2.7. Napadalec Sivi Galeb pošilja SMS."


def mark(
    raw: str, value: str, role: Role = Role.ATTACKER, kind: str = "domain", **more: object
) -> Mark:
    start = TEXT.index(raw)
    return Mark(part="text", start=start, end=start + len(raw), type=kind, value=value, raw=raw,
                role=role, score=0.9, **more)  # type: ignore[arg-type]  # fmt: skip


def card(*marks: Mark, sentence: tuple[int, int] | None = None) -> Card:
    spoken: tuple[TechniqueSeen, ...] = ()
    if sentence is not None:
        said = Sentence("text", *sentence, 0.8)
        spoken = (TechniqueSeen(id="T1660", name="Phishing", score=0.8, suggested=True,
                                sentences=(said,)),)  # fmt: skip
    start = TEXT.index("Sivi Galeb")
    named = NameSeen(part="text", start=start, end=start + 10, kind="actor", id="a1",
                     name="Sivi Galeb", raw="Sivi Galeb")  # fmt: skip
    return Card(lang="sl", kind="text", parts=(PartText(id="text", kind="text", text=TEXT),),
                marks=marks, techniques=spoken, names=(named,))  # fmt: skip


def cut(made: Card) -> list[tuple[str, str, bool, tuple[str, ...]]]:
    places = {id(s): f"s{n}" for n, s in enumerate(s for t in made.techniques for s in t.sentences)}
    return [
        (str(each.text), each.mark.value if each.mark else each.name.name if each.name else "",
         each.sentence, each.anchors)
        for each in segments(made.parts[0], made, places)
    ]  # fmt: skip


def test_values_names_and_sentences_stand_where_they_stood() -> None:
    sentence = (TEXT.index("Napadalec"), len(TEXT))
    found = cut(card(mark("posta-si[.]example", "posta-si.example"),
                     mark("192.0.2.7", "192.0.2.7", kind="ipv4"), sentence=sentence))  # fmt: skip
    assert [(text, value) for text, value, _, _ in found if value] == [
        ("posta-si[.]example", "posta-si.example"), ("192.0.2.7", "192.0.2.7"),
        ("Sivi Galeb", "Sivi Galeb"),
    ]  # fmt: skip
    assert [text for text, _, _, anchors in found if "s0" in anchors] == ["Napadalec "]
    assert [anchors for _, _, _, anchors in found if "m1" in anchors] == [("m1",)]
    assert "".join(text for text, _, _, _ in found) == TEXT


def test_hostile_text_is_escaped_and_turns_no_direction() -> None:
    text = "<script>alert(1)</script>\u202egnp"
    part = PartText(id="text", kind="text", text=text)
    (only,) = segments(part, Card(lang="en", kind="text", parts=(part,)), {})
    assert "<script>" not in only.text
    assert "\u202e" not in only.text


@given(st.lists(st.tuples(st.integers(0, len(TEXT)), st.integers(0, len(TEXT))), max_size=8))
def test_nothing_of_the_text_is_lost_whatever_overlaps(spans: list[tuple[int, int]]) -> None:
    marks = tuple(
        Mark(part="text", start=min(span), end=max(span), type="domain", value="a.example",
             raw=TEXT[min(span):max(span)], role=Role.UNSURE, score=0.5)
        for span in spans
    )  # fmt: skip
    assert "".join(text for text, _, _, _ in cut(card(*marks))) == TEXT


def test_each_value_is_listed_once_the_attackers_first() -> None:
    rows = listed(card(
        mark("192.0.2.7", "192.0.2.7", Role.REFERENCE, "ipv4"),
        mark("posta-si[.]example", "posta-si.example"),
        mark("posta-si", "posta-si.example"),
        mark("example", "example", parent="posta-si.example"),
    ))  # fmt: skip
    assert [(row.mark.value, row.anchors) for row in rows] == [
        ("posta-si.example", ("m1", "m2")), ("192.0.2.7", ("m0",)),
    ]  # fmt: skip
    assert rows[0].link == "/observables?type=domain&value=posta-si.example"
