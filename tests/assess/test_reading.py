"""A name that a machine read off a picture is never proposed until it resolves and others agree."""

from datetime import datetime

import pytest

from zvon.assess.reading import doubtful, unsure
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.link import links
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Channel, Mention, Message

HOST = "posta-si.dostava-paketa.example"
URL = f"https://{HOST}/i"


def read_as(*ways: str, url: str = URL) -> Message:
    """A message whose address was read in these ways."""
    found = Observable(ObservableType.URL, url)
    return Message(
        channel=Channel.SMS,
        text="",
        mentions=tuple(Mention(observable=found, derived=w) for w in ways),
    )


def resolving(now: datetime) -> Evidence:
    return Evidence(observable=Observable(ObservableType.DOMAIN, HOST), code=EvidenceCode.ADDRESSES,
                    value="203.0.113.9", source="dns", seen_at=now)  # fmt: skip


@pytest.mark.parametrize(
    ("ways", "derived"),
    [(("ocr",), "ocr"), (("ocr", "ocr"), "ocr"), (("ocr", ""), ""), (("", "ocr"), ""),
     (("ocr", "qr"), "qr"), (("qr",), "qr"), (("",), "")],
)  # fmt: skip
def test_a_target_is_as_sure_as_its_surest_reading(ways: tuple[str, ...], derived: str) -> None:
    [link] = links(read_as(*ways))
    assert link.derived == derived
    assert doubtful(read_as(*ways)) == (frozenset({HOST}) if derived == "ocr" else frozenset())


@pytest.mark.parametrize("resolves", [False, True])
@pytest.mark.parametrize("confirmed", [False, True])
def test_only_both_make_it_sure(resolves: bool, confirmed: bool, now: datetime) -> None:
    evidence = [resolving(now)] if resolves else []
    left = unsure(read_as("ocr"), evidence, {HOST} if confirmed else ())
    assert (left == frozenset()) == (resolves and confirmed)
    assert unsure(read_as(""), evidence, ()) == frozenset()
