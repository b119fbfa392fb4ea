"""By which values a report is linked."""

from tests.assess.message import AT, message, registered
from zvon.assess.key import keys
from zvon.assess.shipped import shipped
from zvon.model.evidence import Evidence
from zvon.model.report import Message


def found(what: Message, evidence: list[Evidence]) -> dict[str, list[tuple[str, bool]]]:
    facts = shipped().facts(what, evidence, AT)
    out: dict[str, list[tuple[str, bool]]] = {}
    for key in keys(what, facts, evidence, "t1"):
        out.setdefault(key.code, []).append((key.observable.value, key.strong))
    return out


def test_address_and_young_domain_are_strong_text_and_sender_medium() -> None:
    what = message("https://nlb-a.example/x?utm_source=1", sender="+44 7700 900999")
    links = found(what, registered("nlb-a.example", 2))
    assert links["SAME_URL"] == [("https://nlb-a.example/x", True)]
    assert links["SAME_DOMAIN"] == [("nlb-a.example", True)]
    assert links["SAME_TEXT"] == [("t1", False)]
    assert links["SAME_SENDER"] == [("+447700900999", False)]
    assert len(links["SAME_REGISTRATION"]) == 3


def test_an_old_or_unknown_domain_is_no_key_of_its_own() -> None:
    what = message("https://drustvo.example/wp-content/nlb/prijava.php")
    assert "SAME_DOMAIN" not in found(what, registered("drustvo.example", 3000))
    assert "SAME_DOMAIN" not in found(what, [])


def test_an_official_address_is_no_key() -> None:
    links = found(message("NLB https://www.nlb.si/klik/a"), [])
    assert set(links) == {"SAME_TEXT"}


def test_names_registered_within_days_share_a_batch() -> None:
    def batch(name: str, days: float, registrar: str = "R") -> set[str]:
        evidence = registered(name, days, registrar=registrar)
        return {v for v, _ in found(message(f"https://{name}/x"), evidence)["SAME_REGISTRATION"]}

    assert batch("nlb-a.example", 2) & batch("nlb-b.example", 4)
    assert not batch("nlb-a.example", 2) & batch("nlb-b.example", 9)
    assert not batch("nlb-a.example", 2) & batch("nlb-b.example", 2, "S")


def test_an_account_is_strong() -> None:
    links = found(message("Mama, nakaži na SI56020170014356205"), [])
    assert links["SAME_ACCOUNT"] == [("SI56020170014356205", True)]


def test_a_host_that_bears_the_brands_name_is_strong_and_another_medium() -> None:
    assert found(message("https://nlb-klik.example/x"), [])["SAME_HOST"] == [
        ("nlb-klik.example", True)
    ]
    old = message("NLB https://drustvo.example/a/b")
    assert found(old, registered("drustvo.example", 3000))["SAME_HOST"] == [
        ("drustvo.example", False)
    ]


def test_a_path_for_each_victim_has_a_shape() -> None:
    links = found(message("https://nlb-a.example/dostava/8f3a9c1e/potrdi.php?id=7"), [])
    assert links["SAME_PATH"] == [("/dostava/*/potrdi.php?id", False)]


def test_numbers_bought_in_a_row_share_a_range_and_a_short_code_has_none() -> None:
    lure = "NLB https://nlb-a.example/x"
    assert found(message(lure, sender="+44 7700 900123"), [])["SENDER_RANGE"] == [
        ("+447700900xxx", False)
    ]
    assert "SENDER_RANGE" not in found(message(lure, sender="NLB"), [])
    assert "SENDER_RANGE" not in found(message(lure, sender="1234"), [])
