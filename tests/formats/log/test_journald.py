"""The journal of systemd in JSON and in its export form, text or bytes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.decoding import decoded, items, named, only, reporting, said
from zvon.formats.log import journald
from zvon.formats.log.journald import FORMAT
from zvon.model.item import Bad, ItemKind

ENTRY = {
    "__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1795336200500000", "_HOSTNAME": "web1", "SYSLOG_IDENTIFIER": "sshd",
    "_EXE": "/usr/sbin/sshd", "MESSAGE": "Invalid user ana from 203.0.113.9 port 5", "_BOOT_ID": "ab" * 16,
}  # fmt: skip


def export(entry: dict[str, str], *, binary: bool) -> bytes:
    """`journalctl -o export`, where a field with a line end has its length before it."""
    out = b""
    for key, value in entry.items():
        raw = value.encode()
        if binary or b"\n" in raw:
            out += key.encode() + b"\n" + len(raw).to_bytes(8, "little") + raw + b"\n"
        else:
            out += key.encode() + b"=" + raw + b"\n"
    return out + b"\n"


def test_json_and_both_export_forms_say_the_same() -> None:
    bodies = (json.dumps(ENTRY).encode(), export(ENTRY, binary=False), export(ENTRY, binary=True))
    for body in bodies:
        item = only(FORMAT, body)
        assert (item.kind, item.title, item.text) == (ItemKind.LOG, "sshd", ENTRY["MESSAGE"])
        assert said(item) == {("ipv4", "203.0.113.9")}
        assert named(item) == {("username", "ana"), ("filepath", "/usr/sbin/sshd")}
        assert reporting(item) == {("hostname", "web1")}
        assert item.payload == ENTRY
        assert item.at is not None


@settings(max_examples=30)
@given(
    st.lists(
        st.dictionaries(
            st.from_regex(r"[A-Z_]{1,8}", fullmatch=True),
            st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=12),
            min_size=1,
        ),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_entries_of_the_export_form_come_back_whole(
    entries: list[dict[str, str]], binary: bool
) -> None:
    whole = [{**entry, "MESSAGE": entry.get("MESSAGE", "x")} for entry in entries]
    body = b"".join(export(each, binary=binary) for each in whole)
    assert [each.payload for each in items(FORMAT, b"\n" + body)] == whole


def test_bytes_that_are_no_text_come_as_numbers() -> None:
    numbers = list("Žiga 203.0.113.9".encode("cp1250"))
    item = only(FORMAT, json.dumps({**ENTRY, "MESSAGE": numbers}).encode())
    assert item.text == "Žiga 203.0.113.9"
    assert item.payload["MESSAGE"] == numbers


def test_an_alert_inside_a_message_is_an_alert() -> None:
    inside = '{"event_type":"alert","flow_id":1,"src_ip":"203.0.113.9","alert":{"signature":"S"}}'
    assert only(FORMAT, json.dumps({**ENTRY, "MESSAGE": inside}).encode()).kind is ItemKind.ALERT


def test_a_length_that_lies_is_bad_and_the_next_entry_is_read() -> None:
    lying = b"__CURSOR=x\nMESSAGE\n" + (1 << 60).to_bytes(8, "little") + b"text\n\n"
    found = decoded(FORMAT, lying + export(ENTRY, binary=False))
    assert [isinstance(each, Bad) for each in found] == [True, False]


def test_an_endless_field_is_bad_once_and_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journald, "MAX_ENTRY", 1000)
    good = export(ENTRY, binary=False)
    for damaged in (b"MESSAGE=" + b"x" * 5000 + b"\n\n", b"A=1\n" * 900 + b"\n"):
        found = decoded(FORMAT, good + damaged + good)
        assert [isinstance(each, Bad) for each in found] == [False, True, False]


def test_fields_that_come_several_times_are_lists_and_cut_files_are_said() -> None:
    body = b"MESSAGE=a\n_PID=1\n_PID=2\n_PID=3\n\n_PID=4\n\nMESSAGE\n\x05\x00"
    good, timeless, cut = decoded(FORMAT, body)
    assert not isinstance(good, Bad)
    assert good.payload["_PID"] == ["1", "2", "3"]
    assert isinstance(timeless, Bad)
    assert isinstance(cut, Bad)


def test_it_is_recognised() -> None:
    for body in (json.dumps(ENTRY).encode() + b"\n", export(ENTRY, binary=False)):
        assert FORMAT.sniff(body, "") is not None
    assert FORMAT.sniff(b'{"MESSAGE": "x"}\n', "") is None
