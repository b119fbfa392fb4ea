"""Which addresses a message leads to."""

from zvon.formats.extract import extract
from zvon.model.link import links, sender_domain
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Channel, Mention, Message
from zvon.model.verdict import Span


def message(text: str, *more: Mention, sender: str | None = None) -> Message:
    return Message(channel=Channel.SMS, text=text, sender=sender,
                   mentions=(*extract(text), *more))  # fmt: skip


def test_an_address_is_clean_and_named_once() -> None:
    (one,) = links(message("https://a.primer.example/x?fbclid=1 in https://a.primer.example/x"))
    assert one.url == "https://a.primer.example/x"
    assert (one.host, one.registered, one.path) == ("a.primer.example", "primer.example", "/x")


def test_the_bare_name_of_a_linked_host_is_no_second_target() -> None:
    found = links(message("Na primer.example je vse: https://primer.example/x"))
    assert [each.url for each in found] == ["https://primer.example/x"]


def test_a_customer_of_a_platform_is_marked() -> None:
    assert links(message("https://moja.pages.dev/x"))[0].platform
    assert not links(message("https://moja.example/x"))[0].platform


def test_an_address_without_a_name_has_no_host() -> None:
    (one,) = links(message("http://198.51.100.7/x"))
    assert one.host is None
    assert one.registered is None


def test_what_the_reporter_or_a_header_names_is_no_target() -> None:
    name = Observable(ObservableType.DOMAIN, "mx1.primer.example")
    header = Mention(observable=name, raw="mx1.primer.example")
    own = Mention(observable=name, span=Span(0, 4), side="reporter")
    assert links(message("Brez povezave", header, own)) == ()


def test_link_text_that_is_the_same_name_or_plain_words_shows_nothing() -> None:
    target = Observable(ObservableType.URL, "https://primer.example/x")
    for shown in ("Kliknite tukaj", "primer.example", "https://primer.example/drugo", "v1.2.3"):
        (one,) = links(message("", Mention(observable=target, shown=shown)))
        assert one.shown is None
    (one,) = links(message("", Mention(observable=target, shown="https://www.posta.hr")))
    assert one.shown == "www.posta.hr"


def test_the_domain_of_a_sender() -> None:
    assert sender_domain(message("", sender="Kdo@Primer.Example")) == "primer.example"
    assert sender_domain(message("", sender="+38640000100")) is None
    assert sender_domain(message("", sender="kdo@")) is None
