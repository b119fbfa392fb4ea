"""The seven re-identification attacks on what one run released to two groups in two epochs."""

from collections.abc import Mapping, Sequence
from random import Random

from msgspec import Struct

from zvon.privacy.attack.dictionary import dictionary
from zvon.privacy.attack.differencing import differencing
from zvon.privacy.attack.finding import Finding
from zvon.privacy.attack.join import join
from zvon.privacy.attack.mapping import known_mapping
from zvon.privacy.attack.planted import residue
from zvon.privacy.attack.quasi import Quasi, generalised, quasi_identifiers
from zvon.privacy.attack.rank import frequency_rank
from zvon.privacy.residue import Original

MOST_KNOWN = 20


class Shared(Struct, frozen=True, kw_only=True):
    """What one group and epoch got: pseudonyms as often as they stood, and the originator's vault."""

    seen: tuple[str, ...]
    vault: Mapping[str, str]


def attacks(
    first: Shared, other_group: Shared, next_epoch: Shared, *, outputs: Sequence[str],
    planted: Sequence[Original], rows: Sequence[Quasi], names: Sequence[str],
    with_one: Sequence[float], without: Sequence[float], epsilon: float, dice: Random,
) -> list[Finding]:  # fmt: skip
    """All seven, in the order of their numbers.

    `rows` are what releases would say of victims beside their values, `with_one` and `without`
    repeated publications of one counter, `names` what an attacker could take for a key.
    """
    pairs = [(original, token) for token, original in first.vault.items()]
    dice.shuffle(pairs)
    later = {original: token for token, original in next_epoch.vault.items()}
    truth = {token: later[original] for token, original in first.vault.items() if original in later}
    return [
        known_mapping(pairs, known=min(MOST_KNOWN, len(pairs) // 4)),
        frequency_rank(first.seen, next_epoch.seen, truth),
        dictionary(pairs, names),
        join(first.seen, other_group.seen),
        quasi_identifiers(generalised(rows)),
        residue(outputs, planted),
        differencing(with_one, without, epsilon),
    ]
