"""Tables of any dialect: proposed mappings, rows as indicators, bad rows with their reasons."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.intel import table
from zvon.formats.intel.column import fold, meaning_of
from zvon.formats.intel.proposal import mapping_of
from zvon.model.item import Bad, Item, ItemKind, Options, ValueRole
from zvon.model.mapping import Column, Mapping
from zvon.model.marking import Tlp
from zvon.model.observable import ObservableType

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPTIONS = Options(received_at=NOW)


def read(text: str | bytes, mapping: Mapping | None = None) -> list[Item | Bad]:
    body = text.encode() if isinstance(text, str) else text
    return list(table.decode([body], Options(received_at=NOW, mapping=mapping)))


def good(found: list[Item | Bad]) -> list[Item]:
    return [each for each in found if isinstance(each, Item)]


def said(item: Item) -> list[str]:
    return [each.observable.value for each in item.values]


def test_a_slovenian_table_is_read_by_its_heads() -> None:
    text = (
        "IP naslov;Zgoščena vrednost;Prvič viden;Opis;Oznake\n"
        "192.0.2.7;d41d8cd98f00b204e9800998ecf8427e;3.11.2026 14:05;Lažna pošta;botnet, sl\n"
    )
    mapping = mapping_of(text.encode())
    assert mapping is not None
    assert [c.means for c in mapping.columns] == ["value", "value", "time", "title", "tag"]
    [item] = good(read(text))
    assert said(item) == ["192.0.2.7", "d41d8cd98f00b204e9800998ecf8427e"]
    assert item.at == datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    assert (item.title, item.tags) == ("Lažna pošta", ("botnet", "sl"))
    assert item.payload["Opis"] == "Lažna pošta"
    assert item.position == "line 2"


def test_a_croatian_table_in_windows_1250_is_read() -> None:
    text = "IP adresa\tNaziv hosta\tPrvi put viđen\tNapomena\n198.51.100.4\tzla.example\t2026-10-01\tKrađa šifri\n"
    [item] = good(read(text.encode("cp1250")))
    assert said(item) == ["198.51.100.4", "zla.example"]
    assert item.title == "Krađa šifri"


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1250", "iso-8859-2"])
def test_every_character_set_gives_the_same_rows(charset: str) -> None:
    text = "domena,opis\n" + "".join(f"zla{n}.example,Žična šola Ščit\n" for n in range(3))
    items = good(read(text.encode(charset)))
    assert [said(item) for item in items] == [[f"zla{n}.example"] for n in range(3)]
    assert {item.title for item in items} == {"Žična šola Ščit"}


def test_lines_of_another_character_set_than_their_file_are_read() -> None:
    body = "domain,note\na.example,č\n".encode() + "b.example,č\n".encode("cp1250")
    assert [item.title for item in good(read(body))] == ["č", "č"]


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_the_sign_between_cells_is_found(sign: str) -> None:
    text = "".join(f"192.0.2.{n}{sign}evil{n}.example{sign}seen twice\n" for n in range(1, 9))
    mapping = mapping_of(text.encode())
    assert mapping is not None
    assert mapping.delimiter == sign
    assert not mapping.header
    assert len(good(read(text))) == 8


def test_names_of_columns_are_taken_from_a_remark() -> None:
    text = "# list of somebody\n# Format: report|ip|asn|timestamp\nspam|192.0.2.9|64500|2026-11-01 10:00:00\n"
    mapping = mapping_of(text.encode())
    assert mapping is not None
    assert [c.name for c in mapping.columns] == ["report", "ip", "asn", "timestamp"]
    [item] = good(read(text))
    assert said(item) == ["192.0.2.9"]
    assert item.payload["asn"] == "64500"


def test_an_address_at_the_publisher_is_a_reference() -> None:
    text = "# from lists.example\nbad-host.test.example,http://lists.example/manual/1\n"
    text = text.replace("bad-host.test.example", "bad.example")
    [item] = good(read(text))
    assert said(item) == ["bad.example"]


def test_a_row_without_a_value_is_kept_with_a_reason_and_the_others_go_on() -> None:
    text = "ip,comment\n192.0.2.1,a\nnot an address,b\n,c\n192.0.2.2,d\n"
    found = read(text)
    assert [said(item) for item in good(found)] == [["192.0.2.1"], ["192.0.2.2"]]
    bad = [each for each in found if isinstance(each, Bad)]
    assert [each.position for each in bad] == ["line 3", "line 4"]
    assert "not an address" in bad[0].reason
    assert "ip is empty" in bad[1].reason
    assert bad[0].piece == b"not an address,b"


def test_a_quote_that_is_never_closed_costs_one_row() -> None:
    rest = "".join(f"192.0.2.{n % 250},x\n" for n in range(400))
    found = read('ip,comment\n192.0.2.1,"open\n' + rest)
    assert [each.position for each in found if isinstance(each, Bad)] == ["line 2"]
    assert len(good(found)) == 400


def test_quoted_cells_run_over_lines() -> None:
    [item] = good(read('ip,comment\n192.0.2.1,"one\ntwo, ""three"""\n'))
    assert item.payload["comment"] == 'one\ntwo, "three"'


def test_formulas_stay_text() -> None:
    text = 'ip,comment\n192.0.2.1,"=HYPERLINK(""http://evil.example"",""x"")"\n'
    [item] = good(read(text))
    assert item.payload["comment"] == '=HYPERLINK("http://evil.example","x")'
    assert said(item) == ["192.0.2.1"]


def test_a_cell_may_hold_several_values_and_defanged_ones() -> None:
    text = 'indicator,tlp\n"evil[.]example, hxxp://evil[.]example/a",TLP:GREEN\n'
    [item] = good(read(text))
    assert said(item) == ["evil.example", "http://evil.example/a"]
    assert item.tlp is Tlp.GREEN


