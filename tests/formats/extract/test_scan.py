"""Every type that reports name, where it stands, what it stands in, and any text at all."""

import re
from collections.abc import Callable
from hashlib import md5, sha1, sha256, sha512

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zvon.formats.extract import Found, scan
from zvon.model.observable import ObservableType as T
from zvon.model.observable import canonical, printed_type

MD5, SHA1 = md5(b"zvon").hexdigest(), sha1(b"zvon").hexdigest()
SHA256, SHA512 = sha256(b"zvon").hexdigest(), sha512(b"zvon").hexdigest()
MONERO = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
WORDS = ["hxxps://evil-fixture[.]example/a", "evil (dot) top", "ana [at] lipa [dot] example", MD5, SHA256,
         "C:\\Temp\\a.exe", "HKLM\\Software\\Run", "mutex ", "Global\\Zvon", "rule Zvon {", "198.51.100[.]7",
         "2001:db8[:]:7", "CVE-2026-12345", "T1566.001", "AS64500", "čšž", "racun.pdf.exe", " dot ", " pika ",
         " at ", "[.]", ".", "@", "://", "\\", "/", "\n", "\t", " ", "\u202e", "\ud800", "\x00", "🙏", "GHSA-",
         "<user>", "Mozilla/5.0 (X11)", "User-Agent: ", "02:00:5e:10:00:0a", "::", "0x", "bc1", "/etc/passwd"]  # fmt: skip
soup = st.lists(st.sampled_from(WORDS), max_size=25).map("".join)
hosts = st.from_regex(r"[a-z]{3,12}-[a-z]{2,8}(\.[a-z]{3,8})?\.(example|top|com)", fullmatch=True)
addresses = st.integers(1, 254).map(lambda n: f"198.51.100.{n}")
urls = st.builds("https://{}/{}".format, hosts, st.from_regex(r"[a-z]{0,8}", fullmatch=True))
STYLES: list[Callable[[str], str]] = [
    lambda v: v.replace(".", "[.]"),
    lambda v: v.replace(".", "(.)").replace("http", "hxxp"),
    lambda v: v.replace(".", "{.}"),
    lambda v: v.replace(".", "[dot]"),
    lambda v: v.replace(".", "(DOT)"),
    lambda v: v.replace(".", "[pika]"),
    lambda v: v.replace(".", "(točka)"),
    lambda v: v.replace(".", "<.>"),
    lambda v: v.replace(".", "[."),
    lambda v: v.replace(".", ".]"),
    lambda v: v.replace(".", "\\."),
    lambda v: v.replace(".", " [.] "),
    lambda v: v.replace(".", "[.]\n"),
    lambda v: v.replace("http", "h**p").replace("://", "[:]//").replace(".", "[.]"),
    lambda v: v.replace("://", "[://]").replace(".", "[.]"),
    lambda v: v.replace("https", "[https]").replace(".", "[[.]]"),
    lambda v: v.replace("/", "[/]").replace(".", "[.]"),
]


def standing(text: str) -> list[Found]:
    return [found for found in scan(text) if found.parent is None]


def values(text: str) -> set[tuple[str, str]]:
    return {(printed_type(f.observable), f.observable.value) for f in standing(text)}


@settings(deadline=None)
@given(st.one_of(st.text(max_size=300), soup))
def test_any_text_is_read_and_every_value_is_where_it_says(text: str) -> None:
    last = (0, False)
    for found in scan(text):
        assert found.raw == text[found.start : found.end]
        assert found.raw
        assert (found.start, found.parent is not None) >= last
        last = (found.start, False)
        assert canonical(found.observable.type, found.observable.value) == found.observable
        found.observable.value.encode()


@settings(deadline=None, max_examples=60)
@given(soup, soup)
def test_two_texts_together_hold_what_each_of_them_holds(one: str, other: str) -> None:
    assert values(one) | values(other) <= values(f"{one}\n\n;;\n\n{other}")


