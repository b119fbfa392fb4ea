"""RSIT words for categories."""

from zvon.model.rsit import BY_CATEGORY, rsit
from zvon.model.verdict import Category


def test_every_category_has_its_words() -> None:
    assert set(BY_CATEGORY) == set(Category)
    assert rsit(Category.COMPROMISED_SITE)[0] == "intrusions/application-compromise"
    assert rsit(Category.BENIGN) == ()
