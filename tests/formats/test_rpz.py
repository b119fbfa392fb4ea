"""Owner names and records of policy zones, in the form that every resolver loads."""

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats import rpz
from zvon.formats.rpz import Packer, RpzError, check_owner, name_text, name_wire

label = st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9_])?", fullmatch=True)
names = st.lists(label, min_size=1, max_size=6).map(".".join)
ZONE = "cold.si.zvon"


@given(names)
def test_a_name_in_wire_form_is_what_dnspython_writes_and_reads_back(name: str) -> None:
    wire = name_wire(name)
    assert wire == dns.name.from_text(name).to_wire()
    assert name_text(wire) == name


@given(st.text(max_size=300))
def test_no_text_raises_anything_but_our_own_error(text: str) -> None:
    try:
        owner = check_owner(text, ZONE)
    except RpzError:
        return
    assert len(name_wire(f"{owner}.{ZONE}")) <= 255


@pytest.mark.parametrize(
    "owner",
    ["", "*", "*.*.example", "a.*.example", "A.example", "a..example", "a.example.", "-a.example",
     "32.1.2.0.192.rpz-ip", "a.rpz-passthru", "a" * 64 + ".example", "š.example", "a b.example",
     "a\0.example", ".".join(["a" * 60] * 4)],
)  # fmt: skip
def test_what_a_resolver_would_drop_is_refused(owner: str) -> None:
    with pytest.raises(RpzError):
        check_owner(owner, ZONE)


def test_the_longest_owner_that_fits_passes_and_one_more_does_not() -> None:
    room = 255 - len(name_wire(ZONE)) - 1
    longest = "*." + ".".join(["a" * 49] * 4) + "." + "b" * (room - 2 - 201)
    assert len(name_wire(f"{longest}.{ZONE}")) <= 255
    assert check_owner(longest, ZONE)
    with pytest.raises(RpzError):
        check_owner(longest + "bb", ZONE)


@given(st.lists(names, min_size=1, max_size=40, unique=True))
def test_pointers_lead_to_the_names_that_were_meant(owners: list[str]) -> None:
    zone = name_wire(ZONE)
    packer = Packer(12 + len(zone) + 4)
    for owner in owners:
        packer.add(owner, rpz.tail(".", 60))
    message = bytes(12) + zone + b"\0\x06\0\x01" + bytes(packer.body)
    at = packer.start
    for owner in owners:
        name, used = dns.name.from_wire(message, at)
        assert name.to_text() == f"{owner}.{ZONE}."
        at += used + len(rpz.tail(".", 60))
    assert at == len(message)


def test_only_the_three_answers_that_we_offer_can_be_written() -> None:
    for target in ("rpz-drop.", "rpz-tcp-only.", "landing.example."):
        with pytest.raises(RpzError):
            rpz.tail(target, 60)
    assert {answer.value for answer in rpz.Answer} == {".", "*.", "rpz-passthru."}
