"""A canonical form for each type, and only our error."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.model.observable import CODE, TYPE, BadValue, Observable, canonical
from zvon.model.observable import ObservableType as T


@settings(deadline=None)
@given(
    st.sampled_from(list(T)),
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="0123456789abcdefABCDEFx.:/@+ -č\u200b\ud800\x00", max_size=60),
    ),
)
def test_the_canonical_form_is_stable_and_only_our_error_is_raised(kind: T, text: str) -> None:
    with suppress(BadValue):
        once = canonical(kind, text)
        assert once.type is kind
        assert canonical(kind, once.value) == once
        assert "\x00" not in once.value
        once.value.encode()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (T.URL, "HTTPS://A.example", "https://a.example/"),
        (T.DOMAIN, "A.Example.", "a.example"),
        (T.REGISTERED, "A.Example.", "a.example"),
        (T.IPV4, "0xC6336407", "198.51.100.7"),
        (T.IPV6, "[2001:DB8:0:0::7]", "2001:db8::7"),
        (T.CIDR, "192.0.2.77/24", "192.0.2.0/24"),
        (T.EMAIL, "mailto:Ana.Marić@LIPA.example", "ana.marić@lipa.example"),
        (T.PHONE, "+44 7700 900123", "+447700900123"),
        (T.PHONE, "040 000 111", "+38640000111"),
        (T.MD5, "D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e"),
        (T.SHA1, "A" * 40, "a" * 40),
        (T.SHA256, "A" * 64, "a" * 64),
        (T.SHA512, "A" * 128, "a" * 128),
        (T.IBAN, "SI56 9900 0000 0000 068", "SI56990000000000068"),
        (T.CVE, "cve-2026-12345", "CVE-2026-12345"),
        (T.WALLET, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
        (T.WALLET, "0x" + "Ab" * 20, "0x" + "ab" * 20),
        (T.ASN, "as 64500", "AS64500"),
        (T.FILENAME, "C:\\tmp\\Racun.pdf.exe", "Racun.pdf.exe"),
        (T.SENDER, "  HP   Pošta ", "hp pošta"),
        (T.SSDEEP, '96:AbC+/d0:Xyz012,"a.exe"', "96:AbC+/d0:Xyz012"),
        (T.TLSH, "5" * 70, "t1" + "5" * 70),
        (T.TLSH, "T1" + "AB" * 35, "t1" + "ab" * 35),
        (T.IMPHASH, "F" * 32, "f" * 32),
        (T.JA4, "T13D1516H2_8DAAF6152771_E5627EFA2AB1", "t13d1516h2_8daaf6152771_e5627efa2ab1"),
        (T.JARM, "2A" * 31, "2a" * 31),
        (T.FINGERPRINT, ":".join(["AB"] * 20), "ab" * 20),
        (T.GHSA, "ghsa-JFH8-c2jp-5v3q", "GHSA-jfh8-c2jp-5v3q"),
        (T.CWE, "cwe-079", "CWE-79"),
        (T.ATTACK_ID, "t1566.001", "T1566.001"),
        (T.YARA_RULE, "Zvon_Dropper", "Zvon_Dropper"),
        (
            T.SIGMA_ID,
            "B27FD3EC-7E20-4CA5-A5A3-0B1E0E6A7A9F",
            "b27fd3ec-7e20-4ca5-a5a3-0b1e0e6a7a9f",
        ),
        (T.FILEPATH, r"c:\\Temp\\a.exe", "C:\\Temp\\a.exe"),
        (T.FILEPATH, "/tmp/.x/run", "/tmp/.x/run"),
        (T.REGKEY, "HKLM:\\Software\\Run\\", "hkey_local_machine\\software\\run"),
        (T.REGKEY, "HKEY_CURRENT_USER/Software", "hkey_current_user\\software"),
        (T.PIPE, "Msagent_12", "\\\\.\\pipe\\msagent_12"),
        (T.PIPE, "\\\\.\\pipe\\Msagent_12", "\\\\.\\pipe\\msagent_12"),
        (T.MUTEX, "„Global\\Zvon“", "Global\\Zvon"),
        (T.SERVICE, "'WinDefend2'", "windefend2"),
        (T.USERAGENT, "Mozilla/5.0  (X11)", "Mozilla/5.0 (X11)"),
        (T.USERNAME, "LIPA\\Admin", "lipa\\admin"),
        (T.MAC, "02-00-5E-10-00-0A", "02:00:5e:10:00:0a"),
        (T.MAC, "0200.5e10.000a", "02:00:5e:10:00:0a"),
        (T.MSG_ID, "<Abc.1@Mail.Example>", "Abc.1@mail.example"),
        (T.HOSTNAME, "FIN-PC-017", "fin-pc-017"),
    ],
)
def test_spellings_of_one_value_become_one(kind: T, text: str, value: str) -> None:
    assert canonical(kind, text) == Observable(kind, value)


@pytest.mark.parametrize(
    ("kind", "text"),
    [(T.URL, "javascript:x"), (T.DOMAIN, "a..b"), (T.IPV4, "1.2.3.256"), (T.IPV4, "posta"),
     (T.IPV6, "1:2"), (T.CIDR, "192.0.2.1"), (T.EMAIL, "ana"), (T.EMAIL, "a b@c.example"),
     (T.PHONE, "112"), (T.PHONE, "posta"), (T.MD5, "abc"), (T.IBAN, "SI56990000000000069"),
     (T.CVE, "2026-1"), (T.WALLET, "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"), (T.ASN, "AS4294967296"),
     (T.SSDEEP, "5:abc:def"), (T.TLSH, "T1abc"), (T.JA4, "t13d"), (T.FINGERPRINT, "ab:cd"),
     (T.GHSA, "GHSA-aaaa-bbbb-cccc"), (T.CWE, "CWE-x"), (T.ATTACK_ID, "T15"), (T.YARA_RULE, "1a"),
     (T.SIGMA_ID, "b27f"), (T.FILEPATH, "a.exe"), (T.REGKEY, "Software\\Run"), (T.PIPE, "\\\\.\\pipe\\"),
     (T.MUTEX, "''"), (T.MAC, "02:00"), (T.MSG_ID, "abc"), (T.HOSTNAME, "a b"), (T.JARM, "2a"),
     (T.FILENAME, "a/"), (T.SENDER, "\u2003"), (T.URL, "")],
)  # fmt: skip
def test_what_has_no_such_form_is_refused(kind: T, text: str) -> None:
    with pytest.raises(BadValue):
        canonical(kind, text)


def test_a_local_number_is_read_in_the_country_of_the_node() -> None:
    assert canonical(T.PHONE, "091 000 0111", region="HR").value == "+385910000111"


def test_each_type_keeps_its_number_in_the_database() -> None:
    assert CODE[T.URL] == 1
    assert CODE[T.ASN] == 19
    assert {TYPE[n]: n for n in TYPE} == CODE
