"""What the receiving server said of a mail's sender (RFC 8601): only a failure is a fact.

Passing proves nothing: whoever registers a lookalike signs its mail properly. Forwarding breaks
SPF and lists break DKIM, so each failure weighs little and DMARC alone a little more.
"""

import re
from collections.abc import Iterable

from zvon.assess.reason import reason
from zvon.ml.evidence import Weights
from zvon.model.report import Message
from zvon.model.verdict import Reason

_RESULT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]+)", re.IGNORECASE)
_FIELDS = frozenset({"authentication-results", "arc-authentication-results"})


def results(message: Message) -> dict[str, str]:
    """`spf`, `dkim` and `dmarc`, each with the result of the server nearest to the victim."""
    found: dict[str, str] = {}
    for name, value in message.headers:
        if name.lower() in _FIELDS:
            for method, result in _RESULT.findall(value):
                found.setdefault(method.lower(), result.lower())
        elif name.lower() == "received-spf":
            found.setdefault("spf", value.split(maxsplit=1)[0].lower() if value.split() else "")
    return found


def authentication(weights: Weights, message: Message) -> Iterable[Reason]:
    """The failed checks as one reason, as strong as the strongest of them."""
    failed = {method for method, result in results(message).items()
              if result == "fail" or (method == "spf" and result == "softfail")}  # fmt: skip
    if failed:
        grade = "dmarc" if "dmarc" in failed else "other"
        names = ", ".join(sorted(method.upper() for method in failed))
        yield reason(weights, "AUTH_FAIL", grade, source="mail", methods=names)
