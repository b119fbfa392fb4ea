"""What somebody pastes: every value that a text may be, and none that it is not."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.pasted import column, has_shape, pasted, readings
from zvon.model.observable import BadValue, Observable, ObservableType, canonical

T = ObservableType
MD5 = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.mark.parametrize(("text", "first"), [
    ("evil[.]example", (T.DOMAIN, "evil.example")),
    ("EVIL.example.", (T.DOMAIN, "evil.example")),
    ("hxxps://evil[.]example/A", (T.URL, "https://evil.example/A")),
    ("evil.example/a", (T.URL, "https://evil.example/a")),
    ("192[.]0[.]2[.]1", (T.IPV4, "192.0.2.1")),
    ("192.0.2.9/24", (T.CIDR, "192.0.2.0/24")),
    ("2001:DB8:0::1", (T.IPV6, "2001:db8::1")),
    ("ana[@]x[.]example", (T.EMAIL, "ana@x.example")),
    (MD5.upper(), (T.MD5, MD5)),
    ("a" * 64, (T.SHA256, "a" * 64)),
    ("cve-2024-1234", (T.CVE, "CVE-2024-1234")),
    ("as64500", (T.ASN, "AS64500")),
    ("t1059.001", (T.ATTACK_ID, "T1059.001")),
    ("SI56 1910 0000 0123 438", (T.IBAN, "SI56191000000123438")),
    ("040 123 456", (T.PHONE, "+38640123456")),
    ("00:11:22:AA:BB:CC", (T.MAC, "00:11:22:aa:bb:cc")),
])  # fmt: skip
def test_the_first_reading_is_what_it_most_likely_is(text: str, first: tuple[T, str]) -> None:
    assert readings(text)[0] == Observable(*first)


def test_a_text_may_be_several_things() -> None:
    assert {value.type for value in readings(MD5)} == {T.MD5, T.IMPHASH, T.JA3, T.JA3S}
    assert {Observable(T.URL, f"{scheme}://evil.example/a") for scheme in ("http", "https")} <= set(
        readings("evil.example/a")
    )
    assert Observable(T.FILENAME, "Racun.pdf.exe") in readings("Racun.pdf.exe")
    assert Observable(T.MUTEX, "Global\\abc") in readings("Global\\abc")
    assert readings("") == readings(" ") == readings("x" * 9000) == ()


def test_an_address_is_no_name_of_a_file() -> None:
    assert all(has_shape(value) for value in readings("hxxp://evil[.]example/a"))
    assert not has_shape(Observable(T.FILENAME, "a"))


def test_lines_lists_and_prose_are_read() -> None:
    text = (
        "\ufeffevil[.]example\n# remark\n\n192.0.2.1, 192.0.2.2;192.0.2.3\n"
        '"hxxp://x[.]example/a",\nStran hxxp://y[.]example je lažna.\nRacun.exe\n'
    )
    found = [one.readings[0].value for one in pasted(text)]
    assert found == [
        "evil.example", "192.0.2.1", "192.0.2.2", "192.0.2.3", "http://x.example/a",
        "http://y.example/", "racun.exe",
    ]  # fmt: skip


@pytest.mark.parametrize(("table", "name", "values"), [
    (["a;Naslov", "1;evil[.]example", "2;"], "naslov", ["evil[.]example"]),
    (["a,b", '1,"x.example"'], "2", ["b", "x.example"]),
    (["x.example\ty", "z.example\ty"], "1", ["x.example", "z.example"]),
    (["a|b", "short", "1|2.example|3"], "b", ["2.example"]),
])  # fmt: skip
def test_one_column_of_a_table(table: list[str], name: str, values: list[str]) -> None:
    assert [one.text for one in column(table, name)] == values


@pytest.mark.parametrize("name", ["c", "0", "3", "", "²"])
def test_a_column_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(LookupError, match="a, b"):
        list(column(["a,b", "1,2"], name))


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[0-9a-f.:/@\[\]-]{0,60}", fullmatch=True)))
def test_every_reading_is_canonical(text: str) -> None:
    for value in readings(text):
        try:
            again = canonical(value.type, value.value)
        except BadValue:
            continue
        assert again == value


@given(st.text(max_size=200), st.text(max_size=5))
def test_no_text_raises_anything(text: str, name: str) -> None:
    list(pasted(text))
    with suppress(LookupError):
        list(column(text.splitlines(), name))
