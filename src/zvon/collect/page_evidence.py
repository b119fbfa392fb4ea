"""What a look says, as rows of evidence about the address that was asked for."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from zvon.collect.fetch.certificate import Certificate
from zvon.collect.fetch.twice import telling
from zvon.ml.look import View, differences, named
from zvon.model.brand import Registry
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Asked, Capture, Outcome, PageFacts, Vantage

KEPT = timedelta(hours=1)
MOST_RESOURCES = 64
MAX_NAMES = 8000
EMPTY_TEXT = 20
_BARE = ("default-page", "suspended-page", "listing")
_FILES = ("application/zip", "application/x-", "application/vnd.android", "application/octet-stream",
          "application/java", "application/pdf", "application/msword", "application/vnd.ms")  # fmt: skip

Row = tuple[EvidenceCode, str, dict[str, str | int]]


def of_capture(
    capture: Capture, now: datetime, certificate: Certificate | None = None
) -> tuple[Evidence, ...]:
    """All rows of one look: how it ended, and what the page showed."""
    about = Observable(ObservableType.URL, capture.url)
    ended: list[Row] = []
    if capture.outcome is Outcome.REFUSED:
        ended.append((EvidenceCode.REFUSED, capture.reason, _where(capture)))
    elif capture.outcome is Outcome.UNREACHABLE:
        ended.append((EvidenceCode.UNREACHABLE, capture.reason, _where(capture)))
    found = [_row(about, each, capture.stage, now) for each in ended]
    if capture.facts is not None and not ended:
        found += rows(about, capture.facts, stage=capture.stage, now=now)
    if capture.facts is not None and capture.facts.certificate:
        found.append(_row(about, _tls(capture.facts, certificate), capture.stage, now))
    return tuple(found)


def of_looks(
    looks: Sequence[tuple[Capture, Certificate | None]], registry: Registry, now: datetime
) -> tuple[Evidence, ...]:
    """All rows of one address that was looked at without scripts, as a computer and as a telephone.

    What the telephone alone was shown is what victims see, so the rows are of that look; that it
    was kept from the computer is evidence of its own.
    """
    shown = telling([capture for capture, _ in looks])
    certificate = next(found for capture, found in looks if capture is shown)
    about = Observable(ObservableType.URL, shown.url)
    # Neither look ran scripts, so the computer's is compared as that of a whole browser.
    views = [
        View(Vantage.PHONE if capture is shown else Vantage.DESKTOP, capture.facts,
             named(registry, capture.facts))
        for capture, _ in looks if capture.facts is not None and len(looks) > 1
    ]  # fmt: skip
    cloak: list[Row] = [
        (EvidenceCode.CLOAK, each.what.value,
         {"vantage": each.vantage.value, "hidden_from": each.hidden_from.value})
        for each in differences(views)
    ]  # fmt: skip
    found = of_capture(shown, now, certificate)
    return (*found, *(_row(about, row, shown.stage, now) for row in cloak))


def rows(about: Observable, facts: PageFacts, *, stage: int, now: datetime) -> tuple[Evidence, ...]:
    """What a page that was seen shows, whichever stage saw it; the certificate is not among it."""
    found: list[Row] = []
    say = found.append
    if facts.hops:
        via = facts.hops[-2].via if len(facts.hops) > 1 else ""
        say((EvidenceCode.FINAL, facts.hops[-1].url, {"hops": len(facts.hops), "via": via}))
    if facts.status >= 400 and not facts.forms:
        say((EvidenceCode.UNREACHABLE, f"http_{facts.status}", {}))
        return tuple(_row(about, each, stage, now) for each in found)
    if facts.title:
        say((EvidenceCode.TITLE, facts.title, {}))
    if facts.lang:
        say((EvidenceCode.LANG, facts.lang, {}))
    found += _forms(facts)
    if facts.favicon is not None:
        say((EvidenceCode.FAVICON, str(facts.favicon), {}))
    if facts.skeleton:
        say((EvidenceCode.SKELETON, facts.skeleton, {"nodes": facts.nodes}))
    if facts.resources:
        say((EvidenceCode.RESOURCES, " ".join(facts.resources[:MOST_RESOURCES]), {}))
    found += [(EvidenceCode.SECRET, each, {}) for each in facts.secrets]
    found += [(EvidenceCode.KIT_ARCHIVE, path, {}) for path in facts.kit_archives]
    if facts.media_type.startswith(_FILES) and not facts.nodes:
        say((EvidenceCode.DOWNLOAD, facts.media_type, {}))
    elif bare := _bare(facts):
        say((EvidenceCode.EMPTY, bare, {}))
    if facts.parked:
        say((EvidenceCode.PARKED, "parked", {}))
    found += [(EvidenceCode.OWNER, kind, {}) for kind in facts.owner_ids]
    if facts.business:
        say((EvidenceCode.BUSINESS, " ".join(facts.business), {}))
    return tuple(_row(about, each, stage, now) for each in found)


def _forms(facts: PageFacts) -> list[Row]:
    """One row for each thing asked for, with the host that gets it, and one for each such host."""
    asked: dict[Asked, str] = {}
    targets: dict[str, str] = {}
    for form in facts.forms:
        for kind in form.asks:
            asked[kind] = asked.get(kind) or form.target or ""
        if form.target and set(form.asks) != {Asked.SEARCH}:
            targets[form.target] = "form"
    if asked.keys() - {Asked.SEARCH, Asked.OTHER}:
        for host in facts.sends:
            targets.setdefault(host, "script")
    found: list[Row] = [
        (EvidenceCode.FORM, kind.value, {"target": target} if target else {})
        for kind, target in sorted(asked.items())
        if kind is not Asked.OTHER
    ]
    found += [
        (EvidenceCode.FORM_TARGET, host, {"how": how}) for host, how in sorted(targets.items())
    ]
    return found


def _bare(facts: PageFacts) -> str:
    """The word for a page with nothing on it, or an empty text."""
    for hint in _BARE:
        if hint in facts.hints:
            return hint.removesuffix("-page")
    nothing = not (facts.forms or facts.frames or facts.onward or facts.title)
    return "empty" if nothing and len(facts.text) < EMPTY_TEXT else ""


def _tls(facts: PageFacts, certificate: Certificate | None) -> Row:
    params: dict[str, str | int] = {}
    if certificate is not None:
        params = {
            "issuer": certificate.issuer,
            "not_before": certificate.not_before.date().isoformat(),
            "not_after": certificate.not_after.date().isoformat(),
            "problem": certificate.problem,
        }
    return EvidenceCode.CERTIFICATE, " ".join(facts.certificate)[:MAX_NAMES], params


def _where(capture: Capture) -> dict[str, str | int]:
    hops = capture.facts.hops if capture.facts else ()
    return {"url": hops[-1].url[:500], "hops": len(hops)} if hops else {}


def _row(about: Observable, row: Row, stage: int, now: datetime) -> Evidence:
    code, value, params = row
    return Evidence(
        observable=about,
        code=code,
        value=value,
        source="page" if stage == 3 else "browser",
        seen_at=now,
        expires_at=now + KEPT,
        stage=stage,
        params=params,
    )
