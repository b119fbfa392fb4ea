"""Values of attackers, which must stay: invented, and unlike any other."""

import hashlib
from random import Random

from stdnum.iban import calc_check_digits

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_INDICATORS = {
    "a_url": "https://{}-prijava.test/nalog", "a_mail": "obvestilo@{}-posta.test",
    "a_domain": "{}-trg.test",
}  # fmt: skip


def indicators(dice: Random) -> dict[str, str]:
    """One value of every kind that an attacker may have, by the name that templates know."""
    word = "".join(dice.choice("bcdfghjklmnpqrstvwxz") for _ in range(7))
    return {key: form.format(word) for key, form in _INDICATORS.items()} | {
        "a_ip": f"185.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}",
        "a_phone": f"+23480{dice.randrange(10**8):08d}",
        "a_iban": foreign_account(dice),
        "a_hash": dice.randbytes(32).hex(),
        "a_file": f"racun_{word}.exe",
        "a_wallet": wallet(dice),
    }


def foreign_account(dice: Random) -> str:
    """A Lithuanian account that does not exist."""
    body = "".join(str(dice.randrange(10)) for _ in range(16))
    return f"LT{calc_check_digits('LT00' + body)}{body}"


def wallet(dice: Random) -> str:
    """A Bitcoin address (Base58Check) of a random hash."""
    payload = b"\x00" + dice.randbytes(20)
    payload += hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, out = int.from_bytes(payload), ""
    while number:
        number, rest = divmod(number, 58)
        out = _BASE58[rest] + out
    return "1" * (len(payload) - len(payload.lstrip(b"\0"))) + out
