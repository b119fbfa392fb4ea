"""The correlation's reasons as sentences: why groups belong together, why an incident stands high."""

from collections.abc import Iterable
from datetime import timedelta

from babel.dates import format_timedelta

from zvon.locale import Translator
from zvon.locale.sentence import sentence

GAP = "gap_s"


def explain(
    translator: Translator, code: str, params: Iterable[tuple[str, str | int | float]]
) -> str:
    """The sentence of a code of the catalogue `correlate`; `gap_s` is said as a duration."""
    filled: dict[str, str | int] = {}
    for key, value in params:
        if key == GAP:
            # Whole minutes above two: nobody acts on the seconds of an hour.
            filled["gap"] = format_timedelta(
                timedelta(seconds=round(float(value))), threshold=2, format="short",
                locale=translator.lang,
            )  # fmt: skip
        elif isinstance(value, float) or (isinstance(value, int) and key != "n"):
            filled[key] = translator.number(value)
        else:
            filled[key] = value
    return sentence(translator, code, filled)
