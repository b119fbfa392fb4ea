"""The title of an incident, as a message code and its parameters."""

from collections.abc import Sequence

from zvon.model.advice import NameAdvice
from zvon.model.brand import Registry, shipped
from zvon.model.verdict import Category, Verdict, VerdictWord


def title(
    verdict: Verdict, names: Sequence[NameAdvice], registry: Registry | None = None
) -> tuple[str, dict[str, str | int]]:
    """A code of the catalogue `reasons`, and what it needs."""
    name = names[0].name if names else ""
    known = (registry or shipped()).by_id
    brand = known[verdict.brand].name if verdict.brand in known else ""
    match verdict.word, verdict.category:
        case VerdictWord.UNDETERMINED, _:
            return "TITLE_UNDETERMINED", {}
        case _, Category.SCAM:
            return "TITLE_SCAM", {}
        case _, Category.FAKE_SHOP if name:
            return "TITLE_FAKE_SHOP", {"name": name}
        case _, Category.COMPROMISED_SITE if name:
            return "TITLE_COMPROMISED", {"name": name}
        case VerdictWord.SUSPICIOUS, _:
            return "TITLE_SUSPICIOUS", {}
        case _ if brand:
            return "TITLE_PHISHING_BRAND", {"brand": brand}
    return "TITLE_PHISHING", {}
