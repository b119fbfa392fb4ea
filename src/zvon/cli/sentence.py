"""What the command line says, in the language of the node."""

from collections.abc import Callable

Sentence = Callable[..., str]


def sentences(lang: str) -> Sentence:
    """A function from an English sentence and its values to the sentence in `lang`.

    English needs no catalogue, so that a process that speaks English stays small.
    """
    if lang == "en":
        return lambda text, **values: text.format(**values)
    from zvon.locale import translator

    return translator(lang).text
