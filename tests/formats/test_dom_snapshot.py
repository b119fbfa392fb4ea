"""A browser's snapshot becomes one HTML text in which every form stands, and its pictures."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import dom_snapshot
from zvon.formats.dom_snapshot import BadSnapshot, Box, read


class Snapshot:
    """Builds what `DOMSnapshot.captureSnapshot` says."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self.documents: list[dict[str, Any]] = []

    def text(self, value: str) -> int:
        if value not in self.strings:
            self.strings.append(value)
        return self.strings.index(value)

    def document(self, url: str = "https://a.example/x/") -> int:
        nodes: dict[str, Any] = {
            "parentIndex": [], "nodeType": [], "nodeName": [], "nodeValue": [], "attributes": [],
            "contentDocumentIndex": {"index": [], "value": []},
        }  # fmt: skip
        self.documents.append({
            "documentURL": self.text(url), "baseURL": self.text(url), "nodes": nodes,
            "layout": {"nodeIndex": [], "bounds": []},
        })  # fmt: skip
        return len(self.documents) - 1

    def node(self, document: int, parent: int, name: str, value: str = "", **said: str) -> int:
        nodes = self.documents[document]["nodes"]
        nodes["parentIndex"].append(parent)
        nodes["nodeType"].append(3 if name == "#text" else 9 if name == "#document" else 1)
        nodes["nodeName"].append(self.text(name))
        nodes["nodeValue"].append(self.text(value) if value else -1)
        nodes["attributes"].append([self.text(t) for pair in said.items() for t in pair])
        return len(nodes["parentIndex"]) - 1

    def box(self, document: int, node: int, *bounds: float) -> None:
        layout = self.documents[document]["layout"]
        layout["nodeIndex"].append(node)
        layout["bounds"].append(list(bounds))

    def whole(self) -> dict[str, Any]:
        return {"strings": self.strings, "documents": self.documents}


def page() -> tuple[Snapshot, int, int]:
    made = Snapshot()
    number = made.document()
    root = made.node(number, -1, "#document")
    return made, number, made.node(number, root, "HTML")


def test_elements_attributes_and_text_are_written_and_escaped() -> None:
    made, number, html = page()
    body = made.node(number, html, "BODY")
    made.node(number, made.node(number, body, "P", title='"<&'), "#text", "a < b & c")
    made.node(number, body, "INPUT", type="password")
    assert read(made.whole()).html == (
        '<html><body><p title="&quot;&lt;&amp;">a &lt; b &amp; c</p>'
        '<input type="password"></body></html>'
    )


def test_a_frame_stands_in_its_place_with_whole_addresses() -> None:
    made, number, html = page()
    frame = made.node(number, html, "IFRAME", src="/in")
    inner = made.document("https://b.example/in/page")
    body = made.node(inner, made.node(inner, -1, "#document"), "BODY")
    made.node(inner, body, "FORM", action="send.php")
    links = made.documents[number]["nodes"]["contentDocumentIndex"]
    links["index"].append(frame)
    links["value"].append(inner)
    found = read(made.whole())
    assert found.frames == ("https://b.example/in/page",)
    assert '<div src="/in"><body><form action="https://b.example/in/send.php">' in found.html


def test_a_script_cannot_end_itself_early() -> None:
    made, number, html = page()
    made.node(number, made.node(number, html, "SCRIPT"), "#text", "x='</script><b>'")
    assert read(made.whole()).html == "<html><script>x='<\\/script><b>'</script></html>"


def test_names_that_are_no_tags_do_not_become_some() -> None:
    made, number, html = page()
    made.node(number, html, "A><SCRIPT", **{'on"x': "1", "class": "k"})
    assert read(made.whole()).html == '<html><span class="k"></span></html>'


def test_pictures_are_told_with_their_place_and_their_form() -> None:
    made, number, html = page()
    made.box(number, made.node(number, html, "IMG", alt="Lipa banka"), 10.4, 20, 100, 40.2)
    form = made.node(number, html, "FORM")
    made.box(number, form, 0, 0, 500, 500)
    made.box(number, made.node(number, form, "SVG"), 5, 5, 30, 30)
    assert read(made.whole()).boxes == (
        Box(5, 5, 30, 30, "", form=True),
        Box(10, 20, 100, 40, "Lipa banka", form=False),
    )


def test_what_is_too_deep_or_too_long_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    made, number, parent = page()
    for _ in range(dom_snapshot.MOST_DEPTH * 3):
        parent = made.node(number, parent, "DIV")
    made.node(number, parent, "#text", "deep")
    deep = read(made.whole())
    assert deep.html.count("<div>") <= dom_snapshot.MOST_DEPTH
    assert "deep" in deep.html
    monkeypatch.setattr(dom_snapshot, "MOST_NODES", 50)
    assert read(made.whole()).cut
    monkeypatch.setattr(dom_snapshot, "MOST_NODES", 60_000)
    monkeypatch.setattr(dom_snapshot, "MOST_BYTES", 100)
    short = read(made.whole())
    assert short.cut
    assert len(short.html) <= 100


def test_a_document_in_itself_ends() -> None:
    made, number, html = page()
    frame = made.node(number, html, "IFRAME")
    links = made.documents[number]["nodes"]["contentDocumentIndex"]
    links["index"].append(frame)
    links["value"].append(number)
    assert read(made.whole()).html == "<html><div></div></html>"


@pytest.mark.parametrize("said", [{}, {"strings": [], "documents": []},
                                  {"strings": [], "documents": [{"nodes": 3}]}])  # fmt: skip
def test_what_is_no_snapshot_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(BadSnapshot):
        read(said)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.text(max_size=8), st.text(max_size=8)), max_size=14)
)
def test_no_page_raises_anything(nodes: list[tuple[int, str, str]]) -> None:
    made, number, _ = page()
    for at, (parent, name, value) in enumerate(nodes):
        made.node(number, min(parent, at), name or "#text", value, title=value)
    found = read(made.whole())
    assert found == read(made.whole())
