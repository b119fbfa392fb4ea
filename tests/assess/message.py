"""Messages and evidence for tests of assessment, written as a person would send them."""

from datetime import UTC, datetime, timedelta

from zvon.formats.extract import extract
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Channel, Lang, Mention, Message

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def message(
    text: str,
    *,
    lang: Lang | None = Lang.SL,
    channel: Channel = Channel.SMS,
    sender: str | None = None,
    sender_name: str | None = None,
    remark: str = "",
    shown: str | None = None,
) -> Message:
    """A message with its mentions; `shown` is the link text of every address in it."""
    mentions = extract(text)
    if shown:
        mentions = [
            Mention(observable=m.observable, span=m.span, raw=m.raw, shown=shown)
            for m in mentions
            if m.observable.type is ObservableType.URL
        ]
    return Message(channel=channel, text=text, lang=lang, sender=sender, sender_name=sender_name,
                   remark=remark, mentions=tuple(mentions))  # fmt: skip


def registered(name: str, days: float, *, registrar: str = "R", ns: str = "ns.r.example",
               ) -> list[Evidence]:  # fmt: skip
    """What RDAP and DNS said of a domain that is `days` old."""
    about = Observable(ObservableType.REGISTERED, name)
    values = {
        EvidenceCode.REGISTERED: (AT - timedelta(days=days)).isoformat(),
        EvidenceCode.REGISTRAR: registrar,
        EvidenceCode.NAME_SERVERS: ns,
    }
    return [
        Evidence(observable=about, code=code, value=value, source="test", seen_at=AT)
        for code, value in values.items()
    ]
