"""Attacks on what was released: each is a function over released material and says how it fared."""

from zvon.privacy.attack.dictionary import dictionary
from zvon.privacy.attack.differencing import differencing
from zvon.privacy.attack.finding import Finding
from zvon.privacy.attack.join import join
from zvon.privacy.attack.mapping import known_mapping
from zvon.privacy.attack.planted import residue
from zvon.privacy.attack.quasi import Quasi, generalised, quasi_identifiers
from zvon.privacy.attack.rank import frequency_rank

__all__ = [
    "Finding", "Quasi", "dictionary", "differencing", "frequency_rank", "generalised", "join",
    "known_mapping", "quasi_identifiers", "residue",
]  # fmt: skip
