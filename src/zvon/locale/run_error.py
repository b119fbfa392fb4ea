"""Why a step or a run did not work, as a sentence."""

import re

from zvon.locale import Translator

PREFIX = "RUN_ERROR_"
_CODE = re.compile(r"(?:(R-\d\d-\d+): )?([A-Z][A-Z_]*)(?: (.*))?", re.DOTALL)


def explain(translator: Translator, error: str) -> str:
    """The sentence of `CODE detail`, with the number of a run in front of it when it was its error.

    What has no code of the catalogue `run` (a server's answer, a person's reason) stays as it is.
    """
    found = _CODE.fullmatch(error)
    if found is None or PREFIX + found[2] not in translator:
        return error
    number, code, detail = found.groups()
    said = translator.text(PREFIX + code)
    return f"{number + ': ' if number else ''}{said}{': ' + detail if detail else ''}"
