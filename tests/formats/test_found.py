"""Values of an item: canonical, each once, and placeholders are none."""

import pytest

from zvon.formats.found import NAMED, SAID, Found, address, host
from zvon.model.observable import ObservableType

T = ObservableType


def pairs(found: Found) -> list[tuple[str, str]]:
    return [(each.observable.type.value, each.observable.value) for each in found.values()]


def test_a_value_comes_once_and_keeps_the_stronger_role() -> None:
    found = Found()
    found.add(T.DOMAIN, "Vaba.Example", NAMED)
    found.add(T.DOMAIN, "vaba.example.", SAID)
    found.add(T.DOMAIN, "vaba.example", NAMED)
    (value,) = found.values()
    assert (value.observable.value, value.role) == ("vaba.example", SAID)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.7", ("ipv4", "192.0.2.7")),
        ("192.0.2.7:443", ("ipv4", "192.0.2.7")),
        ("192.0.2.7#53", ("ipv4", "192.0.2.7")),
        ("[2001:db8::1]:80", ("ipv6", "2001:db8::1")),
        ("::ffff:192.0.2.7", ("ipv4", "192.0.2.7")),
        ("192.0.2.0/24", ("cidr", "192.0.2.0/24")),
        ("2001:DB8::/32", ("cidr", "2001:db8::/32")),
        ("12:30:05", None), ("3.5.2", None), ("300.1.1.1", None), ("7", None), ("-", None),
        ("0.0.0.0", None), ("x" * 300, None),
    ],
)  # fmt: skip
def test_addresses_are_told_from_other_numbers(text: str, expected: tuple[str, str] | None) -> None:
    seen = address(text)
    assert (None if seen is None else (seen.type.value, seen.value)) == expected


def test_a_name_without_a_dot_is_no_host_and_may_be_a_machine() -> None:
    assert host("WORKSTATION5") is None
    found = Found()
    assert not found.host("WORKSTATION5")
    assert found.machine("WORKSTATION5")
    assert pairs(found)[0][0] == "hostname"


def test_a_hash_is_known_by_its_length_and_lists_are_gone_through() -> None:
    found = Found()
    assert found.hash(["AB" * 16, "cd" * 20, "ef" * 32, "xyz", None])
    assert [kind for kind, _ in pairs(found)] == ["md5", "sha1", "sha256"]


def test_telephone_numbers_are_of_the_country_of_the_source() -> None:
    found = Found(region="HR")
    found.add(T.PHONE, "01 4567 890")
    assert pairs(found) == [("phone", "+38514567890")]


@pytest.mark.parametrize("nothing", ["", "-", "N/A", "null", "(empty)", None, 5, {}, "\x00"])
def test_what_says_nothing_is_nothing(nothing: object) -> None:
    found = Found()
    assert not found.add(T.USERNAME, nothing)
    assert not found
