"""Addresses that only carry another one: mail filters and redirects of big platforms."""

import re
from urllib.parse import parse_qs, unquote

from zvon.model import url

# Host ending, path beginning, and the parameter that holds the real address.
_WRAPPERS = (
    ("safelinks.protection.outlook.com", "/", "url"),
    ("www.google.com", "/url", "q"),
    ("www.google.com", "/url", "url"),
    ("l.facebook.com", "/l.php", "u"),
    ("lm.facebook.com", "/l.php", "u"),
    ("l.instagram.com", "/", "u"),
    ("www.youtube.com", "/redirect", "q"),
    ("out.reddit.com", "/", "url"),
    ("slack-redir.net", "/link", "url"),
    ("linkprotect.cudasvc.com", "/url", "a"),
)


def unwrap(text: str) -> str | None:
    """The canonical address inside the wrapper `text` (canonical itself), or `None`."""
    outer = url.parse(text)
    inner = _inner(outer)
    if inner is None:
        return None
    try:
        return url.canonical(inner)
    except url.BadUrl:
        return None


def _inner(outer: url.Url) -> str | None:
    if outer.host == "urldefense.proofpoint.com":
        value = parse_qs(outer.query or "", max_num_fields=50).get("u", [""])[0]
        return unquote(value.replace("-", "%").replace("_", "/")) or None
    if outer.host == "urldefense.com":
        found = re.match(r"/v3/__(.+?)__;", str(outer)[len(f"https://{outer.authority}") :])
        return found[1] if found else None
    for host, path, parameter in _WRAPPERS:
        if (outer.host == host or outer.host.endswith("." + host)) and outer.path.startswith(path):
            try:
                values = parse_qs(outer.query or "", max_num_fields=50).get(parameter)
            except ValueError:
                return None
            if values and "://" in values[0]:
                return values[0]
    return None
