"""Where a page sends its visitor by itself: a refresh (WHATWG HTML, 4.2.5.3), or a script's line."""

import re

from zvon.formats.page.document import document

MAX_DELAY_S = 60.0
MAX_CONTENT = 9000
_REFRESH = re.compile(
    r"\s*(\d*(?:\.\d*)?)(?:\s*[;,]|\s|(?=\s*url))\s*(?:url\s*=)?\s*([\"']?)(\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_LOCATION = re.compile(
    r"(?<![\w.])(?:(?:window|document|top|self|parent)\s*\.\s*)?location\s*"
    r"(?:(?:\.\s*href\s*)?=(?!=)|\.\s*(?:replace|assign)\s*\()\s*"
    r"(?P<quote>[\"'])(?P<url>[^\"'\s\\]{1,2000})(?P=quote)"
)


def refresh(header: str, body: bytes, charset: str | None = None) -> str:
    """The address that the `Refresh` header or the page's own refresh leads to, or an empty text.

    A refresh after more than a minute, or of the page itself, leads nowhere.
    """
    found = _target(header)
    if found or b"refresh" not in body[:200_000].lower():
        return found
    page = document(body, charset)
    for node in page.css("meta[http-equiv]")[:20]:
        attributes = node.attributes
        if (attributes.get("http-equiv") or "").strip().lower() == "refresh":
            found = _target(attributes.get("content") or "")
            if found:
                return found
    return ""


def _target(content: str) -> str:
    part = _REFRESH.match(content[:MAX_CONTENT].strip())
    if part is None:
        return ""
    delay, quote, rest = part[1], part[2], part[3]
    try:
        if float(delay or 0) > MAX_DELAY_S:
            return ""
    except ValueError:
        return ""
    if quote:
        rest = rest.partition(quote)[0]
    return rest.strip()[:8192]


def scripted(script: str) -> str | None:
    """The address that a script's plain `location = "…"` names; it is read, never run."""
    for found in _LOCATION.finditer(script[:500_000]):
        target = found["url"]
        if not target.startswith(("#", "javascript:", "data:")):
            return target
    return None
