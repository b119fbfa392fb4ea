"""International bank account numbers (ISO 13616)."""

import re
from functools import cache

from stdnum import iban
from stdnum.exceptions import ValidationError
from stdnum.numdb import get as registry


class BadIban(ValueError):
    """The text is no account number."""


def canonical(text: str) -> str:
    """The compact form, check digits and the country's structure verified. Raises `BadIban`."""
    try:
        return str(iban.validate(text))
    except ValidationError as problem:
        raise BadIban(str(problem)) from None


@cache
def length(country: str) -> int | None:
    """How many characters a number of `country` (two letters) has, or `None` when it has none."""
    _, facts = registry("iban").info(country)[0]
    structure = facts.get("bban")
    if structure is None:
        return None
    return 4 + sum(int(n) for n in re.findall(r"[0-9]+", structure))
