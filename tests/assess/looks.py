"""Evidence and captures of pages for tests of assessment, as the looks leave them."""

from datetime import datetime, timedelta

from tests.assess.message import AT
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture, Hop, Outcome, PageFacts, Vantage

C = EvidenceCode


def seen(
    url: str,
    *rows: tuple[EvidenceCode, str],
    stage: int = 3,
    minutes: int = 1,
    **params: str | int,
) -> list[Evidence]:
    """Rows of one look at `url`; `params` go to all of them."""
    at: datetime = AT + timedelta(minutes=minutes)
    about = Observable(ObservableType.URL, url)
    return [
        Evidence(observable=about, code=code, value=value, source="page", seen_at=at, stage=stage,
                 params=params)
        for code, value in rows
    ]  # fmt: skip


def capture(url: str, title: str, text: str, *, final: str | None = None, read: str = "",
            vantage: Vantage = Vantage.PLAIN) -> Capture:  # fmt: skip
    """One look that saw a page with these words."""
    return Capture(
        url=url,
        stage=3 if vantage is Vantage.PLAIN else 4,
        vantage=vantage,
        outcome=Outcome.SEEN,
        facts=PageFacts(hops=(Hop(final or url, 200),), status=200, title=title, text=text),
        read=read,
        at=AT,
    )