@settings(deadline=None, max_examples=60)
@given(st.lists(st.one_of(hosts, addresses, urls), min_size=1, max_size=8), st.sampled_from(STYLES))
def test_a_list_made_harmless_holds_the_same_values(
    live: list[str], style: Callable[[str], str]
) -> None:
    plain = values("\n".join(f"- {value}" for value in live))
    assert len(plain) == len({value.rstrip("/") for value in live})
    harmless = standing("\n".join(f"- {style(value)}" for value in live))
    assert {(printed_type(f.observable), f.observable.value) for f in harmless} == plain
    assert all(found.defanged for found in harmless)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"import hash: {MD5}", ("imphash", MD5)),
        (f"imphash {MD5}, MD5 only", ("imphash", MD5)),
        (f"JA3: {MD5}", ("ja3", MD5)),
        (f"JA3S {MD5}", ("ja3s", MD5)),
        (f"JA3 of the client; file MD5 {MD5}", ("md5", MD5)),
        (f"certificate thumbprint {SHA1}", ("fingerprint", SHA1)),
        (":".join(SHA1[i : i + 2] for i in range(0, 40, 2)), ("fingerprint", SHA1)),
        (SHA512.upper(), ("sha512", SHA512)),
        ("t13d1516h2_8daaf6152771_e5627efa2ab1", ("ja4", "t13d1516h2_8daaf6152771_e5627efa2ab1")),
        ("JARM " + "2a" * 31, ("jarm", "2a" * 31)),
        ("T1" + "A7" * 35, ("tlsh", "t1" + "a7" * 35)),
        ("ssdeep 96:AbCdEf+/d0:Xyz012", ("ssdeep", "96:AbCdEf+/d0:Xyz012")),
        ("CVE 2026–12345", ("cve", "CVE-2026-12345")),
        ("CVE2026-12345", ("cve", "CVE-2026-12345")),
        ("GHSA-jfh8-c2jp-5v3q", ("ghsa", "GHSA-jfh8-c2jp-5v3q")),
        ("CWE-079", ("cwe", "CWE-79")),
        ("AS 64500", ("asn", "AS64500")),
        ("ATT&CK T1566.001", ("attack_id", "T1566.001")),
        ("ATT&CK software S0154", ("attack_id", "S0154")),
        ("02-00-5E-10-00-0A", ("mac", "02:00:5e:10:00:0a")),
        ("2001[:]db8[:]:7", ("ipv6", "2001:db8::7")),
        ("::ffff:198.51.100.7", ("ipv6", "::ffff:c633:6407")),
        ("2001:db8::/32", ("cidr", "2001:db8::/32")),
        ("198.51.100[.]0/24", ("cidr", "198.51.100.0/24")),
        ("http://[2001:db8::7]:8080/x", ("url", "http://[2001:db8::7]:8080/x")),
        ("http:\\/\\/evil-fixture.example\\/a", ("url", "http://evil-fixture.example/a")),
        ("http://evil-fixture.example/<user>/x", ("url", "http://evil-fixture.example/%3Cuser%3E/x")),
        ("http://evil-fixture.example/a</a>", ("url", "http://evil-fixture.example/a")),
        ("kraj:http://evil-fixture.example/a", ("url", "http://evil-fixture.example/a")),
        ("Urlhttp://evil-fixture.example/a", ("url", "http://evil-fixture.example/a")),
        ("domain,evil-fixture.example/a,2026-01-01", ("url", "https://evil-fixture.example/a")),
        ("evil-fixture[.]example/path", ("url", "https://evil-fixture.example/path")),
        ("evil-fixture.example:8443", ("domain", "evil-fixture.example")),
        ("runs at evil-fixture[.]example", ("domain", "evil-fixture.example")),
        ("domain evilname dot com", ("domain", "evilname.com")),
        ("ana afna lipa pika example", ("email", "ana@lipa.example")),
        ("ana[@]lipa[.]example", ("email", "ana@lipa.example")),
        ("abcdefghij234567.onion", ("onion", "abcdefghij234567.onion")),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ("eth", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", ("btc", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq")),
        (MONERO, ("xmr", MONERO)),
        ("Racun.pdf.exe", ("filename", "Racun.pdf.exe")),
        ("„Račun št. 7.pdf“", ("filename", "Račun št. 7.pdf")),
        ("update.zip", ("filename", "update.zip")),
        (r"C:\Users\Ana Kos\AppData\a.exe", ("filepath", r"C:\Users\Ana Kos\AppData\a.exe")),
        (r'"C:\Program Files\Zvon\a b"', ("filepath", r"C:\Program Files\Zvon\a b")),
        (r"C:\Temp\zvon", ("filepath", r"C:\Temp\zvon")),
        ("~/.zvonrc", ("filepath", "~/.zvonrc")),
        (r'reg add "HKLM\SOFTWARE\Zvon Key\Run"', ("regkey", r"hkey_local_machine\software\zvon key\run")),
        (r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Zvon", ("regkey", r"hkey_local_machine\software\microsoft\windows nt\currentversion\zvon")),
        (r"HKLM\SOFTWARE\Zvon And\then", ("regkey", r"hkey_local_machine\software\zvon")),
        ("transfer.sh/zvon/a", ("url", "https://transfer.sh/zvon/a")),
        ("cert.pl", ("domain", "cert.pl")),
        ("ana@lipa.example:", ("email", "ana@lipa.example")),
        ("domain www.evil-fixture.com/", ("domain", "www.evil-fixture.com")),
        (r"%APPDATA%\win\sv.dll.", ("filepath", r"%APPDATA%\win\sv.dll")),
        ("/var/www/html/zv.php", ("filepath", "/var/www/html/zv.php")),
        (r"HKCU\Software\Run\Relay,", ("regkey", r"hkey_current_user\software\run\relay")),
        (r"\\.\pipe\msagent_12", ("pipe", r"\\.\pipe\msagent_12")),
        ("the mutex named 'Zvon 31'", ("mutex", "Zvon 31")),
        (r"Global\ZvonMutex", ("mutex", r"Global\ZvonMutex")),
        ("service named WinHlpSvc", ("service", "winhlpsvc")),
        ("storitev z imenom ZvonSvc", ("service", "zvonsvc")),
        ("User-Agent: Mozilla/5.0 (Windows NT 10.0) Zvon/1.0", ("useragent", "Mozilla/5.0 (Windows NT 10.0) Zvon/1.0")),
        ("username: svc_backup", ("username", "svc_backup")),
        ("Message-ID: <abc.1@Mail.example>", ("msg_id", "abc.1@mail.example")),
        ("rule Zvon_Loader : apt {", ("yara_rule", "Zvon_Loader")),
        ("Sigma rule b27fd3ec-7e20-4ca5-a5a3-0b1e0e6a7a9f", ("sigma_id", "b27fd3ec-7e20-4ca5-a5a3-0b1e0e6a7a9f")),
        ("na računalniku RAC-PC-031", ("hostname", "rac-pc-031")),
        ("dc02.hrast.local", ("hostname", "dc02.hrast.local")),
        ("DESKTOP-AB12CD3", ("hostname", "desktop-ab12cd3")),
    ],
)  # fmt: skip
def test_each_type_is_found_in_its_canonical_form(text: str, found: tuple[str, str]) -> None:
    assert values(text) == {found}
    assert found in values(f"Pošiljamo:\n{text}\nhvala")