def test_words_in_a_column_of_addresses_are_no_addresses() -> None:
    found = read("url,domain\nhttp://evil.example/a,evil.example\nnot known,unknown host\nx,y\n")
    assert [said(item) for item in good(found)] == [["http://evil.example/a", "evil.example"]]


def test_a_clock_that_cannot_be_is_marked() -> None:
    items = good(read("ip,first seen\n192.0.2.1,1970-01-01\n192.0.2.2,2099-01-01\n"))
    assert [item.at for item in items] == [None, None]
    assert all(table.CLOCK in item.tags for item in items)


def test_an_address_beside_a_contact_is_accused_and_the_contact_is_not() -> None:
    [item] = good(read("ip,filename,md5\n192.0.2.1,a.exe,d41d8cd98f00b204e9800998ecf8427e\n"))
    roles = {each.observable.type: each.role for each in item.values}
    assert roles[ObservableType.IPV4] is ValueRole.SAID
    assert roles[ObservableType.FILENAME] is ValueRole.NAMED


def test_a_confirmed_mapping_is_followed() -> None:
    mapping = Mapping(
        delimiter=";",
        header=False,
        columns=(
            Column(index=0, name="tel", means="value", type=ObservableType.PHONE),
            Column(index=1, name="skip", means="ignore"),
            Column(index=2, name="when", means="time", form="%d.%m.%Y"),
        ),
    )
    options = Options(received_at=NOW, mapping=mapping, region="HR", zone="Europe/Zagreb")
    [item] = list(table.decode([b"01 2345 678;secret;1.11.2026\n"], options))
    assert isinstance(item, Item)
    assert said(item) == ["+38512345678"]
    assert item.payload == {"tel": "01 2345 678", "when": "1.11.2026"}
    assert item.at == datetime(2026, 10, 31, 23, tzinfo=UTC)


def test_lines_above_the_table_are_passed_over() -> None:
    text = "Report of November\n\nip,comment\n192.0.2.1,a\n192.0.2.2,b\n"
    assert len(good(read(text))) == 2


def test_chunks_may_end_anywhere() -> None:
    body = "ip,opis\n192.0.2.1,ž\n192.0.2.2,č\n".encode()

    def pieces() -> Iterator[bytes]:
        for at in range(len(body)):
            yield body[at : at + 1]

    assert list(table.decode(pieces(), OPTIONS)) == read(body)


def test_a_line_of_megabytes_is_one_bad_row() -> None:
    body = [b"ip,comment\n192.0.2.1,a\n", *[b"x" * 100_000] * 30, b"\n192.0.2.2,b\n"]
    found = list(table.decode(body, OPTIONS))
    assert len(good(found)) == 2
    assert [each.reason for each in found if isinstance(each, Bad)] == [
        "The line is longer than a row may be."
    ]


@pytest.mark.parametrize(
    "text",
    ["", "{}", "<html></html>", "Dear all,\n\nplease read this, and that.\n", "\x00\x01\x02\x03"],
)
def test_what_is_no_table_is_not_taken_for_one(text: str) -> None:
    assert table.sniff(text.encode(), "a.txt") is None


@pytest.mark.parametrize(
    ("head", "means"),
    [("Zadnjič viden", "time"), ("Zadnji put viđen", "time"), ("source.ip", "value"),
     ("SourceIpCountryCode", "keep"), ("Last Seen (UTC)", "time"), ("TLP", "tlp")],
)  # fmt: skip
def test_heads_are_understood_in_three_languages(head: str, means: str) -> None:
    found = meaning_of(head)
    assert found is not None
    assert found[0] == means


def test_an_unknown_head_means_nothing() -> None:
    assert meaning_of("qwertz") is None
    assert fold("Prvič_Viden.UTC") == "prvic viden utc"


@given(st.binary(max_size=2000))
def test_any_bytes_are_read_without_an_exception(body: bytes) -> None:
    table.sniff(body, "x.csv")
    for each in table.decode([body], OPTIONS):
        assert isinstance(each, Item | Bad)
        assert each.position


@given(
    st.lists(st.lists(st.text(alphabet="a1.,;\"'=|\t \n#", max_size=12), max_size=5), max_size=8)
)
def test_any_cells_are_read_without_an_exception(cells: list[list[str]]) -> None:
    body = "\n".join(",".join(row) for row in cells).encode()
    for each in table.decode([body], OPTIONS):
        assert isinstance(each, Item | Bad)


def _alerts(n: int) -> bytes:
    head = "time,name,ip\n"
    rows = (
        f"2026-11-20 10:{i // 60:02}:{i % 60:02},Failed login,192.0.2.{i % 3}\n" for i in range(n)
    )
    return (head + "".join(rows)).encode()


def test_rows_whose_values_come_again_and_again_are_alerts_each_by_itself() -> None:
    body = _alerts(60)
    mapping = mapping_of(body)
    assert mapping is not None
    assert mapping.rows == "alert"
    items = good(read(body))
    assert {each.kind for each in items} == {ItemKind.ALERT}
    assert len(items) == 60


def test_rows_of_a_list_with_times_stay_indicators() -> None:
    rows = "".join(f"2026-11-20 10:00:{i:02},scanner,192.0.2.{i}\n" for i in range(50))
    mapping = mapping_of(("time,name,ip\n" + rows).encode())
    assert mapping is not None
    assert mapping.rows == "indicator"


def test_a_few_rows_do_not_say_that_values_repeat() -> None:
    mapping = mapping_of(_alerts(10))
    assert mapping is not None
    assert mapping.rows == "indicator"
