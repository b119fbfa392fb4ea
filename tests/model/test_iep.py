"""FIRST IEP 2.0: read strictly, written whole, and what it means for our markings."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.model import iep
from zvon.model.iep import Actions, BadIep, IepTlp, May
from zvon.model.marking import Pap, Tlp

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ID = UUID("01940000-0000-7000-8000-000000000001")
FIELDS = {
    "id": str(ID), "name": "Lipa amber", "iep_version": 2.0, "start_date": "2026-01-01T00:00:00Z",
    "end_date": None, "encrypt_in_transit": "may",
    "permitted_actions": "externally-visible-direct-actions",
    "affected_party_notifications": "may", "tlp": "amber", "attribution": "must-not",
    "unmodified_resale": "must-not", "external_references": ["https://lipa.example/iep"],
}  # fmt: skip


def body(**changes: object) -> bytes:
    return msgspec.json.encode({**FIELDS, **changes})


def test_a_policy_is_read_and_means_a_marking() -> None:
    said = iep.meaning(iep.read(body()), NOW)
    assert (said.tlp, said.pap, said.asks_first, said.notify_affected, said.encrypt) == (
        Tlp.AMBER, Pap.CLEAR, False, True, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"tlp": "purple"}, "tlp"), ({"iep_version": 1.0}, "iep_version"),
        ({"encrypt_in_transit": "must-not"}, "encrypt_in_transit"),
        ({"affected_party_notifications": "must"}, "affected_party_notifications"),
        ({"share_with": "everybody"}, "share_with"), ({"start_date": "2026-01-01T00:00:00"}, "UTC"),
        ({"name": 5}, "name"), ({"description": "x" * 2000}, "description"),
    ],
)  # fmt: skip
def test_what_is_unknown_is_refused_and_named(changes: dict[str, object], word: str) -> None:
    with pytest.raises(BadIep, match=word):
        iep.read(body(**changes))


def test_what_is_left_out_is_strict_and_what_has_ended_allows_nothing() -> None:
    bare = msgspec.json.encode({k: FIELDS[k] for k in ("id", "name", "iep_version")})
    said = iep.meaning(iep.read(bare), NOW)
    assert (said.tlp, said.pap, said.asks_first, said.notify_affected) == (Tlp.RED, Pap.RED, True, False)  # fmt: skip
    over = iep.read(body(tlp="white", end_date="2026-11-01T00:00:00Z"))
    assert (iep.meaning(over, NOW).tlp, iep.meaning(over, NOW).holds) == (Tlp.RED, False)


def test_too_much_and_no_json_are_refused() -> None:
    for wrong in (b"x" * (iep.MAX_BYTES + 1), b"[]", b"\xff", b"{"):
        with pytest.raises(BadIep):
            iep.read(wrong)


policies = st.builds(
    iep.Iep, id=st.just(ID), name=st.text(max_size=20), iep_version=st.just(2.0),
    tlp=st.sampled_from(IepTlp), permitted_actions=st.sampled_from(Actions),
    encrypt_in_transit=st.sampled_from([May.MUST, May.MAY]),
    affected_party_notifications=st.sampled_from([May.MAY, May.MUST_NOT]),
    attribution=st.sampled_from(May), unmodified_resale=st.sampled_from([May.MAY, May.MUST_NOT]),
    description=st.none() | st.text(max_size=20),
    start_date=st.none() | st.just(NOW), end_date=st.none() | st.just(NOW + timedelta(days=1)),
)  # fmt: skip


@given(policies)
def test_what_is_written_reads_as_it_was(policy: iep.Iep) -> None:
    assert iep.read(iep.write(policy)) == policy


@given(st.sampled_from(Tlp), st.sampled_from(Pap))
def test_a_marking_never_becomes_wider_on_its_way(tlp: Tlp, pap: Pap) -> None:
    said = iep.meaning(iep.read(iep.write(iep.of_marking(ID, "x", tlp, pap))), NOW)
    assert said.tlp >= tlp
    assert said.pap >= pap or (pap is Pap.GREEN and said.pap is Pap.CLEAR)
    assert said.pap.allows_block == pap.allows_block
