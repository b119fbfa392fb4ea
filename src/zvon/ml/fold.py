"""Text as the eye takes it: look-alike letters, accents and digits that stand for letters."""

import re
import unicodedata
from functools import lru_cache

import idna

# Letters that print like Latin ones and that accent folding leaves alone (a part of Unicode TR 39:
# Cyrillic, Greek, Armenian, small capitals, and Latin letters with a stroke or a hook).
LOOKALIKE = str.maketrans(
    "авгеєёіїјкӏмнорсѕтухүһԁԍԛԝьпизοαβεικνρτυχηωγɑɡɩɪʏօոսհցʟ"
    "ѵѡқҝңԋҽӿδσςμλ"
    "ᴀʙᴄᴅᴇꜰɢʜᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡᴢ"
    "ðħŧƀɓƈɖɗɛɠɦɨʝƙɫɭɱɲɳɵƥɼɽɾʂƭʈʉʋƴʐƶ",
    "abreeeiijklmhopcstyxyhdgqwbnu3oabeikvptuxnwyagiiyonuhgl"
    "vwkkhhexdooua"
    "abcdefghjklmnoprstuvwz"
    "dhtbbcddeghijkllmnnoprrrsttuvyzz",
)
SPECIAL = str.maketrans({"đ": "d", "ł": "l", "ı": "i", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe"})
LEET = str.maketrans("0134578$", "oieastbs")
LEET_L = str.maketrans("0134578$", "oleastbs")
# Two letters that print like one in many typefaces.
PAIRS = (("rn", "m"), ("vv", "w"))


def accents(text: str) -> str:
    """Lower case without accents; `đ` becomes `d`. A háček is no attack, so this is kept apart."""
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.casefold().translate(SPECIAL))
    return "".join(char for char in parts if not unicodedata.combining(char))


def skeleton(text: str) -> str:
    """`text` with look-alike letters of other scripts as the Latin letters that they imitate."""
    return text if text.isascii() else text.casefold().translate(LOOKALIKE)


def unleet(token: str) -> tuple[str, ...]:
    """The other readings of a token, itself left out: digits and pairs that stand for a letter."""
    forms: tuple[str, ...] = ()
    if not token.isalpha():
        if token.isdigit():
            return ()
        forms = (token.translate(LEET), token.translate(LEET_L))
    elif "rn" not in token and "vv" not in token:
        return ()
    for pair, letter in PAIRS:
        if pair in token:
            forms = (*forms, *(form.replace(pair, letter) for form in (token, *forms)))
    return tuple(form for form in dict.fromkeys(forms) if form != token)


@lru_cache(maxsize=65536)
def label(text: str) -> tuple[str, bool]:
    """A DNS label as it is read, folded, and whether its `xn--` form is ill-formed.

    An ill-formed label is read up to the longest part that decodes: `xn--pota-h6a-si` gives
    `posta-si`, because that is what its maker wanted to say.
    """
    if not text.startswith("xn--"):
        return accents(skeleton(text)), False
    try:
        return accents(skeleton(idna.decode(text))), False
    except (idna.IDNAError, UnicodeError):
        pieces = text.split("-")
        for stop in range(len(pieces), 2, -1):
            try:
                head = idna.decode("-".join(pieces[:stop]))
            except (idna.IDNAError, UnicodeError):
                continue
            return accents(skeleton("-".join([head, *pieces[stop:]]))), True
        return text[4:], True


TOKEN = re.compile(r"[^a-z0-9$]+")


def tokens(text: str) -> list[str]:
    """The letters-and-digits words of a folded text."""
    return [token for token in TOKEN.split(text) if token]


def in_place(text: str) -> str:
    """`text` folded letter by letter, so that every place in it is the same place in `text`."""
    if text.isascii():
        return text.lower()
    return "".join(accents(char)[:1] or char for char in text)
