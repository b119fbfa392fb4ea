"""What a request says of the visitor: kits show their page to victims and an empty one to others."""

from zvon.collect.fetch.inflate import ACCEPTED
from zvon.model.page import Vantage

_CHROME = "156.0.0.0"
_AGENTS = {
    Vantage.PLAIN: f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{_CHROME} Safari/537.36",
    Vantage.DESKTOP: f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{_CHROME} Safari/537.36",
    Vantage.PHONE: f"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{_CHROME} Mobile Safari/537.36",
}  # fmt: skip
_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
_LANGUAGES = {
    "SI": "sl-SI,sl;q=0.9,en;q=0.7",
    "HR": "hr-HR,hr;q=0.9,en;q=0.7",
}


def agent(vantage: Vantage) -> str:
    """The user agent that a visitor of this kind sends."""
    return _AGENTS[vantage]


def headers(vantage: Vantage, country: str = "SI", referrer: str | None = None) -> dict[str, str]:
    """The headers of such a visitor from `country` (two letters), in a browser's order."""
    found = {
        "User-Agent": agent(vantage),
        "Accept": _ACCEPT,
        "Accept-Language": _LANGUAGES.get(country, "en-GB,en;q=0.9,sl;q=0.6,hr;q=0.6"),
        "Accept-Encoding": ACCEPTED,
        "Upgrade-Insecure-Requests": "1",
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Site": "cross-site" if referrer else "none",
        "Sec-Fetch-User": "?1",
    }
    if referrer:
        found["Referer"] = referrer
    return found