@pytest.mark.parametrize(
    "text",
    ["SHA-256 of it", "AES-128", "APT-28", "TG-0416", "System.Net.Dns", "Trojan.Win32.AB", "com.android.vending",
     "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdx", "quasar 1.2.0.0",
     "AS400", "S0154 is a part", "a" * 40, "1234567890" * 4, "the mutex is created", "the service name is shown",
     "std::string", "12:30:45", "5:abcdef:ghijkl", "Flash Player 21.0.0.197", "x" + MD5, MD5 + "0", "T15",
     "b27fd3ec-7e20-4ca5-a5a3-0b1e0e6a7a9f", "we met at noon", "the dot com years", "and/or", "example.test",
     "user name, computer name", "http://evil-fixture.example:99999/", "http://zvon/", "evil_.example_x.y",
     "2001:db8:::7", "::", "1::1/300", "ana@lipa.nodomain", "HKLM\\", "ghsa-aaaa-bbbb-cccc", "BC1" + "q" * 40, "Domain Account - the one", "the YARA rule below", "using named pipes. For",
     "55 8B EC 83 EC 58 53 E8 F8 03 00 00 89 45 FC 8B 45 FC 83 C0 11 89", "Not Before 2022/04/15 00:00",
     "4d 5a 040 000 111", "01 00000000`0014fdf0", "message 010101 01110"],
)  # fmt: skip
def test_what_only_looks_like_a_value_is_left_out(text: str) -> None:
    assert values(text) == set()


