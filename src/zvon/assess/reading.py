"""Names that a machine read off a picture: a letter may be another one, so others must agree.

`0` and `O`, `l` and `I` look alike to a reader of pictures, and the wrong name may be somebody's.
Such a name is advised on only when it resolves, and another report or a person confirms it.
"""

from collections.abc import Collection, Sequence

from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.link import links
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Message

OCR = "ocr"


def doubtful(message: Message) -> frozenset[str]:
    """The hosts that stand nowhere in the message but in the letters of a picture."""
    hosts: dict[str, bool] = {}
    for link in links(message):
        if link.host is not None:
            hosts[link.host] = hosts.get(link.host, True) and link.derived == OCR
    return frozenset(host for host, unsure in hosts.items() if unsure)


def unsure(
    message: Message, evidence: Sequence[Evidence], confirmed: Collection[str]
) -> frozenset[str]:
    """Those doubtful hosts about which nothing may be proposed yet.

    `confirmed` are hosts that another report names, or all of them when a person said what the
    report is.
    """
    there = {row.observable for row in evidence if row.code is EvidenceCode.ADDRESSES}
    return frozenset(
        host
        for host in doubtful(message)
        if host not in confirmed or Observable(ObservableType.DOMAIN, host) not in there
    )
