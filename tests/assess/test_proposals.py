"""What is never proposed, over many addresses at once: platforms, official names, popular names."""

from tests.assess.message import AT, message, registered
from zvon.assess.judge import Opinion, judge
from zvon.assess.shipped import shipped
from zvon.model import brand, neverblock
from zvon.model.advice import Action
from zvon.model.observable import Observable, ObservableType
from zvon.model.report import Channel, Lang, Mention, Message
from zvon.model.scope import Scope
from zvon.model.suffix import is_suffix
from zvon.model.verdict import Category, VerdictWord

LURE = "NLB: vaš dostop poteče v 24 urah, takoj potrdite podatke: {url}"
ASSESSOR = shipped()


def opinion(url: str, domain: str = "", age: int | None = None) -> Opinion:
    rows = registered(domain, age) if age is not None else []
    return judge(ASSESSOR, message(LURE.format(url=url)), AT, rows)


def proposed(found: Opinion) -> set[str]:
    return {line.name for line in found.names if line.scope is not Scope.NONE}


def mixed() -> list[tuple[str, str, int | None]]:
    """Two hundred addresses: fresh lures, platforms, drives, shorteners, a school, official pages."""
    rows: list[tuple[str, str, int | None]] = []
    for n in range(40):
        rows.append((f"https://nlb-klik-{n}.example/p", f"nlb-klik-{n}.example", n % 25))
        rows.append((f"https://stranka{n}.pages.dev/nlb", "", None))
        rows.append((f"https://sola{n}.example/wp-content/uploads/{n}/nlb/prijava.html",
                     f"sola{n}.example", 2000 + n))  # fmt: skip
    for n in range(20):
        rows.append((f"https://docs.google.com/forms/d/zvon{n}/viewform", "google.com", 9000))
        rows.append((f"https://bit.ly/zvon{n}", "bit.ly", 6000))
        rows.append((f"https://drive.google.com/file/d/zvon{n}", "google.com", 9000))
    official = ["www.nlb.si/klik", "sledenje.posta.si/", "posiljka.posta.hr/", "www.gov.si/teme",
                "e-uprava.gov.si/", "www.zaba.hr/prijava", "moj.telekom.si/", "www.paypal.com/x",
                "login.microsoft.com/a", "www.dhl.com/track"]  # fmt: skip
    return rows + [(f"https://{each}", "", None) for each in official * 2]


def test_two_hundred_mixed_addresses_propose_no_platform_and_no_official_name() -> None:
    rows = mixed()
    assert len(rows) == 200
    everything: set[str] = set()
    for url, domain, age in rows:
        found = opinion(url, domain, age)
        everything |= proposed(found)
        if "/wp-content/" in url:
            assert found.verdict.category is Category.COMPROMISED_SITE
            assert proposed(found) == set()
            assert found.names[0].reason == "compromised_site"
            assert found.names[0].action is Action.NONE
    official = brand.official_names()
    assert not {name for name in everything if brand.official(name) is not None}
    assert not everything & official
    assert not {name for name in everything if is_suffix(name)}
    assert not everything & {"google.com", "docs.google.com", "drive.google.com", "bit.ly"}
    # And it is not blind: every fresh lure and every customer of the platform is named alone.
    assert {f"stranka{n}.pages.dev" for n in range(40)} <= everything
    assert {f"nlb-klik-{n}.example" for n in range(40)} <= everything


def test_no_official_name_of_the_registry_is_ever_proposed() -> None:
    for name in sorted(brand.official_names()):
        for host in (name, f"www.{name}", f"prijava.{name}"):
            found = opinion(f"https://{host}/prijava")
            assert proposed(found) == set(), host
            alone = judge(ASSESSOR, message(f"https://{host}/prijava"), AT)
            assert alone.verdict.word is not VerdictWord.MALICIOUS, host


def test_no_popular_name_is_ever_proposed() -> None:
    popular = [entry.name for group in neverblock.shipped() for entry in group.names
               if entry.name and "." in entry.name][:1000]  # fmt: skip
    assert len(popular) >= 100
    for name in popular:
        found = opinion(f"https://{name}/nlb/prijava")
        assert name not in proposed(found), name


def test_a_mail_that_shows_the_official_link_is_malicious_and_the_shown_name_is_no_target() -> None:
    href, shown = "https://placilo-paket.example/x", "https://www.posta.si/placilo"
    mention = Mention(observable=Observable(ObservableType.URL, href), raw=href, shown=shown)
    what = Message(channel=Channel.EMAIL, lang=Lang.SL, sender="info@strezba.example",
                   sender_name="Pošta Slovenije", text="Poravnajte strošek 2,99 EUR v 48 urah.",
                   mentions=(mention,))  # fmt: skip
    found = judge(ASSESSOR, what, AT)
    assert found.verdict.word is VerdictWord.MALICIOUS
    assert found.answer == "dangerous"
    (reason,) = [r for r in found.verdict.reasons if r.code == "HREF_MISMATCH"]
    assert reason.params == {"shown": "www.posta.si", "real": "placilo-paket.example"}
    assert [link.link.host for link in found.facts.links] == ["placilo-paket.example"]
    assert not {name for name in proposed(found) if name.endswith("posta.si")}
