"""What two looks say together: the most telling one's facts, pictures, logos, files and the cloak."""

from datetime import UTC, datetime

from zvon.collect.browser_evidence import logos, of_looks
from zvon.collect.render.look import Taken
from zvon.collect.render.picture import Logo
from zvon.collect.render.visit import Download
from zvon.model.brand import shipped
from zvon.model.evidence import EvidenceCode
from zvon.model.page import Asked, Capture, Form, Hop, Outcome, PageFacts, Vantage

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
URL = "https://kit.example/a"
LURE = " ".join(f"paket {n} čaka na plačilo carine pred dostavo na naslov" for n in range(9))
HERBS = " ".join(f"zelišče {n} raste v senci za starim vrtnim zidom" for n in range(9))


def taken(
    vantage: Vantage,
    text: str = LURE,
    *asks: Asked,
    outcome: Outcome = Outcome.SEEN,
    found: tuple[Logo, ...] = (),
    files: tuple[Download, ...] = (),
) -> Taken:
    facts = PageFacts(hops=(Hop(URL, 200),), status=200, title=vantage.value, text=text, lang="sl",
                      nodes=50, forms=(Form(asks),) if asks else ())  # fmt: skip
    capture = Capture(url=URL, stage=4, vantage=vantage, outcome=outcome, facts=facts, at=AT,
                      phash=7, screenshot="ab" * 32)  # fmt: skip
    return Taken(capture=capture, logos=found, downloads=files)


def rows(*looks: Taken, plain: tuple[Capture, ...] = ()) -> list[tuple[str, str]]:
    return [(row.code.value, row.value) for row in of_looks(looks, plain, shipped(), AT)]


def test_the_facts_are_those_of_the_look_that_is_asked_for_more() -> None:
    told = rows(taken(Vantage.PHONE), taken(Vantage.DESKTOP, LURE, Asked.CARD))
    assert ("page.title", "desktop") in told
    assert ("page.form", "card") in told
    same = rows(taken(Vantage.PHONE, LURE, Asked.CARD), taken(Vantage.DESKTOP, LURE, Asked.CARD))
    assert ("page.title", "phone") in same


def test_a_look_that_was_cut_short_says_nothing_about_what_is_hidden() -> None:
    lure = taken(Vantage.PHONE, LURE, Asked.CARD)
    assert ("visual.cloak", "form") in rows(lure, taken(Vantage.DESKTOP, HERBS))
    short = taken(Vantage.DESKTOP, HERBS, outcome=Outcome.LIMITED)
    assert "visual.cloak" not in dict(rows(lure, short))


def test_the_page_without_scripts_is_compared_too() -> None:
    plain = taken(Vantage.PLAIN, HERBS).capture
    phone, desktop = (taken(v, LURE, Asked.CARD) for v in (Vantage.PHONE, Vantage.DESKTOP))
    assert "visual.cloak" not in dict(rows(phone, desktop))
    told = of_looks([phone, desktop], [plain], shipped(), AT)
    cloaks = [row.params for row in told if row.code is EvidenceCode.CLOAK and row.value == "form"]
    assert {"vantage": "phone", "hidden_from": "plain"} in cloaks


def test_pictures_logos_and_files_are_named_once() -> None:
    told = of_looks(
        [
            taken(Vantage.PHONE, found=(Logo("si.nlb", 4),),
                  files=(Download("https://kit.example/f", "racun.zip"),)),
            taken(Vantage.DESKTOP, found=(Logo("si.nlb", 2),),
                  files=(Download("https://kit.example/f", "racun.zip"), Download("x", "y"))),
        ], [], shipped(), AT,
    )  # fmt: skip
    said = {(row.code.value, row.value): row.params for row in told}
    assert said["visual.logo", "si.nlb"] == {"distance": 2}
    assert said["page.download", "application/zip"] == {"name": "racun.zip"}
    assert ("page.download", "application/octet-stream") in said
    assert [row.value for row in told if row.code is EvidenceCode.LOOK] == ["0" * 15 + "7"] * 2
    assert logos(told) == (Logo("si.nlb", 2),)
    assert {row.stage for row in told} == {4}


def test_no_browser_is_one_row_and_no_guess() -> None:
    none = Capture(url=URL, stage=4, vantage=Vantage.PHONE, outcome=Outcome.UNAVAILABLE,
                   reason="sandbox", at=AT)  # fmt: skip
    assert rows(Taken(capture=none)) == [("visual.unavailable", "sandbox")]
