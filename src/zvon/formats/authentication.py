"""What the recipient's own server found about the origin of a mail (RFC 8601, RFC 7208).

A sender may write such fields too. Those count that name the recipient's network, or the server
that took the mail from outside and wrote the topmost `Received`.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from zvon.model import suffix
from zvon.model.name import BadName, canonical
from zvon.model.report import AuthResult

MAX_RESULTS = 20
# Its servers leave their own name out of the field, and put it above all others.
NAMELESS = "outlook.com"

_COMMENT = re.compile(r"\([^()]{0,500}\)")
_METHOD = re.compile(r"(?i)^\s*(spf|dkim|dmarc)(?:/[0-9]+)?\s*=\s*([a-z]{3,12})\b")
_DOMAIN = {
    "spf": re.compile(r"(?i)\bsmtp\.(?:mailfrom|helo)\s*=\s*\"?([^\s;\"]{1,320})"),
    "dkim": re.compile(r"(?i)\bheader\.(?:d|i)\s*=\s*\"?([^\s;\"]{1,320})"),
    "dmarc": re.compile(r"(?i)\bheader\.from\s*=\s*\"?([^\s;\"]{1,320})"),
}
_RECEIVED_SPF = re.compile(r"(?i)^\s*(pass|fail|softfail|neutral|none|temperror|permerror)\b")
_ENVELOPE = re.compile(r"(?i)\benvelope-from=\"?<?([^\s;>\"]{3,320})")
_RECEIVER = re.compile(r"(?i)\breceiver=\"?([^\s;\"]{1,255})")


def results(
    fields: Sequence[str], received_spf: Sequence[str], trusted: Collection[str]
) -> tuple[AuthResult, ...]:
    """The findings in the values of `Authentication-Results` and `Received-SPF`, each once.

    `trusted` are registered names of those whose word counts; a field of anybody else, or of
    nobody, is left out.
    """
    found: list[AuthResult] = []
    for place, field in enumerate(fields[:50]):
        flat = _COMMENT.sub(" ", " ".join(field[:4000].split()))
        server, _, rest = flat.partition(";")
        if _METHOD.match(server):
            if place == 0 and NAMELESS in trusted:
                found += _read(flat)
        elif _ours(server.split()[0] if server.split() else "", trusted):
            found += _read(rest)
    if not any(each.method == "spf" for each in found):
        for field in received_spf[:50]:
            receiver, word = _RECEIVER.search(field), _RECEIVED_SPF.match(field)
            if word and receiver and _ours(receiver[1], trusted):
                envelope = _ENVELOPE.search(field)
                found.append(AuthResult(method="spf", result=word[1].lower(),
                                        domain=_domain(envelope[1]) if envelope else None))  # fmt: skip
    return tuple(dict.fromkeys(found))[:MAX_RESULTS]


def _read(rest: str) -> Iterator[AuthResult]:
    for part in rest.split(";")[:MAX_RESULTS]:
        method = _METHOD.match(part)
        if method is None:
            continue
        name = method[1].lower()
        domain = _DOMAIN[name].search(part)
        yield AuthResult(
            method=name, result=method[2].lower(), domain=_domain(domain[1]) if domain else None
        )


def _ours(server: str, trusted: Collection[str]) -> bool:
    name = _domain(server)
    return name is not None and (suffix.registered(name) or name) in trusted


def _domain(text: str) -> str | None:
    try:
        return canonical(text.rpartition("@")[2].strip("<>"))
    except BadName:
        return None
