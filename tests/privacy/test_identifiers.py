"""Machine identifiers: every shape is found once, and ordinary numbers stay alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy import identifiers
from zvon.privacy.identifiers import is_private, owner, refang, url_host
from zvon.privacy.mentions import Reading


def found(text: str, lang: str | None = "sl") -> list[tuple[str, str]]:
    reading = Reading("text", text, lang)
    identifiers.detect(reading)
    return [(m.type, m.raw) for m in sorted(reading.mentions, key=lambda m: m.start)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("na 185.220.101[.]47.", ("IP", "185.220.101[.]47")),
        ("z 2a0b:f4c2::7 in", ("IP", "2a0b:f4c2::7")),
        ("omrežje 10.60.0.0/16", ("CIDR", "10.60.0.0/16")),
        ("hxxps://evil[.]top/a?b=1, nato", ("URL", "hxxps://evil[.]top/a?b=1")),
        ("(glej https://evil.example/a_(b))", ("URL", "https://evil.example/a_(b)")),
        ("bit.ly/zvonfixture7 je", ("URL", "bit.ly/zvonfixture7")),
        ("petra.matić@skola.hr", ("EMAIL", "petra.matić@skola.hr")),
        ("ana[at]skola[.]hr", ("EMAIL", "ana[at]skola[.]hr")),
        ("xn--pota-h6a.dostava-danes.example", ("HOST", "xn--pota-h6a.dostava-danes.example")),
        ("evil-fixture(dot)example", ("DOMAIN", "evil-fixture(dot)example")),
        ("Racun_2026.pdf.exe", ("FILE", "Racun_2026.pdf.exe")),
        ("CVE-2024-21762", ("CVE", "CVE-2024-21762")),
        ("AS51852", ("ASN", "AS51852")),
        ("0d960613c22f0ffe4715bc11ceb0a93d", ("HASH", "0d960613c22f0ffe4715bc11ceb0a93d")),
        ("SI56 9383 4992 7229 031 je", ("IBAN", "SI56 9383 4992 7229 031")),
        ("kartica 4111 1111 1111 1111", ("CARD", "4111 1111 1111 1111")),
        ("EMŠO 1205990501003", ("EMSO", "1205990501003")),
        ("OIB 00000000001", ("OIB", "00000000001")),
        ("davčna 99999994", ("TAX", "99999994")),
        ("SI99999994", ("TAX", "SI99999994")),
        ("paket AA000000005SI", ("TRACK", "AA000000005SI")),
        ("pošiljka SI-4471-9920", ("TRACK", "SI-4471-9920")),
        ("(01) 478 10 00", ("PHONE", "(01) 478 10 00")),
        ("(041 332 118)", ("PHONE", "041 332 118")),
        ("(+44 7700 900123)", ("PHONE", "+44 7700 900123")),
        ("00386 41 332 118", ("PHONE", "00386 41 332 118")),
        ("C:\\Users\\ana\\a.exe", ("PATH", "C:\\Users\\ana\\a.exe")),
        ("BLUEGATE\\pnovak.", ("USER", "BLUEGATE\\pnovak")),
        ("a4:5e:60:c2:11:0f", ("MAC", "a4:5e:60:c2:11:0f")),
        ("46.05108, 14.50513", ("PLACE", "46.05108, 14.50513")),
        ("AKIAIOSFODNN7EXAMPLE", ("SECRET", "AKIAIOSFODNN7EXAMPLE")),
        ("rojen 12. 3. 1980", ("DATE", "12. 3. 1980")),
        (
            "bWFqYS5ocmliYXJAZ3JhZG5qZS1saXBhLnNp",
            ("ENCODED", "bWFqYS5ocmliYXJAZ3JhZG5qZS1saXBhLnNp"),
        ),
    ],
)
def test_a_shape_is_found(text: str, expected: tuple[str, str]) -> None:
    assert expected in found(text)


@pytest.mark.parametrize(
    "text",
    ["prijava 12345678", "zahtevek 34167211068", "ob 02:10:33", "5. 12. 2026", "različica 1.2.3.4",
     "38 Gb/s", "14.221 poskusov", "T22:14:03.114822+0100", "Številka: 060-14/2026-3", "mutex Global\\QX-91", "konec.Na cesti", "npr. tako d.o.o.", "Z-26-004117", "1,89 EUR"],
)  # fmt: skip
def test_ordinary_numbers_and_words_are_no_identifiers(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9", ("WALLET", "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9")),
        ("JA4 t13d1516h2_8daaf6152771_b0da82dd1658", ("HASH", "t13d1516h2_8daaf6152771_b0da82dd1658")),
        ("from 192.168.12.77 (iPhone-od-Janje)", ("HOST", "iPhone-od-Janje")),
        ("postaja inz-02 192.168.7.52 ponoči", ("HOST", "inz-02")),
        ("številka kartoteke 81-193972 je", ("REG", "81-193972")),
        ("broj kartona 42-851350.", ("REG", "42-851350")),
        ("broj osigurane osobe 123456789", ("REG", "123456789")),
        ("napotnica št. 2026-118834", ("REG", "2026-118834")),
        ("policy no. AB-7741-22", ("REG", "AB-7741-22")),
        ("MRN 00-48-81-17), KOS", ("REG", "00-48-81-17")),
        ("10.30.17.6 = PC-SKLADISTE-3. Verzija", ("HOST", "PC-SKLADISTE-3")),
        ("HOSP NO 00884127 GP", ("REG", "00884127")),
        ("modem 00:1B:44:11:3A:B7.", ("MAC", "00:1B:44:11:3A:B7")),
        ("switch 001b.4411.3ab7 je", ("MAC", "001b.4411.3ab7")),
        ("ključ ghp_abcdefghijklmnopqrstuvwxyz0123", ("SECRET", "ghp_abcdefghijklmnopqrstuvwxyz0123")),
        ("Authorization: Bearer abc.def-123", ("SECRET", "abc.def-123")),
        ("PHPSESSID=q7v1n0k2m4hd8; path", ("SECRET", "PHPSESSID=q7v1n0k2m4hd8")),
        ("$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234", ("SECRET", "$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234")),
        ("PIN 7 3 0 9, potem", ("SECRET", "7 3 0 9")),
        ("varnostno kodo 417. Svojci", ("SECRET", "417")),
        ("AnyDesk (narekoval: 1 044 772 918)", ("SECRET", "1 044 772 918")),
        ("stevilko 941 220 518 iz anydesk", ("SECRET", "941 220 518")),
        ("lokal 4417", ("PHONE", "4417")),
        ("+385.98.555.0127", ("PHONE", "+385.98.555.0127")),
        ("0038640000111,samo", ("PHONE", "0038640000111")),
        ("naročnik KR-2021-10377", ("REG", "KR-2021-10377")),
        ("(Vinko, članska izkaznica 20011447)", ("REG", "20011447")),
        ("Passport C01X00T47 scan", ("DOCUMENT", "C01X00T47")),
        ("IMEI 35-209900-176148-1", ("DEVICE", "35-209900-176148-1")),
        ("S/N: FG100FTK20001234", ("DEVICE", "FG100FTK20001234")),
        ("vozilo, LJ 48-7KD – ukradena", ("PLATE", "LJ 48-7KD")),
        ("auto GA 118 KX. Papir", ("PLATE", "GA 118 KX")),
        ("VW Golf, ZG-4471-ŽČ, šasija", ("PLATE", "ZG-4471-ŽČ")),
        ("46° 3' 5\" N", ("PLACE", "46° 3' 5\" N")),
        ("račun komb\\peter.a je", ("USER", "komb\\peter.a")),
        ("S-1-5-21-3623811015-3361044348-30300820-1013", ("USER", "S-1-5-21-3623811015-3361044348-30300820-1013")),
        ("CN=Ana Kos,OU=IT,DC=lipa,DC=local", ("USER", "CN=Ana Kos,OU=IT,DC=lipa,DC=local")),
        ("na discordu Lankec#4471, tip", ("USER", "Lankec#4471")),
        ("moj profil @mia.kresic07 je", ("USER", "@mia.kresic07")),
        ("ines.vovk (at) klikshop (pika) example, tel", ("EMAIL", "ines.vovk (at) klikshop (pika) example")),
        ("datoteka .aws_miner.sh koja", ("FILE", ".aws_miner.sh")),
        ("Nov 21 04:31:08 vpn-gw2 openvpn[2211]: x", ("HOST", "vpn-gw2")),
        ("sshd[901]: Accepted password for mkoren from 10.88.4.61", ("USER", "mkoren")),
        ('31.45.201.17 - dfaltis [18/Nov/2026:07:40:02 +0100] "GET', ("USER", "dfaltis")),
        ("okwame HIER_DIRECT/203.0.113.19", ("USER", "okwame")),
        ('<Data Name="TargetUserName">jelusic.m</Data>', ("USER", "jelusic.m")),
        ('{"user": "s.marolt"}', ("USER", "s.marolt")),
        ("| ime | OIB |\n" + "| x | y |\n" * 30 + "| Ana | 00000000001 |", ("OIB", "00000000001")),
        ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUg", ("ENCODED", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg")),
        ("IBAN: si56 9383 4992 7229 031", ("IBAN", "si56 9383 4992 7229 031")),
    ],
)  # fmt: skip
def test_a_value_is_found_by_its_shape_its_word_or_its_place(
    text: str, expected: tuple[str, str]
) -> None:
    assert expected in found(text)


def test_a_telephone_number_after_a_word_for_others_is_one() -> None:
    assert found("SMS: paket čaka. Pošiljatelj +447418310552") == [("PHONE", "+447418310552")]
    assert found("korisnik s 01 555 0178", "hr") == [("PHONE", "01 555 0178")]
    assert found("naročnik 041 332 118") == [("PHONE", "041 332 118")]


def test_what_is_inside_an_organisation_never_stays() -> None:
    for text in ("http://10.1.2.3/admin", "git.int.lipa.example/infra", "https://dc1.lipa.local/x",
                 "ana@lipa.local", "srv1.lan", "10.0.0.0/8"):  # fmt: skip
        reading = Reading("text", text, "sl")
        identifiers.detect(reading)
        assert [m.fixed for m in reading.mentions] == ["remove"], text


def test_a_home_names_its_owner_and_a_share_its_machine() -> None:
    def inside(text: str) -> list[tuple[str, str]]:
        reading = Reading("text", text, "sl")
        identifiers.detect(reading)
        return [(kind, value) for m in reading.mentions for _, _, kind, value in m.inside]

    assert inside("C:\\Users\\mnovak\\a.exe") == [("USER", "mnovak")]
    assert inside("/home/ana/.ssh/x") == [("USER", "ana")]
    assert inside("\\\\NAS-BREZAN\\skupno") == [("HOST", "nas-brezan")]
    assert inside("/oncology/MRN00884127_a.dcm") == [("REG", "00884127")]
    assert inside("C:\\Users\\Public\\a.exe") == []
    assert inside("/home/ubuntu/x") == []


@pytest.mark.parametrize("country", ["SI", "HR", "AT", "DE", "GB"])
def test_an_account_number_ends_where_its_country_says(country: str) -> None:
    from stdnum.iso7064.mod_97_10 import calc_check_digits

    from zvon.model.iban import length

    size = length(country)
    assert size
    body = ("WEST" + "0" * 30 if country == "GB" else "1" * 30)[: size - 4]
    raw = country + calc_check_digits(body + country) + body
    grouped = " ".join(raw[i : i + 4] for i in range(0, size, 4))
    assert ("IBAN", grouped) in found(f"na {grouped} 250 EUR")


BLOCK = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"


def test_a_private_key_is_one_secret_also_when_it_is_cut() -> None:
    assert found(f"ključ:\n{BLOCK}\nkonec") == [("SECRET", BLOCK)]
    assert found(BLOCK[:-10])[0][0] == "SECRET"


HOSTILE = ("a", "a.", "41", "0412345678 ", "a@", "%41", "'a", "[.]", "a:", "/a", "\\a", "a-", "SI56",
           "1 ", "a=", "#1234", "&", "CN=a,", "eyJ", "$2a$", ")", "a?b=", "+386 ", "http://a", "\u0301",
           "-----BEGIN PRIVATE KEY-----", "password=", "S-1-5-21-")  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_long_lines_are_read_in_time_that_grows_with_them(piece: str) -> None:
    # A million characters of anything quadratic would take hours.
    reading = Reading("text", (piece * 60_000)[:60_000], "sl")
    identifiers.detect(reading)
    assert len(reading.text) <= 60_000


def test_a_password_after_an_address_is_a_secret() -> None:
    assert found("ana@skola.hr:Zima2024!") == [("EMAIL", "ana@skola.hr"), ("SECRET", "Zima2024!")]


def test_private_addresses_are_never_kept_and_documentation_ones_are_ordinary() -> None:
    from ipaddress import ip_address

    for private in ("10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "127.0.0.1"):
        assert is_private(ip_address(private))
    for public in ("203.0.113.25", "172.32.0.1", "2001:db8::1", "8.8.8.8"):
        assert not is_private(ip_address(public))


def test_owners_stop_at_the_registry() -> None:
    assert owner("a.b.gov-demo.si") == "gov-demo.si"
    assert owner("x.pages.dev") == "x.pages.dev"
    assert owner("dc1.hq.lipa.local") == "lipa.local"


def test_the_host_of_a_url_is_not_its_user() -> None:
    assert url_host("https://nlb.si@198.51.100.7/") == ("198.51.100.7", "ip")
    assert url_host("hxxps://evil[.]top:8080/a") == ("evil.top", "name")


def test_refanging_undoes_the_usual_forms() -> None:
    assert refang("hxxps[:]//a[.]b(dot)example") == "https://a.b.example"
    assert refang("ana[at]b{.}example") == "ana@b.example"


def test_hidden_characters_do_not_hide_an_address() -> None:
    reading = Reading("text", "ana\u200b.novak&#64;lipa.example", "sl")
    identifiers.detect(reading)
    (mention,) = reading.mentions
    start, end = reading.view.source(mention.start, mention.end)
    assert reading.source[start:end] == "ana\u200b.novak&#64;lipa.example"
    assert mention.value == "ana.novak@lipa.example"


@given(st.text())
def test_any_text_is_read_without_error_and_without_overlap(text: str) -> None:
    reading = Reading("text", text, None)
    identifiers.detect(reading)
    at = 0
    for mention in sorted(reading.mentions, key=lambda m: m.start):
        assert at <= mention.start < mention.end <= len(reading.text)
        at = mention.end
