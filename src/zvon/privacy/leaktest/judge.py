"""What came out of the doors, searched for what was planted."""

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from msgspec import Struct

from zvon.privacy.carrier.final import readings
from zvon.privacy.leaktest.pictures import NEEDS, read_codes
from zvon.privacy.leaktest.plant import Planted
from zvon.privacy.residue import Original, scan


class Leak(Struct, frozen=True, kw_only=True):
    """A secret that came out: its kind, its carrier, the door, the form; never the value."""

    item: str
    kind: str
    carrier: str
    door: str
    form: str


class Matrix:
    """Counts over many items: tried and leaked by kind, carrier and door; indicators; what was held."""

    def __init__(self) -> None:
        self.tried: Counter[tuple[str, str, str]] = Counter()
        self.leaks: list[Leak] = []
        self.indicators: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()
        self.outcomes: Counter[tuple[str, str]] = Counter()

    def take(
        self, item: Planted, door: str, status: str, files: Mapping[str, bytes], *,
        counts: bool = True,
    ) -> None:  # fmt: skip
        """Add what one item became at one door; `files` are the bytes that left, by name.

        Without `counts` no indicator is expected in them: a ledger says how many, not which.
        """
        self.outcomes[door, status] += 1
        for secret in item.secrets:
            self.tried[secret.kind, item.carrier, door] += 1
        if not files:
            return
        self.leaks += judge(item, door, files)
        if not counts:
            return
        left = "\n".join(text for name, body in files.items() for text in readings(name, body))
        plain = left.replace("[.]", ".").replace("\\/", "/")
        for value in item.indicators:
            self.indicators[door] += 1
            self.kept[door] += value in plain


def judge(item: Planted, door: str, files: Mapping[str, bytes]) -> list[Leak]:
    """The secrets of an item that are in the bytes that left, in any spelling."""
    texts = ["\n\x00\n".join(_read(name, body)) for name, body in files.items()]
    found = []
    for secret in item.secrets:
        original = [Original(secret.text, secret.kind)]
        hit = next((hit for text in texts for hit in scan(text, original).hits), None)
        if hit is not None:
            found.append(
                Leak(item=item.id, kind=secret.kind, carrier=item.carrier, door=door, form=hit.form)
            )
    return found


def _read(name: str, body: bytes) -> Iterator[str]:
    """All texts of a file, with what the codes of a picture say."""
    yield from readings(name, body)
    if name.endswith((".png", ".jpg")) and all(map(find_spec, NEEDS)):
        yield from read_codes(body)
