"""What the recipient's server found about a mail's sender (RFC 8601): only a failure is a fact.

Passing proves nothing: whoever registers a lookalike signs its mail properly. Forwarding breaks
SPF and lists break DKIM, so each failure weighs little and DMARC alone a little more.
"""

from collections.abc import Iterable

from zvon.assess.reason import reason
from zvon.ml.evidence import Weights
from zvon.model.report import Message
from zvon.model.verdict import Reason


def authentication(weights: Weights, message: Message) -> Iterable[Reason]:
    """The failed checks as one reason, as strong as the strongest of them."""
    failed = {each.method for each in message.auth
              if each.result == "fail" or (each.method == "spf" and each.result == "softfail")}  # fmt: skip
    if failed:
        grade = "dmarc" if "dmarc" in failed else "other"
        names = ", ".join(sorted(method.upper() for method in failed))
        yield reason(weights, "AUTH_FAIL", grade, source="mail", methods=names)
