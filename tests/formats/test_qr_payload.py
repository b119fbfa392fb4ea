"""What codes ask for: pages, payments (payee only), networks, calls and messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.qr_payload import PayloadKind as K
from zvon.formats.qr_payload import read
from zvon.model.observable import ObservableType as T

IBAN = "SI56990000000000068"
UPN = "\n".join(  # noqa: FLY002 -- a field a line
    ["UPNQR", "", "", "", "", "Maja Zupanc", "Lipova 1", "1000 Ljubljana", "00000000299", "", "",
     "COST", "Dostava paketa", "", IBAN, "SI99", "Brod Dostava d.o.o.", "Cesta 2", "2000 Maribor",
     "163"]
)  # fmt: skip
HUB3 = "\n".join(  # noqa: FLY002 -- a field a line
    ["HRVHUB30", "EUR", "000000000001250", "Ana Anić", "Ulica 1", "10000 Zagreb", "Brod Usluge",
     "Trg 3", "21000 Split", "HR1210010051863000160", "HR01", "7336", "COST", "Opis"]
)  # fmt: skip
EPC = "BCD\n002\n1\nSCT\n\nBrod Dostava\n" + IBAN + "\nEUR2.99\n\n\nCarina"


@pytest.mark.parametrize(
    ("raw", "kind", "values", "shown"),
    [
        ("https://Paket.Lipa.example/a", K.URL, {(T.URL, "https://paket.lipa.example/a")},
         "https://paket.lipa.example/a"),
        ("paket.lipa.example/a", K.URL, {(T.URL, "http://paket.lipa.example/a")},
         "http://paket.lipa.example/a"),
        ("URLTO:https://x.lipa.example", K.URL, {(T.URL, "https://x.lipa.example/")},
         "https://x.lipa.example/"),
        ("WIFI:T:WPA;S:Knjižnica;P:skrivno123;;", K.WIFI, set(), "WIFI: Knjižnica"),
        ("tel:+386 1 000 01 11", K.PHONE, {(T.PHONE, "+38610000111")}, "tel: +38610000111"),
        ("SMSTO:+38640000111:DA", K.SMS, {(T.PHONE, "+38640000111")}, "SMS +38640000111: DA"),
        ("sms:+38640000111?body=https%3A%2F%2Fa.lipa.example", K.SMS, {(T.PHONE, "+38640000111")},
         "SMS +38640000111: https://a.lipa.example"),
        ("mailto:a@brod.example?subject=x", K.MAIL, {(T.EMAIL, "a@brod.example")},
         "mail: a@brod.example"),
        (EPC, K.PAYMENT, {(T.IBAN, IBAN)}, "Brod Dostava · SI56 … 068 · EUR2.99"),
        (UPN, K.PAYMENT, {(T.IBAN, IBAN)}, "Brod Dostava d.o.o. · SI56 … 068 · EUR2.99"),
        (HUB3, K.PAYMENT, {(T.IBAN, "HR1210010051863000160")},
         "Brod Usluge · HR12 … 160 · EUR12.50"),
        ("BEGIN:VCARD\nFN:Ana Kos\nTEL:+38640000111\nURL:https://a.lipa.example\nEND:VCARD",
         K.CONTACT, {(T.PHONE, "+38640000111"), (T.URL, "https://a.lipa.example/")},
         "contact: Ana Kos"),
        ("Zdravo", K.TEXT, set(), "Zdravo"),
        ("BCD\n002\n1\nSCT\n\nBrod\nSI00 1234", K.TEXT, set(), "BCD\n002\n1\nSCT\n\nBrod\nSI00 1234"),
    ],
)  # fmt: skip
def test_a_code_is_read_as_what_it_is_for(
    raw: str, kind: K, values: set[tuple[T, str]], shown: str
) -> None:
    found = read(raw)
    assert (found.kind, found.shown) == (kind, shown)
    assert {(v.type, v.value) for v in found.values} == values


@pytest.mark.parametrize("raw", [UPN, HUB3])
def test_the_payer_and_a_networks_password_are_not_shown(raw: str) -> None:
    told = str(read(raw)) + str(read("WIFI:S:x;P:skrivno123;;"))
    assert not any(word in told for word in ("Zupanc", "Lipova", "Anić", "Ulica", "skrivno123"))


@given(st.text(max_size=300))
def test_no_code_raises(raw: str) -> None:
    for head in (
        "",
        "BCD\n",
        "UPNQR\n",
        "HRVHUB30\n",
        "WIFI:",
        "tel:",
        "SMSTO:",
        "https://",
        "MECARD:",
    ):
        assert len(read(head + raw).shown) <= 300
