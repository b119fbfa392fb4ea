"""Texts of one lure meet; other texts do not."""

from zvon.ml.template import ALIKE, bands, name, shingles, signature, similarity, template

LURE = (
    "Spoštovani Marko Novak, vaš račun bo zaprt {when}. Da ga obdržite, posodobite podatke in "
    "plačajte {money} na {url} še pred koncem tedna, hvala za razumevanje."
)
ONE = LURE.format(when="12. 3. 2026", money="3,20 EUR", url="https://a.example/x?k=1")
TWO = LURE.format(when="4. 11. 2026", money="17,00 €", url="hxxps://b.example/yy")
OTHER = "Dober dan, jutri ob desetih vas čakamo v ordinaciji, s seboj prinesite izvide in kartico."


def test_what_changes_from_victim_to_victim_is_not_in_the_template() -> None:
    assert template(ONE) == template(TWO)
    assert "marko" not in template(ONE)
    assert "a.example" not in template(ONE)


def test_accents_do_not_matter() -> None:
    assert template("Vaš račun čaka") == template("Vas racun caka")


def test_two_texts_of_one_lure_have_one_signature_and_one_name() -> None:
    left, right = signature(ONE), signature(TWO)
    assert left is not None
    assert right is not None
    assert similarity(left, right) == 1.0
    assert name(left) == name(right)
    assert bands(left) == bands(right)


def test_a_small_change_of_wording_still_meets_in_a_band() -> None:
    left, right = signature(ONE * 2), signature(ONE * 2 + " Lep pozdrav.")
    assert left is not None
    assert right is not None
    assert similarity(left, right) >= ALIKE
    assert set(bands(left)) & set(bands(right))


def test_another_text_shares_no_band() -> None:
    left, right = signature(ONE), signature(OTHER)
    assert left is not None
    assert right is not None
    assert similarity(left, right) < 0.1
    assert not set(bands(left)) & set(bands(right))


def test_the_estimate_is_near_the_true_similarity() -> None:
    words = [f"b{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(60)]
    a, b = " ".join(words[:45]), " ".join(words[:52])
    true = len(shingles(a) & shingles(b)) / len(shingles(a) | shingles(b))
    left, right = signature(a), signature(b)
    assert left is not None
    assert right is not None
    assert abs(similarity(left, right) - true) < 0.15


def test_a_text_of_a_few_words_is_nobodys_template() -> None:
    assert signature("Poglej to: https://a.example/") is None
