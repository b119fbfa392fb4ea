"""What looks with a browser say, as rows of evidence about the address that was asked for."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from mimetypes import guess_type

from zvon.collect import page_evidence
from zvon.collect.page_evidence import KEPT
from zvon.collect.render.look import STAGE, Taken
from zvon.collect.render.picture import Logo
from zvon.ml.look import PRECIOUS, View, differences, named
from zvon.model.brand import Registry
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture, Outcome, Vantage

SOURCE = "browser"
UNKNOWN = "application/octet-stream"
Row = tuple[EvidenceCode, str, dict[str, str | int]]


def of_looks(
    taken: Sequence[Taken], plain: Sequence[Capture], registry: Registry, now: datetime
) -> tuple[Evidence, ...]:
    """All rows of one address: what the most telling vantage showed, and what others were not shown.

    `plain` are looks without scripts at the same address, to compare with.
    """
    telling = min(taken, key=_telling)
    about = Observable(ObservableType.URL, telling.capture.url)
    if telling.capture.outcome is Outcome.UNAVAILABLE:
        return (_row(about, (EvidenceCode.NO_BROWSER, telling.capture.reason, {}), now),)
    found = list(page_evidence.of_capture(telling.capture, now))
    rows: list[Row] = []
    for each in taken:
        rows += _pictures(each)
    rows += [(EvidenceCode.LOGO, brand, {"distance": far}) for brand, far in _nearest(taken)]
    rows += _downloads(taken)
    captures = [*(each.capture for each in taken), *plain]
    for what in differences(views(captures, registry)):
        rows.append(
            (EvidenceCode.CLOAK, what.what.value,
             {"vantage": what.vantage.value, "hidden_from": what.hidden_from.value})
        )  # fmt: skip
    return (*found, *(_row(about, row, now) for row in rows))


def views(captures: Iterable[Capture], registry: Registry) -> list[View]:
    """The looks that saw their page to the end; the others say nothing about what is shown."""
    return [
        View(each.vantage, each.facts, named(registry, each.facts))
        for each in captures
        if each.facts is not None and each.outcome is Outcome.SEEN
    ]


def logos(rows: Iterable[Evidence]) -> tuple[Logo, ...]:
    """The logos that evidence names."""
    return tuple(
        Logo(row.value, int(row.params.get("distance", 0)))
        for row in rows if row.code is EvidenceCode.LOGO
    )  # fmt: skip


def _telling(taken: Taken) -> tuple[bool, int, bool]:
    """Sorts the look first that shows most of what a victim would be asked for."""
    facts = taken.capture.facts
    asked = {kind for form in facts.forms for kind in form.asks} if facts else set()
    unseen = taken.capture.outcome is not Outcome.SEEN
    return unseen, -len(asked & PRECIOUS), taken.capture.vantage is not Vantage.PHONE


def _pictures(taken: Taken) -> list[Row]:
    rows: list[Row] = []
    here: dict[str, str | int] = {"vantage": taken.capture.vantage.value}
    if taken.capture.screenshot is not None:
        rows.append((EvidenceCode.SCREENSHOT, taken.capture.screenshot, here))
    if taken.capture.phash is not None:
        rows.append((EvidenceCode.LOOK, f"{taken.capture.phash:016x}", here))
    return rows


def _nearest(taken: Sequence[Taken]) -> list[tuple[str, int]]:
    best: dict[str, int] = {}
    for each in taken:
        for logo in each.logos:
            best[logo.brand] = min(logo.distance, best.get(logo.brand, logo.distance))
    return sorted(best.items())


def _downloads(taken: Sequence[Taken]) -> list[Row]:
    kinds: dict[str, str] = {}
    for each in taken:
        for file in each.downloads:
            kinds.setdefault(guess_type(file.name)[0] or UNKNOWN, file.name[:100])
    return [(EvidenceCode.DOWNLOAD, kind, {"name": name}) for kind, name in sorted(kinds.items())]


def _row(about: Observable, row: Row, now: datetime) -> Evidence:
    code, value, params = row
    return Evidence(observable=about, code=code, value=value, source=SOURCE, seen_at=now,
                    expires_at=now + KEPT, stage=STAGE, params=params)  # fmt: skip
