"""What the scripts of a page give away when they are read and not run."""

import hashlib
import re

from msgspec import Struct

from zvon.formats.page.onward import scripted
from zvon.model.suffix import registered
from zvon.model.url import BadUrl, parse

MAX_SCRIPT = 500_000
MOST = 20
MADE_NAMES = 5

_PATTERNS = tuple((word, re.compile(text)) for word, text in (
    ("packed", r"eval\s*\(\s*function\s*\(\s*p\s*,\s*a\s*,\s*c\s*,\s*k"),
    ("eval", r"\beval\s*\(|\bnew\s+Function\s*\("),
    ("atob", r"\batob\s*\("),
    ("unescape", r"\b(?:unescape|decodeURIComponent)\s*\(\s*[\"'](?:%[0-9a-fA-F]{2}){8}"),
    ("char-codes", r"fromCharCode\s*\(\s*(?:\d+\s*,\s*){6}"),
    ("blob", r"[\"'][A-Za-z0-9+/=]{4000}"),
    ("document-write", r"document\s*\.\s*write(?:ln)?\s*\("),
    ("bot-check", r"navigator\s*\.\s*webdriver|HeadlessChrome|callPhantom|__nightmare|_selenium"),
    ("agent-check", r"userAgent[\s\S]{0,200}?(?:Android|iPhone|iPad|Mobile|mobile|android|iphone)"),
    ("no-inspect", r"contextmenu[\s\S]{0,200}?preventDefault|keyCode\s*={2,3}\s*123|\bdebugger\b[\s\S]{0,100}?setInterval"),
    ("script-password", r"type\\?[\"']?\s*[=:,]\s*\\?[\"']password|[\"']type[\"']\s*,\s*[\"']password"),
    ("script-form", r"createElement\s*\(\s*[\"'](?:form|input)[\"']|[\"'`]\s*<(?:form|input)\b"),
    ("service-worker", r"serviceWorker\s*\.\s*register"),
    ("clipboard", r"clipboard\s*\.\s*writeText|execCommand\s*\(\s*[\"']copy"),
    ("key-log", r"(?:keypress|keydown|keyup|oninput)[\s\S]{0,300}?(?:fetch\s*\(|XMLHttpRequest|sendBeacon|\$\.(?:post|ajax))"),
    ("iban-check", r"\bIBAN\b[\s\S]{0,100}?(?:test|match)\s*\("),
    ("card-check", r"\bluhn\b|(?:card|cc)[-_ ]?number[\s\S]{0,200}?(?:replace|match|test)\s*\("),
))  # fmt: skip
_MADE = re.compile(r"\b_0x[0-9a-f]{4,8}")
_ESCAPE = re.compile(r"\\x[0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|%[0-9a-fA-F]{2}")
_SENDS = re.compile(
    r"(?:fetch|axios(?:\.post)?|sendBeacon|\$\.(?:post|ajax|get|getJSON)|open)\s*\(\s*"
    r"(?:\{[^{}]{0,200}?url\s*:\s*|[\"'](?:POST|GET|PUT)[\"']\s*,\s*)?[\"'`](https?://[^\"'`\s\\]{4,500})"
)
_TOKENS = re.compile(
    r"api\.telegram\.org/bot(\d{6,12}:[A-Za-z0-9_-]{30,50})"
    r"|(?<![\w:])(\d{8,10}:AA[A-Za-z0-9_-]{30,40})(?![\w-])"
    r"|discord(?:app)?\.com/api/webhooks/(\d{15,22}/[\w-]{50,90})"
    r"|hooks\.slack\.com/services/(T\w{6,12}/B\w{6,12}/\w{20,30})"
)


class Told(Struct, frozen=True, kw_only=True):
    """Words for habits, hosts that are sent to, hashes of tokens, and where the script leads."""

    hints: tuple[str, ...]
    sends: tuple[str, ...]
    secrets: tuple[str, ...]
    onward: str | None


def told(script: str, host: str) -> Told:
    """Read the text of all inline scripts of a page at `host`."""
    script = script[:MAX_SCRIPT]
    hints = {word for word, pattern in _PATTERNS if pattern.search(script)}
    if len(set(_MADE.findall(script))) >= MADE_NAMES:
        hints.add("made-names")
    if len(script) > 500 and sum(len(e) for e in _ESCAPE.findall(script)) > 0.3 * len(script):
        hints.add("escaped")
    return Told(
        hints=tuple(sorted(hints)),
        sends=_sends(script, host),
        secrets=secrets(script),
        onward=scripted(script),
    )


def _sends(script: str, host: str) -> tuple[str, ...]:
    own = registered(host) or host
    found: dict[str, None] = {}
    for match in _SENDS.finditer(script):
        try:
            url = parse(match[1])
        except BadUrl:
            continue
        if (registered(url.host) or url.host) != own and len(found) < MOST:
            found[url.host] = None
    return tuple(sorted(found))


def secrets(text: str) -> tuple[str, ...]:
    """Hashes (hex) of the tokens of messengers in `text`: the same token gives the same hash.

    A token has over 200 random bits, so nobody gets it back from its hash.
    """
    found = {next(token for token in match.groups() if token) for match in _TOKENS.finditer(text)}
    return tuple(sorted(
        hashlib.blake2b(token.encode(), digest_size=16, person=b"zvon kit token").hexdigest()
        for token in found
    ))[:MOST]  # fmt: skip
