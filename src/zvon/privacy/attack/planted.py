"""Attack 6: what was planted is looked for in all that came out, under every spelling and code."""

from collections import Counter
from collections.abc import Iterable, Sequence

from zvon.privacy.attack.finding import Finding, none_allowed
from zvon.privacy.residue import Needles, Original, scan


def residue(outputs: Iterable[str], planted: Sequence[Original]) -> Finding:
    """How many outputs hold a planted value; one is too many. `detail` counts kinds and forms."""
    needles = Needles(planted)
    kinds: Counter[str] = Counter()
    hits = trials = 0
    for output in outputs:
        trials += 1
        found = scan(output, (), needles).hits
        hits += bool(found)
        kinds.update(f"{hit.kind} ({hit.form})" for hit in found)
    return none_allowed("residue", hits, trials, planted=len(planted), kinds=dict(kinds))
