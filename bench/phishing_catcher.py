"""The published scoring rules of phishing_catcher, written anew for comparison.

The words and weights are facts read from its `suspicious.yaml` (commit 14b564e), arranged by
weight; no code of it is used, because it is under the GPL. It was made for certificate names: its
score for a URL is that of the host. A certificate of one issuer adds 10 there, which a name alone
cannot tell. `BANDS` are its own words for the scores.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping

from rapidfuzz.distance import Levenshtein

from zvon.ml import fold
from zvon.model.suffix import public_suffix

BANDS = ((100, "suspicious"), (90, "likely"), (80, "possible"), (65, "potential"))
REPORTED = 65
STRONG = 70
TLD_POINTS = 20
PLAIN_WORDS = frozenset({"email", "mail", "cloud"})

KEYWORDS: Mapping[str, int] = {
    word: weight
    for weight, words in {
        10: "secure customer client bill online safe form confirmation gitlab",
        15: "live office service manage portal invoice bank drive",
        20: "confirm pay github jira",
        25: "login log-in sign-in signin verification webscr password credential support activity"
        " security update authorize wallet alert purchase transaction recover unlock",
        30: "account verify authentication authenticate apple windows -com. .net- .org- .com- .net."
        " .org. .com. .gov- .gov.",
        40: "youtube .gouv- -gouv- .gouv.",
        45: "onedrive",
        50: "itunes office365 kraken barclays hsbc rakuten hulu cgi-bin suivi laposte",
        60: "icloud iforgot microsoft tutanota hotmail outlook yahoo google yandex twitter facebook"
        " tumblr reddit linkedin instagram flickr whatsapp poloniex bithumb bitstamp bittrex"
        " bitflyer coinbase hitbtc lakebtc bitfinex bitconnect coinsbank moneygram westernunion"
        " bankofamerica wellsfargo citigroup santander morganstanley scottrade ameritrade"
        " merilledge amazon overstock alibaba aliexpress ebay skype dropbox docomo",
        70: "appleid protonmail gmail localbitcoin coinhive blockchain paypal leboncoin netflix",
    }.items()
    for word in words.split()
}
_TLDS = """
accountant accountants agency airforce army asia band bank bid bike blackfriday blue
business cafe cam casa cc center cf christmas click cloud club country creditcard cricket
cymru date desi diet download email equipment eus express faith fun futbol ga gb gdn gq
help hospital host immo info institute jetzt kim life limited link loan lol ltda men ml
mom nagoya navy network one online organic party press promo pub pw racing red reise
reisen ren repair review rodeo ryukyu schule science services shop site soccer soy space
store stream study support systems tech technology tk today tokyo top trade trading viajes
vip webcam website whoswho win work world wtf xin xn--tckwe xyz yokohama
"""
TLDS = tuple(f".{tld}" for tld in _TLDS.split())


def score(name: str, keywords: Mapping[str, int] = KEYWORDS) -> int:
    """Points of a host name; from `REPORTED` it would be reported.

    `keywords` may hold an operator's own words beside the published ones.
    """
    points = TLD_POINTS if name.endswith(TLDS) else 0
    name = name.removeprefix("*.")
    suffix = public_suffix(name)
    if suffix and len(suffix) < len(name):
        name = name[: -len(suffix) - 1]
    points += round(_entropy(name) * 10)
    read = fold.skeleton(name)
    words = re.split(r"\W+", read)
    points += 10 if words[0] in {"com", "net", "org"} else 0
    points += sum(weight for word, weight in keywords.items() if word in read)
    near = [word for word in words if word not in PLAIN_WORDS]
    for key, weight in keywords.items():
        if weight >= STRONG:
            points += 70 * sum(
                Levenshtein.distance(word, key, score_cutoff=1) == 1 for word in near
            )
    dashes, dots = read.count("-"), read.count(".")
    if "xn--" not in read and dashes >= 4:
        points += dashes * 3
    return points + (dots * 3 if dots >= 3 else 0)


def _entropy(text: str) -> float:
    """Shannon entropy of the characters, in bits."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
