"""Feeds of phishing addresses in the forms that their makers use."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.name_list import BadLine, Line
from zvon.formats.phish_feed import FORMATS

PHISHTANK = [
    {"phish_id": "1", "url": "https://a.example/x?y=1", "phish_detail_url": "http://d.example/1",
     "verified": "yes", "details": [{"ip_address": "192.0.2.1", "announcing_network": "1"}],
     "target": "url"},
    {"phish_id": "2", "url": "http://b.example/", "details": [], "target": "Other"},
]  # fmt: skip


def read(form: str, data: bytes, size: int = 7) -> list[Line | BadLine]:
    return list(FORMATS[form](data[at : at + size] for at in range(0, len(data), size)))


def names(found: list[Line | BadLine]) -> list[str]:
    return [line.name for line in found if isinstance(line, Line)]


def test_openphish_is_a_list_of_addresses() -> None:
    found = read("openphish", b"https://a.example/login\nhttp://b.example\n")
    assert names(found) == ["a.example", "b.example"]
    assert found[0] == Line(1, "a.example", "https://a.example/login")


def test_phishtank_as_json_and_as_a_table() -> None:
    text = json.dumps(PHISHTANK).replace("/", r"\/").encode()
    for size in (1, 7, 1000):
        assert names(read("phishtank-json", text, size)) == ["a.example", "b.example"]
    table = "phish_id,url,phish_detail_url,online,target\n1,https://a.example/x,http://d.example,yes,O\n"
    assert names(read("phishtank-csv", table.encode())) == ["a.example"]


def test_urlhaus_as_a_table_json_and_hosts() -> None:
    table = (
        "# URLhaus\r\n#\r\n# id,dateadded,url,url_status,last_online,threat,tags,urlhaus_link,reporter\r\n"
        '"3","2026-11-01","http://a.example/x.exe","online","","malware","","https://l.example/3/","r"\r\n'
    )
    assert names(read("urlhaus-csv", table.encode())) == ["a.example"]
    text = json.dumps({"3": [{"url": "http://a.example/x", "tags": ["url"], "urlhaus_link": "x"}]})
    assert names(read("urlhaus-json", text.encode())) == ["a.example"]
    assert names(read("hosts", b"# x\n127.0.0.1\ta.example\n")) == ["a.example"]


def test_cert_polska_as_lines_and_json() -> None:
    assert names(read("certpl", b"a.example\nb.example\n")) == ["a.example", "b.example"]
    text = json.dumps([{"RegisterPositionId": 1, "DomainAddress": "a.example", "DeleteDate": None}])
    assert names(read("certpl-json", text.encode())) == ["a.example"]


def test_an_entry_without_a_name_is_a_bad_line_with_its_place() -> None:
    good, bad, last = read(
        "json", b'[{"url":"a.example"},{"url":"no name"},{"domain":"c.example"}]'
    )
    assert names([good, last]) == ["a.example", "c.example"]
    assert isinstance(bad, BadLine)
    assert bad.position == 2


def test_a_string_without_an_end_takes_no_memory() -> None:
    text = b'[{"url":"a.example"},{"url":"' + b"x" * 500_000 + b'"},{"url":"b.example"}]'
    assert names(read("json", text, 4096))[0] == "a.example"


@pytest.mark.parametrize("form", sorted(FORMATS))
@given(data=st.lists(st.binary(max_size=60), max_size=4))
def test_no_bytes_raise_anything(form: str, data: list[bytes]) -> None:
    for line in FORMATS[form](data):
        assert line.position >= 1
