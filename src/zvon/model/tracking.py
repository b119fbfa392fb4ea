"""Query parameters that mark one person or one click, and therefore never identify a page."""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from urllib.parse import unquote_plus

# Click and campaign marks of known systems: the name alone decides.
MARKS = frozenset({
    "gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "yclid", "twclid", "ttclid",
    "igshid", "igsh", "mc_cid", "mc_eid", "_hsenc", "_hsmi", "mkt_tok", "vero_id", "oly_enc_id",
    "oly_anon_id", "rb_clickid", "s_cid", "wickedid", "ml_subscriber", "ml_subscriber_hash",
})  # fmt: skip
MARK_PREFIXES = ("utm_", "mtm_", "pk_", "hsa_")

# Names that hold a person's token when the value looks like one.
TOKENS = frozenset({
    "a", "c", "cid", "click", "clickid", "client", "code", "customer", "e", "em", "email", "eml",
    "h", "hash", "i", "id", "k", "key", "l", "lead", "login", "m", "mail", "n", "p", "phone", "q",
    "r", "rcpt", "ref", "s", "sid", "sub", "subid", "t", "tel", "tid", "token", "track", "tracking",
    "trk", "u", "uid", "user", "userid", "username", "v", "victim", "x", "z",
})  # fmt: skip

_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_CODE = re.compile(r"(?=[^0-9]*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_-]{4,}")
_LONG = re.compile(r"[A-Za-z0-9_-]{16,}|[0-9]{6,}")


def is_tracking(key: str, value: str) -> bool:
    """True when the parameter marks a person or a click. `key` and `value` as in the query."""
    name = unquote_plus(key).strip().lower()
    if name in MARKS or name.startswith(MARK_PREFIXES):
        return True
    plain = unquote_plus(value).strip()
    if mail_in(plain) is not None:
        return True
    return name in TOKENS and bool(_CODE.fullmatch(plain) or _LONG.fullmatch(plain))


def mail_in(value: str) -> str | None:
    """The e-mail address that `value` is, plain or in base64, else `None`."""
    if _MAIL.fullmatch(value):
        return value
    if not _BASE64.fullmatch(value):
        return None
    body = value.rstrip("=").translate({ord("-"): "+", ord("_"): "/"})
    try:
        text = b64decode(body + "=" * (-len(body) % 4), validate=True).decode()
    except (Base64Error, UnicodeDecodeError, ValueError):
        return None
    return text if _MAIL.fullmatch(text) else None