@pytest.mark.parametrize(
    ("text", "inside", "parent"),
    [
        ("hxxps://a.evil-fixture[.]example/x", [("domain", "a.evil-fixture.example", "a.evil-fixture[.]example")], "https://a.evil-fixture.example/x"),
        ("http://ana@evil-fixture.example:81/", [("domain", "evil-fixture.example", "evil-fixture.example")], "http://evil-fixture.example:81/"),
        ("http://198.51.100[.]7/x", [("ipv4", "198.51.100.7", "198.51.100[.]7")], "http://198.51.100.7/x"),
        ("ana[at]lipa[.]example", [("domain", "lipa.example", "lipa[.]example")], "ana@lipa.example"),
        (r"C:\Temp\a.exe", [("filename", "a.exe", "a.exe")], r"C:\Temp\a.exe"),
        ("https://www.google.com/url?q=https://evil-fixture.example/",
         [("url", "https://evil-fixture.example/", "https://www.google.com/url?q=https://evil-fixture.example/"),
          ("domain", "www.google.com", "www.google.com")], "https://www.google.com/url?q=https://evil-fixture.example/"),
    ],
)  # fmt: skip
def test_what_stands_inside_says_where_and_in_what(
    text: str, inside: list[tuple[str, str, str]], parent: str
) -> None:
    found = [f for f in scan(f"č {text} .") if f.parent is not None]
    assert [(printed_type(f.observable), f.observable.value, f.raw) for f in found] == inside
    assert {f.parent.value for f in found if f.parent is not None} == {parent}


def test_the_type_of_a_digest_goes_on_through_its_list() -> None:
    others = [md5(bytes([n])).hexdigest() for n in range(5)]
    text = "Imphash values:\n" + "\n".join(others) + "\nSHA-1 and MD5 of the files:\n" + MD5
    assert [f.observable.type for f in standing(text)] == [T.IMPHASH] * 5 + [T.MD5]


def test_the_same_hundred_values_are_the_same_in_prose_of_three_languages_and_any_style() -> None:
    live = [f"n{i}-posta.lipa.example" for i in range(40)]
    live += [f"198.51.100.{i}" for i in range(1, 31)]
    live += [f"https://lipa.example/p{i}" for i in range(30)]
    proses = (
        "Napadalci uporabljajo {} in tudi",
        "Napadači koriste {} te također",
        "They use {} and also",
    )
    wanted = values("\n".join(live))
    assert len(wanted) == 100
    for prose in proses:
        for style in STYLES[:9]:
            assert values("\n".join(prose.format(style(value)) for value in live)) == wanted


def test_a_limit_ends_the_reading() -> None:
    assert len(scan("a1.example " * 50, limit=7)) == 7


@pytest.mark.parametrize(
    "piece",
    ["a.a.a.", "[.][.]", "((((", "aa.aa.", "aa[.]", "http://", "a@a.", "1.2.3.", "a dot ", "\\\\a\\", "C:\\",
     "HKLM\\", "mutex ", "::", "a:", "0", "f", "%a%\\", "+38 ", "<a>", "'", "../", "@", "č.", "\n", "rule a"],
)  # fmt: skip
def test_a_megabyte_of_one_piece_is_read_to_its_end(piece: str) -> None:
    text = piece * (300_000 // len(piece)) + "\n\n evil-fixture[.]example"
    assert values(text) >= {("domain", "evil-fixture.example")}
    assert re.search("example", text)
