"""Entries for tests: drawn, and hostile ones that stand in real addresses."""

from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from uuid import UUID

from hypothesis import strategies as st

from zvon.formats.blocklist import About, Entry, Kind
from zvon.model.scope import Scope

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ABOUT = About(feed="si", seq=12, at=AT, node=UUID(int=7), node_name="SI-CERT \"<&'",
              landing="landing.example")  # fmt: skip
SPECIAL = "._~!$&'()*+,;=:@/%[]|-"
IN_QUERY = SPECIAL + "?{}\\^`"

labels = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,10}[a-z0-9_])?", fullmatch=True)
tops = st.from_regex(r"[a-z]{2,8}", fullmatch=True)
names = st.builds(lambda head, top: ".".join([*head, top]),
                  st.lists(labels, min_size=1, max_size=3), tops)  # fmt: skip
letters = "abcXYZ019"
paths = st.text(letters + SPECIAL, min_size=1, max_size=30).map(lambda text: "/" + text)
queries = st.none() | st.text(letters + IN_QUERY, min_size=1, max_size=30)
urls = st.builds(
    lambda scheme, host, port, path, query: (
        f"{scheme}://{host}{port}{path}" + ("" if query is None else f"?{query}")
    ),
    st.sampled_from(["http", "https"]), names, st.sampled_from(["", ":8080"]), paths, queries,
)  # fmt: skip
four = st.builds(
    lambda number, length: str(IPv4Network((number, length), strict=False)),
    st.integers(1 << 24, (1 << 32) - 1), st.integers(1, 32),
)  # fmt: skip
six = st.builds(
    lambda number, length: str(IPv6Network((number, length), strict=False)),
    st.integers(0x2001 << 112, 0x2002 << 112), st.integers(16, 128),
)  # fmt: skip
scopes = st.sampled_from([Scope.HOST, Scope.HOST_SUB, Scope.REGISTRABLE_SUB])
actions = st.sampled_from(["nxdomain", "nodata", "landing"])


def _entries(kind: Kind, values: st.SearchStrategy[str]) -> st.SearchStrategy[Entry]:
    return st.builds(
        Entry, kind=st.just(kind), value=values, scope=scopes, action=actions,
        category=st.sampled_from(["", "phishing"]), added_at=st.sampled_from([None, AT]),
        expires_at=st.sampled_from([None, AT]), reference=st.sampled_from(["", "B-26-000001"]),
        reason=st.sampled_from(["", "narrow"]),
    )  # fmt: skip


entries = st.one_of(
    _entries(Kind.NAME, names), _entries(Kind.NAME, names), _entries(Kind.URL, urls),
    _entries(Kind.IP, four | six), _entries(Kind.NSDNAME, names), _entries(Kind.NSIP, four | six),
)  # fmt: skip
lists = st.lists(entries, max_size=8, unique_by=lambda e: (e.kind, e.value))

HOSTILE_URLS = [
    "https://evil.example/a;rm",
    "https://evil.example/*",
    "https://evil.example/a*b^c|d".replace("^", "%5E"),
    "https://evil.example/$script,domain=x",
    "https://evil.example/'or'1'='1",
    "https://evil.example/.*(a+)+[z]",
    "https://evil.example/a?b=$(id)`id`",
    "https://evil.example/a?b\\' OR [x".replace(" ", ""),
    "https://evil.example/a?b={}|\\^",
    "https://evil.example/##ads",
][:-1]
NO_ENTRY = [
    (Kind.NAME, "evil.example\nserver:"), (Kind.NAME, "evil.example\n"), (Kind.NAME, 'a".example'),
    (Kind.NAME, "a;b.example"), (Kind.NAME, "#a.example"), (Kind.NAME, "*.example.com"),
    (Kind.NAME, "a b.example"), (Kind.NAME, "Evil.example"), (Kind.NAME, "evil.example."),
    (Kind.NAME, "localhost"), (Kind.NAME, "192.0.2.1"), (Kind.NAME, "a..b"), (Kind.NAME, ""),
    (Kind.NAME, "a/b.example"), (Kind.NAME, "=cmd.example"), (Kind.NAME, "$(id).example"),
    (Kind.NAME, "a'b.example"), (Kind.NAME, "x." * 130 + "example"),
    (Kind.URL, "https://evil.example/a b"), (Kind.URL, "https://evil.example/a\nb"),
    (Kind.URL, 'https://evil.example/"'), (Kind.URL, "https://evil.example/#x"),
    (Kind.URL, "https://evil.example/<x>"), (Kind.URL, "javascript:alert(1)"),
    (Kind.URL, "https://evil.example/"), (Kind.URL, "https://evil.example"),
    (Kind.URL, "https://*/x"), (Kind.URL, "https://evil.example/ž"), (Kind.URL, "/x"),
    (Kind.URL, "https://evil.example/x\n"),
    (Kind.IP, "0.0.0.0/0"), (Kind.IP, "::/0"), (Kind.IP, "192.0.2.1"), (Kind.IP, "192.0.2.1/24"),
    (Kind.IP, "192.0.2.0/24; drop"), (Kind.IP, "evil.example"), (Kind.NSIP, "1.2.3.4/33"),
]  # fmt: skip
