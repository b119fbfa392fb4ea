"""Attack 4: what two groups, or two epochs, hold is joined on the pseudonyms."""

import re
from collections.abc import Collection, Iterable

from zvon.privacy.attack.finding import Finding, none_allowed
from zvon.privacy.pseudonym import CHECK, LENGTH

_CODE = re.compile(rf"(?<![0-9a-z])[0-9a-z]{{{LENGTH + CHECK}}}(?![0-9a-z])")


def join(first: Collection[str], second: Collection[str]) -> Finding:
    """How many pseudonyms, or codes inside them, stand on both sides.

    A single one is too many; by chance two codes of 60 bits are alike once in 2**60 pairs.
    """
    here, there = set(_parts(first)), set(_parts(second))
    both = here & there
    return none_allowed(
        "join", len(both), min(len(here), len(there)), len(here) * len(there) / 2**60,
        first=len(here), second=len(there),
    )  # fmt: skip


def _parts(tokens: Iterable[str]) -> Iterable[str]:
    """Each pseudonym, and each code in it: a mail's owner is a host's owner, too."""
    for token in tokens:
        yield token
        yield from _CODE.findall(token)
