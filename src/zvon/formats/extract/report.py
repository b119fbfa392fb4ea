"""What `scan` finds, as the mentions of a report: addresses, numbers and digests, nothing else."""

from collections.abc import Iterator

from zvon.formats.extract.found import Found
from zvon.formats.extract.scan import plain
from zvon.formats.limit import MAX_MENTIONS
from zvon.model.observable import ObservableType
from zvon.model.report import Mention
from zvon.model.verdict import Span

T = ObservableType
_REPORTED = frozenset({T.URL, T.DOMAIN, T.IPV4, T.IPV6, T.CIDR, T.EMAIL, T.PHONE, T.MD5, T.SHA1,
                       T.SHA256, T.SHA512, T.IBAN, T.CVE, T.WALLET})  # fmt: skip
_PROTECTED = frozenset({T.URL, T.IBAN, T.PHONE, T.WALLET})


def extract(text: str, *, region: str = "SI", part: str = "text") -> list[Mention]:
    """All mentions in `text`, in order; at most `MAX_MENTIONS`.

    `region` is the country in which local telephone numbers are read first; `part` names the
    text in the spans.
    """
    found = (
        f
        for f in plain(text, region=region, limit=2 * MAX_MENTIONS)
        if f.observable.type in _REPORTED
    )
    return [_mention(f, part) for f, _ in zip(found, range(MAX_MENTIONS), strict=False)]


def _mention(found: Found, part: str) -> Mention:
    span = Span(found.start, found.end, part)
    return Mention(observable=found.observable, span=span, raw=found.raw)


def protected(mentions: list[Mention]) -> Iterator[tuple[int, int]]:
    """Ranges that are no card number, because they are something else."""
    for mention in mentions:
        if mention.span is not None and mention.observable.type in _PROTECTED:
            yield mention.span.start, mention.span.end
