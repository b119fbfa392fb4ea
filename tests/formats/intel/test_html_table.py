"""Pages that are mainly a table are read row by row; pages of prose are not."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.detect import choose
from zvon.formats.intel import html_table
from zvon.model.item import Bad, Item, Options

OPTIONS = Options(received_at=datetime(2026, 11, 22, tzinfo=UTC))
PAGE = """<html><body><h1>Seznam</h1><table><tr><td>meni</td></tr><tr><td>prva</td></tr></table>
<table><thead><tr><th>Prvič viden</th><th>URL</th><th>Vrsta</th></tr></thead>
<tr><td>2026-11-01</td><td><a href="/more">hxxp://evil[.]example/a</a></td><td>phishing</td></tr>
<tr><td>2026-11-02</td><td>evil2.example/b/c.php</td><td>malware</td></tr>
<tr><td>2026-11-02</td><td>ni znano</td><td>malware</td></tr></table></body></html>"""


def test_the_table_with_values_is_found_and_read() -> None:
    found = choose(PAGE.encode(), "list.html")
    assert found is not None
    assert found[0].name == "html-table"
    items = list(found[0].decode([PAGE.encode()], OPTIONS))
    good = [each for each in items if isinstance(each, Item)]
    assert [v.observable.value for each in good for v in each.values] == [
        "http://evil.example/a", "https://evil2.example/b/c.php",
    ]  # fmt: skip
    assert good[0].at == datetime(2026, 11, 1, tzinfo=UTC)
    assert good[0].tags == ("phishing",)
    [bad] = [each for each in items if isinstance(each, Bad)]
    assert bad.position == "row 4"


def test_a_page_of_prose_is_a_document() -> None:
    page = "<html><body>" + "<p>Besede o napadu.</p>" * 9 + PAGE[12:]
    found = choose(page.encode(), "a.html")
    assert found is not None
    assert found[0].name == "html"


def test_a_page_nested_without_end_is_refused() -> None:
    page = b"<table><tr><td>192.0.2.1</td></tr><tr><td>" + b"<div>" * 5_000
    assert html_table.sniff(page, "") is None
    assert all(isinstance(each, Bad) for each in html_table.decode([page], OPTIONS))


@given(st.text(alphabet="<table>rd/h 192.0.2.1\n", max_size=200))
def test_any_page_is_read_without_an_exception(text: str) -> None:
    body = b"<table>" + text.encode()
    html_table.sniff(body, "")
    for each in html_table.decode([body], OPTIONS):
        assert isinstance(each, Item | Bad)
