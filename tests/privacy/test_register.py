"""The register of what is ours answers for every kind, whatever its size, and refuses what is none."""

from ipaddress import IPv4Network, ip_address, ip_network

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.privacy.register import Register
from zvon.privacy.register_entry import KINDS, BadEntry, Entry, canonical_value


def register(*rows: tuple[str, str], weak: bool = False) -> Register:
    return Register(
        Entry(kind=kind, value=canonical_value(kind, value), weak=weak)  # type: ignore[arg-type]
        for kind, value in rows
    )


def test_names_are_ours_by_suffix_pattern_and_inside_label() -> None:
    ours = register(("domain", "Bolnica-Lipa.example"), ("host", "ris-app*"), ("internal", ".lipa"))
    assert {name: (hit.kind if (hit := ours.name(name)) else None) for name in (
        "bolnica-lipa.example", "ris.bolnica-lipa.example", "xbolnica-lipa.example",
        "ris-app12", "dc01.lipa", "example",
    )} == {
        "bolnica-lipa.example": "domain", "ris.bolnica-lipa.example": "domain",
        "xbolnica-lipa.example": None, "ris-app12": "host", "dc01.lipa": "internal",
        "example": None,
    }  # fmt: skip


def test_of_nested_prefixes_the_narrowest_speaks() -> None:
    ours = Register([
        Entry(kind="prefix", value="203.0.112.0/20"),
        Entry(kind="prefix", value="203.0.113.0/24", weak=True),
        Entry(kind="prefix", value="203.0.113.64/26", sector="health"),
        Entry(kind="prefix", value="2001:db8::/32"),
    ])  # fmt: skip
    asked = ("203.0.112.1", "203.0.113.1", "203.0.113.65", "203.0.113.200", "203.0.114.1",
             "203.0.128.1", "2001:db8:7::1", "2001:db9::1", "203.0.113.64/27", "no address")  # fmt: skip
    said = [(hit.weak, hit.sector) if (hit := ours.address(a)) else None for a in asked]
    assert said == [(False, ""), (True, ""), (False, "health"), (True, ""), (False, ""),
                    None, (False, ""), None, (False, "health"), None]  # fmt: skip


def test_mails_phones_banks_and_systems() -> None:
    ours = register(
        ("domain", "lipa.example"), ("mail", "Ana@posta.example"), ("phone", "+386 1 478*"),
        ("bic", "LJBASI2XKOP"), ("asn", "AS64500"),
    )  # fmt: skip
    assert ours.mail("ana@posta.example")
    assert not ours.mail("eva@posta.example")
    assert ours.mail("eva@info.lipa.example")
    assert ours.phone("+38614781000")
    assert not ours.phone("+38615781000")
    assert ours.bank("ljbasi2x")
    assert not ours.bank("KREKSI22")
    assert ours.asn(64500)
    assert not ours.asn(64501)


def test_people_and_organisations_are_found_in_any_case_and_order() -> None:
    ours = register(
        ("person", "Marija Kovačič"), ("organisation", "Lipa servis, d.o.o."), ("person", "Ana")
    )
    words = [
        "pisala",
        "je",
        "mariji",
        "kovacic",
        "in",
        "nato",
        "kovacic",
        "marija",
        "iz",
        "lipa",
        "servis",
        "ana",
    ]
    assert list(ours.named(words)) == [
        (2, 3, "person"), (6, 7, "person"), (9, 10, "organisation"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("prefix", "203.0.113.0/40"), ("domain", "two words"), ("asn", "AS0"), ("bic", "LJ"),
        ("mail", "@lipa.example"), ("phone", "01 478"), ("host", "*"), ("internal", "a.b"),
        ("person", ""), ("person", "x" * 400), ("organisation", "a\x00b"), ("secret", "qqq"),
    ],
)  # fmt: skip
def test_what_cannot_stand_in_it_is_refused_without_being_repeated(kind: str, value: str) -> None:
    with pytest.raises(BadEntry) as refused:
        canonical_value(kind, value)
    assert not value or value not in str(refused.value)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(6, 32)), max_size=20),
       st.lists(st.integers(0, 2**32 - 1), max_size=20))  # fmt: skip
def test_ranges_agree_with_asking_each_network(
    nets: list[tuple[int, int]], asked: list[int]
) -> None:
    networks = [IPv4Network((start, length), strict=False) for start, length in nets]
    ours = Register(Entry(kind="prefix", value=str(net)) for net in networks)
    points = [*asked, *(int(net.network_address) for net in networks),
              *(int(net.broadcast_address) for net in networks)]  # fmt: skip
    truth = [any(ip_address(point) in net for net in networks) for point in points]
    assert [ours.address(str(ip_address(point))) is not None for point in points] == truth
    assert ours.addresses(np.array(points, np.uint32)).tolist() == truth


def test_names_that_look_like_ours_are_told_from_ours() -> None:
    ours = register(("domain", "bolnica-lipa.example"), ("domain", "lpa.example"))
    said = [ours.resembled(name) for name in (
        "bolnica-lipa-prijava.test", "bolnlca-lipa.test", "bolnica-lipa.example",
        "www.bolnica-lipa.example", "oplpa.test", "brod.test",
    )]  # fmt: skip
    assert said == [True, True, False, False, False, False]


def test_every_kind_has_a_form_and_an_empty_register_knows_nothing() -> None:
    assert set(KINDS) == {"domain", "prefix", "asn", "bic", "phone", "organisation", "person",
                          "mail", "host", "internal"}  # fmt: skip
    none = Register(())
    assert none.size == 0
    assert none.name("lipa.example") is none.address(str(ip_network("192.0.2.0/24"))) is None
    assert not none.addresses(np.array([1, 2], np.uint32)).any()
