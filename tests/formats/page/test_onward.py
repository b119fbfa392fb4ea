"""Where a page sends its visitor by itself."""

import pytest

from zvon.formats.page.onward import refresh, scripted


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("0;url=https://a.example/b?c=d", "https://a.example/b?c=d"),
        ("0; URL = '/x y'", "/x y"),
        ('5 , url="b"', "b"),
        ("0;/brez", "/brez"),
        ("1.5 url=x", "x"),
        ("url=x", "x"),
        ("30", ""),
        ("61;url=x", ""),
        ("", ""),
        ("x", ""),
    ],
)
def test_refreshes(content: str, target: str) -> None:
    assert refresh(content, b"") == target
    written = content.replace('"', "&quot;")
    assert refresh("", f'<META HTTP-EQUIV="Refresh" CONTENT="{written}">'.encode()) == target


def test_a_refresh_in_noscript_counts_and_one_in_a_comment_does_not() -> None:
    meta = b"<meta http-equiv=refresh content='0;url=x'>"
    assert refresh("", b"<noscript>" + meta + b"</noscript>") == "x"
    assert refresh("", b"<!-- " + meta + b" -->") == ""


def test_a_script_is_read_and_never_run() -> None:
    assert scripted("var u = 'https://a.example/'; window.location.assign(\"https://b.example/\")") == "https://b.example/"  # fmt: skip
    assert scripted("location" * 100_000) is None


@pytest.mark.parametrize("hurting", [" " * 2_000_000, "0" + " " * 2_000_000, "0;" * 500_000])
def test_contents_that_are_built_to_hurt_are_cut(hurting: str) -> None:
    assert len(refresh(hurting, b"")) < 10_000
