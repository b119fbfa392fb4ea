"""Why a partner's feed or entry stands still, in the reader's language."""

from typing import Literal

from zvon.locale import Translator


def explain(translator: Translator, what: Literal["PEER", "ENTRY"], problem: str) -> str:
    """The sentence for a stored problem `CODE: detail`; the detail follows it as it was written.

    `what` is `PEER` for `peer.error` and `peer.state_reason`, `ENTRY` for `feed_entry.problem`.
    A problem without a code of the catalogue is shown as it is.
    """
    code, _, detail = problem.partition(":")
    msgid = f"{what}_{code}"
    sentence = translator.text(msgid)
    if sentence == msgid:
        return problem
    return f"{sentence} ({detail.strip()})" if detail.strip() else sentence
