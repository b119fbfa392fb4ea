"""How a category is called in the Reference Security Incident Taxonomy (RSIT, CC0)."""

from zvon.model.verdict import Category

BY_CATEGORY: dict[Category, tuple[str, ...]] = {
    Category.PHISHING: ("fraud/phishing",),
    Category.FAKE_SHOP: ("fraud/masquerade",),
    Category.SCAM: ("information-gathering/social-engineering",),
    Category.MALWARE: ("malicious-code/malware-distribution",),
    Category.COMPROMISED_SITE: ("intrusions/application-compromise", "fraud/phishing"),
    Category.SIMULATION: ("test/test",),
    Category.BENIGN: (),
    Category.UNSURE: (),
}


def rsit(category: Category) -> tuple[str, ...]:
    """Give `classification/type` words, the main one first; empty when nothing happened."""
    return BY_CATEGORY[category]
