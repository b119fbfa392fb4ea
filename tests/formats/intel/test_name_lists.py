"""Lists in ten syntaxes: only what they call bad becomes an indicator."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.blocklist import adblock, dnsmasq, hosts, policy_zone, unbound
from zvon.formats.blocklist.entry import About, Entry, Kind
from zvon.formats.detect import choose
from zvon.formats.intel.name_lists import FORMATS, GRAMMARS
from zvon.model.item import Bad, Item, Options
from zvon.model.scope import Scope

OPTIONS = Options(received_at=datetime(2026, 11, 22, tzinfo=UTC))
BY_NAME = {each.name: each for each in FORMATS}


def values(name: str, text: str) -> list[str]:
    return [
        value.observable.value
        for item in BY_NAME[name].decode([text.encode()], OPTIONS)
        if isinstance(item, Item)
        for value in item.values
    ]


def chosen(text: str) -> str:
    found = choose(text.encode())
    assert found is not None
    return found[0].name


PLAIN = (
    "# bad ones\n192.0.2.1\nevil.example # botnet\nhxxp://evil[.]example/a\n192.0.2.0/25 ; SBL1\n"
)
HOSTS = "127.0.0.1 localhost\n0.0.0.0 evil.example www.evil.example # x\n192.0.2.1 intern.example\n::1 ip6-localhost\n"
ADBLOCK = (
    "[Adblock Plus 2.0]\n! Title: t\n||evil.example^\n||page.example/a/b^\n@@||good.example^\n"
    "shop.example##.banner\n||x.example^$badfilter\n"
)
RPZ = (
    "$TTL 60\n@ SOA localhost. h. 1 2 3 4 5\n  NS localhost.\nevil.example CNAME .\n"
    "*.evil.example CNAME .\ngood.example CNAME rpz-passthru.\n24.0.2.0.192.rpz-ip CNAME .\n"
    "ns.bad.example.rpz-nsdname CNAME *.\nold.example CNAME old.example.\n"
)
DNSMASQ = (
    "# local names\naddress=/evil.example/bad.example/0.0.0.0\nserver=/intern.example/192.0.2.53\n"
    "local=/third.example/\naddress=/moved.example/192.0.2.9\n"
)
UNBOUND = (
    'server:\nlocal-zone: "evil.example." always_nxdomain\nlocal-zone: "open.example." transparent\n'
    'local-data: "bad.example. 60 IN A 0.0.0.0"\nlocal-data: "intern.example. A 192.0.2.7"\n'
)
RANGES = "Start\tEnd\tNetblock\n192.0.2.0\t192.0.2.255\t24\n198.51.100.4 - 198.51.100.5\n"
FIREWALL = (
    "ipset create bad hash:ip\nipset add bad 192.0.2.4\niptables -A IN -s 192.0.2.5 -j DROP\n"
)
RBLDNS = ":127.0.0.2:Blocked\n.evil.example\n!good.example\n*.bad.example\n"
MALTRAIL = (
    "# Reference: https://notes.example/1\n\nevil.example\n192.0.2.8:8443\n/gate.php?id=\n"
    "# Reference: https://notes.example/2\n\n(a|b)[0-9]\\.example\n"
)


@pytest.mark.parametrize(
    ("name", "text", "bad"),
    [
        ("list", PLAIN, ["192.0.2.1", "evil.example", "http://evil.example/a", "192.0.2.0/25"]),
        ("hosts", HOSTS, ["evil.example", "www.evil.example"]),
        ("adblock", ADBLOCK, ["evil.example", "https://page.example/a/b"]),
        ("rpz", RPZ, ["evil.example", "evil.example", "192.0.2.0/24", "ns.bad.example"]),
        ("dnsmasq", DNSMASQ, ["evil.example", "bad.example", "third.example"]),
        ("unbound", UNBOUND, ["evil.example", "bad.example"]),
        ("ranges", RANGES, ["192.0.2.0/24", "198.51.100.4/31"]),
        ("firewall", FIREWALL, ["192.0.2.4", "192.0.2.5"]),
        ("rbldnsd", RBLDNS, ["evil.example", "bad.example"]),
        ("maltrail", MALTRAIL, ["evil.example", "192.0.2.8"]),
    ],
)
def test_each_syntax_is_recognised_and_says_what_is_bad(
    name: str, text: str, bad: list[str]
) -> None:
    assert chosen(text) == name
    assert values(name, text) == bad


ABOUT = About(feed="f", seq=7, at=datetime(2026, 11, 1, tzinfo=UTC), node=UUID(int=1))
ENTRIES = [
    Entry(kind=Kind.NAME, value="evil.example", scope=Scope.HOST_SUB),
    Entry(kind=Kind.NAME, value="one.bad.example"),
]


@pytest.mark.parametrize(
    ("name", "encode"),
    [
        ("adblock", adblock.encode), ("dnsmasq", dnsmasq.encode), ("hosts", hosts.encode),
        ("rpz", policy_zone.encode), ("unbound", unbound.encode),
    ],
)  # fmt: skip
def test_what_we_export_is_read_back(name: str, encode: object) -> None:
    assert callable(encode)
    text = b"".join(encode(ENTRIES, ABOUT)).decode()
    found = {value.removeprefix("http://").removeprefix("https://").rstrip("/")
             for value in values(name, text)}  # fmt: skip
    assert found == {"evil.example", "one.bad.example"}


def test_remarks_stay_with_their_entries_and_the_date_of_the_list_does_not() -> None:
    text = (
        "# Bad list\n# Updated: 2026-11-22 10:00\n192.0.2.1 # loader\n\n# second part\n192.0.2.2\n"
    )
    items = list(BY_NAME["list"].decode([text.encode()], OPTIONS))
    payloads = [each.payload for each in items if isinstance(each, Item)]
    assert payloads == [
        {"entry": "192.0.2.1", "note": "loader", "section": "Bad list"},
        {"entry": "192.0.2.2", "section": "second part"},
    ]


def test_what_is_no_value_is_kept_with_a_reason() -> None:
    found = list(
        BY_NAME["list"].decode([b"192.0.2.1\nhttp://www..example.com/x\nnothing\n"], OPTIONS)
    )
    bad = [each for each in found if isinstance(each, Bad)]
    assert [each.position for each in bad] == ["line 2", "line 3"]
    assert all(each.reason and each.piece for each in bad)


def test_a_pattern_is_an_item_without_a_value() -> None:
    found = list(BY_NAME["maltrail"].decode([MALTRAIL.encode()], OPTIONS))
    patterns = [each for each in found if isinstance(each, Item) and not each.values]
    assert [each.payload["entry"] for each in patterns] == ["/gate.php?id=", "(a|b)[0-9]\\.example"]
    assert patterns[0].payload["section"] == "Reference: https://notes.example/1"


def test_a_list_of_prose_is_none() -> None:
    text = "Dear colleagues,\nplease find the report below.\nIt is long.\n"
    assert all(each.sniff(text.encode(), "a.txt") is None for each in FORMATS)


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda each: each.name)
@given(body=st.binary(max_size=800))
def test_any_bytes_are_read_without_an_exception(grammar: object, body: bytes) -> None:
    each = BY_NAME[getattr(grammar, "name")]  # noqa: B009
    each.sniff(body, "")
    for found in each.decode([body], OPTIONS):
        assert isinstance(found, Item | Bad)


@pytest.mark.parametrize("name", sorted(BY_NAME))
@given(text=st.text(alphabet='a1.:/|^$@#!;"= \t\n-()zCNAME', max_size=200))
def test_any_text_is_read_without_an_exception(name: str, text: str) -> None:
    for found in BY_NAME[name].decode([text.encode()], OPTIONS):
        assert isinstance(found, Item | Bad)
