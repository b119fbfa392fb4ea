"""The fingerprint: the same fields give the same, and no text passes as two."""

from hypothesis import given
from hypothesis import strategies as st

from zvon.ml.correlate.alert import fingerprint, fingerprint_version

TEXT = st.text(max_size=20)


def test_the_actor_does_not_part_what_one_rule_says_of_one_machine() -> None:
    one = fingerprint("suricata", "2027390", "10.0.0.4", "203.0.113.7")
    assert one == fingerprint("suricata", "2027390", "10.0.0.4", "198.51.100.9")
    assert one != fingerprint("suricata", "2027390", "10.0.0.5", "203.0.113.7")
    assert fingerprint_version() == 1


@given(TEXT, TEXT, TEXT, TEXT)
def test_text_that_moves_over_a_border_is_another(a: str, b: str, c: str, more: str) -> None:
    same = fingerprint("wazuh", a + more, b) == fingerprint("wazuh", a, more + b)
    assert same == (not more)


def test_half_of_a_surrogate_pair_stops_nothing() -> None:
    assert len(fingerprint("wazuh", "\ud800", "\x00")) == 64
