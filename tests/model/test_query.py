"""The grammar of the box: what is typed and what it means, and that no text breaks it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zvon.locale import translator
from zvon.model.query import (
    EVERYTHING,
    MAX_DEPTH,
    MAX_TERMS,
    And,
    BadQuery,
    Field,
    Glob,
    Network,
    Node,
    Not,
    Or,
    Term,
    Value,
    ago,
    both,
    conjunction,
    disjunction,
    moment,
    parse,
    write,
)


def term(field: Field, text: str) -> Term:
    return Term(field, text)


@pytest.mark.parametrize(("text", "query"), [
    ("", EVERYTHING),
    ("  ", EVERYTHING),
    ("evil.example", Value("evil.example")),
    ("hxxp://evil[.]example/a(b)", Value("hxxp://evil[.]example/a(b)")),
    ("h**p://evil.example", Value("h**p://evil.example")),
    ("evil(.)example", Value("evil(.)example")),
    ("2001:db8::1", Value("2001:db8::1")),
    ("fade:1::", Value("fade:1::")),
    ("mailto:ana@x.example", Value("mailto:ana@x.example")),
    ("c:\\temp\\x.exe", Value("c:\\temp\\x.exe")),
    ("https://x.example/24", Value("https://x.example/24")),
    ("-", Value("-")),
    ('"dva slova"', Value("dva slova")),
    ('"*a*"', Value("*a*")),
    ('"a \\" b \\\\"', Value('a " b \\')),
    ("*pošta**si*", Glob("*pošta*si*")),
    ("192.0.2.9/24", Network("192.0.2.0/24")),
    ("192[.]0[.]2[.]9/24", Network("192.0.2.0/24")),
    ("2001:DB8::1/32", Network("2001:db8::/32")),
    ("fe80::%eth0/64", Value("fe80::%eth0/64")),
    ("TYPE:Domain", term(Field.TYPE, "domain")),
    ("tlp:TLP:Amber+Strict", term(Field.TLP, "amber+strict")),
    ("tlp:white", term(Field.TLP, "clear")),
    ("pap:red", term(Field.PAP, "red")),
    ("role:said", term(Field.ROLE, "said")),
    ("seen:7D", term(Field.SEEN, "7d")),
    ("after:2026-11-01t08:30", term(Field.AFTER, "2026-11-01T08:30")),
    ("before:2026-11-01T08:30:00Z", term(Field.BEFORE, "2026-11-01T08:30:00Z")),
    ('source:"CERT list"', term(Field.SOURCE, "CERT list")),
    ('tag:"rsit:fraud=\\"x\\""', term(Field.TAG, 'rsit:fraud="x"')),
    ("lang:SL", term(Field.LANG, "sl")),
    ("a b", And((Value("a"), Value("b")))),
    ("a AND b", And((Value("a"), Value("b")))),
    ("a b OR c", Or((And((Value("a"), Value("b"))), Value("c")))),
    ("a (b OR c)", And((Value("a"), Or((Value("b"), Value("c")))))),
    ("a -b", And((Value("a"), Not(Value("b"))))),
    ("-(a b)", Not(And((Value("a"), Value("b"))))),
    ("-(-a)", Value("a")),
    ("((a))", Value("a")),
    ("(a OR b)OR c", Or((Value("a"), Value("b"), Value("c")))),
    ('"OR"', Value("OR")),
    ("ORel", Value("ORel")),
    ("a(", Value("a(")),
    ('"urn:"0', And((Value("urn:"), Value("0")))),
    ('"hasta:"0', And((Value("hasta:"), Value("0")))),
])  # fmt: skip
def test_what_is_typed_means(text: str, query: Node) -> None:
    assert parse(text) == query


@pytest.mark.parametrize(("text", "code", "position"), [
    ("x" * 2001, "QUERY_LONG", 2000),
    ("a \ud800", "QUERY_CHARACTER", 2),
    ("a\x00", "QUERY_CHARACTER", 1),
    ("x (a", "QUERY_OPEN", 2),
    ("a )", "QUERY_CLOSE", 2),
    ('a "b', "QUERY_QUOTE", 2),
    ("a OR", "QUERY_EMPTY", 4),
    ("OR a", "QUERY_EMPTY", 0),
    ("()", "QUERY_EMPTY", 0),
    ("AND a", "QUERY_EMPTY", 0),
    ('source:" "', "QUERY_EMPTY", 0),
    ("a sourc:x", "QUERY_FIELD", 2),
    ("type: url", "QUERY_EMPTY", 5),
    ("(a type:)", "QUERY_EMPTY", 8),
    ("*ab*", "QUERY_SHORT", 0),
    ("type:thing", "QUERY_WORD", 0),
    ("x tlp:pink", "QUERY_WORD", 2),
    ("after:yesterday", "QUERY_TIME", 0),
    ("before:2026-13-01", "QUERY_TIME", 0),
    ("after:0001-01-01T00:00+14:00", "QUERY_TIME", 0),
    ("seen:soon", "QUERY_AGO", 0),
    ("kind:a.b", "QUERY_NAME", 0),
    ("lang:slovene", "QUERY_NAME", 0),
    ("(" * (MAX_DEPTH + 1) + "a", "QUERY_DEPTH", MAX_DEPTH),
    ("-(" * MAX_DEPTH + "a", "QUERY_DEPTH", MAX_DEPTH),
    ("a " * (MAX_TERMS + 1), "QUERY_TERMS", 2 * MAX_TERMS),
])  # fmt: skip
def test_what_means_nothing_is_refused_at_its_place(text: str, code: str, position: int) -> None:
    with pytest.raises(BadQuery) as refused:
        parse(text)
    assert (refused.value.code, refused.value.position) == (code, position)
    assert refused.value.errors == [{"code": code, "position": position}]
    for lang in ("sl", "hr", "en"):
        said = translator(lang, strict=True).text(code, **refused.value.params)
        assert "{" not in said
        assert (said in str(refused.value)) is (lang == "en")


words = st.sampled_from(
    ["a", "OR", "AND", "-", "(", ")", '"', "b c", "type:url", "tlp:red", "seen:7d", "*abc*", "\\",
     "192.0.2.0/24", "x:", "tag:", "source:", ":", "**", "-(", ' "', "pošta", "\u2028", "(["]
)  # fmt: skip
texts = st.one_of(st.text(max_size=40), st.lists(words, max_size=20).map(" ".join),
                  st.lists(words, max_size=20).map("".join))  # fmt: skip


@given(texts)
@example('"-"')
@example("-*abc*")
def test_any_text_is_read_or_refused_and_what_is_read_is_written_the_same(text: str) -> None:
    try:
        query = parse(text)
    except BadQuery:
        return
    assert parse(write(query)) == query
    assert write(parse(write(query))) == write(query)


free = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(
    lambda text: text == text.strip() != ""
)
leaves = st.one_of(
    free.map(Value),
    st.builds(Term, st.sampled_from([Field.SOURCE, Field.TAG, Field.TEXT]), free),
    st.sampled_from([
        Glob("*abc*"), Network("192.0.2.0/24"), term(Field.TYPE, "url"), term(Field.SEEN, "7d"),
    ]),
)  # fmt: skip
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(conjunction),
        st.lists(inner, min_size=1, max_size=3).map(disjunction),
        inner.map(lambda part: part.part if isinstance(part, Not) else Not(part)),
    ),
    max_leaves=8,
)


@given(trees)
def test_every_tree_has_a_text_that_means_it(query: Node) -> None:
    assert parse(write(query)) == query


def test_a_facet_narrows_whatever_is_asked() -> None:
    facet = term(Field.KIND, "alert")
    assert write(both(parse("a OR b"), facet)) == "(a OR b) kind:alert"
    assert write(both(parse("a b"), facet)) == "a b kind:alert"
    assert write(both(EVERYTHING, facet)) == "kind:alert"


def test_times() -> None:
    assert ago("2w").days == 14
    assert ago("36h").total_seconds() == 36 * 3600
    assert moment("2026-11-01").isoformat() == "2026-11-01T00:00:00+00:00"
    assert moment("2026-11-01T01:00+02:00").isoformat() == "2026-10-31T23:00:00+00:00"
